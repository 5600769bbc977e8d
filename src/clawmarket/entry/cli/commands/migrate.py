"""`migrate`: the plan, a backup, and then the change."""

import os
from pathlib import Path

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.adapters.store.migration import Plan
from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.commands.backup import chosen_home, progress_of
from clawmarket.entry.cli.commands.local import on_own_files
from clawmarket.entry.cli.commands.spend import confirmed
from clawmarket.entry.cli.invocation import Invocation, may_prompt
from clawmarket.entry.cli.output import finish, tell
from clawmarket.entry.cli.tables import pairs
from clawmarket.registry.codes import EXIT_DONE
from clawmarket.runtime.backup.create import default_target
from clawmarket.runtime.config import database_url
from clawmarket.runtime.home import open_home
from clawmarket.runtime.migrating import migrate_home, plan_home


class PlanUnagreedError(InvalidArgumentError):
    """A database would be changed, and nobody is there to be asked."""

    advice = "Read the plan with --dry-run, then run it again with --yes if you agree."
    next_command = "{preview}"


@on_own_files
def migrate(invocation: Invocation) -> int:
    """Bring a home's database to the newest schema, after a backup."""
    folder, now = chosen_home(invocation), SystemClock().now()
    database = database_url(os.environ)
    plan, target = plan_home(folder, database), default_target(folder, now)
    document = _document(folder, plan)
    if not plan.steps:
        finish(invocation, document, [*_rows(folder, plan), "Nothing has to be changed."])
        return EXIT_DONE
    if invocation.dry_run:
        following = invocation.again(without="--dry-run")
        document |= {"backup": str(target), "next": [following]}
        finish(invocation, document, [*_plan_lines(folder, plan, target), f"next: {following}"])
        return EXIT_DONE
    if not _agree(invocation, _plan_lines(folder, plan, target)):
        finish(invocation, document, ["Nothing was changed."])
        return EXIT_DONE
    home = open_home(folder)
    try:
        progress = progress_of(invocation)
        backup = migrate_home(folder, target, now, database=database, progress=progress)
    finally:
        home.close()
    document |= {"migrated": True, "backup": str(backup.folder), "next": []}
    done = f"Migrated to schema {plan.newest}; the backup is in {backup.folder}."
    finish(invocation, document, [done])
    return EXIT_DONE


def _agree(invocation: Invocation, lines: list[str]) -> bool:
    tell(*lines)
    if invocation.yes:
        return True
    if invocation.as_json or not may_prompt():
        preview = invocation.again("--dry-run")
        raise PlanUnagreedError("This changes the database and needs --yes.", preview=preview)
    return confirmed()


def _document(folder: Path, plan: Plan) -> Entry:
    return {
        "ok": True,
        "path": str(folder.absolute()),
        "schemaRevision": plan.revision,
        "newestRevision": plan.newest,
        "steps": [{"revision": revision, "title": title} for revision, title in plan.steps],
        "migrated": False,
        "backup": None,
        "next": [],
    }


def _rows(folder: Path, plan: Plan) -> list[str]:
    now = plan.revision or "none"
    return pairs([("home", str(folder)), ("schema", now), ("newest", plan.newest)])


def _plan_lines(folder: Path, plan: Plan, target: Path) -> list[str]:
    steps = [(f"step {revision}", title) for revision, title in plan.steps]
    return [*_rows(folder, plan), *pairs([("backup first", str(target)), *steps])]
