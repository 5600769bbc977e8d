"""Consents on the command line, against a real market: given, looked at, taken back, refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cli.terminal import Cli, Outcome

Join = Callable[[str], Cli]
SCOPE = {"purpose": "research, at home", "durationDays": 7}


def done(outcome: Outcome) -> dict[str, Any]:
    """Return the document of a command that has to succeed."""
    assert outcome.status == 0, outcome.err
    return outcome.document


def locked(join: Join) -> tuple[Cli, Cli, str]:
    """Return a seller, a buyer and an order that is paid and waits for the consent."""
    seller, buyer = join("seller"), join("buyer")
    terms = ("title=Prices", "price=5000000", f"usageScope:={json.dumps(SCOPE)}", "--json")
    offer = done(seller("call", "market.offer.create", *terms))["offerId"]
    done(seller("call", "market.offer.publish", f"offerId={offer}", "--json"))
    order = done(buyer("call", "market.order.create", f"offerId={offer}", "--json"))["orderId"]
    done(buyer("call", "market.settlement.lock", f"orderId={order}", "--yes", "--json"))
    return seller, buyer, str(order)


def granted(buyer: Cli, order: str, *more: str) -> dict[str, Any]:
    """Consent to an order's use."""
    return done(buyer("consent", "grant", order, "--purpose", SCOPE["purpose"], *more, "--json"))


def test_a_consent_is_given_looked_at_and_taken_back(join: Join) -> None:
    """Both sides see it; each answer says what undoes it and what comes next."""
    seller, buyer, order = locked(join)
    explained = done(buyer("order", "explain", order, "--json"))["next"]
    assert explained == [f"clawmarket consent grant {order} --purpose 'research, at home'"]
    consent = granted(buyer, order, "--duration-days", "3")
    name = consent["consentId"]
    assert consent["consentScope"] == SCOPE | {"durationDays": 3}
    assert consent["undo"]["command"] == f"clawmarket consent revoke {name}"
    assert consent["next"] == [f"clawmarket order watch {order} --until delivered"]
    for side in (buyer, seller):
        shown = done(side("consent", "show", name, "--json"))
        assert (shown["status"], shown["good"]) == ("consent_granted", True)
    ended = buyer("consent", "revoke", name, "--reason", "It has ended.", "--yes", "--json")
    assert done(ended)["reason"] == "It has ended."
    assert done(ended)["undo"] == {"command": None, "until": "can't be undone"}
    assert not done(seller("consent", "show", name, "--json"))["good"]


def test_plain_words_say_what_is_permitted_and_until_when(join: Join) -> None:
    """No braces, no quotes: purpose, days, and whether it is good now."""
    _, buyer, order = locked(join)
    shown = buyer("consent", "grant", order, "--purpose", SCOPE["purpose"]).out
    for words in ("research, at home", "consent_granted", "undo: clawmarket consent revoke"):
        assert words in shown
    assert "{" not in shown


def test_the_id_alone_goes_on_in_a_script(join: Join) -> None:
    """-q prints what the next command takes."""
    _, buyer, order = locked(join)
    name = buyer("consent", "grant", order, "--purpose", SCOPE["purpose"], "-q").out.strip()
    assert buyer("consent", "show", name, "--fields", "good").out.split() == ["good", "yes"]


def test_a_dry_run_permits_nothing(join: Join) -> None:
    """It shows the request as it would go out, and the same consent can still be given."""
    _, buyer, order = locked(join)
    grant = ("consent", "grant", order, "--purpose", SCOPE["purpose"], "--duration-days", "2")
    planned = done(buyer(*grant, "--dry-run", "--json"))
    assert planned["request"] == {
        "method": "web3.market.consent.grant",
        "params": {"orderId": order, "consentScope": SCOPE | {"durationDays": 2}},
        "signed": True,
    }
    assert planned["quote"] is None
    assert done(buyer("order", "show", order, "--json"))["status"] == "payment_locked"
    assert done(buyer(*grant, "--json"))["good"]


def test_taking_back_says_what_comes_back(join: Join) -> None:
    """The dry run names the sum and changes nothing; the same key takes it back only once."""
    _, buyer, order = locked(join)
    name = granted(buyer, order)["consentId"]
    planned = buyer("consent", "revoke", name, "--dry-run")
    assert "back   5.00 credits: locked for the order, back to you" in planned.out
    assert done(buyer("consent", "show", name, "--json"))["good"]
    once = ("consent", "revoke", name, "--idempotency-key", "once", "--yes", "--json")
    first, again = done(buyer(*once)), done(buyer(*once))
    assert again["revokedAt"] == first["revokedAt"]
    second = buyer("consent", "revoke", name, "--yes", "--json")
    assert (second.status, second.document["ok"]) == (6, False)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("grant", "{order}"), 2, "Missing option '--purpose'"),
        (("grant", "{order}", "--purpose", ""), 2, "E_INVALID_ARGUMENT"),
        (("grant", "{order}", "--purpose", "resale"), 2, "E_INVALID_ARGUMENT"),
        (("grant", "{order}", "--purpose", "{purpose}", "--duration-days", "0"), 2, "0 is not in"),
        (("grant", "{order}", "--purpose", "{purpose}", "--duration-days", "8"), 2, "7 days"),
        (("grant", "{nobody's}", "--purpose", "{purpose}"), 5, "E_NOT_FOUND"),
        (("revoke", "{no consent}", "--yes"), 5, "E_NOT_FOUND"),
        (("show", "{no consent}"), 5, "E_NOT_FOUND"),
        (("show", "{order}"), 2, "CONSENT_ID"),
        (("show", "--purpose", "x"), 2, "--purpose"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    join: Join, words: tuple[str, ...], status: int, said: str
) -> None:
    """Each with its exit code and one sentence; afterwards the right consent is still taken."""
    _, buyer, order = locked(join)
    blanks = {
        "order": order,
        "purpose": SCOPE["purpose"],
        "nobody's": f"order_{'0' * 26}",
        "no consent": f"consent_{'0' * 26}",
    }
    refused = buyer("consent", *(word.format_map(blanks) for word in words))
    assert (refused.status, said in refused.err) == (status, True), refused.err
    assert granted(buyer, order)["good"]


def test_strangers_neither_give_nor_see_nor_end_it(join: Join) -> None:
    """The seller cannot consent for the buyer or take it back; to others there is nothing."""
    seller, buyer, order = locked(join)
    stranger = join("stranger")
    for who in (seller, stranger):
        refused = who("consent", "grant", order, "--purpose", SCOPE["purpose"], "--json")
        assert refused.status in (3, 5), refused.out
    name = granted(buyer, order)["consentId"]
    assert stranger("consent", "show", name).status == 5
    for who in (seller, stranger):
        assert who("consent", "revoke", name, "--yes").status == 5
    assert done(buyer("consent", "show", name, "--json"))["good"]


def test_a_second_consent_is_refused(join: Join) -> None:
    """It was given; a conflict changes nothing."""
    _, buyer, order = locked(join)
    name = granted(buyer, order)["consentId"]
    again = buyer("consent", "grant", order, "--purpose", SCOPE["purpose"], "--json")
    assert (again.status, again.document["ok"]) == (6, False)
    assert done(buyer("consent", "show", name, "--json"))["good"]
