"""Backups as files: what is taken, what is found out, and what is never overwritten."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pysqlite3
import pytest

from clawmarket.adapters.durable import write_private
from clawmarket.adapters.entropy.memory import SeededEntropy
from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.entry.cli.main import run
from clawmarket.runtime.backup.create import create_backup, default_target
from clawmarket.runtime.backup.manifest import (
    BackupDamagedError,
    BackupTargetError,
    BackupUnreadableError,
    HomeEmptyError,
    read_manifest,
)
from clawmarket.runtime.backup.restore import restore_backup
from clawmarket.runtime.backup.verify import verify_backup
from world import ORIGIN, START, World, credits_

WORDS = b"words of a party"
DIGEST = hashlib.sha256(WORDS).hexdigest()
STORED = f"files/sha256/{DIGEST[:2]}/{DIGEST[2:]}"


@pytest.fixture
def home(tmp_path: Path, migrated: Path) -> Path:
    """A home with a market, a member, a task and a stored file, in which nothing runs."""
    folder = tmp_path / "home"
    (folder / STORED).parent.mkdir(parents=True)
    (folder / STORED).write_bytes(WORDS)
    world = World(store=open_sqlite(shutil.copy(migrated, folder / "market.db")))
    world.member().do("web3.market.publishTask", title="Task", budget=credits_("5"))
    world.log()
    world.close()
    # The world's signing key is the first that its seeded entropy draws.
    write_private(folder / "log.key", SeededEntropy(1).draw(32).hex())
    write_private(folder / "log.name", ORIGIN)
    own = ("operator.token", "wallet.json", "api.key", "api.key.next")
    for name in (*own, "session.json", "lock", "log.mark"):
        write_private(folder / name, name)
    (folder / "photos").mkdir()
    return folder


@pytest.fixture
def backup(home: Path) -> Path:
    """A good backup of the home."""
    return create_backup(home, home.with_name("backup"), START).folder


def rehash(backup: Path) -> None:
    """Write the database's present hash into the manifest, as a forger would."""
    document = json.loads((backup / "backup.json").read_text())
    data = (backup / "market.db").read_bytes()
    for file in document["files"]:
        if file["path"] == "market.db":
            file |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    (backup / "backup.json").write_text(json.dumps(document))


def failed(backup: Path, **options: str) -> dict[str, str]:
    """Return the checks that fail, and what they say."""
    verdict = verify_backup(backup, **options)  # type: ignore[arg-type]  # only `key` is given
    return {check.name: check.sentence for check in verdict.checks if check.name in verdict.failed}


def test_a_backup_holds_the_home_and_leaves_the_process_out(home: Path) -> None:
    """Database, files, keys and names; no lock, no session, no mark, no folder of others."""
    made = create_backup(home, home.with_name("backup"), START)
    own = ["log.key", "log.name", "market.db", "operator.token", "wallet.json"]
    keys = ["api.key", "api.key.next"]
    assert sorted(file.path for file in made.manifest.files) == sorted([*own, *keys, STORED])
    assert (made.left_out, made.damaged) == (("photos",), ())
    assert read_manifest(made.folder) == made.manifest
    assert [path.name for path in home.parent.iterdir() if path.name.startswith(".")] == []


def test_a_backup_lies_beside_the_home_unless_told_otherwise(home: Path) -> None:
    """Under the moment, so that each has a name of its own."""
    target = default_target(home, START)
    assert target == home.with_name("home-backups") / "20260921T141320000Z"


def test_a_damaged_file_is_named_and_stays_behind(home: Path) -> None:
    """One rotten file keeps nobody from a backup of all others."""
    (home / STORED).write_bytes(b"rotten")
    made = create_backup(home, home.with_name("backup"), START)
    assert made.damaged == (f"sha256:{DIGEST}",)
    assert STORED not in [file.path for file in made.manifest.files]
    assert not (made.folder / STORED).exists()


def test_a_good_backup_verifies_with_and_without_the_key(backup: Path) -> None:
    """Pinned, the signature passes; unpinned, it is said so; another key fails."""
    vkey = read_manifest(backup).vkey
    assert [str(check.outcome) for check in verify_backup(backup, key=vkey).checks] == [
        "passed"
    ] * 6
    assert verify_backup(backup).checks[-1].outcome == "unpinned"
    other = create_backup(_with_other_key(backup), backup.with_name("other"), START).manifest.vkey
    assert list(failed(backup, key=other)) == ["checkpoint"]


