"""Unpacking: deflate streams in small steps, so that a bomb is noticed before it has gone off."""

import zlib
from collections.abc import Generator, Iterator

from clawmarket.domain.market.inspection.archives.entries import ArchiveBrokenError
from clawmarket.domain.market.inspection.budget import Budget

_STEP = 64 * 1024
_FED = 16 * 1024


def inflated(data: memoryview, budget: Budget) -> Iterator[bytes]:
    """Yield what a raw deflate stream holds, at most 64 kB at a time (RFC 1951).

    Raises ArchiveBrokenError, BudgetSpent, zlib.error.
    """
    used = yield from _steps(zlib.decompressobj(-zlib.MAX_WBITS), data, budget)
    if used < len(data):
        raise ArchiveBrokenError("there are bytes behind the data of an entry")


def gunzipped(data: memoryview, budget: Budget) -> Iterator[bytes]:
    """Yield what all members of a gzip file hold (RFC 1952).

    Raises ArchiveBrokenError when there is anything but padding behind them.
    """
    at = 0
    while at < len(data):
        if at and bytes(data[at : at + 2]) != b"\x1f\x8b":
            if bytes(data[at:]).strip(b"\x00"):
                raise ArchiveBrokenError("there are bytes behind its end")
            return
        at += yield from _steps(zlib.decompressobj(16 + zlib.MAX_WBITS), data[at:], budget)


def _steps(
    stream: "zlib._Decompress", data: memoryview, budget: Budget
) -> Generator[bytes, None, int]:
    """Yield what one stream holds and return how many bytes of the data it took."""
    at, waiting = 0, b""
    while not stream.eof:
        if not waiting:
            waiting = bytes(data[at : at + _FED])
            at += len(waiting)
        chunk = stream.decompress(waiting, _STEP)
        if not chunk and not waiting and not stream.eof:
            raise ArchiveBrokenError("it breaks off")
        waiting = stream.unconsumed_tail
        budget.unpack(len(chunk))
        if chunk:
            yield chunk
    return at - len(stream.unused_data) - len(waiting)
