"""Failures: whatever went wrong becomes one envelope, two lines for people and an exit status."""

import os
import traceback
from collections.abc import Callable

import click

from clawmarket.domain.kernel.errors import InternalError, InvalidArgumentError, Refused
from clawmarket.domain.kernel.moment import SECOND_MS, span
from clawmarket.domain.kernel.own_text import OwnText
from clawmarket.domain.trust.redaction import redact, redact_but, redact_text
from clawmarket.entry.cli.catalog import Entry, exit_status
from clawmarket.entry.cli.invocation import PROGRAM, wants_json
from clawmarket.entry.cli.options import TextType
from clawmarket.entry.cli.output import print_json, print_json_line, tell
from clawmarket.entry.cli.tree import Leaf, UnknownCommandError, leaves
from clawmarket.registry.codes import EXIT_DONE, EXIT_INTERRUPTED
from clawmarket.registry.suggestions import nearest, said
from clawmarket.runtime.program import as_started

_INTERRUPTED = "Interrupted."
_GOES_ON = "Whatever the market has accepted goes on without this command."
_OWN_MARKET = "The tour's own market has stopped."
_AFTER_THE_COMMAND = ("--url", "--fields", "--format", "--yes", "--dry-run", "--idempotency-key")


class UsageInvalidError(InvalidArgumentError):
    """The command line cannot be read."""

    advice = ""
    next_command = "clawmarket help"

    def __init__(self, what: str, *, step: str, **details: object) -> None:
        super().__init__(what, **details)
        self._step = step

    @property
    def next_step(self) -> str:
        """The help on whatever was probably meant."""
        return f"{PROGRAM} {self._step}"


class ProgramDefectError(InternalError):
    """A defect of this program; the market may not even have been asked."""

    advice = "Run it again with CLAWMARKET_DEBUG=1 to see where it happened."


def report(error: BaseException, argv: list[str]) -> int:
    """Print a failure and return the exit status."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.ctx.get_help() if error.ctx else "")
        return EXIT_DONE
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return _interrupted(error, argv)
    if os.environ.get("CLAWMARKET_DEBUG"):
        tell(redact_text("".join(traceback.format_exception(error))))
    envelope = getattr(error, "envelope", None) or _envelope(_refusal(error, argv))
    return show_failure(envelope, _notes(error), argv)


def show_failure(envelope: Entry, notes: dict[str, str], argv: list[str]) -> int:
    """Print a failure's envelope: for people on stderr, as JSON on stdout too if wanted."""
    code, _, text = str(envelope["error"]).partition(": ")
    details = envelope.get("details", {}) | notes
    next_step = str(details.get("next", ""))
    tell(
        f"error[{code}]: {text.strip()}{_wait(details)}",
        *(f"{n}: {note}" for n, note in notes.items()),
    )
    if request_id := envelope.get("requestId"):
        tell(f"request: {request_id}")
    if next_step:
        tell(f"next: {as_started(next_step)}")
    _print(envelope | {"details": details, "next": [next_step] if next_step else []}, argv)
    return exit_status(code)


def _print(document: Entry, argv: list[str]) -> None:
    """Print a failure for programs, if one reads: behind a stream's events as one more line."""
    if not wants_json(argv):
        return
    leaf = _leaf_of(argv)
    (print_json_line if leaf is not None and leaf.streams else print_json)(document)


def _leaf_of(argv: list[str]) -> Leaf | None:
    typed = [word for word in argv if not word.startswith("-")]
    return next((x for x in leaves() if typed[: len(words := x.words.split())] == words), None)


def _wait(details: Entry) -> str:
    """Return when to try again where the market says so."""
    wait_s = details.get("retryAfterSec")
    return f" Try again in {span(wait_s * SECOND_MS)}." if isinstance(wait_s, int) else ""


def _notes(error: BaseException) -> dict[str, str]:
    """Return what was noted on the way, such as the idempotency key of a doubtful write."""
    notes = (note.partition(": ") for note in getattr(error, "__notes__", ()))
    return {name: redact_text(text) for name, _, text in notes}


