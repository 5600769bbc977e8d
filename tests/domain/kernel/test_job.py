"""Jobs: leased, fenced, tried again ever later, given up in the end."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.kernel.job import (
    FIRST_RETRY_MS,
    LONGEST_RETRY_MS,
    MAX_ATTEMPTS,
    Job,
    JobState,
    cancel,
    fail,
    finish,
    lease,
    retry,
)
from clawmarket.domain.kernel.machine import TransitionRefusedError

NOW = 1_000_000
WAITING = Job("job_1", "receipt", "order_1", JobState.WAITING, 0, 0, "", 0, 0)


def running(attempts: int = 1) -> Job:
    """Return a job on which a worker is busy."""
    return replace(WAITING, state=JobState.RUNNING, attempts=attempts, fence=attempts, acts_at=NOW)


def test_a_lease_counts_and_fences() -> None:
    """Each lease is one attempt more and has a fence above the last."""
    leased = lease(WAITING, NOW, 30_000)
    assert leased == replace(
        WAITING, state=JobState.RUNNING, attempts=1, fence=1, acts_at=NOW + 30_000
    )
    assert lease(leased, NOW + 30_000, 30_000) == replace(
        leased, attempts=2, fence=2, acts_at=NOW + 60_000
    )


@pytest.mark.parametrize(("attempts", "state"), [(7, "job_running"), (8, "job_dead")])
def test_a_job_that_ends_its_workers_is_given_up(attempts: int, state: str) -> None:
    """Eight workers that vanished are enough; the ninth never begins."""
    taken = lease(running(attempts), NOW, 30_000)
    assert taken.state == state
    if state == "job_dead":
        assert (taken.acts_at, taken.attempts) == (None, MAX_ATTEMPTS)
        assert taken.last_failure == "Its workers ended before they could say why."


@pytest.mark.parametrize(("attempts", "pause"), [(1, 1_000), (2, 2_000), (3, 4_000), (7, 64_000)])
@pytest.mark.parametrize(("jitter", "share"), [(0.0, 0.5), (1.0, 1.0), (0.5, 0.75)])
def test_each_pause_is_twice_the_last(
    attempts: int, pause: int, jitter: float, share: float
) -> None:
    """Spread between a half and the whole, so that retries do not march in step."""
    failed = fail(running(attempts), "why", NOW, jitter)
    assert failed == replace(
        running(attempts),
        state=JobState.WAITING,
        last_failure="why",
        acts_at=NOW + int(pause * share),
    )


@given(st.integers(1, MAX_ATTEMPTS - 1), st.floats(0, 1))
def test_a_pause_is_never_long(attempts: int, jitter: float) -> None:
    """It lies between half a second and a quarter of an hour."""
    acts_at = fail(running(attempts), "why", NOW, jitter).acts_at
    assert acts_at is not None
    assert FIRST_RETRY_MS // 2 <= acts_at - NOW <= LONGEST_RETRY_MS


def test_after_the_last_attempt_it_is_buried() -> None:
    """With its last failure, and nothing runs it by itself any more."""
    assert fail(running(MAX_ATTEMPTS), "why", NOW, 0.5) == replace(
        running(MAX_ATTEMPTS), state=JobState.DEAD, last_failure="why", acts_at=None
    )


def test_a_dead_job_begins_anew() -> None:
    """An operator's retry gives all attempts back; the fence never falls."""
    dead = replace(running(MAX_ATTEMPTS), state=JobState.DEAD, acts_at=None)
    assert retry(dead, NOW) == replace(dead, state=JobState.WAITING, attempts=0, acts_at=NOW)


@pytest.mark.parametrize(
    ("act", "states"),
    [
        (finish, {"job_running"}),
        (cancel, {"job_waiting", "job_dead"}),
        (lambda job: retry(job, NOW), {"job_dead", "job_cancelled"}),
        (lambda job: lease(job, NOW, 1), {"job_waiting", "job_running"}),
        (lambda job: fail(job, "why", NOW, 0.5), {"job_running"}),
    ],
)
def test_the_state_decides_what_can_be_done(act: Callable[[Job], Job], states: set[str]) -> None:
    """Every other state refuses."""
    for state in JobState:
        job = replace(running(), state=state)
        if state in states:
            assert act(job).job_id == job.job_id
        else:
            with pytest.raises(TransitionRefusedError):
                act(job)
