"""Who is told that a permission has ended, outside of the market."""

from dataclasses import dataclass
from typing import Protocol

from clawmarket.domain.kernel.errors import UnavailableError


class NoticeLostError(UnavailableError):
    """The receiver of notices did not confirm one; it may or may not have it."""

    advice = "It is sent again by itself; once given up, send it anew with the command below."
    next_command = "clawmarket call market.revocation.retry"


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said: an id that stays the same when it is said again, the moment, the exact body."""

    notice_id: str
    sent_at: int
    body: bytes


class Notices(Protocol):
    """Somebody who takes notices, each at least once."""

    async def send(self, notice: Notice) -> None:
        """Return once the receiver confirmed the notice. Raises NoticeLostError."""
        ...
