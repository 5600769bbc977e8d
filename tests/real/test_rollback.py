"""An older database put back into its home: the market does not sign a second history."""

import os
import shutil
from pathlib import Path

import pysqlite3
import pytest

from books import Books
from clawmarket.adapters.store.sqlite import open_sqlite
from real.server import STARTED, Server, Start, refused_start


def grown(server: Server, size: int) -> list[str]:
    """Wait until the log has more than so many records, and return its name, size and root."""
    for _ in range(20_000):
        head = server.checkpoint().split("\n")[:3]
        if int([*head, "0"][1]) > size:  # a log that is still empty has no checkpoint yet
            return head
    raise AssertionError(f"The log stays at {head}.")


@pytest.fixture
def rolled_back(start: Start, home: Path, tmp_path: Path) -> Path:
    """A home whose database is that of yesterday; three more records had been given out."""
    old = tmp_path / "old.db"
    shutil.copy(home / "market.db", old)
    server = start(home)
    server.newcomer()
    grown(server, 2)
    server.stop()
    shutil.copy(old, home / "market.db")
    return home


def test_an_older_database_is_refused_until_it_is_accepted(start: Start, rolled_back: Path) -> None:
    """The refusal has both sizes and the command; the acceptance is in the log with both."""
    status, said, line = refused_start(rolled_back)
    assert (status, said) == (2, "")
    assert line == (
        f"error[E_CONFLICT]: The log in {rolled_back} has 1 records; a checkpoint with 3 was "
        "given out. Bring the newer data back; or, if nothing newer is left, start it once with "
        "--accept-rollback, which the log will record.\n"
        f"next: {STARTED} serve --home {rolled_back} --accept-rollback\n"
    )
    server = start(rolled_back, flags="--accept-rollback")
    grown(server, 1)
    server.stop()
    start(rolled_back).stop()

    store = open_sqlite(rolled_back / "market.db")
    events = [event for record in Books(store).told() for event in record["events"]]
    store.close()
    accepted = [event for event in events if event["kind"] == "rollback_accepted"]
    sizes = {"keptSize": 1, "givenOutSize": 3, "restoredFrom": None}
    assert accepted == [{"kind": "rollback_accepted", "accountId": "agent_" + "0" * 26, **sizes}]


def test_another_history_of_the_same_length_is_refused(
    start: Start, home: Path, tmp_path: Path
) -> None:
    """Not the size alone counts: a tree that is not the beginning of this one is found too."""
    old = tmp_path / "old.db"
    shutil.copy(home / "market.db", old)
    for _ in range(2):
        shutil.copy(old, home / "market.db")
        mark = (home / "log.mark").read_bytes()
        (home / "log.mark").unlink()
        server = start(home)
        server.newcomer()
        grown(server, 2)
        server.stop()
    assert mark.startswith(b"3 ")
    (home / "log.mark").write_bytes(mark)

    status, _, line = refused_start(home)
    assert (status, "is not the one whose first 3 records were given out" in line) == (2, True)


def test_a_rollback_that_is_none_cannot_be_accepted(home: Path) -> None:
    """So the flag cannot stay in a start script, where it would hide the next one."""
    status, _, line = refused_start(home, flags="--accept-rollback")
    assert status == 2
    assert line == (
        f"error[E_INVALID_ARGUMENT]: The log in {home} was not rolled back. "
        f"Start it without --accept-rollback.\nnext: {STARTED} serve --home {home}\n"
    )


def test_a_damaged_mark_is_refused(start: Start, home: Path) -> None:
    """Where nobody can tell what was given out, nothing is assumed."""
    os.truncate(home / "log.mark", 40)
    status, _, line = refused_start(home)
    assert (status, f"{home}/log.mark is damaged" in line) == (2, True)
    start(home, flags="--accept-rollback").stop()
    start(home)


def test_another_key_does_not_go_on_with_a_log(home: Path) -> None:
    """A key that did not sign the stored head is refused, however it came there."""
    (home / "log.key").write_text("11" * 32)
    status, _, line = refused_start(home)
    said = f"error[E_CONFLICT]: log.key in {home} is not the key that signed its log. "
    assert (status, line.startswith(said)) == (2, True)


def test_a_killed_market_starts_again_by_itself(start: Start, tmp_path: Path) -> None:
    """A mark that is ahead of its head, as a crash leaves it, is explained by the records.

    It gives out the very head again that it gave out before, and none in between that differs.
    """
    home = tmp_path / "home"
    server = start(home)
    server.newcomer()
    given_out = grown(server, 2)
    server.stop()
    with pysqlite3.connect(home / "market.db") as database:
        # As if the last batch had been announced and its transaction had never come.
        for table in ("log_heads", "log_entries", "log_tiles", "tallies"):
            deleted = database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own
            assert deleted.rowcount > 0, table
    database.close()
    assert (given_out[1], grown(start(home), 2)) == ("3", given_out)
