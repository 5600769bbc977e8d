"""Milestones: parts that are delivered, accepted and paid one after the other, to the unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.kernel.money import MAX_AMOUNT_MINOR, format_amount, split_fee
from clawmarket.domain.market.bid import PriceIndivisibleError
from clawmarket.domain.market.order import DeliveryLateError
from clawmarket.domain.market.terms import Milestone, Part, milestones_of
from clawmarket.services.market.tasks import MilestonesInvalidError
from world import Fields, Member, World


def hired(world: World, *percents: int, price: str = "40") -> tuple[Member, Member, Fields]:
    """Return a buyer, a worker and the award of a task in parts; the budget is 50."""
    buyer, worker = world.member(), world.member()
    return buyer, worker, buyer.awards(worker.bids(buyer.publishes_parts(*percents), price))


def test_each_part_is_paid_when_it_is_accepted(world: World) -> None:
    """The rest stays locked, and the last part ends the order."""
    buyer, worker, award = hired(world, 30, 30, 40)
    assert [m["amount"] for m in buyer.order(award)["milestones"]] == [
        "12000000",
        "12000000",
        "16000000",
    ]
    buyer.accepts(worker.submits(award, b"one"))
    assert (buyer.figures()[:2], worker.figures()) == (
        ("960000000", "28000000"),
        ("1011880000", "0", "27720000", "11880000"),
    )
    order = buyer.order(award)
    assert (order["status"], order["milestone"], order["resultId"]) == ("delivery_ready", 1, None)
    buyer.accepts(worker.submits(award, b"two"))
    buyer.accepts(worker.submits(award, b"three"))
    assert buyer.order(award)["status"] == "settlement_completed"
    assert (buyer.figures()[:2], worker.figures()) == (
        ("960000000", "0"),
        ("1039600000", "0", "0", "39600000"),
    )


def test_the_next_part_has_its_own_time(world: World) -> None:
    """From the acceptance on, as long as the first one had; rejections begin anew."""
    buyer, worker, award = hired(world, 50, 50)
    buyer.rejects(worker.submits(award))
    world.pass_time(seconds=3_600)
    buyer.accepts(worker.submits(award))
    order = buyer.order(award)
    assert (order["rejections"], order["dueAt"]) == (0, "2026-09-22T15:13:20.000Z")
    world.reaches(order["dueAt"])
    with pytest.raises(DeliveryLateError):
        worker.submits(award)


def test_a_seller_who_stops_keeps_what_was_accepted(world: World) -> None:
    """The remainder goes back to the buyer when the time is over."""
    buyer, worker, award = hired(world, 25, 75)
    buyer.accepts(worker.submits(award))
    world.pass_time(seconds=86_400)
    assert world.sweep().refunded == 1
    assert buyer.order(award)["status"] == "order_refunded"
    assert (buyer.figures()[:2], worker.figures()) == (
        ("990000000", "0"),
        ("1009900000", "0", "0", "9900000"),
    )


def test_a_buyer_who_is_silent_pays_the_part(world: World) -> None:
    """And the seller works on."""
    buyer, worker, award = hired(world, 50, 50)
    worker.submits(award)
    world.pass_time(seconds=600)
    assert world.sweep().released == 1
    assert buyer.order(award)["status"] == "delivery_ready"
    assert worker.figures() == ("1019800000", "0", "19800000", "19800000")


def test_a_dispute_is_about_the_part_at_hand(world: World) -> None:
    """Its ruling divides that part; what was accepted stays, what was to come goes back."""
    buyer, worker, award = hired(world, 50, 25, 25)
    buyer.accepts(worker.submits(award))
    worker.submits(award)
    dispute = buyer.contests(award)
    buyer.shows(dispute)
    worker.shows(dispute)
    world.arbiter().rules(dispute, "partial", sellerShare="5000000")
    assert buyer.order(award)["status"] == "settlement_completed"
    assert (buyer.figures()[:2], worker.figures()) == (
        ("975000000", "0"),
        ("1024750000", "0", "0", "24750000"),
    )


@pytest.mark.parametrize("ruling", ["release", "refund"])
def test_a_ruling_for_one_side_leaves_what_was_to_come(world: World, ruling: str) -> None:
    """The seller gets the part at hand or nothing of it; the buyer all that was to come."""
    buyer, worker, award = hired(world, 50, 25, 25)
    buyer.accepts(worker.submits(award))
    worker.submits(award)
    dispute = buyer.contests(award)
    buyer.shows(dispute)
    worker.shows(dispute)
    world.arbiter().rules(dispute, ruling)
    earned = {"release": "29700000", "refund": "19800000"}
    back = {"release": "970000000", "refund": "980000000"}
    assert (buyer.figures()[0], worker.figures()[3]) == (back[ruling], earned[ruling])


@pytest.mark.parametrize("percents", [(99,), (50, 51), (1,)])
def test_the_percents_have_to_be_all_of_it(world: World, percents: tuple[int, ...]) -> None:
    """A hundred, or nothing is published."""
    with pytest.raises(MilestonesInvalidError):
        world.member().publishes_parts(*percents)


@pytest.mark.parametrize(
    ("accepted", "ruling", "words"),
    [
        (
            0,
            {"resolution": "release"},
            "19.80 credits went to the seller, 0.20 credits to the market",
        ),
        (
            1,
            {"resolution": "release"},
            "9.90 credits went to the seller, 0.10 credits to the market",
        ),
        (
            1,
            {"resolution": "partial", "sellerShare": "5000000"},
            "4.95 credits went to the seller, 0.05 credits to the market",
        ),
    ],
)
def test_the_explanation_tells_a_ruling_from_what_was_paid_before(
    world: World, accepted: int, ruling: Fields, words: str
) -> None:
    """The ruling's money is the ruling's; what milestones had moved before stands beside it."""
    buyer, worker, award = hired(world, 50, 25, 25)
    for _ in range(accepted):
        buyer.accepts(worker.submits(award))
    worker.submits(award)
    dispute = buyer.contests(award)
    buyer.shows(dispute)
    worker.shows(dispute)
    world.arbiter().rules(dispute, **ruling)
    told = buyer.do("web3.market.order.explain", orderId=award["orderId"])["now"]
    back = format_amount(int(buyer.figures()[0]) - 960_000_000, "credits")
    before = " Before that 19.80 credits had gone to the seller and 0.20 credits to the market."
    ruled = f"It was ruled: {words} and {back} back to you."
    assert told == ruled + (before if accepted else "")


def test_the_explanation_of_a_stopped_order_names_what_was_paid(world: World) -> None:
    """The buyer got the rest back; the accepted part stays the seller's."""
    buyer, worker, award = hired(world, 25, 75)
    buyer.accepts(worker.submits(award))
    world.pass_time(seconds=86_400)
    world.sweep()
    told = buyer.do("web3.market.order.explain", orderId=award["orderId"])["now"]
    assert told == (
        "It ended with a refund: 30.00 credits went back to you. Before that 9.90 credits "
        "had gone to the seller and 0.10 credits to the market."
    )