@pytest.mark.parametrize("key", ["", "log.example", "log.example+12345678+AAAA"])
def test_what_is_no_key_pins_nothing(
    backup: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command that failed inside `--key "$(...)"` does not make a check without a key."""
    target = backup.with_name("restored")
    assert run(["backup", "verify", str(backup), "--key", key]) == 2
    assert run(["backup", "restore", str(backup), "--target", str(target), "--key", key]) == 2
    said = capsys.readouterr()
    assert (said.err.count(f"This is no log key: {key}."), said.out) == (2, "")
    assert not target.exists()


def _with_other_key(backup: Path) -> Path:
    home = shutil.copytree(backup, backup.with_name("other-home"))
    (home / "backup.json").unlink()
    write_private(home / "log.key", "22" * 32)
    return home


def _flip(backup: Path, place: str) -> None:
    data = bytearray((backup / place).read_bytes())
    data[len(data) // 2] ^= 1
    (backup / place).write_bytes(data)


@pytest.mark.parametrize("place", ["market.db", "log.key", "log.name", STORED])
def test_a_changed_file_is_named(backup: Path, place: str) -> None:
    """One bit anywhere is found, and the file that has it is said."""
    _flip(backup, place)
    assert failed(backup) == {"files": f"{place} has other bytes than were written."}


def test_a_missing_file_is_named(backup: Path) -> None:
    """Whatever it is."""
    (backup / "operator.token").unlink()
    assert failed(backup) == {"files": "operator.token is missing."}


@pytest.mark.parametrize(
    "put",
    [lambda path: path.symlink_to("/etc/hostname"), Path.mkdir, os.mkfifo],
    ids=["link", "folder", "pipe"],
)
def test_what_is_no_file_is_named(backup: Path, put: Callable[[Path], None]) -> None:
    """A link is not followed, a pipe not waited for."""
    (backup / "log.name").unlink()
    put(backup / "log.name")
    assert failed(backup) == {"files": "log.name is no file that can be read."}


@pytest.mark.parametrize(
    ("sql", "check"),
    [
        ("UPDATE balances SET available = available + 1", "ledger"),
        ("DELETE FROM balances", "ledger"),
        ("UPDATE entries SET postings = replace(postings, '1', '2')", "ledger"),
        ("DELETE FROM log_entries WHERE idx = 1", "log"),
        ("UPDATE records SET salt = zeroblob(32)", "log"),
        ("UPDATE log_tiles SET hashes = zeroblob(length(hashes))", "log"),
        ("DELETE FROM log_heads", "log"),
        ("UPDATE log_heads SET checkpoint = replace(checkpoint, 'A', 'B')", "checkpoint"),
        ("INSERT INTO file_rights VALUES ('x', 'sha256:00', 'a', 1, 1)", "stored"),
        ("UPDATE balances SET available = 'much'", "ledger"),
        ("UPDATE alembic_version SET version_num = '0000'", "database"),
    ],
)
def test_a_forged_database_is_found_by_what_it_says(backup: Path, sql: str, check: str) -> None:
    """Even with its hash written anew: money, log and signature do not fit any more."""
    with pysqlite3.connect(backup / "market.db") as database:
        database.execute(sql)
    database.close()
    rehash(backup)
    assert check in failed(backup)
    with pytest.raises(BackupDamagedError):
        restore_backup(backup, backup.with_name("copy"), START)
    assert not backup.with_name("copy").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"formatVersion": 2},
        {"format": "other"},
        {"schemaRevision": "9999"},
        {"logRoot": "zz"},
        {"files": []},
        {"files": [{"path": "../market.db", "sha256": "0" * 64, "size": 1}]},
        {"files": [{"path": "/etc/hostname", "sha256": "0" * 64, "size": 1}]},
        {"files": [{"path": "files/sha256/../../x", "sha256": "0" * 64, "size": 1}]},
        {"files": [{"path": "market.db", "sha256": "0" * 64, "size": 1}] * 2},
        {"files": [{"path": "market.db-wal", "sha256": "0" * 64, "size": 1}]},
        {"files": [{"path": "market.db-journal", "sha256": "0" * 64, "size": 1}]},
        {"files": [{"path": "session.json", "sha256": "0" * 64, "size": 1}]},
        {"files": [{"path": "log.mark", "sha256": "0" * 64, "size": 1}]},
        {"unknown": 1},
    ],
    ids=str,
)
def test_a_manifest_of_another_kind_is_refused(backup: Path, change: dict[str, object]) -> None:
    """Newer formats by their number; nothing outside of the folder can be named."""
    document = json.loads((backup / "backup.json").read_text()) | change
    (backup / "backup.json").write_text(json.dumps(document))
    with pytest.raises(BackupUnreadableError):
        verify_backup(backup)


def test_a_folder_without_a_manifest_is_no_backup(tmp_path: Path) -> None:
    """The refusal names the folder."""
    with pytest.raises(BackupUnreadableError, match=f"{tmp_path} is no backup"):
        verify_backup(tmp_path)


@pytest.mark.parametrize("place", ["", "inside", "files/sha256"])
def test_a_backup_never_goes_into_its_home(home: Path, place: str) -> None:
    """It would be lost with it."""
    with pytest.raises(BackupTargetError, match="would be lost with it"):
        create_backup(home, home / place, START)


def test_nothing_is_ever_overwritten(backup: Path, tmp_path: Path) -> None:
    """Not by a backup, not by a restored home: neither a file nor a folder with anything in it."""
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("mine")
    for taken in (full, full / "mine"):
        with pytest.raises(BackupTargetError):
            create_backup(tmp_path / "home", taken, START)
        with pytest.raises(BackupTargetError):
            restore_backup(backup, taken, START)
    assert (full / "mine").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert restore_backup(backup, tmp_path / "empty", START).folder == tmp_path / "empty"


def test_without_a_market_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    """And nothing is made."""
    with pytest.raises(HomeEmptyError):
        create_backup(tmp_path / "home", tmp_path / "backup", START)
    assert list(tmp_path.iterdir()) == []


def test_a_restored_home_is_the_backup_and_two_notes(backup: Path) -> None:
    """Byte for byte, and with the mark of the backup's own head."""
    copy = restore_backup(backup, backup.with_name("copy"), START).folder
    manifest = read_manifest(backup)
    for file in manifest.files:
        assert (copy / file.path).read_bytes() == (backup / file.path).read_bytes()
    more = {path.name for path in copy.iterdir()} - {path.name for path in backup.iterdir()}
    assert more == {"log.mark", "restored-from"}
    mark = (copy / "log.mark").read_text()
    assert mark.startswith(f"{manifest.log_size} {manifest.log_root} ")
