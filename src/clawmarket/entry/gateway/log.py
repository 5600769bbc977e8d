"""The public log as files (C2SP tlog-tiles): checkpoint, tiles of hashes, bundles of entries.

Everything here is open to everybody. Entries are salted commitments; a record itself is shown to
its parties only.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clawmarket.domain.kernel.errors import NotFoundError
from clawmarket.domain.trust.merkle import HASH_BYTES
from clawmarket.domain.trust.record import LogEntry, Record, leaf_data
from clawmarket.domain.trust.tiles import (
    TILE_WIDTH,
    TileError,
    bundle,
    parse_bundle_path,
    parse_path,
)
from clawmarket.entry.gateway.wire import peer_of
from clawmarket.ports.store import Query, Snapshot, Store
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.log import log_head, read_tile

# A tile or bundle of a width never changes: the log only grows (tlog-tiles, Caching).
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_LATEST = {"Cache-Control": "no-cache"}


class LogPartMissingError(NotFoundError):
    """The log has no such part, or not yet."""

    advice = "The checkpoint says how far the log goes."
    next_command = "clawmarket audit tail"


def log_routes(pipeline: Pipeline) -> list[Route]:
    """Return the routes of the log; an address reads its parts as often as it may call."""
    store = pipeline.ports.store

    def count(request: Request) -> None:
        pipeline.limits.check_reader(peer_of(request), pipeline.ports.clock.now())

    async def checkpoint(request: Request) -> Response:
        count(request)
        head = store.read(log_head)
        if head is None:
            raise LogPartMissingError("The log has no checkpoint yet.")
        return Response(head.checkpoint, headers=_LATEST, media_type="text/plain")

    async def entries(request: Request) -> Response:
        count(request)
        return _part(_entries(store, "tile/entries/" + request.path_params["place"]))

    async def tile(request: Request) -> Response:
        count(request)
        return _part(_tile(store, "tile/" + request.path_params["place"]))

    return [
        Route("/log/checkpoint", checkpoint, methods=["GET"]),
        Route("/log/tile/entries/{place:path}", entries, methods=["GET"]),
        Route("/log/tile/{place:path}", tile, methods=["GET"]),
    ]


def _part(data: bytes) -> Response:
    return Response(data, headers=_FOR_EVER, media_type="application/octet-stream")


def _tile(store: Store, path: str) -> bytes:
    """The first hashes of a tile, as many as the path says; a shorter tile is not there yet."""
    try:
        place = parse_path(path)
    except TileError as error:
        raise LogPartMissingError(f"{error}.") from None
    hashes = store.read(lambda rows: read_tile(rows, place.level, place.index))
    size = place.width * HASH_BYTES
    if len(hashes) < size:
        raise LogPartMissingError(f"The log has no {place.path}.")
    return hashes[:size]


def _entries(store: Store, path: str) -> bytes:
    """The entries behind a level 0 tile, each behind its length."""
    try:
        index, width = parse_bundle_path(path)
    except TileError as error:
        raise LogPartMissingError(f"{error}.") from None
    found = store.read(lambda rows: _leaves(rows, index * TILE_WIDTH, width))
    if len(found) < width:
        raise LogPartMissingError(f"The log has no {path}.")
    return bundle(found)


def _leaves(rows: Snapshot, first: int, width: int) -> list[bytes]:
    head = log_head(rows)
    # The comparison also keeps numbers from the path that no column can hold.
    if head is None or first + width > head.size:
        return []
    numbered = rows.find(Query(LogEntry, at_least=("idx", first), limit=width))
    records = [rows.get(Record, entry.record_id) for entry in numbered]
    return [leaf_data(record.body, record.salt) for record in records if record is not None]
