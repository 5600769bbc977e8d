"""Migrating a home: the plan, and a backup before anything is changed."""

import shlex
from collections.abc import Callable
from pathlib import Path

from clawmarket.adapters.store.migration import Plan, migrate_file, plan_file
from clawmarket.runtime.backup.create import Backup, check_home, create_backup, default_target
from clawmarket.runtime.backup.files import Progress, quiet
from clawmarket.runtime.home import DATABASE


def plan_home(home: Path) -> Plan:
    """Return what a migration of a home would do. Raises HomeEmptyError, SchemaNewerError."""
    check_home(home)
    return plan_file(home / DATABASE)


def migrate_home(home: Path, target: Path, now: int, progress: Progress = quiet) -> Backup:
    """Back up a home and bring its database to the newest schema.

    Hold the home's lock: nobody may write between the two.
    Raises what `create_backup` raises; nothing is migrated then.
    """
    backup = create_backup(home, target, now, progress=progress)
    migrate_file(home / DATABASE)
    return backup


def migrate_older(home: Path, now: int, tell: Callable[[str], None]) -> None:
    """Migrate a home with an older schema at its start, and say so in one line.

    A home without a database gets its tables when the store is opened.
    """
    if not (home / DATABASE).is_file():
        return
    plan = plan_file(home / DATABASE)
    if plan.revision is None or not plan.steps:
        return
    backup = migrate_home(home, default_target(home, now), now)
    where = shlex.quote(str(backup.folder))
    tell(f"Migrated from schema {plan.revision} to {plan.newest}; the backup is in {where}.")
