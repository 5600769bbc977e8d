"""Revocation notices: written with the revocation, sent until they are confirmed."""

import json
from collections.abc import Iterator

import pytest

from clawmarket.adapters.notices.memory import MemoryNotices
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.job import Job
from clawmarket.domain.market.consenting.revocation import Revocation
from clawmarket.domain.trust.record import Record
from clawmarket.ports.notices import NoticeLostError
from clawmarket.runtime.workers import PATIENCE, RUNNERS, run_due
from clawmarket.services.operate.revocations import send_revocation, tell_of_end
from clawmarket.services.operate.status import OUTBOX
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


def delivered(world: World, days: int = 1) -> tuple[Member, Member, Fields]:
    """Let an order with a consent of some days be delivered and paid; return the consent too."""
    buyer, seller, order = world.permitted(days=days)
    consent = buyer.consents(order)
    seller.delivers(seller.begins(order))
    buyer.releases(order)
    return buyer, seller, consent


def finish_jobs(world: World) -> None:
    """Let the workers run until nothing is due."""
    world.log()
    while world.run_jobs():
        world.log()


def test_an_end_by_time_is_said_at_its_moment_and_not_before(
    world: World, receiver: MemoryNotices
) -> None:
    """The use of what was paid for ends with its days; the notice says so, once."""
    buyer, seller, consent = delivered(world)
    world.reaches(consent["expiresAt"], -1)
    finish_jobs(world)
    assert receiver.got == []
    world.reaches(consent["expiresAt"])
    finish_jobs(world)
    (notice,) = receiver.got
    order = buyer.order(consent)
    assert json.loads(notice.body) == {
        "delivery": seller.do("web3.market.delivery.get", deliveryId=order["deliveryId"]),
        "order": order,
        "offer": seller.do("web3.market.offer.get", offerId=consent["offerId"]),
        "consent": consent | {"good": False, "orderStatus": "settlement_completed"},
        "reason": "the buyer's consent had ended",
    }
    world.pass_time(seconds=86_400)
    world.sweep()
    finish_jobs(world)
    assert (receiver.got, world.all(Revocation)) == ([notice], [])


def test_an_end_by_time_is_said_late_rather_than_never(
    world: World, receiver: MemoryNotices
) -> None:
    """The market or the receiver was away: the same notice comes when both are there."""
    _, _, consent = delivered(world)
    world.reaches(consent["expiresAt"], 3_600_000)
    receiver.fails = "The receiver answered 503."
    finish_jobs(world)
    (kept,) = world.all(Revocation)
    receiver.fails = ""
    world.pass_time(seconds=60)
    finish_jobs(world)
    assert [(notice.notice_id, notice.body) for notice in receiver.got] == [
        (kept.revocation_id, kept.body)
    ]
    assert json.loads(kept.body)["consent"]["expiresAt"] == consent["expiresAt"]


def test_an_end_that_is_noted_twice_is_said_once(world: World, receiver: MemoryNotices) -> None:
    """A worker that died before it could say that it was done leaves no second notice."""
    _, _, consent = delivered(world)
    world.reaches(consent["expiresAt"])
    for _ in range(2):
        world.run(tell_of_end(world.pipeline, consent["consentId"]))
    finish_jobs(world)
    world.run(tell_of_end(world.pipeline, consent["consentId"]))
    finish_jobs(world)
    assert len(receiver.got) == 1


def test_a_revoked_consent_has_no_second_end(world: World, receiver: MemoryNotices) -> None:
    """It was told of when it was revoked; at the end of its days nothing more is."""
    buyer, _, consent = delivered(world)
    buyer.revokes(consent, "Not any more.")
    world.reaches(consent["expiresAt"], 1)
    finish_jobs(world)
    assert [json.loads(notice.body)["reason"] for notice in receiver.got] == ["Not any more."]


@pytest.mark.parametrize("first", ["sweep", "jobs"])
def test_an_order_that_ends_with_its_consent_is_said_once(
    world: World, receiver: MemoryNotices, first: str
) -> None:
    """Nothing was handed over in time: the refund tells, whichever of the two comes first."""
    buyer, seller, order = world.permitted(days=1, timeoutSec=7 * 86_400)
    consent = buyer.consents(order)
    seller.begins(order)
    world.reaches(consent["expiresAt"])
    if first == "jobs":
        finish_jobs(world)
    assert world.sweep().refunded == 1
    finish_jobs(world)
    (told,) = [json.loads(notice.body) for notice in receiver.got]
    assert (told["order"]["status"], told["delivery"]["status"], told["reason"]) == (
        "settlement_cancelled",
        "delivery_revoked",
        "the buyer's consent had ended",
    )


def test_an_end_during_the_review_is_said(world: World, receiver: MemoryNotices) -> None:
    """The money waits for the review; the use has ended."""
    buyer, seller, order = world.permitted(days=1, disputeWindowSec=7 * 86_400)
    consent = buyer.consents(order)
    seller.delivers(seller.begins(order))
    world.reaches(consent["expiresAt"])
    finish_jobs(world)
    (told,) = [json.loads(notice.body) for notice in receiver.got]
    assert (told["order"]["status"], told["consent"]["good"]) == ("delivery_completed", False)


def test_a_consent_that_is_good_is_not_said_to_have_ended(world: World) -> None:
    """Not even when an operator cancels the waiting job and has it tried at once."""
    _, _, consent = delivered(world)
    (waiting,) = [job for job in world.all(Job) if job.kind == "consent_end"]
    world.operator.do("market.jobs.cancel", jobId=waiting.job_id)
    world.operator.do("market.jobs.retry", jobId=waiting.job_id)
    finish_jobs(world)
    assert world.all(Revocation) == []
    with pytest.raises(NoticeLostError):
        world.run(tell_of_end(world.pipeline, consent["consentId"]))


def test_a_consent_with_many_days_is_no_work_that_waits(world: World) -> None:
    """Status and probe speak of what is to be done now, not of what waits for its day."""
    delivered(world, days=365)
    finish_jobs(world)
    told = world.nobody.do("web3.status.summary", deep=True)
    messages = {probe["name"]: probe["message"] for probe in told["probes"]}
    assert (told["jobsWaiting"], messages["revocations/unsent"]) == (
        False,
        "0 notices of revocations wait, 0 were given up.",
    )
    assert {*OUTBOX, "consent_end", "endpoint"} == {*RUNNERS}


@pytest.mark.parametrize("days", [None, 1])
def test_an_end_waits_only_where_somebody_is_told(days: int | None) -> None:
    """A market that tells nobody, or a consent without an end, has no job for it."""
    for world in (World(), World(notices=MemoryNotices())):
        buyer, _, order = world.permitted(days=days)
        buyer.consents(order)
        kinds = [job.kind for job in world.all(Job)]
        tells = world.pipeline.ports.notices is not None
        assert kinds == (["consent_end"] if tells and days else [])
        world.close()
