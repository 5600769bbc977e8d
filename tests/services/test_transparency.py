"""Transparency: an order's life as one timeline, and counts of what one may know."""

from collections.abc import Callable

import pytest

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.order import OrderNotFoundError
from world import START, Fields, Member, World

End = Callable[[World], tuple[Member, Fields]]

SUMMARY = "web3.market.transparency.summary"
TRACE = "web3.market.transparency.trace"


def some(counts: Fields) -> Fields:
    """Return the counts that are not zero."""
    return {state: count for state, count in counts.items() if count}


def contested(world: World) -> tuple[Member, Member, Fields, Fields]:
    """Return two parties, their order, and the open dispute about it."""
    buyer, worker, award = world.hired()
    worker.submits(award)
    return buyer, worker, award, buyer.contests(award)


def test_a_trace_tells_an_order_s_whole_life(world: World) -> None:
    """From the demand to the last posting, the oldest first, with the log's numbers."""
    buyer, worker, award = world.hired()
    world.pass_time(seconds=60)
    result = worker.submits(award)
    buyer.accepts(result)
    world.log()
    trace = buyer.do(TRACE, orderId=award["orderId"])
    steps = trace["timeline"]

    assert [(step["method"], step["actor"]) for step in steps] == [
        ("web3.market.publishTask", buyer.id),
        ("web3.market.placeBid", worker.id),
        ("web3.market.awardBid", buyer.id),
        ("web3.market.submitResult", worker.id),
        ("web3.market.reviewResult", buyer.id),
    ]
    assert [step["at"] for step in steps[2:4]] == [iso(START), iso(START + 60_000)]
    assert all(step["signed"] for step in steps)
    assert [step["index"] for step in steps] == sorted(step["index"] for step in steps)
    assert {"thing": award["orderId"], "before": "delivery_completed"} | {
        "after": "settlement_completed"
    } in steps[-1]["states"]
    assert {"account": "fees", "asset": "credits", "amount": "400000"} in steps[-1]["postings"]
    assert trace["order"] == buyer.order(award)
    assert trace["settlement"] == buyer.do(
        "web3.market.settlement.status", orderId=award["orderId"]
    )
    assert trace["delivery"]["digest"] == result["digest"]
    assert trace["delivery"]["files"] == [result["artifacts"][0]["digest"]]
    assert (trace["dispute"], trace["receipt"]) == (None, None)
    world.run_jobs()
    assert buyer.do(TRACE, orderId=award["orderId"])["receipt"]["status"] == "receipt_settled"


def _cancelled(world: World) -> tuple[Member, Fields]:
    buyer, _, order = world.ordered()
    buyer.do("web3.market.order.cancel", orderId=order["orderId"])
    return buyer, order


def _never_locked(world: World) -> tuple[Member, Fields]:
    buyer, _, order = world.ordered()
    world.pass_time(seconds=86_400)
    world.sweep()
    return buyer, order


def _taken_back(world: World) -> tuple[Member, Fields]:
    buyer, _, order = world.ordered()
    buyer.locks(order)
    buyer.refunds(order)
    return buyer, order


def _revoked(world: World) -> tuple[Member, Fields]:
    buyer, _, order = world.permitted()
    buyer.revokes(buyer.consents(order))
    world.sweep()
    return buyer, order


def _stepped_back(world: World) -> tuple[Member, Fields]:
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(claims=True)
    award = worker.claims(task)
    worker.steps_back(task)
    return buyer, award


def _undelivered(world: World) -> tuple[Member, Fields]:
    buyer, _, award = world.hired()
    world.pass_time(seconds=30 * 86_400)
    world.sweep()
    return buyer, award


@pytest.mark.parametrize(
    ("end", "method", "state"),
    [
        (_cancelled, "web3.market.order.cancel", "order_cancelled"),
        (_never_locked, "web3.market.expireSweep", "order_expired"),
        (_taken_back, "web3.market.settlement.refund", "settlement_cancelled"),
        (_revoked, "web3.market.expireSweep", "settlement_cancelled"),
        (_stepped_back, "web3.market.unclaimTask", "settlement_cancelled"),
        (_undelivered, "web3.market.expireSweep", "settlement_cancelled"),
    ],
)
def test_whatever_ends_an_order_is_the_end_of_its_trace(
    world: World, end: End, method: str, state: str
) -> None:
    """The last step is the one that ended it, and it is among the records that the order names."""
    buyer, made = end(world)
    trace = buyer.do(TRACE, orderId=made["orderId"])
    last = trace["timeline"][-1]

    assert (trace["order"]["status"], last["method"]) == (state, method)
    assert state in [s["after"] for s in last["states"] if s["thing"] == made["orderId"]]
    assert trace["order"]["records"][-1] == last["recordId"]


