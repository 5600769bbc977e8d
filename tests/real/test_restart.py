"""Starting again: the same market in the same home, and every start that cannot be."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pysqlite3
import pytest

from clawmarket.domain.trust.checkpoint import open_checkpoint, parse_vkey
from clawmarket.entry.cli.verify import crypto
from real.server import Start, refused_start


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_market_that_is_stopped_ends_well(
    start: Start, tmp_path: Path, how: signal.Signals
) -> None:
    """Stopped by its operator or by the system, the program says so with exit status 0."""
    assert start(tmp_path / "home").stop(how) == 0


def test_whatever_a_market_makes_is_its_owners(start: Start, tmp_path: Path) -> None:
    """Database, log and lock are private from the start, so its own doctor finds nothing."""
    server = start(tmp_path / "home")
    server.newcomer()
    made = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "home").iterdir()}
    server.stop()
    assert {"market.db", "market.db-wal", "market.db-shm", "lock", "log.key", "files"} <= set(made)
    assert set(made.values()) == {0}


def test_a_second_start_finds_the_same_market(start: Start, tmp_path: Path) -> None:
    """Name, key, accounts, credentials and money are those of the first start."""
    first = start(tmp_path / "home")
    key = first.newcomer()
    before = [first.call("", "web3.market.status.summary"), first.call(key, "web3.wallet.show")]
    about = first.call("", "web3.status.summary")
    first.stop()

    second = start(tmp_path / "home")
    again = second.call("", "web3.status.summary")
    assert second.call(key, "web3.wallet.show") == before[1]
    assert {name: again[name] for name in ("origin", "vkey", "testMoney", "feeBps")} == {
        name: about[name] for name in ("origin", "vkey", "testMoney", "feeBps")
    }


def test_a_second_start_adds_nothing_to_the_log(start: Start, tmp_path: Path) -> None:
    """Opening a market is recorded once; a start that changes nothing signs nothing new."""
    first = start(tmp_path / "home")
    first.newcomer()
    first.stop()
    second = start(tmp_path / "home")
    second.stop()
    third = start(tmp_path / "home")
    vkey = third.call("", "web3.status.summary")["vkey"]
    head = open_checkpoint(third.checkpoint(), parse_vkey(vkey), crypto().verify)

    # The market, the newcomer, the key.
    assert head.size == 3


def test_a_replay_survives_a_restart(start: Start, tmp_path: Path) -> None:
    """A request of the run before, sent again with its key, has its answer."""
    first = start(tmp_path / "home")
    key = first.newcomer()
    terms = {"title": "Once", "budget": "1000000000"}
    task = first.call(key, "web3.market.publishTask", "k", **terms)
    first.stop()

    assert start(tmp_path / "home").call(key, "web3.market.publishTask", "k", **terms) == task


def one_line(home: Path, **settings: str) -> str:
    """Return what a start says which cannot be, without this machine's names.

    It is one line, and below it the command that comes next.
    """
    status, said, text = refused_start(home, **settings)
    line, step, rest = text.split("\n")
    assert (status, said, step[:6], rest) == (2, "", "next: ", "")
    return re.sub(r"\d{4,5}", "N", line.replace(str(home), "HOME"))


def test_a_taken_port_is_one_line(start: Start, tmp_path: Path) -> None:
    """Whoever starts a second market on a port is told how to choose another."""
    port = start(tmp_path / "home").url.rpartition(":")[2]
    assert one_line(tmp_path / "other", port=port) == (
        "error[E_UNAVAILABLE]: Port N on 127.0.0.1 is taken. "
        "Choose another port with CLAWMARKET_PORT, or stop the other program."
    )


@pytest.mark.parametrize("flags", ["", " --faucet"])
def test_a_taken_port_names_the_same_start_on_a_free_one(tmp_path: Path, flags: str) -> None:
    """A market with test money is not opened without it by whoever follows the hint."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = [sys.executable, "-m", "clawmarket", "serve", "--port", f"{port}", *flags.split()]
        ended = subprocess.run(
            [*line, "--home", tmp_path / "home"], capture_output=True, text=True, check=False
        )
    step = ended.stderr.splitlines()[1].partition("clawmarket ")
    assert (ended.returncode, step[2]) == (2, f"serve --port 0{flags}")


def test_a_home_in_use_is_one_line(start: Start, tmp_path: Path) -> None:
    """A home belongs to one process at a time."""
    start(tmp_path / "home")
    assert one_line(tmp_path / "home") == (
        "error[E_UNAVAILABLE]: Another market runs in the home HOME; "
        "it listens at http://127.0.0.1:N. "
        "Stop the other one, or choose another folder with CLAWMARKET_HOME."
    )


def test_a_home_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    """Where no folder can be made, the line says what to set."""
    (tmp_path / "home").write_text("not a folder")
    assert one_line(tmp_path / "home") == (
        "error[E_UNAVAILABLE]: The home HOME cannot be used: not a directory. "
        "Choose a folder that you can write to with CLAWMARKET_HOME."
    )


def test_a_newer_schema_is_one_line(home: Path) -> None:
    """Data of a newer version is left alone."""
    with pysqlite3.connect(home / "market.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'next'")
    database.close()

    assert one_line(home) == (
        "error[E_UNAVAILABLE]: The store has schema next; this version knows N at the latest. "
        "Install the newer version again; data is only ever migrated forward."
    )


def test_a_damaged_database_is_one_line(home: Path) -> None:
    """A file that is no database is named, not overwritten."""
    for part in home.glob("market.db*"):
        part.write_bytes(b"this is no database at all" * 400)

    assert one_line(home).startswith("error[E_UNAVAILABLE]: ")


@pytest.mark.parametrize(
    ("setting", "value", "line"),
    [
        (
            "port",
            "65536",
            "CLAWMARKET_PORT is a number from 0 to N. Correct the setting that the message names.",
        ),
        (
            "calls_per_s",
            "fast",
            (
                "CLAWMARKET_CALLS_PER_S is a number from 0 to N. "
                "Correct the setting that the message names."
            ),
        ),
        (
            "log",
            "loud",
            (
                "CLAWMARKET_LOG is one of debug, info, warning, error. "
                "Correct the setting that the message names."
            ),
        ),
        (
            "production",
            "yes",
            "CLAWMARKET_PRODUCTION is 0 or 1. Correct the setting that the message names.",
        ),
        (
            "production",
            "1",
            (
                "--faucet and CLAWMARKET_PRODUCTION exclude each other. "
                "Start without --faucet, or without CLAWMARKET_PRODUCTION."
            ),
        ),
    ],
)
def test_a_setting_that_cannot_be_is_one_line(
    tmp_path: Path, setting: str, value: str, line: str
) -> None:
    """A wrong setting is named before anything is made."""
    assert one_line(tmp_path / "home", **{setting: value}) == f"error[E_INVALID_ARGUMENT]: {line}"
    assert not (tmp_path / "home").exists()
