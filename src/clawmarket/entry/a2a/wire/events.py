"""Server-sent events: what a stream of answers looks like over HTTP."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from starlette.responses import StreamingResponse

from clawmarket.entry.a2a.wire.faults import Fault, fault_of

Fields = dict[str, Any]

_QUIET = b": still here\n\n"


def event_stream(
    events: AsyncIterator[Fields | None],
    told: Callable[[Fields], Fields],
    failed: Callable[[Fault], Fields],
    request_id: str,
) -> StreamingResponse:
    """Return events as they come; a refusal on the way is the last one."""

    async def lines() -> AsyncIterator[bytes]:
        try:
            async for event in events:
                yield _QUIET if event is None else _line(told(event))
        except Exception as error:  # noqa: BLE001 - a defect is an event that shows its id only
            yield _line(failed(fault_of(error, request_id)))

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(lines(), media_type="text/event-stream", headers=headers)


def _line(told: Fields) -> bytes:
    return b"data: " + orjson.dumps(told) + b"\n\n"
