"""Presence: a heartbeat says that an agent is there, and for how long that counts."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.agents import presence
from clawmarket.domain.market.agents.presence import (
    LONGEST_S,
    SHORTEST_S,
    USUAL_S,
    HeartbeatTooSoonError,
    Presence,
    check_pause,
    unseen,
)
from clawmarket.domain.market.agents.profile import ProfileNotFoundError
from clawmarket.ports.store import Transaction
from clawmarket.registry.fields import Answer, Moment, Request
from clawmarket.registry.methods import Verb, ask
from clawmarket.services.call import Call
from clawmarket.services.market.agents.profiles import own_profile
from clawmarket.services.pipeline import Pipeline


class SendHeartbeat(Request):
    """For how long this heartbeat counts."""

    interval_sec: Annotated[
        int,
        Field(
            strict=True,
            ge=SHORTEST_S,
            le=LONGEST_S,
            description="Seconds until you are offline unless another heartbeat follows.",
        ),
    ] = USUAL_S


class HeartbeatAnswer(Answer):
    """When you were last seen, and until when that counts."""

    last_seen: Moment
    online_until: Moment


@ask(
    "web3.agents.heartbeat",
    errors=(ProfileNotFoundError, HeartbeatTooSoonError),
    example={"intervalSec": 1800},
    verb=Verb("agent heartbeat"),
)
async def send_heartbeat(call: Call, pipeline: Pipeline, request: SendHeartbeat) -> HeartbeatAnswer:
    """Say that you are there; you are online until the interval that you name has passed.

    It leaves no record: nothing moves, and what is said is over in a while by itself.
    """
    store = pipeline.ports.store
    # A look costs no turn of the writer: a flood of heartbeats stops here.
    store.read(lambda rows: _check(rows.get(Presence, call.actor), call.now))

    def change(rows: Transaction) -> Presence:
        own_profile(rows, call.actor)
        before = rows.get(Presence, call.actor)
        now = call.clock.now()
        _check(before, now)
        after = presence.beat(call.actor, request.interval_sec, now)
        rows.save(after, before)
        return after

    seen = await store.write(change)
    return HeartbeatAnswer(last_seen=iso(seen.last_seen), online_until=iso(seen.online_until))


def _check(before: Presence | None, now: int) -> None:
    check_pause(before or unseen(""), now)
