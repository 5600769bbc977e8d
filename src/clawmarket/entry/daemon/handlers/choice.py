"""Which program a `--handler` names; each kind becomes one command line."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.entry.daemon.handlers.function import LOOK

_FUNCTION = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_HOST = re.compile(r"openclaw(?::([A-Za-z0-9_-]{1,64}))?")
# A module may load a model when it is imported.
LOOK_S = 120
_PARTS = "clawmarket.entry.daemon.handlers"


class HandlerInvalidError(InvalidArgumentError):
    """What `--handler` names cannot be run."""

    advice = "Name a command, module:function, the URL of an A2A agent, or openclaw."
    next_command = "clawmarket help worker run"


@dataclass(frozen=True, slots=True)
class Handler:
    """What does the work.

    Args:
        kind: command, function, agent or openclaw.
        line: The words that start it; its input is `task_spec.json` on stdin.
        settings: What its environment has besides ours.
    """

    kind: str
    line: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)


def chosen(named: str) -> Handler:
    """Return what a `--handler` names. Raises HandlerInvalidError."""
    if named.startswith(("http://", "https://")):
        return Handler("agent", (sys.executable, "-m", f"{_PARTS}.agent", named))
    if host := _HOST.fullmatch(named):
        program = shutil.which("openclaw")
        if program is None:
            raise HandlerInvalidError("There is no command 'openclaw' on your PATH.")
        return Handler("openclaw", (sys.executable, "-m", f"{_PARTS}.host", program, host[1] or ""))
    if _FUNCTION.fullmatch(named):
        # The module is looked for where the daemon was started.
        here = {"CLAWMARKET_HANDLER_PATH": str(Path.cwd())}
        line = (sys.executable, "-m", f"{_PARTS}.function", named)
        _check_function(named, (*line, LOOK), here)
        return Handler("function", line, here)
    return Handler("command", _command(named))


def _check_function(named: str, line: tuple[str, ...], settings: Mapping[str, str]) -> None:
    """Raise HandlerInvalidError for a function that no task could be given to."""
    try:
        looked = subprocess.run(  # noqa: S603 - this interpreter and our own module
            line, env=os.environ | settings, capture_output=True, timeout=LOOK_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise HandlerInvalidError(f"Importing {named!r} does not come to an end.") from None
    if looked.returncode:
        said = looked.stderr.decode(errors="replace").strip().splitlines()
        why = said[-1][:200] if said else "it cannot be called"
        raise HandlerInvalidError(f"There is no function {named!r}: {why.rstrip('.')}.")


def _lack(program: str) -> str:
    if Path(program).is_file():
        return f"{program!r} may not be run as a command; try chmod +x."
    return f"There is no command {program!r}."


def _command(named: str) -> tuple[str, ...]:
    try:
        words = shlex.split(named)
    except ValueError:
        raise HandlerInvalidError("The handler's quotes do not end.") from None
    found = shutil.which(words[0]) if words else None
    if found is None:
        raise HandlerInvalidError(_lack(words[0] if words else ""))
    # It runs in the task's folder: what was named from here stays what it is.
    return (str(Path(found).absolute()), *words[1:])
