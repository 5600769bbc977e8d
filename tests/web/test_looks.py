"""Every page as people meet it: accessible, without sideways scroll, usable by keyboard."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import pytest

from web.conftest import Opener
from web.market import Market, Member

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
VIOLATIONS = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).slice(0, 3)}`);
}"""
PUBLIC = (
    *("/", "/tasks", "/tasks?q=nothing-like-it", "/agents", "/sign-in", "/verify", "/tasks/new"),
    *("/offers", "/offers/{offer}", "/agents/{worker}"),
)
OWN = (
    *(
        "/me",
        "/tasks/new",
        "/tasks/{open}",
        "/tasks/{review}",
        "/tasks/{paid}",
        "/agents/{worker}",
        "/tasks/task_x",
    ),
    *("/me/profile", "/offers?mine=1", "/offers/new", "/offers/{offer}", "/offers/{draft}"),
    *(
        "/orders",
        "/orders?side=seller",
        "/orders/{unpaid}",
        "/orders/{consent}",
        "/orders/{delivered}",
    ),
)


@dataclass(frozen=True)
class Scene:
    """A market in which something stands in every state that a page shows."""

    buyer: Member
    places: dict[str, str]


@pytest.fixture(scope="module")
def scene(market: Market) -> Scene:
    """An open task with a bid, one in review, one paid, and a worker with a profile."""
    buyer, worker = market.member(), market.member()
    worker.do(
        "web3.agents.profile.set", displayName="pdf-mole", tagline="From scans.", isListed=True
    )
    names = {"worker": worker.account_id}
    for name in ("open", "review", "paid"):
        names[name] = buyer.publish(f"Task {name}", skills=["pdf"], summary="400 invoices.")
        bid = worker.do("web3.market.placeBid", taskId=names[name], price="40000000")["bidId"]
        if name != "open":
            result = _handed_in(buyer, worker, bid)
    buyer.do("web3.market.reviewResult", resultId=result, decision="accept", rating=5)
    return Scene(buyer, names | _sold(buyer, worker))


def _handed_in(buyer: Member, worker: Member, bid: str) -> str:
    order = buyer.do("web3.market.awardBid", bidId=bid)["orderId"]
    data = b64encode(b"number,date\n").decode()
    file = worker.do("web3.files.put", name="invoices.csv", dataBase64=data)["file"]
    sent = {"orderId": order, "artifacts": [file]}
    return str(worker.do("web3.market.submitResult", **sent)["resultId"])


def _sold(buyer: Member, seller: Member) -> dict[str, str]:
    """Make an offer, orders of it at several stages, and a draft of the buyer."""
    buyer.do("web3.agents.profile.set", displayName="ledger-owl")
    half = [{"title": "First", "percent": 50}, {"title": "Second", "percent": 50}]
    usage = {"purpose": "research", "durationDays": 30}
    terms: tuple[dict[str, Any], ...] = (
        {"description": "A page."},
        {"usageScope": usage, "milestones": half},
    )
    offers = [
        seller.do("web3.market.offer.create", title=f"Offer {n}", price="5000000", **each)[
            "offerId"
        ]
        for n, each in enumerate(terms)
    ]
    for offer in offers:
        seller.do("web3.market.offer.publish", offerId=offer)
    draft = buyer.do("web3.market.offer.create", title="Draft", price="5000000")["offerId"]
    orders = {}
    for name, offer in (("unpaid", 0), ("consent", 1), ("delivered", 0)):
        made = buyer.do("web3.market.order.create", offerId=offers[offer])
        orders[name] = made["orderId"]
    for name in ("consent", "delivered"):
        buyer.do("web3.market.settlement.lock", orderId=orders[name])
    issued = seller.do("web3.market.delivery.issue", orderId=orders["delivered"])
    seller.do("web3.market.delivery.complete", deliveryId=issued["deliveryId"], note="Done.")
    return orders | {"offer": offers[1], "draft": draft}


def _places(paths: tuple[str, ...], scene: Scene) -> list[str]:
    return [path.format(**scene.places) for path in paths]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("whose", ["stranger", "own"])
def test_axe_finds_nothing_on_any_page(
    opened: Opener, axe: str, scene: Scene, theme: str, whose: str
) -> None:
    """axe-core has no complaint, in light and dark, about any page."""
    page = opened(scene.buyer if whose == "own" else None, color_scheme=theme)
    found = {}
    for path in _places(OWN if whose == "own" else PUBLIC, scene):
        page.goto(path)
        page.evaluate(axe)
        found[path] = page.evaluate(VIOLATIONS)

    assert {path: wrong for path, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    ("width", "locale"), [(360, "en-GB"), (360, "zh-CN"), (768, "en-GB"), (1440, "zh-CN")]
)
def test_no_page_scrolls_sideways(opened: Opener, scene: Scene, width: int, locale: str) -> None:
    """At every width and in both languages a page is as wide as its window."""
    how: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "locale": locale}
    stranger, buyer = opened(**how), opened(scene.buyer, **how)
    wide = {}
    for page, paths in ((stranger, PUBLIC), (buyer, OWN)):
        for path in _places(paths, scene):
            page.goto(path)
            wide[path] = page.evaluate(SIDEWAYS)

    assert {path: by for path, by in wide.items() if by} == {}


OUTSIDE = """() => [...document.querySelectorAll("main *")]
  .filter((one) => one.checkVisibility() && !one.closest(".hush, pre, .scroll"))
  .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((one) => one.textContent.trim().slice(0, 40))"""


STANDS_OUT = """() => [...document.querySelectorAll(".sheet *, .slip *")]
  .filter((one) => one.checkVisibility() && !one.closest(".hush, pre, .scroll, svg"))
  .filter((one) => {
    const whole = one.closest(".sheet, .slip").getBoundingClientRect();
    return one.getBoundingClientRect().right > whole.right + 1;
  })
  .map((one) => one.textContent.trim().slice(0, 40))"""


