"""Commands that copy and change a home while no market runs: killed at their points, run again.

A backup or a restored home is there as a whole or not at all, the home that was copied serves as
before, a migration has happened or has not; and the same command, given again, does its work.
"""

import asyncio
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pysqlite3

from clawmarket.adapters.store.connection import connect
from clawmarket.adapters.store.copies.sqlite import opened_file
from clawmarket.adapters.store.migration import REVISIONS, migrate_file, stored_revision
from clawmarket.domain.kernel.errors import Refused
from clawmarket.runtime.app import open_app
from clawmarket.runtime.backup.create import create_backup
from clawmarket.runtime.backup.manifest import BackupUnreadableError
from clawmarket.runtime.backup.verify import verify_backup
from clawmarket.runtime.config import Config
from crash.lifecycle import Lifecycle
from crash.market import KILLED, Prepared, Site
from crash.points import points_of
from crash.trial import Given, Trial
from crash.watch import Made, Point, Watch
from crash.workshop import TrialFailedError, Workshop
from real.server import command

CREATE, RESTORE, MIGRATE = COPYING = ("create", "restore", "migrate")
OLDEST = REVISIONS[0]
DATABASE, BACKUP, HOME = "market.db", "backup", "home"
# Not of a market that has stopped, or of the moment at which something was copied.
PASSING = {"backup.json", "restored-from", "lock", "log.mark", "starting"}

Rows = dict[str, list[str]]


@dataclass(frozen=True)
class Archive:
    """A market that has lived and stopped, and what the trials of the commands begin with.

    Args:
        workshop: Has the shim, and room.
        lived: The market, its members and what it has been asked; as it was when it stopped.
        lives: What was asked and answered.
        given: The heads of its log that were seen.
        backup: A backup of its home.
        older: The same home with the oldest schema, which cannot hold all of its rows.
        migrated: What that home is once nobody disturbed its migration.
    """

    workshop: Workshop
    lived: Prepared
    lives: Sequence[Lifecycle]
    given: Sequence[Given]
    backup: Path
    older: Path
    migrated: Path

    @classmethod
    def make(cls, workshop: Workshop) -> "Archive":
        """Let a market live and stop; back it up, and bring a copy of it to the oldest schema."""
        folder = Path(mkdtemp(prefix="archive-", dir=workshop.folder))
        with workshop.trial() as trial:
            trial.live()
            lived = replace(trial.prepared, site=trial.site.copy(folder))
        home, older, migrated = lived.site.home, folder / "older", folder / "migrated"
        create_backup(home, folder / "good", 0)
        shutil.copytree(home, older)
        (older / DATABASE).unlink()
        migrate_file(older / DATABASE, OLDEST)
        _take_rows(home / DATABASE, older / DATABASE)
        shutil.copytree(older, migrated)
        migrate_file(migrated / DATABASE)
        return cls(workshop, lived, trial.lives, trial.given, folder / "good", older, migrated)

    @property
    def rows(self) -> Rows:
        """What the market's database holds."""
        return rows_of(self.lived.site.home / DATABASE)

    def points(self) -> list[Point]:
        """Return the points of all three commands."""
        calls: dict[str, list[Made]] = {}
        for step in COPYING:
            attempt = Attempt.of(self, step)
            assert attempt.run(None) == 0
            attempt.check_done()
            calls[step] = attempt.watch.calls
        return points_of(calls)

    def kill_at(self, points: Sequence[Point]) -> list[Made | None]:
        """Kill commands at points, each in a place of its own; serve what the last one left.

        Returns where each was killed. Raises TrialFailedError.
        """
        try:
            return [self._kill_at(point, serve=point == points[-1]) for point in points]
        except Exception as failure:
            named = " ".join(f"--point {point}" for point in points)
            raise TrialFailedError(f"python -m crash --database sqlite {named}") from failure

    def _kill_at(self, point: Point, *, serve: bool) -> Made | None:
        attempt = Attempt.of(self, point.step)
        status = attempt.run(point)
        hit = attempt.watch.hit
        assert (status == KILLED) is (hit is not None), status
        attempt.check_halfway()
        was_done = attempt.is_done
        # What is there is not overwritten, so a second backup of that name is refused.
        assert attempt.run(None) == (2 if was_done and point.step != MIGRATE else 0)
        attempt.check_done()
        if serve:
            attempt.serve()
        shutil.rmtree(attempt.place)
        return hit


