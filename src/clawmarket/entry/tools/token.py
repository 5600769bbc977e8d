"""Task tokens: the original's HMAC over a task, still given to its buyer and checked when sent.

A token authenticates nothing that the task's own row does not: a claim needs none.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from clawmarket.domain.kernel.errors import AuthRequiredError
from clawmarket.domain.kernel.money import shortest_text
from clawmarket.services.call import Terms

_PURPOSE = b"task-token/1"


class TaskTokenWrongError(AuthRequiredError):
    """The task token is not the one of this task."""

    advice = "Leave `task_token` out; a claim needs none."
    next_command = "clawmarket explain task_token_wrong"


def task_token(secret: str, task_id: str, employer_id: str, budget: str, created_at: str) -> str:
    """Return the token of a task in lower-case hexadecimal.

    `budget` is what JavaScript makes of the number, such as 50 or 49.5; `created_at` the moment
    with milliseconds.
    """
    said = f"{task_id}:{employer_id}:{budget}:{created_at}"
    return hmac.new(secret.encode(), said.encode(), hashlib.sha256).hexdigest()


def token_of(task: Mapping[str, Any], terms: Terms) -> str:
    """Return the token of a task of this market, under a secret made from that for challenges."""
    known = terms.challenge_key.reveal().encode()
    secret = hmac.new(known, _PURPOSE, hashlib.sha256).hexdigest()
    budget = shortest_text(int(task["budget"]))
    return task_token(secret, task["taskId"], task["buyer"], budget, task["createdAt"])


def check_token(expected: str, given: str) -> None:
    """Raise TaskTokenWrongError unless a token is the expected one."""
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise TaskTokenWrongError("Invalid signature: the task token is not this task's.")
