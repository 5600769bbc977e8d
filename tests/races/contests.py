"""Contests: moments at which several moves are possible and only one of them may be done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from races.ring import Move
from world import Fields, Member, World

RELEASE = "web3.market.settlement.release"
REFUND = "web3.market.settlement.refund"
CLAIM, SUBMIT = "web3.market.claimTask", "web3.market.submitResult"
REVIEW = "web3.market.reviewResult"
CONTEST = "web3.dispute.open"
RESOLVE = "web3.dispute.resolve"
EVIDENCE = "web3.dispute.submitEvidence"


@dataclass(frozen=True)
class Contest:
    """Of the rivals exactly one is done; the others may be done or not."""

    rivals: list[Move]
    others: list[Move]


def names(noun: str, thing: Fields, **more: Any) -> Fields:
    """Return the parameters that name a thing."""
    return {f"{noun}Id": thing[f"{noun}Id"], **more}


def ends(until: str) -> Move:
    """Let the last moment pass, and the market end what is due."""
    return Move("silence", until=until)


def an_open_task(world: World) -> Contest:
    """One of two bids is chosen, or the task is taken back, or its time ends."""
    buyer, one, two = world.member(), world.member(), world.member()
    task = buyer.publishes(expirySec=600)
    first, second = one.bids(task, "40"), two.bids(task, "50")
    return Contest(
        [
            Move("award the first", buyer, "web3.market.awardBid", names("bid", first)),
            Move("award the second", buyer, "web3.market.awardBid", names("bid", second)),
            Move("cancel", buyer, "web3.market.cancelTask", names("task", task)),
            ends(task["expiresAt"]),
        ],
        [Move("withdraw", one, "web3.market.withdrawBid", names("bid", first))],
    )


def a_task_for_whoever_comes(world: World) -> Contest:
    """One of two workers claims it, or a bid is chosen, or it is taken back, or its time ends."""
    buyer, one, two, bidder = (world.member() for _ in range(4))
    task = buyer.publishes(expirySec=600, claims=True)
    bid, named = bidder.bids(task, "40"), names("task", task)
    return Contest(
        [
            Move("the first claims", one, CLAIM, named),
            Move("the second claims", two, CLAIM, named),
            Move("award", buyer, "web3.market.awardBid", names("bid", bid)),
            Move("cancel", buyer, "web3.market.cancelTask", named),
            ends(task["expiresAt"]),
        ],
        [Move("withdraw", bidder, "web3.market.withdrawBid", names("bid", bid))],
    )


def a_claimed_task(world: World) -> Contest:
    """It is delivered or given back, or the money goes back; whoever gave it back stays out."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(claims=True, timeoutSec=600, disputeWindowSec=900)
    award = worker.claims(task)
    files = [worker.stores()]
    return Contest(
        [
            Move("deliver", worker, SUBMIT, names("order", award, artifacts=files)),
            Move("step back", worker, "web3.market.unclaimTask", names("task", task)),
            Move("give up", worker, REFUND, names("order", award)),
            ends(award["dueAt"]),
        ],
        [Move("claim again", worker, CLAIM, names("task", task))],
    )


def an_unpaid_order(world: World) -> Contest:
    """It is paid, given up, or its time ends."""
    buyer, seller, order = world.ordered()
    named = names("order", order)
    return Contest(
        [
            Move("lock", buyer, "web3.market.settlement.lock", named),
            Move("cancel", buyer, "web3.market.order.cancel", named),
            ends(order["dueAt"]),
        ],
        [Move("begin", seller, "web3.market.delivery.issue", named)],
    )


def a_paid_order(world: World) -> Contest:
    """The money goes back once, whoever asks for it, also when the seller begins meanwhile."""
    buyer, seller, order = world.ordered(timeoutSec=600)
    buyer.locks(order)
    named = names("order", order)
    return Contest(
        [
            Move("buyer gives up", buyer, REFUND, named),
            Move("seller gives up", seller, REFUND, named),
            ends(seller.order(order)["dueAt"]),
        ],
        [
            Move("begin", seller, "web3.market.delivery.issue", named),
            Move("release", buyer, RELEASE, named),
        ],
    )


def a_begun_delivery(world: World) -> Contest:
    """It is finished, or the money goes back."""
    buyer, seller, order = world.ordered(timeoutSec=600, disputeWindowSec=900)
    buyer.locks(order)
    begun = names("delivery", seller.begins(order))
    named = names("order", order)
    return Contest(
        [
            Move("finish", seller, "web3.market.delivery.complete", begun),
            Move("buyer gives up", buyer, REFUND, named),
            Move("seller gives up", seller, REFUND, named),
            ends(seller.order(order)["dueAt"]),
        ],
        [Move("take back", seller, "web3.market.delivery.revoke", begun)],
    )


def a_delivered_result(world: World) -> Contest:
    """It is accepted, paid for, sent back or contested, or the buyer is silent."""
    buyer, worker, award = world.hired(disputeWindowSec=600)
    return _review(buyer, worker, award)


def a_first_part(world: World) -> Contest:
    """A milestone is accepted, paid for, sent back or contested, or the buyer is silent."""
    buyer, worker = world.member(), world.member()
    award = buyer.awards(worker.bids(buyer.publishes_parts(33, 67, disputeWindowSec=600)))
    return _review(buyer, worker, award)


def _review(buyer: Member, worker: Member, award: Fields) -> Contest:
    result, named = worker.submits(award), names("order", award)
    accepts = names("result", result, decision="accept")
    rejects = names("result", result, decision="reject", feedback="No.")
    contested = names("order", award, reason="No.")
    return Contest(
        [
            Move("accept", buyer, REVIEW, accepts),
            Move("release", buyer, RELEASE, named),
            Move("reject", buyer, REVIEW, rejects),
            Move("contest", buyer, CONTEST, contested),
            ends(buyer.order(award)["dueAt"]),
        ],
        [
            Move("seller contests", worker, CONTEST, contested),
            Move("buyer gives up", buyer, REFUND, named),
        ],
    )


def a_dispute(world: World) -> Contest:
    """It is ruled one way of four, or the last moment passes; both sides still bring evidence."""
    buyer, worker, award = world.hired()
    worker.submits(award)
    dispute, arbiter = buyer.contests(award), world.arbiter()
    buyer.shows(dispute)
    worker.shows(dispute)

    def ruling(resolution: str, **more: str) -> Fields:
        return names("dispute", dispute, resolution=resolution, reason="So.", **more)

    evidence = names("dispute", dispute, summary="Look.")
    dismissal = names("dispute", dispute, reason="No.")
    return Contest(
        [
            Move("all", arbiter, RESOLVE, ruling("release")),
            Move("nothing", arbiter, RESOLVE, ruling("refund")),
            Move("a part", arbiter, RESOLVE, ruling("partial", sellerShare="13333333")),
            Move("dismiss", arbiter, "web3.dispute.reject", dismissal),
            ends(buyer.order(award)["dueAt"]),
        ],
        [
            Move("buyer shows", buyer, EVIDENCE, evidence),
            Move("worker shows", worker, EVIDENCE, evidence),
            Move("accept anyway", buyer, RELEASE, names("order", award)),
            Move("give up anyway", worker, REFUND, names("order", award)),
        ],
    )


CONTESTS: tuple[Callable[[World], Contest], ...] = (
    an_open_task,
    a_task_for_whoever_comes,
    a_claimed_task,
    an_unpaid_order,
    a_paid_order,
    a_begun_delivery,
    a_delivered_result,
    a_first_part,
    a_dispute,
)
