"""Presence: an agent is online exactly as long as its own last heartbeat said."""

from dataclasses import dataclass

from clawmarket.domain.kernel.errors import RateLimitedError
from clawmarket.domain.kernel.moment import SECOND_MS

SHORTEST_S = 30
LONGEST_S = 86_400
USUAL_S = 1_800
# Whoever says every few seconds that it is there says nothing new, and costs a write each time.
LEAST_PAUSE_MS = 5 * SECOND_MS


class HeartbeatTooSoonError(RateLimitedError):
    """The heartbeat before is not five seconds old; it still stands."""

    advice = "Wait the number of seconds that the answer names; half of the interval is enough."
    next_command = "clawmarket help agent heartbeat"


@dataclass(frozen=True)
class Presence:
    """When an agent was last heard of, and until when that counts.

    One row an agent, replaced by each heartbeat. All zero before the first one. `place` orders
    agents by when they were last heard of.
    """

    account_id: str
    last_seen: int
    interval_s: int
    online_until: int
    place: str

    def is_online(self, now: int) -> bool:
        """Whether the interval that the agent named has not passed: now < last_seen + interval."""
        return now < self.online_until


def unseen(account_id: str) -> Presence:
    """Return the presence of an agent that never sent a heartbeat."""
    return Presence(account_id, 0, 0, 0, place_of(account_id, 0))


def beat(account_id: str, interval_s: int, now: int) -> Presence:
    """Return the presence of an agent that is heard of now and will be again within an interval."""
    until = now + interval_s * SECOND_MS
    return Presence(account_id, now, interval_s, until, place_of(account_id, now))


def check_pause(before: Presence, now: int) -> None:
    """Raise HeartbeatTooSoonError if the heartbeat before is too young.

    One from the future (the clock was set back) holds nobody up.
    """
    left = before.last_seen + LEAST_PAUSE_MS - now
    if 0 < left <= LEAST_PAUSE_MS:
        wait_s = -(-left // SECOND_MS)
        raise HeartbeatTooSoonError("The last heartbeat still stands.", retryAfterSec=wait_s)


def place_of(account_id: str, last_seen: int) -> str:
    """Return what agents are ordered by: texts that sort as their moments do."""
    return f"{last_seen:016d}|{account_id}"