def _interrupted(error: BaseException, argv: list[str]) -> int:
    notes = _notes(error)
    said = _interruption(argv)
    tell("", said, *(f"{name}: {note}" for name, note in notes.items()))
    details = {"cause": "interrupted", "retryable": True, **notes}
    _print({"ok": False, "error": f"E_TIMEOUT: {said}", "details": details, "next": []}, argv)
    return EXIT_INTERRUPTED


def _interruption(argv: list[str]) -> str:
    """Return what goes on after an interruption: nothing, for what ran on this machine alone."""
    leaf = _leaf_of(argv)
    if leaf is None or not any(param.name == "market_url" for param in leaf.params):
        return _INTERRUPTED
    if leaf.words == "tour" and not _names_a_market(argv):
        return f"{_INTERRUPTED} {_OWN_MARKET}"
    return f"{_INTERRUPTED} {_GOES_ON}"


def _names_a_market(argv: list[str]) -> bool:
    return any(word.partition("=")[0] == "--url" for word in argv)


def _envelope(refused: Refused) -> Entry:
    own = {name: path for name, path in refused.details.items() if isinstance(path, OwnText)}
    what = redact_but(refused.what, own.values())
    details = redact(dict(refused.details))
    return {
        "ok": False,
        "error": f"{refused.code}: {what} {refused.advice}".rstrip(),
        "details": {
            **(details if isinstance(details, dict) else {}),
            **own,
            "cause": refused.cause,
            "next": redact_but(refused.next_step, own.values()),
            "retryable": refused.retryable,
        },
    }


def _refusal(error: BaseException, argv: list[str]) -> Refused:
    if isinstance(error, Refused):
        return error
    for kind, read in _READERS:
        if isinstance(error, kind):
            return read(error)
    where = next((word for word in argv if not word.startswith("-")), PROGRAM)
    reason = f"{type(error).__name__}: {error}" if isinstance(error, OSError) else "a defect"
    return ProgramDefectError(f"`{where}` stopped: {reason}.")


def _unknown_command(error: UnknownCommandError) -> Refused:
    first = error.suggestions[0] if error.suggestions else ""
    if first.startswith(("help ", "--")):
        step = first
    else:
        step = f"explain {first[5:]}" if first.startswith("call ") else f"help {first}".rstrip()
    return UsageInvalidError(error.message, step=step, suggestions=error.suggestions)


def _unknown_option(error: click.NoSuchOption) -> Refused:
    command = error.ctx.command if error.ctx else None
    known = command.params if command else []
    flags = [flag for param in known for flag in (*param.opts, *param.secondary_opts)]
    near = nearest(error.option_name, [flag for flag in flags if flag.startswith("--")])
    what = f"There is no option {error.option_name}.{said(near)}"
    if error.option_name in _AFTER_THE_COMMAND and isinstance(command, click.Group):
        what = f"Put {error.option_name} after the command."
    return UsageInvalidError(what, step=_help_on(error), suggestions=near)


def _usage(error: click.ClickException) -> Refused:
    message = " ".join(error.format_message().split())
    what = message if message.endswith((".", "?")) else f"{message}."
    return UsageInvalidError(what, step=_help_on(error), **_typed_path(error, message))


def _typed_path(error: click.ClickException, message: str) -> dict[str, OwnText]:
    """Return the path that a refused parameter names, as it was typed."""
    kind = getattr(getattr(error, "param", None), "type", None)
    context = getattr(error, "ctx", None)
    if context is None or not isinstance(kind, (click.Path, TextType)):
        return {}
    typed = (part for word in context.find_object(tuple) or () for part in _parts(word))
    found = next((part for part in typed if "/" in part and part in message), None)
    return {} if found is None else {"path": OwnText(found)}


def _parts(word: str) -> tuple[str, ...]:
    """Return what may be a path in a word such as /a, --home=/a or @/a."""
    value = word.partition("=")[2] if word.startswith("--") else word
    return (value, value.removeprefix("@"))


def _help_on(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"help{context.command_path.removeprefix(PROGRAM)}" if context else "help"


_READERS: tuple[tuple[type[BaseException], Callable[..., Refused]], ...] = (
    (UnknownCommandError, _unknown_command),
    (click.NoSuchOption, _unknown_option),
    (click.ClickException, _usage),
)
