"""`skills check`: whether hosts and ClawHub would take the skills, and whether they are true."""

from pathlib import Path

from clawmarket.domain.kernel.errors import NotFoundError
from clawmarket.entry.cli.commands.local import on_own_files
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.output import finish
from clawmarket.entry.cli.skills.gates import SKILL, findings_of
from clawmarket.entry.cli.skills.places import SKILLS, skill_files
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE


class SkillNotFoundError(NotFoundError):
    """There is no skill in the folder."""

    advice = "Name a skill's folder, or one with several of them."
    next_command = "clawmarket help skills check"


@on_own_files
def check(invocation: Invocation) -> int:
    """Check our skills, or those of a folder; exits 1 when something is wrong."""
    folders = skills_in(invocation.values.get("folder") or skill_files())
    findings = [found for folder in folders for found in findings_of(folder)]
    rows = [
        {"skill": f.skill, "file": f.file, "code": f.code, "message": f.message} for f in findings
    ]
    checked = [folder.name for folder in folders]
    document = {"ok": not findings, "checked": checked, "findings": rows}
    lines = [f"{f.skill}/{f.file}: {f.code}: {f.message}" for f in findings]
    good = [f"{folder.name}: well" for folder in folders if folder.name not in _bad(rows)]
    finish(invocation, document, [*lines, *good], lines)
    return EXIT_NEGATIVE if findings else EXIT_DONE


def skills_in(folder: Path) -> list[Path]:
    """Return the skills of a folder: itself, or those in it. Raises SkillNotFoundError."""
    folder = folder.absolute()
    if (folder / SKILL).is_file():
        return [folder]
    for base in (folder, folder / SKILLS):
        if found := sorted(path.parent for path in base.glob(f"*/{SKILL}")):
            return found
    raise SkillNotFoundError(f"There is no skill in {folder}.")


def _bad(rows: list[dict[str, str]]) -> set[str]:
    return {row["skill"] for row in rows}
