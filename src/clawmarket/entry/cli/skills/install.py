"""`skills install` and `skills uninstall`: show what is written or removed, ask, do it."""

from pathlib import Path

from clawmarket.domain.kernel.errors import (
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    UnavailableError,
)
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.commands.local import on_own_files
from clawmarket.entry.cli.commands.spend import confirmed
from clawmarket.entry.cli.invocation import Invocation, may_prompt
from clawmarket.entry.cli.output import finish, tell
from clawmarket.entry.cli.skills.copying import (
    CHANGED,
    SAME,
    Copy,
    copies,
    installed,
    remove,
    write,
)
from clawmarket.entry.cli.skills.places import NAMES, skill_files, target_of
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE


class SkillChangedError(ConflictError):
    """A file of an installed skill was changed by somebody else."""

    advice = "Keep a copy of it, then run it again with --force; or leave it."
    next_command = "{preview}"


class SkillUnagreedError(InvalidArgumentError):
    """Files of OpenClaw would be changed, and nobody is there to be asked."""

    advice = "Read what is written with --dry-run, then run it again with --yes if you agree."
    next_command = "{preview}"


class WorkspaceMissingError(NotFoundError):
    """The folder that --dir names is not there; it may be mistyped."""

    advice = "Correct --dir, or let the folder be made with --create."
    next_command = "{again}"


class SkillsUnwritableError(UnavailableError):
    """The skills cannot be written there."""

    advice = "Name another folder with --dir."
    next_command = "clawmarket help skills install"
    retryable = False


@on_own_files
def install(invocation: Invocation) -> int:
    """Copy both skills.

    Raises WorkspaceMissingError, SkillChangedError, SkillUnagreedError, SkillsUnwritableError.
    """
    _check_there(invocation)
    source, target = skill_files(), target_of(invocation.values.get("dir"))
    planned = {name: copies(source / name, target / name) for name in NAMES}
    wanted = {name: [c for c in found if c.state != SAME] for name, found in planned.items()}
    document = _document(target, wanted)
    if not any(wanted.values()):
        finish(invocation, document, [f"Both skills are in {target}, as they are here."], [])
        return EXIT_DONE
    lines = [f"{target} gets this:", *_lines(wanted)]
    if not _agreed(invocation, document, lines, wanted):
        return EXIT_DONE
    try:
        for name in NAMES:
            write(source / name, target / name, wanted[name])
    except OSError as error:
        raise SkillsUnwritableError(f"{target}: {error.strerror}.") from None
    undo = f"clawmarket skills uninstall{_dir(invocation)}"
    done = [f"Installed in {target}.", "check: openclaw skills check", f"undo: {undo}"]
    finish(invocation, document | {"done": True, "next": [undo]}, done, [str(target)])
    return EXIT_DONE


def _check_there(invocation: Invocation) -> None:
    named = invocation.values.get("dir")
    if named is None or invocation.values.get("create"):
        return
    workspace = target_of(named).parent
    if not workspace.is_dir():
        again = invocation.again("--create")
        raise WorkspaceMissingError(f"There is no folder {workspace}.", again=again)


@on_own_files
def uninstall(invocation: Invocation) -> int:
    """Remove what `install` wrote; what was changed since stays without --force."""
    target = target_of(invocation.values.get("dir"))
    found = {name: installed(target / name) for name in NAMES}
    forced = bool(invocation.values.get("force"))
    unwanted = {n: [c for c in cs if forced or c.state == SAME] for n, cs in found.items()}
    left = [str(c.target) for cs in found.values() for c in cs if c.state == CHANGED and not forced]
    document = _document(target, unwanted) | {"left": left}
    if not any(found.values()):
        finish(invocation, document, [f"There is nothing of ours in {target}."], [])
        return EXIT_DONE
    stays = [f"  stays   {path} (changed; --force removes it)" for path in left]
    lines = [f"Removed from {target}:", *_lines(unwanted, "remove"), *stays]
    if invocation.dry_run or not _agree_to(invocation, lines):
        said = lines if invocation.dry_run else ["Nothing was changed."]
        finish(invocation, document, said, [])
        return EXIT_DONE
    for name in NAMES:
        remove(target / name, unwanted[name])
    finish(invocation, document | {"ok": not left, "done": True}, ["Uninstalled.", *stays], [])
    return EXIT_NEGATIVE if left else EXIT_DONE


def _agreed(
    invocation: Invocation, document: Entry, lines: list[str], wanted: dict[str, list[Copy]]
) -> bool:
    changed = [c for cs in wanted.values() for c in cs if c.state == CHANGED]
    if invocation.dry_run:
        again = invocation.again(without="--dry-run")
        finish(invocation, document | {"next": [again]}, [*lines, f"next: {again}"], [])
        return False
    if changed and not invocation.values.get("force"):
        preview = invocation.again("--dry-run", without="--yes")
        what = f"{changed[0].target} was changed by somebody else."
        raise SkillChangedError(what, preview=preview)
    if _agree_to(invocation, lines):
        return True
    finish(invocation, document, ["Nothing was changed."], [])
    return False


def _agree_to(invocation: Invocation, lines: list[str]) -> bool:
    tell(*lines)
    if invocation.yes:
        return True
    if invocation.as_json or not may_prompt():
        preview = invocation.again("--dry-run")
        raise SkillUnagreedError("This changes files of OpenClaw and needs --yes.", preview=preview)
    return confirmed()


def _document(target: Path, files: dict[str, list[Copy]]) -> Entry:
    listed = [{"file": str(c.target), "state": c.state} for cs in files.values() for c in cs]
    return {"ok": True, "target": str(target), "files": listed, "done": False, "next": []}


def _lines(files: dict[str, list[Copy]], word: str = "") -> list[str]:
    found = [copy for copies_of in files.values() for copy in copies_of]
    return [f"  {word or copy.state:<8}{copy.target}" for copy in found]


def _dir(invocation: Invocation) -> str:
    named = invocation.values.get("dir")
    return f" --dir {named}" if named else ""
