"""Jobs: what waits behind a command, seen and turned by operators only."""

import pytest

from clawmarket.domain.kernel.ids import PREFIXES
from clawmarket.domain.kernel.job import ENDLESS, MAX_ATTEMPTS, Job, JobNotFoundError
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.moment import DAY_MS, iso
from clawmarket.runtime import workers
from clawmarket.services.operate.tidying import JOBS_KEPT_MS, Tidier
from world import START, Fields, World

LIST = "market.jobs.list"


def with_job(world: World) -> Fields:
    """Finish a deal, so that a receipt is to be made; return the job as an operator sees it."""
    buyer, worker, award = world.hired()
    world.log()
    buyer.accepts(worker.submits(award))
    (job,) = world.operator.do(LIST)["items"]
    return dict(job)


def bury(world: World) -> Fields:
    """Let a job fail until it is given up: the log never takes the records in."""
    with_job(world)
    for _ in range(MAX_ATTEMPTS):
        assert world.run_jobs() == 1
        world.pass_time(seconds=15 * 60)
    (job,) = world.operator.do(LIST)["items"]
    return dict(job)


def test_a_job_says_what_it_is_about(world: World) -> None:
    """Kind, thing, state, attempts and when it runs next."""
    job = with_job(world)
    assert job == {
        "jobId": job["jobId"],
        "kind": "receipt",
        "ref": job["ref"],
        "status": "job_waiting",
        "attempts": 0,
        "lastFailure": "",
        "createdAt": iso(START),
        "actsAt": iso(START),
    }
    assert world.operator.do(LIST, status="job_dead")["items"] == []


def test_a_job_that_keeps_failing_is_given_up_and_shown(world: World) -> None:
    """After eight attempts it is dead, says why, and nothing runs it any more."""
    job = bury(world)
    assert (job["status"], job["attempts"], job["lastFailure"], job["actsAt"]) == (
        "job_dead",
        MAX_ATTEMPTS,
        "The log takes the last record in soon.",
        None,
    )
    assert world.run_jobs() == 0
    status = world.nobody.do("web3.status.summary", deep=True)
    assert status["jobsDead"] is True
    assert [probe["name"] for probe in status["probes"] if not probe["ok"]] == [
        "log/lag",
        "jobs/dead",
    ]


def test_an_operator_has_a_dead_job_tried_anew(world: World) -> None:
    """With its attempts back, it is done once the reason is gone."""
    job = bury(world)
    world.log()
    retried = world.operator.do("market.jobs.retry", jobId=job["jobId"])
    assert (retried["status"], retried["attempts"]) == ("job_waiting", 0)
    assert world.run_jobs() == 1
    assert world.operator.do(LIST, status="job_done")["items"][0]["jobId"] == job["jobId"]


def test_an_operator_gives_a_job_up(world: World) -> None:
    """A cancelled job does not run; it can be taken up again."""
    job = with_job(world)
    world.log()
    cancelled = world.operator.do("market.jobs.cancel", jobId=job["jobId"])
    assert (cancelled["status"], cancelled["actsAt"]) == ("job_cancelled", None)
    assert world.run_jobs() == 0
    world.operator.do("market.jobs.retry", jobId=job["jobId"])
    assert world.run_jobs() == 1


def test_what_is_done_is_neither_cancelled_nor_retried(world: World) -> None:
    """The job's machine says no."""
    job = with_job(world)
    with pytest.raises(TransitionRefusedError):
        world.operator.do("market.jobs.retry", jobId=job["jobId"])
    world.log()
    world.run_jobs()
    for verb in ("cancel", "retry"):
        with pytest.raises(TransitionRefusedError):
            world.operator.do(f"market.jobs.{verb}", jobId=job["jobId"])


def test_a_job_that_does_not_exist_is_not_found(world: World) -> None:
    """Neither verb makes one up."""
    unknown = PREFIXES["job"] + "7" + "z" * 25
    for verb in ("cancel", "retry"):
        with pytest.raises(JobNotFoundError):
            world.operator.do(f"market.jobs.{verb}", jobId=unknown)


@pytest.mark.parametrize(("ms", "left"), [(0, 1), (1, 0)])
def test_finished_jobs_are_tidied_after_a_week(world: World, ms: int, left: int) -> None:
    """Until then an operator can still see them."""
    with_job(world)
    world.log()
    world.run_jobs()
    world.run(Tidier(world.store).bite(START + JOBS_KEPT_MS + ms))
    assert len(world.all(Job)) == left


def test_dead_jobs_stay(world: World) -> None:
    """What failed is kept until somebody has looked at it."""
    bury(world)
    world.run(Tidier(world.store).bite(START + 400 * DAY_MS))
    assert [job.state for job in world.all(Job)] == ["job_dead"]


def test_a_job_that_never_ends_has_a_runner() -> None:
    """Or it would wait for ever and nobody would see why."""
    assert workers.RUNNERS.keys() >= ENDLESS
