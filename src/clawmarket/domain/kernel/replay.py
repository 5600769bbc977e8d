"""Kept answers: what a committed command said, for whoever asks again with the same key."""

from dataclasses import dataclass

from clawmarket.domain.kernel.errors import ConflictError
from clawmarket.domain.kernel.moment import DAY_MS

KEPT_MS = 7 * DAY_MS


class KeyReusedError(ConflictError):
    """The idempotency key was used for another request before."""

    advice = "Use a new key for a new request."
    next_command = "clawmarket explain key_reused"


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The answer of a committed command; the key is actor, method and idempotency key."""

    scope: str
    params_hash: str
    answer: bytes
    created_at: int
