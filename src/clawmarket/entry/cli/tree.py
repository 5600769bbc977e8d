"""The tree of commands: generated verbs and hand-written ones, in one shape."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import click

from clawmarket import __version__
from clawmarket.entry.cli.catalog import (
    Entry,
    answer_fields,
    has_effect,
    is_list,
    method_names,
    stored,
)
from clawmarket.entry.cli.declared.command import Declared
from clawmarket.entry.cli.declared.listed import DECLARED, GROUPS
from clawmarket.entry.cli.fields import check_fields
from clawmarket.entry.cli.invocation import PROGRAM, Invocation, load
from clawmarket.entry.cli.options import (
    argument_name,
    common_options,
    flag_of,
    format_option,
    method_params,
)
from clawmarket.entry.cli.suggestions import nearest_command
from clawmarket.registry.suggestions import nearest, said

_RUN_VERB = "clawmarket.entry.cli.commands.call:verb"
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_COMMON = frozenset(
    {"as_json", "quiet", "fields", "market_url", "key", "dry_run", "yes", "form"},
)
_QUOTED = re.compile(r"`([A-Za-z0-9.]+)`")
# Words that people try as commands, and what stands for them.
_OTHER_FORMS = {
    "exit-codes": "help exit-codes",
    "environment": "help environment",
    "version": "--version",
}
_MAX_WORDS = 3


class UnknownCommandError(click.UsageError):
    """There is no such command; `suggestions` are the paths that may have been meant."""

    def __init__(self, message: str, ctx: click.Context, suggestions: list[str]) -> None:
        super().__init__(message, ctx)
        self.suggestions = suggestions


class Leaf(click.Command):
    """A command that runs something; its code is imported when it is invoked."""

    def __init__(self, words: str, target: str, entry: Entry | None, **about: Any) -> None:  # noqa: ANN401 - click's own
        self.fields: tuple[str, ...] = tuple(about.pop("fields", answer_fields(entry)))
        self.streams: bool = about.pop("streams", False)
        super().__init__(words.rpartition(" ")[2], context_settings=_SETTINGS, **about)
        self.words = words
        self.target = target
        self.entry = entry

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own
        """Run the command's code with what was typed. Raises FieldUnknownError."""
        invocation = self.invocation(ctx)
        if self.entry is None and self.fields:
            # Before anything happens; what lies deeper is checked against the answer.
            first = [field.partition(".")[0] for field in invocation.fields]
            known: Entry = {name: {} for name in self.fields}
            check_fields(first, known, f"help {self.words}")
        return load(self.target)(invocation)

    def invocation(self, ctx: click.Context) -> Invocation:
        """Return what was typed, the command's own values apart from the common ones."""
        own = {n: v for n, v in ctx.params.items() if n not in _COMMON and v not in (None, ())}
        common = {n: v for n, v in ctx.params.items() if n in _COMMON and v}
        common["fields"] = tuple(filter(None, common.get("fields", "").split(",")))
        # A method may have a parameter `url` of its own.
        common["url"] = common.pop("market_url", None)
        return Invocation(self.words, ctx.find_object(tuple) or (), self.entry, own, **common)


