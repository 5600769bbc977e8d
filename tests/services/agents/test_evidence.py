"""Evidence: each order counts once, by how it ended, for the agent that sold it."""

from typing import Any

import pytest

from agents_of import browsed, registered
from clawmarket.domain.market.agents.standing import ENOUGH, Counterparty, Standing
from rail_deals import TWIN, make_deal
from world import Fields, Member, World


def evidence(world: World, agent: Member) -> Fields:
    """Return what strangers see of how an agent's orders ended."""
    shown: Fields = world.nobody.do("web3.agents.card", accountId=agent.id)["evidence"]
    return shown


def figures(world: World, agent: Member) -> tuple[int, ...]:
    """Return orders, paid, refunded, disputes lost and counterparties."""
    shown = evidence(world, agent)
    names = ("orders", "paid", "refunded", "disputesLost", "counterparties")
    return tuple(shown[name] for name in names)


def outcomes(world: World, agent: Member) -> list[str]:
    """Return the strip's outcomes, newest first."""
    return [mark["outcome"] for mark in evidence(world, agent)["strip"]]


def works_for(worker: Member, buyer: Member, **terms: Any) -> Fields:
    """Let a worker have an order of 5."""
    return buyer.awards(worker.bids(buyer.publishes("5", **terms), "5"))


def is_paid_by(worker: Member, buyer: Member) -> None:
    """Let a worker deliver and a buyer accept."""
    buyer.accepts(worker.submits(works_for(worker, buyer)))


@pytest.fixture
def worker(world: World) -> Member:
    """Return an agent with a profile that nobody has paid yet."""
    return registered(world)


def test_an_agent_without_orders_has_no_evidence(world: World, worker: Member) -> None:
    """Numbers are nothing, rates and times are unknown."""
    assert evidence(world, worker) == {
        "orders": 0,
        "paid": 0,
        "refunded": 0,
        "disputesLost": 0,
        "counterparties": 0,
        "typicalDeliverySec": None,
        "successRate": None,
        "averageRating": None,
        "ratings": 0,
        "totalEarned": "0",
        "strip": [],
    }


def test_a_paid_order_counts_once(world: World, worker: Member) -> None:
    """Rejected twice and accepted then: one order, one payment, 4.95 earned."""
    buyer = world.member()
    award = works_for(worker, buyer)
    for _ in range(2):
        buyer.rejects(worker.submits(award))
    buyer.accepts(worker.submits(award))

    assert figures(world, worker) == (1, 1, 0, 0, 1)
    assert evidence(world, worker)["totalEarned"] == "4950000"
    assert outcomes(world, worker) == ["paid"]


def test_an_order_in_parts_counts_once_at_its_end(world: World, worker: Member) -> None:
    """Two of three parts are paid and still nothing has ended."""
    buyer = world.member()
    award = buyer.awards(worker.bids(buyer.publishes_parts(50, 25, 25), "40"))
    for ended in (0, 0, 1):
        buyer.accepts(worker.submits(award))
        assert figures(world, worker)[:2] == (ended, ended)


def test_silence_pays_and_counts(world: World, worker: Member) -> None:
    """The market accepts for a silent buyer, once however often it sweeps."""
    award = works_for(worker, world.member())
    worker.submits(award)
    world.pass_time(seconds=30 * 86_400)
    for _ in range(3):
        world.sweep()

    assert figures(world, worker) == (1, 1, 0, 0, 1)


def test_a_refund_is_told(world: World, worker: Member) -> None:
    """By the seller's silence, and by the seller's own step."""
    works_for(worker, world.member())
    world.pass_time(seconds=30 * 86_400)
    world.sweep()
    worker.refunds(works_for(worker, world.member()))

    assert figures(world, worker) == (2, 0, 2, 0, 0)
    assert outcomes(world, worker) == ["refunded", "refunded"]


def test_a_lost_dispute_is_told(world: World, worker: Member) -> None:
    """A ruling for the buyer is no mere refund; one for the seller is a payment."""
    arbiter = world.arbiter()
    for resolution in ("refund", "release"):
        buyer = world.member()
        award = works_for(worker, buyer)
        worker.submits(award)
        dispute = buyer.contests(award)
        asked = {"summary": "See here.", "disputeId": dispute["disputeId"]}
        for party in (buyer, worker):
            party.do("web3.dispute.submitEvidence", **asked)
        arbiter.do(
            "web3.dispute.resolve",
            disputeId=dispute["disputeId"],
            resolution=resolution,
            reason="So it is.",
        )

    assert figures(world, worker) == (2, 1, 0, 1, 1)
    assert outcomes(world, worker) == ["paid", "dispute_lost"]


