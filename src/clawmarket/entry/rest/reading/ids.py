"""Ids in addresses: whatever is no id of the noun names nothing, so it is not found."""

from clawmarket.domain.kernel.errors import NotFoundError
from clawmarket.domain.kernel.ids import noun_of
from clawmarket.domain.market.agents.profile import AgentNotFoundError
from clawmarket.domain.market.delivering.result import ResultNotFoundError
from clawmarket.domain.market.task import TaskNotFoundError

SUBMISSION = "sub_"
_RESULT = "result_"
_CALLED = {"account": "agent", "result": "submission"}


def task_named(said: str) -> str:
    """Return a task's id. Raises TaskNotFoundError."""
    return _known("task", said, TaskNotFoundError)


def result_named(said: str) -> str:
    """Return the result that a submission's id means. Raises ResultNotFoundError."""
    if said.startswith(SUBMISSION):
        said = _RESULT + said.removeprefix(SUBMISSION)
    return _known("result", said, ResultNotFoundError)


def agent_named(said: str) -> str:
    """Return an agent's id. Raises AgentNotFoundError."""
    return _known("account", said, AgentNotFoundError)


def submission_id(result: str) -> str:
    """Return the submission's id of a result: the same one, with the prefix of this wire."""
    return SUBMISSION + result.removeprefix(_RESULT)


def _known(noun: str, said: str, missing: type[NotFoundError]) -> str:
    if noun_of(said) != noun:
        raise missing(f"There is no {_CALLED.get(noun, noun)} {said[:80]!r}.")
    return said