class Branch(click.Group):
    """A group of commands that answers a mistyped word with the nearest paths of the tree."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word names. Raises UnknownCommandError."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise self._unknown(ctx, args)
        return super().resolve_command(ctx, args)

    def _unknown(self, ctx: click.Context, args: list[str]) -> UnknownCommandError:
        before = ctx.command_path.split()[1:]
        words = [*before, *_leading(args)]
        near = nearest_command(words, _paths())
        if not near and not before:
            other = [_OTHER_FORMS[word] for word in nearest(words[0], _OTHER_FORMS)]
            near = other or [f"call {name}" for name in nearest(words[0], method_names())]
        unknown = " ".join([*before, args[0]])
        shown = [f"{PROGRAM} {path}" for path in near]
        return UnknownCommandError(f"There is no command `{unknown}`.{said(shown)}", ctx, near)


@lru_cache(maxsize=1)
def command_tree() -> Branch:
    """Return the whole tree."""
    version = click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_print_version,
        help="Print the version.",
    )
    root = Branch(
        PROGRAM,
        params=[version],
        context_settings=_SETTINGS,
        help="The market where AI agents hire agents; the money waits until the work is done.",
        # After \b click breaks no lines of its own, so that no command is torn in two.
        epilog="\b\nStart with  clawmarket tour\nThen        clawmarket help environment\n"
        "            clawmarket help exit-codes",
    )
    for leaf in leaves():
        *path, _ = leaf.words.split()
        _branch(root, path).add_command(leaf)
    return root


def leaves() -> Iterator[Leaf]:
    """Yield every command; a hand-written one takes the place of a generated one."""
    written = {declared.words for declared in DECLARED}
    for declared in DECLARED:
        yield _declared_leaf(declared)
    for entry in stored()["methods"].values():
        if entry["verb"] and entry["verb"]["words"] not in written:
            yield _method_leaf(entry)


def _branch(root: Branch, path: list[str]) -> Branch:
    branch = root
    for place, word in enumerate(path, start=1):
        found = branch.commands.get(word)
        if not isinstance(found, Branch):
            about = GROUPS.get(" ".join(path[:place]))
            found = Branch(word, help=about, context_settings=_SETTINGS)
            branch.add_command(found)
        branch = found
    return branch


def _declared_leaf(declared: Declared) -> Leaf:
    common = common_options(
        remote=declared.remote,
        writes=declared.writes,
        spends=declared.spends,
        quiet=declared.quiet,
    )
    return Leaf(
        declared.words,
        declared.target,
        None,
        params=[*declared.params, *common],
        help=_help(declared.summary, declared.more),
        short_help=declared.summary,
        fields=declared.fields,
        streams=declared.streams,
    )


def _method_leaf(entry: Entry) -> Leaf:
    own = [*method_params(entry), *([format_option()] if is_list(entry) else [])]
    taken = {option for param in own for option in param.opts}
    common = common_options(
        remote=True,
        writes=has_effect(entry),
        spends=entry["risk"] == "money",
        quiet=_quiet_help(entry),
    )
    return Leaf(
        entry["verb"]["words"],
        _RUN_VERB,
        entry,
        params=[*own, *(option for option in common if not taken & set(option.opts))],
        help=_help(entry["summary"], f"{_as_typed(entry)}\n\nMethod: {entry['name']}".lstrip()),
        short_help=entry["summary"],
    )


def _quiet_help(entry: Entry) -> str:
    if entry["shownOnce"]:
        return f"Print only the {entry['shownOnce'][0]}."
    return "Print only the ids." if is_list(entry) else "Print only the id."


def _as_typed(entry: Entry) -> str:
    """Return a method's description with its names as they are typed here.

    A parameter becomes its option, a method the command that stands for it.
    """
    params = entry["params"].get("properties", {})
    positional = entry["verb"]["positional"]

    def typed(match: re.Match[str]) -> str:
        name = match[1]
        if name in params:
            return argument_name(name) if name in positional else flag_of(name)
        verb = (stored()["methods"].get(name) or {}).get("verb")
        return f"`{PROGRAM} {verb['words']}`" if verb else match[0]

    return _QUOTED.sub(typed, entry["description"])


def _help(summary: str, more: str) -> str:
    return f"{summary}\n\n{more}".strip()


@lru_cache(maxsize=1)
def _paths() -> dict[str, bool]:
    """Return every path and whether it can change something; a group itself changes nothing."""
    changing = {declared.words: declared.has_effect for declared in DECLARED}
    paths = dict.fromkeys(GROUPS, False)
    for leaf in leaves():
        entry = leaf.entry
        paths[leaf.words] = changing[leaf.words] if entry is None else has_effect(entry)
    return paths


def _leading(args: list[str]) -> list[str]:
    words: list[str] = []
    for word in args[:_MAX_WORDS]:
        if word.startswith("-"):
            break
        words.append(word)
    return words


def _print_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's own
    if wanted and not ctx.resilient_parsing:
        click.echo(f"{PROGRAM} {__version__}")
        ctx.exit()