@dataclass(frozen=True)
class Attempt:
    """One command in a folder of its own, run once or several times.

    Args:
        archive: What it began with.
        step: Which command.
        place: The folder; all that is done below it is watched.
        watch: Kills it.
    """

    archive: Archive
    step: str
    place: Path
    watch: Watch

    @classmethod
    def of(cls, archive: Archive, step: str) -> "Attempt":
        """Prepare a command."""
        folder = Path(mkdtemp(prefix=f"{step}-", dir=archive.workshop.folder))
        place = folder / "place"
        place.mkdir()
        if step != RESTORE:
            source = archive.older if step == MIGRATE else archive.lived.site.home
            shutil.copytree(source, place / HOME)
        return cls(archive, step, place, Watch(archive.workshop.library, folder))

    @property
    def home(self) -> Path:
        """The home that is copied, made or changed."""
        return self.place / HOME

    @property
    def target(self) -> Path:
        """What the command makes."""
        return self.place / BACKUP if self.step == CREATE else self.home

    @property
    def is_done(self) -> bool:
        """Whether the command has done its work."""
        if self.step == MIGRATE:
            return stored_revision(self.home / DATABASE) == REVISIONS[-1]
        return self.target.exists()

    @property
    def partial(self) -> list[Path]:
        """Folders that have not got their name."""
        return [path for path in self.place.rglob(".*.partial") if path.is_dir()]

    def run(self, point: Point | None) -> int:
        """Run the command, killed at a point if one is given; return its exit status."""
        words = {
            CREATE: ["backup", "create", "--home", str(self.home), "--to", str(self.target)],
            RESTORE: ["backup", "restore", str(self.archive.backup), "--target", str(self.target)],
            MIGRATE: ["migrate", "--home", str(self.home), "--yes"],
        }
        (python, *_), env = command(self.home)
        line = [python, "-m", "clawmarket", *words[self.step], "--json"]
        self.watch.arm(point)
        ended = subprocess.run(
            line,
            env=env | self.watch.settings(self.place, None),
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode in (0, 2, KILLED), ended.stderr.decode()
        return ended.returncode

    def check_halfway(self) -> None:
        """Assert that nothing passes for whole that is not, and that nothing was lost."""
        for folder in self.partial:
            if self.step != RESTORE:
                self._check_no_backup_but_a_whole_one(folder)
            check_unserved(folder)
        if self.step == CREATE:
            assert rows_of(self.home / DATABASE) == self.archive.rows
        if self.is_done:
            self.check_done()
        elif self.step == MIGRATE:
            assert stored_revision(self.home / DATABASE) == OLDEST
            assert rows_of(self.home / DATABASE) == rows_of(self.archive.older / DATABASE)

    def _check_no_backup_but_a_whole_one(self, folder: Path) -> None:
        with suppress(BackupUnreadableError):
            if verify_backup(folder).ok:
                source = self.archive.older if self.step == MIGRATE else self.home
                check_same(folder, source)

    def check_done(self) -> None:
        """Assert that the command has done all of its work."""
        if self.step == MIGRATE:
            made = self.place / f"{HOME}-backups"
            backups = [path for path in made.glob("*") if not path.name.startswith(".")]
            assert backups, "It was migrated without a backup."
            for backup in backups:
                assert verify_backup(backup).failed == ()
                check_same(backup, self.archive.older)
        if self.step == CREATE:
            assert verify_backup(self.target).failed == ()
            assert rows_of(self.home / DATABASE) == self.archive.rows
        lived, migrated = self.archive.lived.site.home, self.archive.migrated
        check_same(self.target, migrated if self.step == MIGRATE else lived)

    def serve(self) -> None:
        """Start the market: each answer is as it was, and the rest holds."""
        if self.step == RESTORE:
            check_unserved(self.home)
        site = Site(self.home)
        trial = Trial(replace(self.archive.lived, site=site), self.watch)
        trial.lives, trial.given = [*self.archive.lives], [*self.archive.given]
        self.watch.arm(None)
        try:
            if self.step == RESTORE:
                trial.server = site.start(None, "--accept-rollback")
            trial.recover()
            if self.step == RESTORE:  # its rows have the acceptance too
                assert trial.running.stop() == 0
                trial.server = None
            else:
                trial.end()
        finally:
            trial.kill()


def check_unserved(folder: Path) -> None:
    """Assert that no market starts in a folder."""
    try:
        market = open_app(Config(folder))
    except Refused:
        return
    asyncio.run(market.stop())
    raise AssertionError(f"A market started in {folder.name}.")


def check_same(folder: Path, source: Path) -> None:
    """Assert that a copy has the rows and the files of its source, and none besides."""
    assert rows_of(folder / DATABASE) == rows_of(source / DATABASE)
    found, expected = files_of(folder), files_of(source)
    assert (sorted(found), found) == (sorted(expected), expected)


def files_of(folder: Path) -> Mapping[str, bytes]:
    """Return the files of a home or a backup, without its rows."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in PASSING and not path.name.startswith(DATABASE)
    }


def rows_of(database: Path) -> Rows:
    """Return the rows of a database by table, but for the schema's revision."""
    with closing(_opened(database)) as connection:
        return {table: _rows(connection, table) for table in _tables(connection)}


def _rows(connection: Any, table: str) -> list[str]:
    found = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a table's own name
    names = [column[0] for column in found.description]
    return sorted(repr(sorted(zip(names, map(_value, row), strict=True))) for row in found)


def _value(value: object) -> object:
    # The defaults of columns that a migration added are texts where new rows have bytes.
    return value.encode() if isinstance(value, str) else value


def _tables(connection: Any) -> list[str]:
    asked = "SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'"
    return sorted(str(row[0]) for row in connection.execute(asked))


def _opened(database: Path) -> Any:
    # What a killed command left in the log is a part of it; a copy is not to be touched.
    has_log = database.with_name(f"{database.name}-wal").exists()
    return connect(database) if has_log else opened_file(database)


def _take_rows(source: Path, target: Path) -> None:
    """Copy the rows into an older schema: what it has no column or table for is not there yet."""
    with closing(pysqlite3.connect(target)) as connection:
        connection.execute("ATTACH ? AS newer", (str(source),))
        for table in _tables(connection):
            asked = connection.execute(f'SELECT * FROM main."{table}"')  # noqa: S608 - the same
            names = ", ".join(f'"{column[0]}"' for column in asked.description)
            line = f'INSERT INTO main."{table}" ({names}) SELECT {names} FROM newer."{table}"'  # noqa: S608 - the same
            connection.execute(line)
        connection.commit()
