"""The command's entry: one run, one exit status, never a traceback."""

import contextlib
import errno
import os
import sys
from typing import NoReturn, TextIO

import click

from clawmarket.entry.cli.invocation import PROGRAM, load
from clawmarket.entry.cli.tree import command_tree
from clawmarket.registry.codes import EXIT_DONE, EXIT_LATER, EXIT_USAGE

_AS_STARTED = "clawmarket.runtime.program:as_started"
_REPORT = "clawmarket.entry.cli.failures:report"
_COMPLETE, _COMPLETER = "_CLAWMARKET_COMPLETE", "click.shell_completion:shell_complete"
# What writing to stdout can fail with; the errors of files carry a name.
_UNPRINTABLE = (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG)
_ANYWHERE = ("--json", "-q")


def main() -> NoReturn:
    """Run the command that the process was started with, and end the process."""
    if sys.stderr is None:
        sys.stderr = _nowhere()
    if sys.stdout is None:  # closed with >&-; whatever is opened next would take its place
        sys.stdout = _nowhere()
        sys.exit(_cannot_print("it is closed", EXIT_USAGE))
    sys.exit(run(sys.argv[1:]))


def run(argv: list[str]) -> int:
    """Run one command and return its exit status; failures are reported, not raised."""
    argv = _in_order(argv)
    _use_utf8(sys.stdout)
    _use_utf8(sys.stderr)
    try:
        outcome = _invoke(argv)
        _flush()
    except _UnprintableError as error:
        return _end_quietly(error.reason)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the edge of the program
        return _report(error, argv)
    return outcome if isinstance(outcome, int) else EXIT_DONE


def _invoke(argv: list[str]) -> object:
    """Complete or run what was typed; click's own `main` would turn a closed pipe into exit 1."""
    tree = command_tree()
    if instruction := os.environ.get(_COMPLETE):
        return load(_COMPLETER)(tree, {}, PROGRAM, _COMPLETE, instruction)
    try:
        with tree.make_context(PROGRAM, list(argv), obj=tuple(argv)) as context:
            return tree.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code


class _UnprintableError(Exception):
    """Stdout takes nothing more; `reason` is empty when its reader has just seen enough."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _flush() -> None:
    try:
        sys.stdout.flush()
    except OSError as error:
        raise _UnprintableError(_reason(error)) from None


def _report(error: BaseException, argv: list[str]) -> int:
    try:
        if isinstance(error, OSError) and not error.filename and error.errno in _UNPRINTABLE:
            return _end_quietly(_reason(error))
        status: int = load(_REPORT)(error, argv)
        _flush()
    except BrokenPipeError:
        return _end_quietly()
    except _UnprintableError as unprintable:
        return _end_quietly(unprintable.reason)
    return status


def _reason(error: OSError) -> str:
    return "" if error.errno == errno.EPIPE else str(error.strerror)


def _end_quietly(reason: str = "") -> int:
    """End without a complaint at shutdown; with a reason, say it once.

    Without one, whoever read the output has seen enough.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return _cannot_print(reason, EXIT_LATER) if reason else EXIT_DONE


def _cannot_print(reason: str, status: int) -> int:
    code, done = "E_UNAVAILABLE", "What the command did stands"
    if status == EXIT_USAGE:
        code, done = "E_INVALID_ARGUMENT", "Nothing was done"
    sys.stderr.write(f"error[{code}]: Standard output cannot be written: {reason}. {done}.\n")
    sys.stderr.write(f"next: {load(_AS_STARTED)(f'{PROGRAM} doctor')}\n")
    return status


def _in_order(argv: list[str]) -> list[str]:
    """Return the words with --json and -q behind the command that they were put before."""
    count = next((i for i, word in enumerate(argv) if word not in _ANYWHERE), len(argv))
    before, rest = argv[:count], argv[count:]
    return [*rest, *before] if rest and "--" not in rest else argv


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - a device


def _use_utf8(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace")
