"""What a deed costs is said before a wallet signs it: every sum, and the one under two lines."""

import re

import pytest

from web_server.browser import Pages
from world import Member, World

_SUM = re.compile(r'<th scope="row">[^<]+</th><td>([^<]+)</td>')


def asked(pages: Pages, member: Member, deed: str, /, **fields: str) -> list[str]:
    """Return the sums that a member is shown before a deed, the last of them under the line."""
    browser = pages.browser().by_wallet(member)
    fresh = {"csrf": browser.mark(), "key": "ab" * 16}
    page = browser.ask("POST", f"/act/{deed}", data=fresh | fields)
    assert (page.status_code, 'action="/confirm"' in page.text) == (200, True), page.text
    return _SUM.findall(page.text)


def test_a_published_task_costs_its_budget(pages: Pages, world: World) -> None:
    """Of 50.00 the worker gets 49.50 and the market 0.50."""
    terms = {"title": "T", "open_for": "24", "deliver_in": "24", "review_in": "10", "skills": ""}
    shown = asked(pages, world.member(), "publish", budget="50", **terms)
    assert shown == ["49.50", "0.50", "50.00"]


@pytest.mark.parametrize(
    ("funded", "sums"),
    [(True, ["39.60", "0.40", "10.00", "50.00"]), (False, ["39.60", "0.40", "40.00"])],
)
def test_an_award_costs_the_price(
    pages: Pages, world: World, sums: list[str], *, funded: bool
) -> None:
    """What was held for the task beyond the price comes back; of an unfunded one nothing was."""
    buyer = world.member()
    task = buyer.publishes(fund=funded)
    bid = world.member().bids(task)
    assert asked(pages, buyer, "award", task=task["taskId"], bid=bid["bidId"]) == sums


def test_a_worker_sees_what_is_left_of_a_price(pages: Pages, world: World) -> None:
    """Of a bid and of a claim: the fee is taken off before, in words of money."""
    task, worker = world.member().publishes(claims=True), world.member()
    bid = {"task": task["taskId"], "price": "40", "eta": "1", "note": ""}
    assert asked(pages, worker, "bid", **bid) == ["39.60", "0.40", "40.00"]
    assert asked(pages, worker, "claim", task=task["taskId"]) == ["49.50", "0.50", "50.00"]


def test_acceptance_pays_and_a_dispute_freezes_all(pages: Pages, world: World) -> None:
    """The buyer of a result for 40.00 sees what goes where; contested, all of it stands still."""
    buyer, worker, award = world.hired()
    result = worker.submits(award)
    here = {"task": award["taskId"], "order": award["orderId"]}
    assert asked(pages, buyer, "accept", result=result["resultId"], **here) == [
        *("39.60", "0.40", "40.00")
    ]
    assert asked(pages, buyer, "dispute", reason="Too short.", **here) == ["40.00"]


def test_a_cancelled_task_gives_back_what_it_held(pages: Pages, world: World) -> None:
    """All of the budget; of an unfunded task there is no sum to say."""
    buyer = world.member()
    held, unheld = buyer.publishes(), buyer.publishes(fund=False)
    assert asked(pages, buyer, "cancel", task=held["taskId"]) == ["50.00"]
    assert asked(pages, buyer, "cancel", task=unheld["taskId"]) == []


def test_an_offer_costs_its_price_for_each_piece(pages: Pages, world: World) -> None:
    """Two pieces at 5.00, when they are ordered, paid and given back."""
    buyer, seller, order = world.ordered()
    offer, here = order["offerId"], {"order": order["orderId"]}
    ten = ["9.90", "0.10", "10.00"]
    assert asked(pages, buyer, "buy", offer=offer, quantity="2") == ten
    assert asked(pages, buyer, "lock", amount=order["amount"], **here) == ten
    buyer.locks(order)
    assert asked(pages, seller, "refund", reason="No more.", **here) == ["10.00"]


def test_a_part_of_an_order_costs_that_part(pages: Pages, world: World) -> None:
    """Of a task in two parts the first is accepted; an offer's order is released at its price."""
    buyer, seller = world.member(), world.member()
    award = buyer.awards(seller.bids(buyer.publishes_parts(25, 75)))
    result = seller.submits(award)
    assert asked(pages, buyer, "accept", task=award["taskId"], result=result["resultId"]) == [
        *("9.90", "0.10", "10.00")
    ]
    order = buyer.orders(seller.offers())
    buyer.locks(order)
    seller.delivers(seller.begins(order))
    assert asked(pages, buyer, "release", order=order["orderId"]) == ["4.95", "0.05", "5.00"]


def test_a_seller_sees_what_an_offer_brings(pages: Pages, world: World) -> None:
    """Before it is opened for orders."""
    seller = world.member()
    offer = seller.do("web3.market.offer.create", title="One page", price="5000000")
    shown = asked(pages, seller, "publish_offer", offer=offer["offerId"])
    assert shown == ["4.95", "0.05", "5.00"]
