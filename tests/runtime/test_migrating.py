"""An older schema: shown as a plan, backed up, and only then changed."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from clawmarket.adapters.store import migration, postgres
from clawmarket.adapters.store.migration import REVISIONS, SCRIPTS, stored_revision
from clawmarket.entry.cli.main import run
from clawmarket.runtime.app import open_app
from clawmarket.runtime.backup import verify
from clawmarket.runtime.backup.verify import verify_backup
from clawmarket.runtime.config import Config
from clawmarket.runtime.home import open_home
from postgres_server import PostgresDatabase, PostgresServer

LATER = f'''"""Give tallies a note.

More about it.
"""

import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "{REVISIONS[-1]}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("later_notes", sa.Column("note", sa.Text()))
'''


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the schema of this version, seen by a version that has one more."""
    folder = tmp_path / "home"
    stop(open_app(Config(folder)))
    scripts = shutil.copytree(SCRIPTS, tmp_path / "scripts")
    (scripts / "versions" / "9001_later.py").write_text(LATER)
    monkeypatch.setattr(migration, "SCRIPTS", scripts)
    for module in (migration, postgres, verify):
        monkeypatch.setattr(module, "REVISIONS", (*REVISIONS, "9001"))
    return folder


def stop(market: Any) -> None:
    """Close a market that was never started."""
    asyncio.run(market.stop())


def backups(home: Path) -> list[Path]:
    """Return the backups beside a home."""
    return sorted(home.with_name(f"{home.name}-backups").glob("*"))


def test_the_plan_is_shown_and_changes_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both revisions, and each step with the first line of its script."""
    assert run(["migrate", "--home", str(home), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert f"schema  {REVISIONS[-1]}\nnewest  9001\n" in said
    assert "step 9001     Give tallies a note.\n" in said
    assert stored_revision(home / "market.db") == REVISIONS[-1]
    assert backups(home) == []


def test_without_agreement_nothing_is_migrated(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody can be asked, --yes is named."""
    assert run(["migrate", "--home", str(home)]) == 2
    assert "needs --yes" in capsys.readouterr().err
    assert (stored_revision(home / "market.db"), backups(home)) == (REVISIONS[-1], [])


def test_a_migration_leaves_a_good_backup(home: Path) -> None:
    """The backup has the older schema, and says that its rows were not looked at for that."""
    assert run(["migrate", "--home", str(home), "--yes"]) == 0
    assert stored_revision(home / "market.db") == "9001"
    (backup,) = backups(home)
    verdict = verify_backup(backup)
    assert (verdict.manifest.schema_revision, verdict.ok) == (REVISIONS[-1], True)
    assert [str(check.outcome) for check in verdict.checks] == ["passed"] * 2 + ["skipped"] * 4
    assert run(["migrate", "--home", str(home)]) == 0
    assert len(backups(home)) == 1


def test_a_start_on_an_older_schema_backs_up_and_says_so(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on stderr with both revisions and the place."""
    stop(open_app(Config(home)))
    (backup,) = backups(home)
    assert capsys.readouterr().err == (
        f"Migrated from schema {REVISIONS[-1]} to 9001; the backup is in {backup}.\n"
    )
    stop(open_app(Config(home)))
    assert (capsys.readouterr().err, len(backups(home))) == ("", 1)


def test_a_fresh_home_is_migrated_without_a_backup(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is nothing to lose yet."""
    stop(open_app(Config(home.with_name("fresh"))))
    assert stored_revision(home.with_name("fresh") / "market.db") == "9001"
    assert (capsys.readouterr().err, home.with_name("fresh-backups").exists()) == ("", False)


def test_a_home_in_use_is_not_migrated(home: Path) -> None:
    """It belongs to the market that runs in it; not even a backup is made."""
    held = open_home(home)
    assert run(["migrate", "--home", str(home), "--yes"]) == 4
    held.close()
    assert (stored_revision(home / "market.db"), backups(home)) == (REVISIONS[-1], [])


@pytest.mark.parametrize("by_command", [True, False])
def test_a_database_elsewhere_is_migrated_as_a_home_is(
    home: Path,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    by_command: bool,
) -> None:
    """By the command or by a start, after a good backup of the older schema."""
    database = PostgresDatabase(postgres_server, postgres_server.database())
    folder = home.with_name("elsewhere")
    with monkeypatch.context() as before:
        for module in (migration, postgres):
            before.setattr(module, "REVISIONS", REVISIONS)
        stop(open_app(Config(folder, database=database.url)))
    monkeypatch.setenv("CLAWMARKET_DATABASE", database.url.reveal())
    assert run(["migrate", "--home", str(folder), "--dry-run"]) == 0
    assert (postgres.stored_revision(database.url), backups(folder)) == (REVISIONS[-1], [])
    if by_command:
        assert run(["migrate", "--home", str(folder), "--yes"]) == 0
    else:
        stop(open_app(Config(folder, database=database.url)))
    assert postgres.stored_revision(database.url) == "9001"
    (backup,) = backups(folder)
    verdict = verify_backup(backup)
    assert (verdict.manifest.schema_revision, verdict.ok) == (REVISIONS[-1], True)
    stop(open_app(Config(folder, database=database.url)))
    assert len(backups(folder)) == 1


def test_a_newer_schema_is_not_migrated(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An older program leaves newer data alone."""
    assert run(["migrate", "--home", str(home), "--yes"]) == 0
    monkeypatch.setattr(migration, "REVISIONS", REVISIONS)
    assert run(["migrate", "--home", str(home), "--yes"]) == 4
    assert "The store has schema 9001" in capsys.readouterr().err
    assert len(backups(home)) == 1
