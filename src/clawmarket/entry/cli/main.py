"""The command's entry: one run, one exit status, never a traceback."""

import contextlib
import os
import sys
from typing import NoReturn, TextIO

from clawmarket.entry.cli.invocation import PROGRAM, load
from clawmarket.entry.cli.tree import command_tree

_REPORT = "clawmarket.entry.cli.failures:report"


def main() -> NoReturn:
    """Run the command that the process was started with, and end the process."""
    sys.exit(run(sys.argv[1:]))


def run(argv: list[str]) -> int:
    """Run one command and return its exit status; failures are reported, not raised."""
    _use_utf8(sys.stdout)
    _use_utf8(sys.stderr)
    try:
        outcome = command_tree().main(
            args=list(argv), prog_name=PROGRAM, standalone_mode=False, obj=tuple(argv)
        )
        sys.stdout.flush()
    except BrokenPipeError:
        return _end_quietly()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the edge of the program
        return _report(error, argv)
    return outcome if isinstance(outcome, int) else 0


def _report(error: BaseException, argv: list[str]) -> int:
    try:
        status: int = load(_REPORT)(error, argv)
        sys.stdout.flush()
    except BrokenPipeError:
        return _end_quietly()
    return status


def _end_quietly() -> int:
    """Whoever read the output has seen enough; nothing may complain at shutdown either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    return 0


def _use_utf8(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace")