def test_a_trace_is_one_for_all_who_may_see_it(world: World) -> None:
    """Both parties, an operator, and an arbiter while a dispute waits."""
    buyer, worker, award, _ = contested(world)
    trace = buyer.do(TRACE, orderId=award["orderId"])
    for other in (worker, world.operator, world.arbiter()):
        assert other.do(TRACE, orderId=award["orderId"]) == trace


def test_an_arbiter_sees_what_there_is_to_rule_on(world: World) -> None:
    """Before the dispute nothing; afterwards the one who ruled, and no other."""
    judge, other = world.arbiter(), world.arbiter()
    buyer, worker, award = world.hired()
    order = {"orderId": award["orderId"]}
    with pytest.raises(OrderNotFoundError):
        judge.do(TRACE, **order)
    worker.submits(award)
    dispute = buyer.contests(award)
    buyer.shows(dispute)
    worker.shows(dispute)
    judge.rules(dispute, "refund")

    assert judge.do(TRACE, **order)["dispute"]["status"] == "dispute_resolved"
    for method in (TRACE, SUMMARY):
        with pytest.raises(OrderNotFoundError):
            other.do(method, **order)


@pytest.mark.parametrize("method", [TRACE, SUMMARY])
def test_a_stranger_learns_nothing(world: World, method: str) -> None:
    """Not even that there is such an order."""
    _, _, award, _ = contested(world)
    with pytest.raises(OrderNotFoundError):
        world.member().do(method, orderId=award["orderId"])


def test_a_member_counts_what_is_theirs(world: World) -> None:
    """Orders on both sides, and nothing of others."""
    buyer, _, _, _ = contested(world)
    buyer.orders(world.member().offers())
    world.member().orders(buyer.offers())
    world.hired()
    shown = buyer.do(SUMMARY)

    assert (shown["of"], shown["complete"]) == ("account", True)
    assert shown["totals"] == {"orders": 3, "settlements": 1, "deliveries": 1, "disputes": 1}
    assert some(shown["statuses"]["orders"]) == {"order_created": 2, "order_disputed": 1}
    assert some(shown["statuses"]["settlements"]) == {"settlement_locked": 1}
    assert some(shown["statuses"]["deliveries"]) == {"delivery_completed": 1}
    assert some(shown["statuses"]["disputes"]) == {"dispute_opened": 1}


def test_an_operator_counts_everything(world: World) -> None:
    """As of the log's head, with the number of records that the counts cover."""
    contested(world)
    world.hired()
    before = world.operator.do(SUMMARY)
    assert (before["of"], before["totals"]["orders"], before["asOfRecords"]) == ("market", 0, 0)
    logged = world.log()
    shown = world.operator.do(SUMMARY)

    assert shown["asOfRecords"] == logged
    assert some(shown["statuses"]["orders"]) == {"delivery_ready": 1, "order_disputed": 1}


def test_one_order_is_counted_alone(world: World) -> None:
    """With an order, only what belongs to it."""
    buyer, worker, award, _ = contested(world)
    buyer.awards(worker.bids(buyer.publishes()))
    shown = worker.do(SUMMARY, orderId=award["orderId"])

    assert shown["of"] == "order"
    assert shown["totals"] == {"orders": 1, "settlements": 1, "deliveries": 1, "disputes": 1}


def test_a_consent_is_traced_for_its_parties(world: World) -> None:
    """Buyer and seller see it whole; an operator sees the order without it."""
    buyer, seller, order = world.permitted()
    consent = buyer.consents(order)
    traces = [
        member.do("web3.market.transparency.trace", orderId=order["orderId"])["consent"]
        for member in (buyer, seller, world.operator)
    ]
    assert traces == [consent, consent, None]
