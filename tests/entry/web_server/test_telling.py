"""What pages tell people: figures that agree, nothing twice, nothing typed lost."""

import html
import re
from collections.abc import Sequence
from typing import Any

import pytest

from rail_deals import TWIN, make_deal
from web_server.browser import Browser, Pages
from world import Fields, Member, World

FACT = re.compile(r"<div><dt>([^<]+)</dt><dd[^>]*>(.*?)</dd></div>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")


def facts(browser: Browser, award: Fields) -> dict[str, str]:
    """Return what the escrow bar of a task's page says."""
    page = browser.get(f"/tasks/{award['taskId']}").text
    return {name: html.unescape(TAG.sub("", said)) for name, said in FACT.findall(page)}


def settled(world: World, **review: Any) -> tuple[Member, Member, Fields]:
    """Return the sides of an order that was paid, and its award."""
    buyer, worker, award = world.hired()
    result = worker.submits(award)
    buyer.do("web3.market.reviewResult", resultId=result["resultId"], decision="accept", **review)
    return buyer, worker, award


def test_a_finished_order_says_once_that_it_is_over(world: World, pages: Pages) -> None:
    """Of what happens if nobody acts nothing is left to say."""
    buyer, _, award = settled(world)
    said = facts(pages.signed_in(buyer), award)

    assert said == {
        "Now": "It is done: 39.60 credits went to the seller and 0.40 credits to the market.",
        "Next": "Nothing more will happen.",
    }


def test_whoever_is_next_has_until_one_moment(world: World, pages: Pages) -> None:
    """The last moment to hand in again is not that at which the market acts, some minutes later."""
    buyer, worker, award = world.hired()
    buyer.rejects(worker.submits(award))
    said = facts(pages.signed_in(worker), award)

    assert said["Next"] == "Hand in the result within 1 d, until 14:13 UTC on 22 Sep."
    assert said["If nobody acts"].endswith("back to the buyer at 14:23 UTC on 22 Sep (in 1 d).")


def test_while_a_rail_is_asked_no_deadline_is_named() -> None:
    """None runs: the market does nothing at the moment at which a lock was due before."""
    deal = make_deal()
    deal.buyer.locks(deal.order, rail=TWIN)
    page = Pages(deal.world).signed_in(deal.buyer).get(f"/orders/{deal.order['orderId']}").text
    deal.world.close()
    said = {name: html.unescape(TAG.sub("", fact)) for name, fact in FACT.findall(page)}

    assert said["Next"] == "It depends on the rail; no deadline runs until it has answered."


@pytest.mark.parametrize(
    ("review", "mark"),
    [({"rating": 4}, "4, good"), ({}, "No rating")],
    ids=["rated", "not rated"],
)
def test_both_sides_see_how_a_paid_result_was_rated(
    world: World, pages: Pages, review: Fields, mark: str
) -> None:
    """The buyer their own mark, the worker the buyer's."""
    buyer, worker, award = settled(world, **review)
    path = f"/tasks/{award['taskId']}"
    shown = [pages.signed_in(side).get(path).text for side in (buyer, worker)]

    assert [f"Your rating: <strong>{mark}</strong>" in shown[0], shown[1].count("Your rating")] == [
        True,
        0,
    ]
    assert f"The buyer&#39;s rating: <strong>{mark}</strong>" in shown[1]


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/tasks?q=manual&skill=pdf&min=cheap&max=9&claims=1&sort=budget", "min"),
        ("/tasks?min=1&max=1e9", "max"),
        ("/agents?skill=pdf&language=zh&max=cheap&online=1", "max"),
    ],
)
def test_a_refused_filter_keeps_what_was_typed(pages: Pages, path: str, typed: str) -> None:
    """The field that is wrong is named; no link of the page carries what was refused."""
    answer = pages.browser().get(path)
    asked = dict(pair.split("=") for pair in path.partition("?")[2].split("&"))
    values = _values(answer.text)

    assert answer.status_code == 400
    assert {name: values[name] for name in asked} == asked
    assert re.findall(r'<input id="f-(\w+)"[^>]* aria-invalid="true"', answer.text) == [typed]
    assert "Write an amount such as 50" in answer.text
    assert not re.search(r'href="[^"]*(?:cheap|1e9)', answer.text)


def test_an_amount_in_a_filter_may_have_its_commas(pages: Pages) -> None:
    """As amounts are written on the pages themselves."""
    assert pages.browser().get("/tasks?min=1,000.50").status_code == 200


def _values(page: str) -> dict[str, str]:
    """Return what the fields of a page's forms hold, of boxes those that are ticked."""
    found: dict[str, str] = {}
    for field in _fields(page):
        name, value = (re.search(rf'{each}="([^"]*)"', field) for each in ("name", "value"))
        if name and value and ("checkbox" not in field or " checked" in field):
            found.setdefault(name[1], value[1])
    return found


def _fields(page: str) -> Sequence[str]:
    return re.findall(r"<input[^>]*>", page)
