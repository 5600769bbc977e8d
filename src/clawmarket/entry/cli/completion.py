"""Completion: words for the shell, from the stored catalog; nothing here asks a market.

Ids are not completed: that would need a memory of the lists that were shown.
"""

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem

from clawmarket.entry.cli.catalog import method_names, stored
from clawmarket.entry.cli.commands.states import state_words

TOPICS = ("exit-codes", "environment")

Items = list[CompletionItem]


def complete_methods(_ctx: click.Context, _param: click.Parameter, typed: str) -> Items:
    """Offer method names and aliases."""
    return _beginning(typed, method_names())


def complete_explained(_ctx: click.Context, _param: click.Parameter, typed: str) -> Items:
    """Offer codes, causes and methods."""
    catalog = stored()
    return _beginning(typed, [*catalog["codes"], *catalog["errors"], *method_names()])


def complete_topic(ctx: click.Context, _param: click.Parameter, typed: str) -> Items:
    """Offer topics and the words of a command's path."""
    command: click.Command | None = ctx.find_root().command
    before = ctx.params.get("topic") or ()
    for word in before:
        command = command.commands.get(word) if isinstance(command, click.Group) else None
    words = sorted(command.commands) if isinstance(command, click.Group) else []
    return _beginning(typed, words if before else [*TOPICS, *words])


def complete_states(_ctx: click.Context, _param: click.Parameter, typed: str) -> Items:
    """Offer the states of an order; what stands before the last comma is kept."""
    return _last_of_list(typed, state_words())


def complete_fields(ctx: click.Context, _param: click.Parameter, typed: str) -> Items:
    """Offer the fields of a command's answer; what stands before the last comma is kept."""
    return _last_of_list(typed, getattr(ctx.command, "fields", ()))


def _last_of_list(typed: str, words: Iterable[str]) -> Items:
    before, comma, last = typed.rpartition(",")
    return [CompletionItem(f"{before}{comma}{word}") for word in words if word.startswith(last)]


def _beginning(typed: str, words: Iterable[str]) -> Items:
    return [CompletionItem(word) for word in words if word.startswith(typed)]
