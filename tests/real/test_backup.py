"""Backups of a market that goes on trading, and homes made from them."""

import asyncio
import itertools
import json
import shutil
import sys
from base64 import b64encode
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from books import Books
from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.domain.trust.checkpoint import Checkpoint, open_checkpoint, parse_vkey
from clawmarket.domain.trust.merkle import verify_consistency
from clawmarket.domain.trust.tiles import consistency_proof
from clawmarket.entry.cli.main import run
from clawmarket.entry.cli.verify import crypto
from clawmarket.services.trust.log import read_tile
from real.server import STARTED, Fields, Server, Start, headers, refused_start

TRADERS = 4
PUBLISH = "web3.market.publishTask"


async def busy(server: Server, token: str, enough: asyncio.Event) -> None:
    """Publish tasks and store files, one after the other, until it is enough."""
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        for number in itertools.count():
            if enough.is_set():
                return
            data = b64encode(f"{token} {number}".encode()).decode()
            calls: dict[str, Fields] = {
                PUBLISH: {"title": f"Task {number}", "budget": "1000"},
                "web3.files.put": {"name": "a.txt", "dataBase64": data},
            }
            for method, params in calls.items():
                named = headers(token, f"{method} {number}")
                answer = await client.post(f"/rpc/{method}", json=params, headers=named)
                assert answer.json()["ok"], answer.text


async def backed_up(server: Server, tokens: list[str], *argv: str) -> tuple[int, Fields]:
    """Take a backup in the middle of trade; return its exit status and its document."""
    enough = asyncio.Event()
    trade = [asyncio.create_task(busy(server, token, enough)) for token in tokens]
    command = ("-m", "clawmarket", "backup", "create", "--json", *argv)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    enough.set()
    await asyncio.gather(*trade)
    return process.returncode or 0, json.loads(out)


def head_of(server: Server) -> Checkpoint:
    """Return the signed head that a market serves."""
    vkey = server.call("", "web3.status.summary")["vkey"]
    return open_checkpoint(server.checkpoint(), parse_vkey(vkey), crypto().verify)


class Quiet(NamedTuple):
    """A market in which nothing happens any more.

    Args:
        key: A key of its member.
        head: The signed head of its log.
        money: What its member has.
        backup: The folder with its backup; nobody changes it.
    """

    key: str
    head: Checkpoint
    money: Fields
    backup: Path


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Quiet:
    """A market that was backed up while it ran and has stopped since."""
    home = tmp_path_factory.mktemp("quiet") / "home"
    server = Server.start(home)
    try:
        return _backed_up_quietly(server, home)
    finally:
        server.stop()


def _backed_up_quietly(server: Server, home: Path) -> Quiet:
    key = server.newcomer()
    server.call(key, PUBLISH, title="Before", budget="777")
    data = b64encode(b"words of a party").decode()
    server.call(key, "web3.files.put", name="a.txt", dataBase64=data)
    while head_of(server).size < 5:  # the market, the member, the key, the task, the file
        pass
    folder = home.with_name("backup")
    assert run(["backup", "create", "--verify", "--home", str(home), "--to", str(folder)]) == 0
    return Quiet(key, head_of(server), server.call(key, "web3.wallet.show"), folder)


def test_a_backup_under_load_is_whole(start: Start, tmp_path: Path) -> None:
    """Taken in mid-trade, it verifies, its money adds up, and every file that it names is there."""
    home, target, copy = tmp_path / "home", tmp_path / "backup", tmp_path / "copy"
    server = start(home, calls_per_s="0")
    tokens = [server.newcomer() for _ in range(TRADERS)]
    argv = ("--verify", "--home", str(home), "--to", str(target))
    status, document = asyncio.run(backed_up(server, tokens, *argv))

    assert status == 0, document
    outcomes = {check["name"]: check["outcome"] for check in document["checks"]}
    names = ("files", "database", "stored", "ledger", "log")
    assert outcomes == dict.fromkeys(names, "passed") | {"checkpoint": "unpinned"}
    assert document["logSize"] <= head_of(server).size
    assert run(["backup", "restore", str(target), "--target", str(copy)]) == 0
    store = open_sqlite(copy / "market.db")
    Books(store).check()
    store.close()


def test_a_backup_is_for_its_owner_only(quiet: Quiet, tmp_path: Path) -> None:
    """Folders have mode 0700 and files 0600, in the backup and in what is restored from it."""
    folder, copy = quiet.backup, tmp_path / "copy"
    assert run(["backup", "restore", str(folder), "--target", str(copy)]) == 0
    modes = {
        (path.is_dir(), path.stat().st_mode & 0o777)
        for root in (folder, copy)
        for path in (root, *root.rglob("*"))
    }
    assert modes == {(True, 0o700), (False, 0o600)}


def test_a_restored_market_has_the_same_head_and_balances(
    start: Start, quiet: Quiet, tmp_path: Path
) -> None:
    """It refuses until it is told to go on; then the log grows by that record and nothing else."""
    key, before, money, folder = quiet
    copy = tmp_path / "copy"
    assert run(["backup", "restore", str(folder), "--target", str(copy)]) == 0

    status, said, line = refused_start(copy)
    assert (status, said) == (2, "")
    assert line.startswith(f"error[E_CONFLICT]: {copy} was restored from a backup of 2")
    assert line.endswith(f"next: {STARTED} serve --home {copy} --accept-rollback\n")

    second = start(copy, flags="--accept-rollback")
    assert second.call(key, "web3.wallet.show") == money
    while (after := head_of(second)).size == before.size:
        pass
    second.stop()
    store = open_sqlite(copy / "market.db")
    sizes = (before.size, after.size)
    proof = store.read(lambda rows: consistency_proof(*sizes, lambda *at: read_tile(rows, *at)))
    verify_consistency(*sizes, proof, before.root, after.root)
    *_, last = Books(store).told()
    store.close()
    assert (after.size, last["method"]) == (before.size + 1, "market.acceptRollback")
    facts = {"kind": "rollback_accepted", "keptSize": before.size, "givenOutSize": None}
    assert last["events"][0].items() >= facts.items()
    assert start(copy).call(key, "web3.wallet.show") == money


def test_without_keys_no_secret_is_in_a_backup(start: Start, home: Path, tmp_path: Path) -> None:
    """What is left can be verified, and says at the start which key is missing."""
    folder, copy = tmp_path / "backup", tmp_path / "copy"
    argv = ["--verify", "--home", str(home), "--to", str(folder), "--without-keys"]
    assert run(["backup", "create", *argv]) == 0
    found = sorted(path.name for path in folder.iterdir())
    assert found == ["backup.json", "log.name", "market.db", "test-money"]
    assert run(["backup", "restore", str(folder), "--target", str(copy)]) == 0

    status, _, line = refused_start(copy, flags="--accept-rollback")
    said = f"error[E_CONFLICT]: log.key or log.name is missing in {copy}. "
    assert (status, line.startswith(said)) == (2, True)
    shutil.copy(home / "log.key", copy / "log.key")
    start(copy, flags="--accept-rollback")


def test_a_market_does_not_run_in_its_backup(quiet: Quiet) -> None:
    """Serving would change it; the refusal comes before anything is touched."""
    folder = quiet.backup
    before = sorted(folder.iterdir())
    status, _, line = refused_start(folder)
    assert (status, line.startswith(f"error[E_UNAVAILABLE]: {folder} is a backup. ")) == (2, True)
    assert sorted(folder.iterdir()) == before
