"""Examining: bytes from the store of files into an examination, a few at a time."""

import asyncio
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from clawmarket.domain.market.inspection.checks import Check
from clawmarket.domain.market.inspection.examination import Examination
from clawmarket.domain.market.inspection.finding import Finding
from clawmarket.domain.market.terms import Artifact
from clawmarket.ports.blobs import Blobs

T = TypeVar("T")

# Each holds one file in memory, of 50 MB at the most, and keeps one thread busy.
AT_ONCE = 2

_GATES: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]" = WeakKeyDictionary()
_TURNS: "WeakValueDictionary[tuple[int, str], asyncio.Lock]" = WeakValueDictionary()


def turn_of(account_id: str) -> asyncio.Lock:
    """Return what lets an account have one examination at a time.

    Otherwise one account's heavy files would keep everybody else's deliveries waiting.
    """
    return _TURNS.setdefault((id(asyncio.get_running_loop()), account_id), asyncio.Lock())


async def examined(
    blobs: Blobs, artifacts: tuple[Artifact, ...], checks: tuple[Check, ...]
) -> tuple[Finding, ...]:
    """Return what there is against files; no transaction is open meanwhile.

    Raises BlobMissingError, BlobDamagedError.
    """
    async with _gate():
        examination = Examination(checks)
        examination.begin(artifacts)
        for artifact in artifacts:
            if examination.wants(artifact):
                content = await _content(blobs, artifact)
                await _in_thread(examination, lambda: examination.look(artifact.name, content))  # noqa: B023 - it is awaited before the next file
        return examination.findings


def _gate() -> asyncio.Semaphore:
    return _GATES.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))


async def _content(blobs: Blobs, artifact: Artifact) -> bytes:
    content = bytearray()
    async for chunk in blobs.read(artifact.digest):
        content += chunk
    return bytes(content)


async def _in_thread(examination: Examination, look: Callable[[], T]) -> T:
    """Run what takes long beside the loop; when nobody waits any more, let it end soon."""
    running = asyncio.ensure_future(asyncio.to_thread(look))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        examination.hurry()
        await asyncio.wait({running})
        raise
