"""The commands that a skill tells an agent to run, parsed by the very tree that would run them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

import click

from clawmarket.entry.cli.catalog import method_entry
from clawmarket.entry.cli.declared.listed import DECLARED
from clawmarket.entry.cli.invocation import PROGRAM
from clawmarket.entry.cli.options import flag_of
from clawmarket.entry.cli.remote.checking import unfit_text
from clawmarket.entry.cli.tree import Leaf, command_tree
from clawmarket.registry.misfits import Schema, not_null

_BLOCK = re.compile(r"^[ \t]*```(\w*)\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_METHOD = re.compile(r"\bweb3\.(?:[a-z0-9]+\.)*[a-z][A-Za-z]+")
_SHELLS = frozenset({"sh", "bash", "shell", "console", "text", "markdown", ""})
# What stands for a value of the reader's own.
_STANDS_FOR = re.compile(r"[A-Z][A-Z0-9_]*|@.*|<.*>|.*[A-Z]{3,}_ID.*")
_OPERATORS = frozenset("|&;<>()")


@dataclass(frozen=True, slots=True)
class Typed:
    """One command as it stands in a text.

    Args:
        line: The whole command.
        words: What comes after the program's name.
        in_block: Whether it stands in a block, ready to be run.
    """

    line: str
    words: tuple[str, ...]
    in_block: bool


def commands_in(text: str) -> Iterator[Typed]:
    """Yield every `clawmarket …` of a text."""
    for language, body in _BLOCK.findall(text):
        if language in _SHELLS:
            for line in body.replace("\\\n", " ").splitlines():
                yield from _of_line(line, in_block=language in ("sh", "bash", "shell", "console"))
    for code in _INLINE.findall(_BLOCK.sub("", text)):
        yield from _of_line(code, in_block=False)


def methods_in(text: str) -> Iterator[str]:
    """Yield every method name of a text that no method has."""
    for name in sorted(set(_METHOD.findall(text))):
        if method_entry(name) is None:
            yield name


def fault_of(typed: Typed) -> str:
    """Return why a command could not be run as it stands, or nothing."""
    command, rest = _resolved(typed.words)
    if isinstance(command, click.Group):
        unknown = bool(rest) and not rest[0].startswith("-")
        if unknown:
            return f"there is no command {rest[0]!r}"
        return "it names no command" if typed.in_block else ""
    return _misread(command, rest, complete=typed.in_block)


def spends(typed: Typed) -> str:
    """Return the words of a command that can spend, or nothing."""
    command, _ = _resolved(typed.words)
    if not isinstance(command, Leaf):
        return ""
    risky = command.entry is not None and command.entry["risk"] == "money"
    declared = any(each.words == command.words and each.spends for each in DECLARED)
    return command.words if risky or declared else ""


def _of_line(line: str, *, in_block: bool) -> Iterator[Typed]:
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
        lexer.whitespace_split = True
        words = [*lexer]
    except ValueError:
        words = line.split()
    current: list[str] = []
    for word in [*words, ";"]:
        if not set(word) - _OPERATORS:
            if current[:1] == [PROGRAM]:
                yield Typed(line.strip(), tuple(current[1:]), in_block)
            current = []
        else:
            current.append(word)


def _resolved(words: tuple[str, ...]) -> tuple[click.Command, list[str]]:
    command: click.Command = command_tree()
    rest = [*words]
    while isinstance(command, click.Group) and rest and rest[0] in command.commands:
        command = command.commands[rest.pop(0)]
    return command, rest


def _misread(command: click.Command, rest: list[str], *, complete: bool) -> str:
    context = click.Context(command, info_name=PROGRAM)
    try:
        values, left, _ = command.make_parser(context).parse_args(rest)
    except click.UsageError as error:
        return error.format_message()
    if left:
        return f"{left[0]!r} is one word too many"
    for param in command.params:
        value = values.get(param.name or "")
        given = [] if value is None else [*value] if isinstance(value, (list, tuple)) else [value]
        texts = [each for each in given if isinstance(each, str)]
        if complete and param.required and not texts:
            return f"{param.human_readable_name} is missing"
        if fault := _unfit(param, texts, context) or _refused(command, param, texts):
            return fault
    return ""


def _unfit(param: click.Parameter, texts: list[str], context: click.Context) -> str:
    if isinstance(param.type, click.Path):
        return ""
    for text in texts:
        if _STANDS_FOR.fullmatch(text):
            continue
        try:
            param.type.convert(text, param, context)
        except click.UsageError as error:
            return error.format_message()
    return ""


def _refused(command: click.Command, param: click.Parameter, texts: list[str]) -> str:
    """Return what the method itself has against an option's text, such as its length."""
    schema = _schema_of(command, param)
    if schema.get("type") != "string" or "pattern" in schema:
        return ""
    for text in texts:
        if not _STANDS_FOR.fullmatch(text) and (fault := unfit_text(text, schema)):
            return f"{param.opts[0]} {fault}"
    return ""


def _schema_of(command: click.Command, param: click.Parameter) -> Schema:
    entry = command.entry if isinstance(command, Leaf) else None
    schemas = entry["params"].get("properties", {}) if entry else {}
    return next((not_null(its) for name, its in schemas.items() if flag_of(name) in param.opts), {})