def test_a_budget_gives_each_part_something(world: World) -> None:
    """Otherwise no bid could be taken, so nothing is published and nothing held."""
    buyer = world.member()
    with pytest.raises(MilestonesInvalidError):
        buyer.publishes_parts(50, 50, budget="0.000001")
    assert buyer.figures()[:2] == ("1000000000", "0")
    assert buyer.publishes_parts(50, 50, budget="0.000002")["status"] == "task_open"


def test_a_price_gives_each_part_something(world: World) -> None:
    """A bid of two units cannot be divided among three milestones."""
    task = world.member().publishes_parts(33, 33, 34)
    with pytest.raises(PriceIndivisibleError):
        world.member().bids(task, "0.000002")


def test_the_explanation_names_the_part(world: World) -> None:
    """Which one, what is locked for it and the rest, and what silence does."""
    buyer, worker, award = hired(world, 30, 70)
    worker.submits(award)
    words = buyer.do("web3.market.order.explain", orderId=award["orderId"])
    assert words["now"] == f"Milestone 1 of 2, 'Part 0'. {HANDED_IN}"
    moment = "at 2026-09-21T14:23:20.000Z (in 10 min)"
    assert words["then"] == f"If you say nothing, {SPLIT} {moment}, and the work goes on."


HANDED_IN = "The result is handed in; 40.00 credits are held, neither side can take them alone."
SPLIT = "11.88 credits go to the seller and 0.12 credits to the market"
PARTS = st.lists(st.integers(1, 100), min_size=1, max_size=20)


@given(PARTS, st.integers(1, MAX_AMOUNT_MINOR), st.integers(0, 10_000))
def test_the_parts_are_the_price_and_cost_one_fee(
    weights: list[int], price: int, fee_bps: int
) -> None:
    """However it is divided: no unit is lost, and the fees are those of one payment."""
    parts = tuple(Part(f"{n}", 1) for n, _ in enumerate(weights[:-1]))
    parts = (*parts, Part("last", 100 - len(parts)))
    amounts = [milestone.amount for milestone in milestones_of(parts, price)]
    assert (sum(amounts), min(amounts) >= 0) == (price, True)
    released = fees = 0
    for amount in amounts:
        released += amount
        _, fee = split_fee(released, fee_bps)
        assert fee >= fees
        fees = fee
    assert fees == split_fee(price, fee_bps)[1]


def test_a_price_is_divided_at_its_hundredths() -> None:
    """What rounding leaves goes to a later part."""
    parts = (Part("a", 33), Part("b", 33), Part("c", 34))
    assert milestones_of(parts, 10) == (
        Milestone("a", 3),
        Milestone("b", 3),
        Milestone("c", 4),
    )
