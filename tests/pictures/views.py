"""What there is to see: each page, who looks, and what is done before its picture is taken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Prepare = Callable[[Any, Mapping[str, Path]], None]


@dataclass(frozen=True)
class View:
    """One page as one visitor sees it.

    Args:
        name: What its pictures are called.
        title: What the index says above them.
        place: Where it is: a path, or a name of the scene's.
        who: Who looks; empty for a stranger, with `+wallet` for one whose wallet signed in.
        then: What is done on the page before the picture.
        whole: Whether all of it is shown, or what a window shows first.
        scripts: Whether the browser runs scripts.
    """

    name: str
    title: str
    place: str
    who: str = ""
    then: Prepare | None = None
    whole: bool = True
    scripts: bool = True


def _publish(page: Any, _files: Mapping[str, Path]) -> None:
    page.fill("#publish-title", "Extract 400 invoices into one checked CSV")
    page.fill("#publish-budget", "50")
    page.click("main form button[type=submit]")


def _mistake(page: Any, _files: Mapping[str, Path]) -> None:
    page.fill("#publish-title", "Extract 400 invoices")
    page.fill("#publish-budget", "a lot")
    page.click("main form button[type=submit]")


def _cancel(page: Any, _files: Mapping[str, Path]) -> None:
    page.click("form[action='/act/cancel'] button")


def _dispute(page: Any, _files: Mapping[str, Path]) -> None:
    page.click("details.decide summary")
    page.fill("#dispute-reason", "Two accounts are missing.")
    page.click("form[action='/act/dispute'] button")


def _wrong_key(page: Any, _files: Mapping[str, Path]) -> None:
    page.fill("#key", "a wish")
    page.click("form[action='/sign-in/key'] button")


def _foreign(page: Any, _files: Mapping[str, Path]) -> None:
    page.evaluate("document.querySelector('[name=csrf]').value = ''")
    page.click("form[action='/sign-in/key'] button", force=True)


def _foreign_key(page: Any, files: Mapping[str, Path]) -> None:
    page.fill("#key", "cmk_")
    _foreign(page, files)


def _big(page: Any, files: Mapping[str, Path]) -> None:
    page.set_input_files("#publish-files", files["big"])
    _publish(page, files)


def _offer_mistake(page: Any, _files: Mapping[str, Path]) -> None:
    page.fill("#new_offer-title", "One scan to checked rows")
    page.fill("#new_offer-price", "5")
    page.click("main form summary")
    page.fill("#new_offer-milestones", "First half: 50")
    page.click("main form button[type=submit]")


def _publish_offer(page: Any, _files: Mapping[str, Path]) -> None:
    page.click("form[action='/act/publish_offer'] button")


def _opened(page: Any, _files: Mapping[str, Path]) -> None:
    page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")


def _no_endpoint(page: Any, _files: Mapping[str, Path]) -> None:
    page.fill("#endpoint-url", "http://10.0.0.1/agent")
    page.click("form[action='/act/endpoint'] button")


def _revoke_key(page: Any, _files: Mapping[str, Path]) -> None:
    page.click("form[action='/act/revoke_key'] button")


def _accept(page: Any, _files: Mapping[str, Path]) -> None:
    page.click("form[action='/act/accept'] button")


def _good(page: Any, files: Mapping[str, Path]) -> None:
    page.set_input_files("#receipt", files["good"])
    page.click("[data-receipt] button")
    page.wait_for_selector(".verdict")


def _bad(page: Any, files: Mapping[str, Path]) -> None:
    page.set_input_files("#receipt", files["bad"])
    page.click("[data-receipt] button")
    page.wait_for_selector(".verdict")


EMPTY = (
    View("home-empty", "Home, before the first task", "/"),
    View("tasks-empty", "The board, before the first task", "/tasks"),
    View("offers-empty", "Offers, before the first one", "/offers"),
    View("orders-empty", "Orders, before the first one", "/orders", "new"),
    View("profile-new", "A profile, before it is written", "/me/profile", "new"),
    View("agents-empty", "Agents, before the first one", "/agents"),
    View("me-new", "A new account", "/me", "new"),
)
FULL = (
    View("home", "Home", "/"),
    View("home-own", "Home, with an order of one's own", "/", "books"),
    View("first", "Home, at first sight", "/", "books", whole=False),
    View("tasks", "The board", "/tasks"),
    View("tasks-filtered", "The board, searched and filtered", "/tasks?q=manual&min=20&claims=1"),
    View("tasks-none", "The board, nothing matches", "/tasks?q=nothing-like-it&skill=piano"),
    View("tasks-wrong", "The board, a filter that cannot be read", "/tasks?min=cheap"),
    View("task-open", "An open task, not signed in", "open"),
    View("task-bid", "An open task, to a worker", "open", "mole"),
    View("task-bids", "A task with bids, to its buyer", "bids", "books"),
    View("task-bids-bidder", "A task with bids, to a bidder", "bids", "mole"),
    View("task-long", "A task with long words", "long", "mole"),
    View("task-claimed", "At work, to the worker", "claimed", "tongues"),
    View("task-claimed-buyer", "At work, to the buyer", "claimed", "books"),
    View("task-review", "In review, to the buyer", "review", "books"),
    View("task-review-seller", "In review, to the worker", "review", "mole"),
    View("task-rejected", "Sent back, to the worker", "rejected", "mole"),
    View("task-rejected-buyer", "Sent back, to the buyer", "rejected", "books"),
    View("task-disputed", "In dispute", "disputed", "owl"),
    View("task-settled", "Paid", "settled", "books"),
    View("task-refunded", "Never delivered", "refunded", "books"),
    View("task-cancelled", "Taken back", "cancelled", "books"),
    View("task-expired", "Nobody took it", "expired", "books"),
    View("new", "Posting a task", "/tasks/new", "books"),
    View("new-wrong", "Posting a task, with a mistake", "/tasks/new", "books", _mistake),
    View("spend-publish", "What publishing costs", "/tasks/new", "books", _publish),
    View("confirm-cancel", "Taking a task back", "bids", "books", _cancel),
    View("confirm-dispute", "Opening a dispute", "review", "books", _dispute),
    View("offers", "Offers", "/offers"),
    View("offers-mine", "One's own offers", "/offers?mine=1", "mole"),
    View("offers-wrong", "Offers, an address that cannot be read", "/offers?cursor=nothing"),
    View("offer", "An offer, not signed in", "offer"),
    View("offer-buy", "An offer, to a buyer", "offer-set", "books"),
    View("offer-parts", "An offer in parts", "offer-parts", "books"),
    View("offer-mine", "An offer, to its seller", "offer", "mole"),
    View("offer-draft", "A draft of an offer", "offer-draft", "mole", _opened),
    View("offer-closed", "An offer that ended", "offer-closed", "mole"),
    View("new-offer", "Writing an offer", "/offers/new", "mole", _opened),
    View(
        "new-offer-wrong", "Writing an offer, with a mistake", "/offers/new", "mole", _offer_mistake
    ),
    View(
        "spend-publish-offer",
        "What publishing an offer fixes",
        "offer-draft",
        "mole",
        _publish_offer,
    ),
    View("order-created", "An order that waits for its payment", "order-created", "books"),
    View("order-consent", "An order that waits for consent", "order-consent", "books"),
    View("order-held", "A paid order, to its seller", "order-held", "mole"),
    View("order-held-buyer", "A paid order, to its buyer", "order-held", "books"),
    View("order-working", "An order at work, to its seller", "order-working", "mole"),
    View("order-review", "A delivery in review, to the buyer", "order-review", "books"),
    View("order-disputed", "An order in dispute", "order-disputed", "mole"),
    View("order-settled", "A paid order from an offer", "order-settled", "books"),
    View("order-refunded", "An order that was given up", "order-refunded", "books"),
    View("order-late", "An order that nobody paid", "order-late", "books"),
    View("orders", "All orders", "/orders", "books"),
    View("agents", "Agents", "/agents"),
    View("agents-none", "Agents, nothing matches", "/agents?skill=piano"),
    View("agent", "An agent's card", "mole"),
    View("agent-new", "An agent's card, without a record", "books"),
    View("me", "One's own page", "/me", "books"),
    View("me-deep", "One's own page, the service checked deeply", "/me?deep=1", "mole"),
    View("me-wallet", "One's own page, signed in by a wallet", "/me", "mole+wallet", _opened),
    View("profile", "A profile", "/me/profile", "mole"),
    View("profile-wrong", "An endpoint that cannot be", "/me/profile", "owl", _no_endpoint),
    View("confirm-key", "Revoking a key", "/me", "mole", _revoke_key),
    View("confirm-sign", "Accepting, signed by a wallet", "review", "books+wallet", _accept),
    View("sign-in", "Sign in", "/sign-in"),
    View("sign-in-plain", "Sign in, without scripts", "/sign-in", scripts=False),
    View("sign-in-first", "Sign in, asked for by another page", "/me"),
    View("sign-in-wrong", "Sign in, refused", "/sign-in", "", _wrong_key),
    View("verify", "Verify a receipt", "/verify"),
    View("verify-good", "A receipt that holds", "/verify", "", _good),
    View("verify-bad", "A receipt that was changed", "/verify", "", _bad),
    View("error-403", "Refused", "/sign-in", "", _foreign_key),
    View("error-404", "Nothing there", "/nothing-of-the-kind"),
    View("error-413", "Too big", "/tasks/new", "books", _big),
    View("error-429", "Too often", "/verify?broken=often"),
    View("error-500", "A defect", "/verify?broken=defect"),
    View("verify-plain", "Verify a receipt, without scripts", "/verify", scripts=False),
    View("docs", "The reference", "/docs"),
    View("docs-method", "The reference of one method", "/docs/web3.market.publishTask"),
)
