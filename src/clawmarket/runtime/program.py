"""How this program was started, so that a hint can be pasted into the same shell."""

import shlex
import shutil
import sys
from pathlib import Path

PROGRAM = "clawmarket"


def as_started(command: str, argv: list[str] | None = None) -> str:
    """Return a command `clawmarket …` with the program written as it was started.

    What is found on PATH stays as it is; otherwise the path stands there, from this folder if
    that is shorter. A start by `python -m clawmarket` is written so too.
    """
    words = sys.argv if argv is None else argv
    first, _, rest = command.partition(" ")
    return f"{_program(words)} {rest}".rstrip() if first == PROGRAM else command


def _program(argv: list[str]) -> str:
    started = Path(argv[0] if argv and argv[0] else PROGRAM)
    if started.name == "__main__.py" and started.parent.name == PROGRAM:
        return f"{shlex.quote(_shorter(Path(sys.executable)))} -m {PROGRAM}"
    if started.name != PROGRAM or _is_on_path(started):
        return PROGRAM
    return shlex.quote(_shorter(started))


def _is_on_path(started: Path) -> bool:
    found = shutil.which(PROGRAM)
    return found is not None and Path(found).absolute() == started.absolute()


def _shorter(path: Path) -> str:
    full = path.absolute()
    if not full.is_relative_to(Path.cwd()):
        return str(full)
    near = full.relative_to(Path.cwd())
    return f"./{near}" if len(near.parts) == 1 else str(near)
