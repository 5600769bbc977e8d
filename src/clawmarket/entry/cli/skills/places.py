"""Where skills come from, and where OpenClaw looks for them."""

import os
from collections.abc import Mapping
from pathlib import Path

import clawmarket
from clawmarket.domain.kernel.errors import InternalError

SKILLS = "skills"
NAMES = ("claw-employer", "claw-worker")


class SkillFilesMissingError(InternalError):
    """This installation of ClawMarket has no skills in it."""

    advice = "Install ClawMarket anew, from its checkout or its package."


def skill_files() -> Path:
    """Return the folder with our skills: of the package, or of the checkout.

    Raises SkillFilesMissingError.
    """
    package = Path(clawmarket.__file__).parent
    for folder in (package / SKILLS, package.parents[1] / SKILLS):
        if all((folder / name / "SKILL.md").is_file() for name in NAMES):
            return folder
    raise SkillFilesMissingError("The skills' files are not there.")


def target_of(named: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that the host reads skills from.

    A named folder is a workspace, or a folder called `skills`; without one it is the folder of the
    host's state, which all its agents share.
    """
    if named is not None:
        folder = named.expanduser().absolute()
        return folder if folder.name == SKILLS else folder / SKILLS
    state = environ.get("OPENCLAW_STATE_DIR")
    return (Path(state).expanduser() if state else Path.home() / ".openclaw").absolute() / SKILLS
