"""Awards: one bid is chosen; its price is locked and the rest of the budget comes back."""

import pytest

from books import Books
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.award import Award
from clawmarket.domain.market.bid import BidNotFoundError
from clawmarket.domain.market.task import TaskNotOpenError
from clawmarket.domain.treasury.account import FundsMissingError
from clawmarket.domain.treasury.hold import Hold
from world import START, World


def test_an_award_becomes_an_order(world: World) -> None:
    """The answer names everything that the choice made, and when the worker is due."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(timeoutSec=3_600)
    bid = worker.bids(task)
    award = buyer.awards(bid)

    assert award == {
        "awardId": award["awardId"],
        "taskId": task["taskId"],
        "bidId": bid["bidId"],
        "orderId": award["orderId"],
        "settlementId": award["settlementId"],
        "seller": worker.id,
        "asset": "credits",
        "amount": "40000000",
        "status": "award_active",
        "orderStatus": "delivery_ready",
        "dueAt": iso(START + 3_600_000),
    }
    after = world.nobody.do("web3.market.getTask", taskId=task["taskId"])
    told = {"status": "task_awarded", "orderId": award["orderId"], "worker": worker.id}
    assert after == task | told | {"bids": 1}


def test_the_price_is_locked_and_the_rest_comes_back(world: World) -> None:
    """Of 50 held, 40 stay locked; the worker sees 39.60 on its way."""
    buyer, worker, award = world.hired()
    assert buyer.figures() == ("960000000", "40000000", "0", "0")
    assert worker.figures() == ("1000000000", "0", "39600000", "0")
    money = worker.do("web3.market.settlement.status", orderId=award["orderId"])
    assert (money["status"], money["amount"], money["payer"], money["payee"]) == (
        "settlement_locked",
        "40000000",
        buyer.id,
        worker.id,
    )


def test_a_bid_of_the_whole_budget_leaves_no_rest(world: World) -> None:
    """Where nothing comes back, no empty entry is made and the books balance."""
    buyer, worker = world.member(), world.member()
    buyer.awards(worker.bids(buyer.publishes("50"), "50"))
    assert buyer.figures() == ("950000000", "50000000", "0", "0")
    Books(world.store).check()


def test_the_others_are_turned_down(world: World) -> None:
    """Every other live bid on the task is rejected; withdrawn ones stay withdrawn."""
    buyer, ann, bob, eve = (world.member() for _ in range(4))
    task = buyer.publishes()
    hers, his, withdrawn = ann.bids(task), bob.bids(task), eve.withdraws(eve.bids(task))
    buyer.awards(hers)
    listed = buyer.do("web3.market.listBids", taskId=task["taskId"])["items"]

    assert {bid["bidId"]: bid["status"] for bid in listed} == {
        hers["bidId"]: "bid_accepted",
        his["bidId"]: "bid_rejected",
        withdrawn["bidId"]: "bid_withdrawn",
    }


def test_only_one_bid_is_awarded(world: World) -> None:
    """A second award on the same task is refused and changes nothing."""
    buyer, ann, bob = world.member(), world.member(), world.member()
    task = buyer.publishes()
    hers, his = ann.bids(task), bob.bids(task)
    buyer.awards(hers)
    with pytest.raises(Refused) as refused:
        buyer.awards(his)
    assert refused.value.code == "E_CONFLICT"
    assert (len(world.all(Award)), buyer.figures()[1]) == (1, "40000000")


def test_only_the_buyer_awards(world: World) -> None:
    """The bidder cannot choose themselves, nor can an operator choose for the buyer."""
    buyer, worker = world.member(), world.member()
    bid = worker.bids(buyer.publishes())
    for other in (worker, world.member(), world.operator):
        with pytest.raises(BidNotFoundError):
            other.awards(bid)


def test_an_unfunded_task_needs_the_money_at_the_award(world: World) -> None:
    """Without the money the award is refused whole: the bid lives and can be awarded later."""
    buyer, worker = world.member(), world.member()
    bid = worker.bids(buyer.publishes("50", fund=False), "40")
    rest = buyer.publishes("960.000001")
    with pytest.raises(FundsMissingError) as refused:
        buyer.awards(bid)
    assert refused.value.details == {"available": "39999999", "missing": "1"}
    assert len(world.all(Hold)) == 1
    buyer.cancels(rest)
    assert buyer.awards(bid)["orderStatus"] == "delivery_ready"
    assert buyer.figures() == ("960000000", "40000000", "0", "0")


def test_a_cancelled_task_is_not_awarded(world: World) -> None:
    """With the task, its bids ended."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes()
    bid = worker.bids(task)
    buyer.cancels(task)
    with pytest.raises((TaskNotOpenError, Refused)):
        buyer.awards(bid)
    assert world.all(Award) == []
