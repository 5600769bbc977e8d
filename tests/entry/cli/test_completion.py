"""Completion: methods, codes, topics, fields and states, without asking a market."""

import pytest
from click.shell_completion import ShellComplete

from clawmarket.entry.cli.tree import command_tree


def completed(*words: str) -> list[str]:
    """Return what the shell offers for the last word."""
    shell = ShellComplete(command_tree(), {}, "clawmarket", "_CLAWMARKET_COMPLETE")
    *before, typed = words
    return [item.value for item in shell.get_completions(before, typed)]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["call", "web3.market.pub"], ["web3.market.publishTask"]),
        (["call", "market.pub"], ["market.publishTask"]),
        (["explain", "E_C"], ["E_CONFLICT"]),
        (["explain", "task_not_o"], ["task_not_open"]),
        (["help", "exit"], ["exit-codes"]),
        (["help", "task", "pub"], ["publish"]),
        (["task", "list", "--fields", "ta"], ["taskId"]),
        (["task", "list", "--fields", "taskId,ti"], ["taskId,title", "taskId,timeoutSec"]),
        (["status", "--fields", "vk"], ["vkey"]),
        (["order", "watch", "x", "--until", "del"], None),
        (["order", "watch", "x", "--until", "settled,ref"], ["settled,refunded"]),
        (["task", "list", "--format", "n"], ["ndjson"]),
    ],
)
def test_words_are_completed_from_the_catalog(words: list[str], offered: list[str] | None) -> None:
    """Each is what the command itself would accept."""
    states = ["delivered", "delivery_ready", "delivery_completed"]
    assert completed(*words) == (states if offered is None else offered)


def test_nothing_is_offered_for_what_is_not_known() -> None:
    """A wrong beginning has no end."""
    assert completed("explain", "E_X") == []
    assert completed("help", "nope", "pub") == []
