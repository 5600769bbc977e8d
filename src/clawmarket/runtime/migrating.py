"""Migrating a home: the plan, and a backup before anything is changed."""

import shlex
from collections.abc import Callable
from pathlib import Path

from clawmarket.adapters.store.migration import Plan, migrate_file, plan_file, plan_from
from clawmarket.domain.kernel.secret import Secret
from clawmarket.runtime.backup.create import Backup, check_home, create_backup, default_target
from clawmarket.runtime.backup.files import Progress, quiet
from clawmarket.runtime.home import DATABASE
from clawmarket.runtime.postgres import migrate_rows, schema_of_rows


def plan_home(home: Path, database: Secret | None = None) -> Plan:
    """Return what a migration of a home would do. Raises what `check_home` raises."""
    check_home(home, database)
    return _plan(home, database)


def _plan(home: Path, database: Secret | None) -> Plan:
    return plan_file(home / DATABASE) if database is None else plan_from(schema_of_rows(database))


def migrate_home(
    home: Path,
    target: Path,
    now: int,
    *,
    database: Secret | None = None,
    progress: Progress = quiet,
) -> Backup:
    """Back up a home and bring its database to the newest schema.

    Hold the home's lock: nobody may write between the two.
    Raises what `create_backup` raises; nothing is migrated then.
    """
    backup = create_backup(home, target, now, database=database, progress=progress)
    if database is None:
        migrate_file(home / DATABASE)
    else:
        migrate_rows(database)
    return backup


def migrate_older(
    home: Path, now: int, tell: Callable[[str], None], database: Secret | None = None
) -> None:
    """Migrate a home with an older schema at its start, and say so in one line.

    A home without a database, or a database without tables, gets them when the store is opened.
    """
    if database is None and not (home / DATABASE).is_file():
        return
    plan = _plan(home, database)
    if plan.revision is None or not plan.steps:
        return
    backup = migrate_home(home, default_target(home, now), now, database=database)
    where = shlex.quote(str(backup.folder))
    tell(f"Migrated from schema {plan.revision} to {plan.newest}; the backup is in {where}.")
