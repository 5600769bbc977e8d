"""The power fails: whatever was answered was on the disk before, down to the last page."""

from dataclasses import replace
from pathlib import Path

import pytest

from crash.disk import Disk, Done, File, journal, put
from crash.market import Site, blank
from crash.power import CERTAIN, Cut, Recording
from crash.watch import Watch, compiled
from crash.workshop import TrialFailedError, Workshop
from real.server import Fields

LOG = "market.db-wal"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """One lifecycle with everything that was done to the home's files."""
    return Recording.make(Workshop.make(tmp_path_factory.mktemp("power"), None))


def before_the_last_sync(recording: Recording, step: str) -> int:
    """Return how many calls there were before the next sync behind a step's answer."""
    answered = next(given.written for given in recording.given if given.step == step)
    return next(
        at for at, done in enumerate(recording.done) if at >= answered and done.kind == "sync"
    )


def test_what_was_answered_outlasts_a_power_cut(recording: Recording) -> None:
    """Behind the acceptance nothing comes to the disk any more, and yet it holds."""
    recording.go_on_after(Cut(before_the_last_sync(recording, "accept"), CERTAIN))


def test_pages_that_are_there_in_part_do_no_harm(recording: Recording) -> None:
    """Of what was not synced some writes are there, some are not, some are torn."""
    recording.go_on_after(Cut(before_the_last_sync(recording, "award"), seed=1))


def test_an_answer_without_a_sync_would_be_found(recording: Recording) -> None:
    """The same recording as if the log of the database had never been synced: it is refused."""
    first = recording.given[0]
    lazy = [
        done
        for done in recording.done[: first.written]
        if (done.kind, done.path.name) != ("sync", LOG)
    ]
    lying = replace(recording, done=lazy, given=[first._replace(written=len(lazy))])
    with pytest.raises(TrialFailedError):
        lying.go_on_after(Cut(len(lazy), CERTAIN))


@pytest.mark.parametrize("where", ["file", "server"])
def test_a_new_market_outlasts_a_power_cut(
    request: pytest.FixtureRequest, tmp_path: Path, where: str
) -> None:
    """Its keys have their names on the disk before anything is signed with them."""
    server = request.getfixturevalue("postgres_server") if where == "server" else None
    site, kept = blank(tmp_path / "site", server), tmp_path / "journal"
    before = summary(site, Watch(compiled(tmp_path), tmp_path, kept))
    disk = Disk(tmp_path / "nothing", site.home)
    for done in journal(kept):
        disk.do(done)
    put(disk.certain(), site.home)
    assert summary(site, None) == before


def summary(site: Site, watch: Watch | None) -> Fields:
    """Start a market, wait for the head of its log, kill it; return which market it is."""
    server = site.start(watch)
    assert server is not None
    while not server.checkpoint():
        pass
    told = server.call("", "web3.status.summary")
    server.kill()
    return {name: told[name] for name in ("origin", "vkey", "testMoney")}


def test_a_file_has_what_was_synced_and_chance_decides_on_the_rest() -> None:
    """Writes behind the sync may be lost one by one; those before it never are."""
    path = Path("home/file")
    file = File(b"synced", [Done("write", path, 8, 3, b"new"), Done("truncate", path, 0, 2, b"")])
    assert file.after([]) == b"synced"
    assert file.after(file.since[:1]) == b"synced\0\0new"
    assert file.after(file.since[1:]) == b"sy"
    assert file.after(file.since) == b"sy"
