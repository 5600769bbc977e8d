"""One command as it was typed: its words, its values, and how its answer is wanted."""

import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TextIO

from clawmarket.entry.cli.catalog import Entry

PROGRAM = "clawmarket"
# Options without a value; every other one takes the next word with it.
_FLAGS = frozenset({"--dry-run", "--yes"})


@dataclass(frozen=True)
class Invocation:
    """What to run, with what, and how to show it.

    Args:
        words: The command's path, such as `task publish`.
        argv: Everything that was typed after the program's name.
        entry: The method behind the command, if there is one.
        values: The command's own values by parameter name; what was not given is left out.
        as_json: Whether stdout gets exactly one JSON document.
        quiet: Whether only the bare id is wanted.
        fields: Which fields of the answer are wanted; none for all.
        url: Where the market is, when the option names it.
        key: The idempotency key, when the option names it.
        dry_run: Whether only to show what would be sent.
        yes: Whether a spending was agreed to beforehand.
        form: How a list is printed: table, csv or ndjson.
    """

    words: str
    argv: tuple[str, ...]
    entry: Entry | None
    values: Mapping[str, Any]
    as_json: bool = False
    quiet: bool = False
    fields: tuple[str, ...] = ()
    url: str | None = None
    key: str = ""
    dry_run: bool = False
    yes: bool = False
    form: str = "table"

    def again(self, *more: str, without: str = "") -> str:
        """Return the typed command as one line, with more words and without one option."""
        kept: list[str] = []
        skip = False
        for word in self.argv:
            if skip:
                skip = False
                continue
            if without and word.partition("=")[0] == without:
                skip = "=" not in word and without not in _FLAGS
                continue
            kept.append(word)
        return shlex.join([PROGRAM, *kept, *more])


def load(target: str) -> Callable[..., Any]:
    """Return `module:name`, imported at the moment of use so that the start stays free of it."""
    module, _, name = target.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def wants_json(argv: list[str], environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether a failure before the options are read has to be JSON as well."""
    return "--json" in argv or environ.get("CLAWMARKET_JSON", "") in ("1", "true")


def may_colour(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether colour and drawing may be used on a stream (no-color.org, TERM, CI)."""
    if environ.get("NO_COLOR") or environ.get("CI") or environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def may_prompt(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether somebody sits there to be asked; never inside an agent's shell."""
    if environ.get("OPENCLAW_SHELL") or environ.get("CI") or environ.get("TERM") == "dumb":
        return False
    # A stream that was closed before the start is None.
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