@pytest.mark.parametrize(
    ("width", "locale"), [(360, "zh-CN"), (768, "en-GB"), (960, "en-GB"), (1440, "zh-CN")]
)
def test_nothing_stands_out_of_its_sheet(
    opened: Opener, scene: Scene, width: int, locale: str
) -> None:
    """A moment or an id that does not fit its column is broken before, or its label is."""
    page = opened(scene.buyer, viewport={"width": width, "height": 800}, locale=locale)
    out = {}
    for path in _places(OWN, scene):
        page.goto(path)
        out[path] = page.evaluate(STANDS_OUT)

    assert {path: found for path, found in out.items() if found} == {}


@pytest.mark.parametrize("width", [360, 768])
def test_words_without_end_stay_inside_the_page(opened: Opener, market: Market, width: int) -> None:
    """The board and a task's page break a title, a text and skills that no space divides.

    What is cut off makes no page scroll, so each element's own edge is looked at.
    """
    buyer, word = market.member(), "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerk"
    texts = {"summary": word * 3, "requirements": word * 3, "skills": ["a" * 40, "b" * 40]}
    task = buyer.publish(word * 2, "250000000", **texts)
    page = opened(viewport={"width": width, "height": 800})
    out = {}
    for path in ("/tasks", f"/tasks/{task}", f"/agents/{buyer.account_id}"):
        page.goto(path)
        out[path] = page.evaluate(OUTSIDE)

    assert {path: found for path, found in out.items() if found} == {}


@pytest.mark.parametrize("chosen", [None, "dark"])
def test_what_is_printed_is_light(opened: Opener, chosen: str | None) -> None:
    """A dark page is printed with dark ink on white, whether system or visitor chose the dark."""
    page = opened(color_scheme="dark")
    page.goto(f"/theme?to={chosen}&back=/verify" if chosen else "/verify")
    page.emulate_media(media="print")
    ink = page.evaluate("getComputedStyle(document.querySelector('h2')).color")

    assert ink == "rgb(15, 30, 36)"


def test_focus_is_seen_on_every_stop_of_the_keyboard(opened: Opener, scene: Scene) -> None:
    """The first stop is the skip link, and each stop of the board has an outline."""
    page = opened(scene.buyer)
    page.goto("/tasks")
    stops = []
    for _ in range(12):
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate(
                "[document.activeElement.textContent.trim(), "
                "getComputedStyle(document.activeElement).outlineStyle]"
            )
        )

    assert stops[0][0] == "Skip to content"
    assert {style for _, style in stops} == {"solid"}


def test_a_chosen_language_and_theme_stay(opened: Opener) -> None:
    """A click changes the language or the theme, goes back to the page, and is kept."""
    page = opened(locale="en-GB")
    page.goto("/verify")
    page.click("footer >> text=中文")
    page.wait_for_url("**/verify")
    page.click("footer >> text=深色")
    page.goto("/tasks")

    assert page.get_attribute("html", "lang") == "zh-Hans"
    assert page.get_attribute("html", "data-theme") == "dark"


def test_new_tasks_are_offered_and_do_not_jump_in(opened: Opener, scene: Scene) -> None:
    """A task that is published while the board is open is counted in its bar."""
    page = opened()
    page.goto("/tasks?sort=budget")
    with page.expect_response("**/events"):
        page.reload()
    rows = page.locator(".job").count()
    scene.buyer.publish("Fresh")
    page.wait_for_selector("text=1 new task.")
    assert page.locator(".job").count() == rows
    page.click("text=Show them")
    page.wait_for_selector("h3:has-text('Fresh')")
    assert "sort=budget" in page.url


def test_the_first_page_is_small(opened: Opener) -> None:
    """The home page with all it needs comes in at most 100 kB."""
    page, answers = opened(), dict[str, Any]()
    page.on("response", lambda answer: answers.update({answer.url: answer}))
    page.goto("/", wait_until="networkidle")
    sizes = [len(answer.body()) for answer in answers.values()]

    assert len(sizes) >= 5
    assert sum(sizes) <= 100_000


def test_a_receipt_is_checked_in_the_browser(
    market: Market, opened: Opener, scene: Scene, tmp_path: Any
) -> None:
    """A good receipt with the pinned key passes; one changed letter in a record fails."""
    task = scene.buyer.do("web3.market.getTask", taskId=scene.places["review"])
    order = scene.buyer.do("web3.market.order.get", orderId=task["orderId"])
    scene.buyer.do("web3.market.reviewResult", resultId=order["resultId"], decision="accept")
    text = _receipt(scene.buyer, task["orderId"])
    page, vkey = opened(), market.call("web3.status.summary")["vkey"]
    page.goto("/verify")
    page.fill("#key", vkey)
    verdicts = []
    for name, said in (("good", text), ("bad", text.replace("39600000", "39600001"))):
        (tmp_path / name).write_text(said, encoding="utf-8")
        page.set_input_files("#receipt", tmp_path / name)
        page.click("[data-receipt] button")
        page.wait_for_selector(".verdict")
        verdicts.append(page.inner_text(".verdict h2"))
        page.evaluate("document.querySelector('[data-verdict]').replaceChildren()")

    assert verdicts == ["Unchanged, and of the market that you know.", "Do not trust this file."]


def _receipt(member: Member, order_id: str) -> str:
    """Return the receipt: the page waits for the log, so nobody asks twice."""
    headers = {"Cookie": member.cookie()}
    status, _, body = member.market.http("GET", f"/receipts/{order_id}", headers=headers)
    assert status == 200, body[-2000:]
    return body.decode()
