"""Sixteen browsers at once, and the keys of other people's forms."""

import asyncio
from typing import Any

import httpx

from web_server.browser import Browser, Pages, hidden
from world import World

RIVALS = 14


def ready(browser: Browser, path: str, **fields: str) -> tuple[str, dict[str, Any]]:
    """Return a form that only has to be sent, confirmed already where the market asks again."""
    sent = {"csrf": browser.mark(), "key": browser.pages.world.entropy.draw(16).hex()} | fields
    if path == "/act/cancel":
        sent, path = hidden(browser.ask("POST", path, data=sent).text), "/confirm"
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return path, {"data": sent, "headers": {"Cookie": cookie}}


def race(pages: Pages, forms: list[tuple[str, dict[str, Any]]]) -> list[int]:
    """Send all forms at once and return what each is answered."""

    async def run() -> list[httpx.Response]:
        return await asyncio.gather(*(pages._ask("POST", path, how) for path, how in forms))

    return [answer.status_code for answer in pages.world.run(run())]


def test_of_all_who_want_a_task_one_has_it(pages: Pages, world: World) -> None:
    """Claims, the buyer's own award and his second thoughts: one of them happens."""
    buyer, bidder = world.member(), world.member()
    task = buyer.publishes(claims=True)
    bid = bidder.bids(task)
    owner, task_id = pages.signed_in(buyer), task["taskId"]
    forms = [ready(owner, "/act/cancel", task=task_id)]
    forms += [
        ready(pages.signed_in(world.member()), "/act/claim", task=task_id) for _ in range(RIVALS)
    ]
    forms.insert(RIVALS // 2, ready(owner, "/act/award", task=task_id, bid=bid["bidId"]))
    told = race(pages, forms)

    assert sorted(told) == [303] + [409] * (RIVALS + 1)


def test_a_claim_is_given_back_once_and_handed_in_or_not(pages: Pages, world: World) -> None:
    """A step back and a delivery at once: one of them, whatever comes sixteen times."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(claims=True)
    order = worker.claims(task)["orderId"]
    file = worker.stores()
    browser = pages.signed_in(worker)
    fields = {"task": task["taskId"]}
    asked = browser.ask(
        "POST", "/act/unclaim", data={"csrf": browser.mark(), "key": "cd" * 16} | fields
    )
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    back = {"data": hidden(asked.text), "headers": {"Cookie": cookie}}
    handing = {"orderId": order, "artifacts": [file]}

    async def run() -> list[object]:
        submit = world.pipeline.submit
        params = worker.signed("web3.market.submitResult", "once", handing)
        handed = submit(worker.caller, "web3.market.submitResult", params, key="once")
        steps = (pages._ask("POST", "/confirm", back) for _ in range(15))
        told: list[object] = await asyncio.gather(handed, *steps, return_exceptions=True)
        return told

    first, *rest = world.run(run())
    statuses = {each.status_code for each in rest if isinstance(each, httpx.Response)}
    gone_back = isinstance(first, Exception)

    assert statuses == ({303} if gone_back else {409})


def test_a_form_s_key_is_its_account_s_own(pages: Pages, world: World) -> None:
    """Whoever knows the key of somebody's form neither gets its answer nor stands in its way."""
    buyer, thief = world.member(), world.member()
    terms = {"title": "Secret plan", "budget": "5", "skills": ""}
    terms |= {"open_for": "24", "deliver_in": "24", "review_in": "10", "key": "ab" * 16}
    theirs = pages.signed_in(thief).sends("/act/publish", terms).headers["location"]
    owned = pages.signed_in(buyer).sends("/act/publish", terms).headers["location"]

    tasks = [path.removeprefix("/tasks/") for path in (theirs, owned)]
    seen = [world.nobody.do("web3.market.getTask", taskId=each)["buyer"] for each in tasks]
    assert seen == [thief.id, buyer.id]