def test_a_buyer_who_walks_away_spoils_nothing(world: World) -> None:
    """Neither by never consenting nor by taking a consent back."""
    buyer, seller, order = world.permitted()
    seller.do("web3.agents.profile.set", displayName="Seller")
    world.pass_time(seconds=30 * 86_400)
    world.sweep()
    another = buyer.orders(seller.offers(usageScope={"purpose": "research"}))
    buyer.locks(another)
    consent = buyer.consents(another)
    buyer.revokes(consent)
    world.pass_time(seconds=30 * 86_400)
    world.sweep()

    assert {buyer.order(each)["status"] for each in (order, another)} == {"settlement_cancelled"}
    assert figures(world, seller) == (0, 0, 0, 0, 0)
    assert outcomes(world, seller) == []


def test_a_seller_who_gives_up_while_no_consent_came_was_never_at_work(world: World) -> None:
    """An order that waits for its buyer's consent spoils nothing, whoever ends it."""
    buyer, seller, order = world.permitted()
    seller.do("web3.agents.profile.set", displayName="Seller")
    seller.refunds(order)

    assert buyer.order(order)["status"] == "settlement_cancelled"
    assert figures(world, seller) == (0, 0, 0, 0, 0)
    assert outcomes(world, seller) == []


def test_a_buyer_who_takes_the_money_back_spoils_nothing(world: World) -> None:
    """Before the seller began, with a consent and without; the seller's own step counts."""
    buyer, seller, order = world.permitted()
    seller.do("web3.agents.profile.set", displayName="Seller")
    buyer.consents(order)
    buyer.refunds(order)
    offer = seller.offers()
    for _ in range(3):
        taken_back = buyer.orders(offer)
        buyer.locks(taken_back)
        buyer.refunds(taken_back)

    assert figures(world, seller) == (0, 0, 0, 0, 0)
    assert outcomes(world, seller) == []

    given_up = buyer.orders(offer)
    buyer.locks(given_up)
    seller.refunds(given_up)
    assert figures(world, seller) == (1, 0, 1, 0, 0)
    assert outcomes(world, seller) == ["refunded"]


def test_a_seller_who_never_began_was_silent_whoever_says_so(world: World) -> None:
    """After the last moment to deliver it is no matter who asks for the money first."""
    buyer, seller, order = world.ordered()
    seller.do("web3.agents.profile.set", displayName="Seller")
    buyer.locks(order)
    world.pass_time(seconds=30 * 86_400)
    buyer.refunds(order)

    assert figures(world, seller) == (1, 0, 1, 0, 0)


def test_a_consent_that_was_taken_back_is_the_buyer_s_also_where_the_seller_asks(
    world: World,
) -> None:
    """Whoever asks for the money of a stopped order, its buyer stopped it."""
    buyer, seller, order = world.permitted()
    seller.do("web3.agents.profile.set", displayName="Seller")
    buyer.revokes(buyer.consents(order))
    seller.refunds(order)

    assert figures(world, seller) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(("asked", "given", "refunded"), [(30, 1, 0), (30, 30, 1), (1, 1, 1)])
def test_a_consent_that_is_too_short_is_the_buyer_s(
    world: World, asked: int, given: int, refunded: int
) -> None:
    """A seller has ten days; a consent for fewer days than the offer asks ends them early."""
    buyer, seller, order = world.permitted(days=asked, timeoutSec=10 * 86_400)
    seller.do("web3.agents.profile.set", displayName="Seller")
    buyer.consents(order, durationDays=given)
    world.pass_time(seconds=11 * 86_400)
    world.sweep()

    assert buyer.order(order)["status"] == "settlement_cancelled"
    assert figures(world, seller) == (refunded, 0, refunded, 0, 0)


def test_what_no_arbiter_ruled_on_is_no_lost_dispute(world: World, worker: Member) -> None:
    """Both were heard and nobody ruled: the money goes back, and that is nobody's proof."""
    buyer = world.member()
    award = works_for(worker, buyer)
    buyer.rejects(worker.submits(award))
    dispute = worker.contests(award)
    for party in (buyer, worker):
        party.do("web3.dispute.submitEvidence", summary="See.", disputeId=dispute["disputeId"])
    world.pass_time(seconds=30 * 86_400)
    world.sweep()

    assert buyer.order(award)["status"] == "order_refunded"
    assert figures(world, worker) == (0, 0, 0, 0, 0)
    assert outcomes(world, worker) == []


def test_a_claim_that_was_not_shown_is_lost(world: World, worker: Member) -> None:
    """A worker who contests and brings nothing was silent."""
    buyer = world.member()
    award = works_for(worker, buyer)
    buyer.rejects(worker.submits(award))
    worker.contests(award)
    world.pass_time(seconds=30 * 86_400)
    world.sweep()

    assert figures(world, worker) == (1, 0, 0, 1, 0)


