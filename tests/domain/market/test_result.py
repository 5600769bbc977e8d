"""Results: accepted or sent back, once."""

from dataclasses import replace

import pytest

from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.market.delivering import result as results
from clawmarket.domain.market.delivering.result import Result, ResultState
from clawmarket.domain.market.terms import Artifact

FILES = (Artifact("a", "sha256:0", 1),)
HANDED_IN = Result(
    result_id="result_1",
    task_id="task_1",
    order_id="order_1",
    delivery_id="delivery_1",
    deliverer="agent_1",
    artifacts=FILES,
    digest="sha256:1",
    note="",
    feedback="",
    state=ResultState.SUBMITTED,
    submitted_at=1,
)


def test_a_result_is_judged_once() -> None:
    """Accepted with the reason in the event, rejected with the buyer's words in the row."""
    accepted, event = results.accept(HANDED_IN, "the buyer was silent")
    assert (accepted.state, event.why) == (ResultState.ACCEPTED, "the buyer was silent")
    rejected = results.reject(HANDED_IN, "Too short.")
    assert rejected == replace(HANDED_IN, state=ResultState.REJECTED, feedback="Too short.")
    for over in (accepted, rejected):
        with pytest.raises(TransitionRefusedError):
            results.accept(over, "again")
        with pytest.raises(TransitionRefusedError):
            results.reject(over, "again")
