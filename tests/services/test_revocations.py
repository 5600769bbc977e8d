"""Revocation notices: written with the revocation, sent until they are confirmed."""

import json
from collections.abc import Iterator

import pytest

from clawmarket.adapters.notices.memory import MemoryNotices
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.job import Job
from clawmarket.domain.market.revocation import Revocation
from clawmarket.domain.trust.record import Record
from clawmarket.runtime.workers import PATIENCE, run_due
from clawmarket.services.operate.revocations import send_revocation
from world import START, Fields, Member, World

RETRY = "market.revocation.retry"
ATTEMPTS = PATIENCE["revocation"].attempts


@pytest.fixture
def receiver() -> MemoryNotices:
    """Somebody who is told."""
    return MemoryNotices()


@pytest.fixture
def world(receiver: MemoryNotices) -> Iterator[World]:
    """A market that tells somebody."""
    world = World(notices=receiver)
    yield world
    world.close()


def revoked(world: World) -> tuple[Member, Member, Fields]:
    """Revoke a consent with an open delivery; return the parties and the consent."""
    buyer, seller, order = world.permitted()
    consent = buyer.consents(order)
    seller.begins(order)
    return buyer, seller, buyer.revokes(consent, "Not any more.")


def bury(world: World, receiver: MemoryNotices) -> None:
    """Let a notice fail until it is given up."""
    receiver.fails = "The receiver answered 503."
    revoked(world)
    for _ in range(ATTEMPTS):
        assert world.run_jobs() == 1
        world.pass_time(seconds=15 * 60)
    assert world.run_jobs() == 0


def test_a_notice_says_what_was_revoked(world: World, receiver: MemoryNotices) -> None:
    """Delivery, order, offer and consent as the parties see them then, and the reason."""
    buyer, seller, consent = revoked(world)
    order = buyer.order(consent)
    shown = seller.do("web3.market.delivery.get", deliveryId=order["deliveryId"])
    offer = seller.do("web3.market.offer.get", offerId=consent["offerId"])
    assert world.run_jobs() == 1
    (notice,) = receiver.got
    assert json.loads(notice.body) == {
        "delivery": shown,
        "order": order,
        "offer": offer,
        "consent": consent,
        "reason": "Not any more.",
    }
    assert (shown["status"], notice.sent_at) == ("delivery_revoked", START)


def test_a_notice_is_sent_again_under_its_id_until_it_is_confirmed(
    world: World, receiver: MemoryNotices
) -> None:
    """The same body, also when the order has moved on; afterwards never again."""
    receiver.fails = "The receiver answered 503."
    revoked(world)
    world.run_jobs()
    world.sweep()
    (kept,) = world.all(Revocation)
    receiver.fails = ""
    world.pass_time(seconds=10)
    world.log()
    world.run_jobs()
    world.pass_time(seconds=3_600)
    world.run_jobs()
    assert world.all(Revocation) == []
    world.run(send_revocation(world.pipeline, kept.revocation_id))
    assert [(notice.notice_id, notice.body) for notice in receiver.got] == [
        (kept.revocation_id, kept.body)
    ]
    assert json.loads(kept.body)["order"]["status"] == "consent_revoked"


def test_a_refused_revocation_tells_nobody(world: World) -> None:
    """What was not done is not said."""
    buyer, seller, consent = revoked(world)
    for other in (buyer, seller, world.member()):
        with pytest.raises(Refused):
            other.revokes(consent)
    assert len(world.all(Revocation)) == 1


@pytest.mark.parametrize("who", ["buyer", "seller"])
def test_whatever_ends_a_consent_is_said(world: World, receiver: MemoryNotices, who: str) -> None:
    """Giving the order up does too, once."""
    buyer, seller, order = world.permitted()
    buyer.consents(order)
    (buyer if who == "buyer" else seller).refunds(order)
    world.log()
    world.run_jobs()
    told = [json.loads(notice.body) for notice in receiver.got]
    assert [(each["delivery"], each["reason"]) for each in told] == [
        (None, f"the {who} gave the order up")
    ]


def test_a_delivery_that_is_taken_back_is_said(world: World, receiver: MemoryNotices) -> None:
    """Also of an order that asked for no consent."""
    buyer, seller, order = world.ordered()
    buyer.locks(order)
    seller.takes_back(seller.begins(order))
    world.run_jobs()
    (told,) = [json.loads(notice.body) for notice in receiver.got]
    assert (told["consent"], told["reason"]) == (None, "manual_revoke")
    assert (told["order"]["status"], told["delivery"]["status"]) == (
        "payment_locked",
        "delivery_revoked",
    )


def test_a_market_that_tells_nobody_keeps_nothing() -> None:
    """Neither notices nor jobs."""
    world = World()
    revoked(world)
    assert (world.all(Revocation), world.all(Job)) == ([], [])
    world.close()


def test_a_notice_that_keeps_failing_is_given_up_and_shown(
    world: World, receiver: MemoryNotices
) -> None:
    """Twelve attempts, longer and longer apart; status and doctor say so."""
    bury(world, receiver)
    (job,) = world.operator.do("market.jobs.list")["items"]
    assert (job["status"], job["attempts"]) == ("job_dead", ATTEMPTS)
    assert job["lastFailure"] == "The receiver answered 503."
    (finding,) = [
        probe
        for probe in world.nobody.do("web3.status.summary", deep=True)["probes"]
        if probe["name"] == "revocations/unsent"
    ]
    assert finding == {
        "name": "revocations/unsent",
        "ok": False,
        "message": "0 notices of revocations wait, 1 was given up.",
        "fixHint": "clawmarket call market.revocation.retry",
    }


def test_one_notice_that_waits_is_one(world: World) -> None:
    """The probe counts in words that agree with the number."""
    revoked(world)
    probes = world.nobody.do("web3.status.summary", deep=True)["probes"]
    told = {probe["name"]: probe["message"] for probe in probes}
    assert told["revocations/unsent"] == "1 notice of a revocation waits, 0 were given up."


def test_an_operator_has_it_sent_anew(world: World, receiver: MemoryNotices) -> None:
    """A dry run only counts; then it is sent, in one record, and nothing is left."""
    bury(world, receiver)
    before = len(world.all(Record))
    counted = world.operator.do(RETRY, dryRun=True)
    assert counted == {"processed": 1, "pending": 0, "failed": 1}
    assert len(world.all(Record)) == before
    assert world.operator.do(RETRY) == {"processed": 1, "pending": 1, "failed": 0}
    assert len(world.all(Record)) == before + 1
    receiver.fails = ""
    assert world.run_jobs() == 1
    assert world.operator.do(RETRY) == {"processed": 0, "pending": 0, "failed": 0}
    assert (len(receiver.got), len(world.all(Record))) == (1, before + 1)


def test_a_limit_takes_the_oldest(world: World, receiver: MemoryNotices) -> None:
    """Two were given up; one is taken up."""
    bury(world, receiver)
    bury(world, receiver)
    answer = world.operator.do(RETRY, limit=1)
    assert answer == {"processed": 1, "pending": 1, "failed": 1}


def test_receipts_do_not_wait_for_notices(world: World, receiver: MemoryNotices) -> None:
    """Each kind of job has a loop of its own."""
    receiver.fails = "It hangs."
    for _ in range(3):
        revoked(world)
    world.sweep()
    world.log()
    assert world.run(run_due(world.pipeline, "receipt")) == 2
    kinds = {job.kind: job.attempts for job in world.all(Job) if job.attempts}
    assert kinds == {"receipt": 1}
