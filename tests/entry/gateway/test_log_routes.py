"""The public log: what a stranger gets is enough to work out the root, and nothing more."""

from collections.abc import Iterator

import pytest

from clawmarket.domain.trust.checkpoint import parse_body, parse_note
from clawmarket.domain.trust.merkle import leaf_hash, root_of
from clawmarket.domain.trust.record import LogEntry, Record
from clawmarket.domain.trust.tiles import split_bundle
from gateway.front import Front
from world import World

KEPT = "public, max-age=31536000, immutable"


@pytest.fixture
def long_log(world: World) -> World:
    """A market whose log has one full tile and a beginning of the next."""
    member = world.member()
    for number in range(270 - len(world.all(Record))):
        member.stores(b"%d" % number)
    world.log()
    return world


def test_no_checkpoint_before_the_first_record(front: Front) -> None:
    """An empty log has no checkpoint to show."""
    answer = front.ask("GET", "/log/checkpoint")
    assert (answer.status_code, answer.json()["details"]["cause"]) == (404, "log_part_missing")


def test_stranger_works_out_the_root(front: Front, long_log: World) -> None:
    """Entries hash to the tile's hashes, and those to the root that the market signed."""
    del long_log
    signed = front.ask("GET", "/log/checkpoint")
    assert signed.headers["Content-Type"] == "text/plain; charset=utf-8"
    checkpoint = parse_body(parse_note(signed.text).body)
    leaves: list[bytes] = []
    for place in ("000", f"001.p/{checkpoint.size - 256}"):
        hashes = front.ask("GET", f"/log/tile/0/{place}").content
        entries = split_bundle(front.ask("GET", f"/log/tile/entries/{place}").content)
        assert hashes == b"".join(map(leaf_hash, entries))
        leaves += [leaf_hash(entry) for entry in entries]
    assert checkpoint.size == len(leaves) == 270
    assert root_of(leaves) == checkpoint.root
    assert front.ask("GET", "/log/tile/1/000.p/1").content == root_of(leaves[:256])


def test_partial_tile_is_a_beginning(front: Front, long_log: World) -> None:
    """A narrower tile is the first hashes of the wider one, also of a full one."""
    del long_log
    whole = front.ask("GET", "/log/tile/0/000")
    part = front.ask("GET", "/log/tile/0/000.p/5")
    assert (len(whole.content), part.content) == (256 * 32, whole.content[: 5 * 32])
    assert (whole.headers["Cache-Control"], part.headers["Cache-Control"]) == (KEPT, KEPT)


def test_entries_show_no_record(front: Front, long_log: World) -> None:
    """An entry is a salted commitment; no word of a record is in it."""
    data = front.ask("GET", "/log/tile/entries/001.p/1").content
    [entry] = split_bundle(data)
    [numbered] = [one for one in long_log.all(LogEntry) if one.idx == 256]
    [record] = [one for one in long_log.all(Record) if one.record_id == numbered.record_id]
    assert entry.startswith(b'{"commit":"')
    assert record.salt.hex().encode() not in entry
    assert record.record_id.encode() not in entry


@pytest.fixture(scope="module")
def short_log() -> Iterator[Front]:
    """The gateway of a market whose log is no full tile yet; no test adds to it."""
    world = World()
    for number in range(12):
        world.member().stores(b"%d" % number)
    world.log()
    yield Front(world)
    world.close()


@pytest.mark.parametrize(
    "place",
    [
        "0/001",
        "0/001.p/15",
        "0/002.p/1",
        "1/000",
        "1/000.p/2",
        "2/000.p/1",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/05",
        "0/x000/001",
        "0/1",
        "00/000",
        "64/000",
        "-1/000",
        "0/x999/x999/x999/x999/x999/x999/999",
        "0/x072/x057/x594/x037/x927/935",
        "entries/001",
        "entries/001.p/15",
        "entries/x036/x028/x797/x018/x963/967",
        "entries/x072/x057/x594/x037/x927/935",
        "entries/1",
        "entries/",
        "0/000/",
        "0/000%00",
        "",
    ],
)
def test_missing_parts_are_not_found(short_log: Front, place: str) -> None:
    """What the log does not have, or names otherwise, is not found and never kept."""
    answer = short_log.ask("GET", f"/log/tile/{place}")
    assert (answer.status_code, answer.json()["details"]["cause"]) == (404, "log_part_missing")
    assert answer.headers["Cache-Control"] == "no-store"