def test_a_refund_on_a_rail_counts_by_who_asked_for_it() -> None:
    """The answer comes later and in the market's name; who gave the order up stands in the step."""
    for gives_up, refunded in (("buyer", 0), ("seller", 1)):
        deal = make_deal()
        deal.buyer.locks(deal.order, rail=TWIN)
        deal.world.run_jobs()
        getattr(deal, gives_up).refunds(deal.order)
        deal.asks()
        deal.seller.do("web3.agents.profile.set", displayName="Seller")
        assert deal.stands() == ("settlement_cancelled", "settlement_refunded")
        assert figures(deal.world, deal.seller) == (refunded, 0, refunded, 0, 0)
        deal.world.close()


def test_what_was_never_paid_for_counts_for_nobody(world: World) -> None:
    """An order that was cancelled or left unpaid has not begun."""
    buyer, seller, order = world.ordered()
    seller.do("web3.agents.profile.set", displayName="Seller")
    buyer.do("web3.market.order.cancel", orderId=order["orderId"])
    buyer.orders(seller.offers())
    world.pass_time(seconds=86_400)
    world.sweep()

    assert figures(world, seller) == (0, 0, 0, 0, 0)


def test_one_buyer_is_one_counterparty(world: World, worker: Member) -> None:
    """Whoever pays oneself from a second account is seen by that number."""
    buyer, other = world.member(), world.member()
    for _ in range(6):
        is_paid_by(worker, buyer)
    assert figures(world, worker) == (6, 6, 0, 0, 1)

    is_paid_by(worker, other)
    assert figures(world, worker) == (7, 7, 0, 0, 2)
    assert len(world.all(Counterparty)) == 2


def test_a_rate_needs_five_orders(world: World, worker: Member) -> None:
    """Below that there is a number only; then it is paid by ended, in hundredths."""
    buyer = world.member()
    rates = []
    for n in range(ENOUGH + 1):
        if n == 2:
            worker.refunds(works_for(worker, buyer))
        else:
            is_paid_by(worker, buyer)
        rates.append(evidence(world, worker)["successRate"])

    assert rates == [None, None, None, None, 80.0, 83.3]


def test_the_strip_has_the_last_thirty_two(world: World, worker: Member) -> None:
    """Newest first, without those that are still going on."""
    buyer = world.member()
    worker.refunds(works_for(worker, buyer))
    for _ in range(32):
        is_paid_by(worker, buyer)
        world.pass_time(seconds=60)
    works_for(worker, buyer)
    assert outcomes(world, worker) == ["paid"] * 32

    worker.refunds(works_for(worker, buyer))
    strip = evidence(world, worker)["strip"]
    assert [mark["outcome"] for mark in strip] == ["refunded"] + ["paid"] * 31
    moments = [mark["at"] for mark in strip]
    assert moments == sorted(moments, reverse=True)


def test_the_typical_delivery_is_a_median(world: World, worker: Member) -> None:
    """One that took most of a day among some that took minutes says little."""
    buyer = world.member()
    for seconds in (60, 120, 80_000):
        award = works_for(worker, buyer)
        world.pass_time(seconds=seconds)
        buyer.accepts(worker.submits(award))

    assert evidence(world, worker)["typicalDeliverySec"] == 120


def test_a_rating_needs_five_marks(world: World, worker: Member) -> None:
    """Their mean with two decimals; orders without a mark leave it as it is."""
    buyer = world.member()
    shown = []
    for rating in (5, 4, None, 5, 5, 4):
        result = worker.submits(works_for(worker, buyer))
        named = {"resultId": result["resultId"], "decision": "accept", "rating": rating}
        buyer.do("web3.market.reviewResult", **named)
        now = evidence(world, worker)
        shown.append((now["ratings"], now["averageRating"]))

    assert shown == [(1, None), (2, None), (2, None), (3, None), (4, None), (5, 4.6)]


def test_a_step_back_from_a_claim_counts(world: World, worker: Member) -> None:
    """Whoever takes tasks and lets them go is seen to."""
    buyer = world.member()
    task = buyer.publishes("5", claims=True)
    worker.do("web3.market.claimTask", taskId=task["taskId"])
    worker.do("web3.market.unclaimTask", taskId=task["taskId"])

    assert figures(world, worker) == (1, 0, 1, 0, 0)
    assert outcomes(world, worker) == ["refunded"]


def test_what_was_earned_before_a_profile_counts(world: World) -> None:
    """A seller who makes a profile later brings the evidence along."""
    seller = world.member()
    is_paid_by(seller, world.member())
    assert browsed(world, sort="evidence") == []

    seller.do("web3.agents.profile.set", displayName="Seller")

    assert figures(world, seller) == (1, 1, 0, 0, 1)
    assert browsed(world, sort="evidence", minTasks=1) == [seller.id]
    assert [s.account_id for s in world.all(Standing)] == [seller.id]


def test_a_card_names_no_buyer_and_no_order(world: World, worker: Member) -> None:
    """Who traded with whom is for the two of them."""
    buyer = world.member()
    award = works_for(worker, buyer)
    buyer.accepts(worker.submits(award))
    shown = str(world.nobody.do("web3.agents.card", accountId=worker.id))

    assert buyer.id not in shown
    assert award["orderId"] not in shown
