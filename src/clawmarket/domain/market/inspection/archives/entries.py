"""Entries: what is inside an archive is looked at like a file of its own, as far as it goes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from clawmarket.domain.market.inspection.budget import Budget
from clawmarket.domain.market.inspection.finding import Findings, finding, shown
from clawmarket.domain.market.inspection.kinds import (
    GZIP,
    RAR,
    TEXTS,
    ZIP,
    extension_of,
    is_program,
)
from clawmarket.domain.market.inspection.secrets import secret_findings

MAX_ENTRIES = 10_000
MAX_DEPTH = 2
MAX_RATIO = 200
# Small archives of zeros have high ratios too, and harm nobody.
HARMLESS_BYTES = 10 * 1024 * 1024

_HEAD_BYTES = 256 * 1024
_MAX_NESTED_BYTES = 16 * 1024 * 1024
_ARCHIVES = (ZIP, GZIP + b"\x08", RAR)


class ArchiveBrokenError(Exception):
    """An archive cannot be read as what it says it is; the message is one clause."""


Opened = Callable[[str, bytes, "Place"], Findings]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a delivery an archive lies.

    Args:
        name: The file that was handed in.
        budget: What is left to look into.
        nested: Looks into an archive inside this one.
        depth: How many archives lie around it.
    """

    name: str
    budget: Budget
    nested: Opened
    depth: int = 0


def entry_findings(place: Place, path: str, chunks: Iterable[bytes]) -> Findings:
    """Yield what is wrong with an entry; its chunks are read to the end."""
    head, rest = _head(iter(chunks))
    if is_program(head, "py"):
        what = f"The entry {shown(path)} is a program."
        yield finding(place.name, "archive_program", what)
    if head.startswith(_ARCHIVES):
        yield from _nested_findings(place, path, head, rest)
        return
    if extension_of(path) in TEXTS:
        yield from secret_findings(place.name, head, place.budget, shown(path))
    for _ in rest:  # what is behind is unpacked too, so that its size and sum are the true ones
        pass


def _nested_findings(place: Place, path: str, head: bytes, rest: Iterable[bytes]) -> Findings:
    if place.depth + 1 > MAX_DEPTH:
        what = f"The entry {shown(path)} is an archive in an archive in an archive."
        yield finding(place.name, "archive_nested", what)
        return
    whole = bytearray(head)
    for chunk in rest:
        whole += chunk
        if len(whole) > _MAX_NESTED_BYTES:
            what = f"The entry {shown(path)} is an archive too large to look into."
            yield finding(place.name, "archive_nested", what)
            return
    inner = Place(place.name, place.budget, place.nested, place.depth + 1)
    yield from place.nested(path, bytes(whole), inner)


def _head(chunks: Iterable[bytes]) -> tuple[bytes, Iterable[bytes]]:
    """Return the first 256 kB in one piece, however the chunks were cut, and what follows."""
    head, rest = bytearray(), iter(chunks)
    for chunk in rest:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    return bytes(head[:_HEAD_BYTES]), chain([bytes(head[_HEAD_BYTES:])], rest)


def bomb_finding(place: Place, unpacked: int, packed: int) -> Findings:
    """Yield that an archive unpacks to far more than it is."""
    if unpacked > HARMLESS_BYTES and unpacked > MAX_RATIO * max(1, packed):
        what = f"{packed} bytes unpack to {unpacked}: more than {MAX_RATIO} times as many."
        yield finding(place.name, "archive_bomb", what)
