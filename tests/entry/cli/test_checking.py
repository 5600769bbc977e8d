"""What is refused before anything is sent: in words, with the command that helps."""

import pytest

from cli.terminal import Cli

TASK = "task_01h00000000000000000000000"
BUDGET = ["--budget", "5"]


@pytest.mark.parametrize(
    ("argv", "what", "step"),
    [
        (
            ["task", "show", "nonsense"],
            "TASK_ID is not the id of a task; it looks like task_….",
            "task list",
        ),
        (
            ["task", "list", "--buyer", TASK],
            "--buyer is not the id of an account; it looks like agent_….",
            "agent list",
        ),
        (["task", "publish", "", *BUDGET], "TITLE is empty.", "help task publish"),
        (["task", "publish", "T", "--budget", "0"], "--budget is more than nothing.", None),
        (
            ["task", "publish", "T", *BUDGET, "--skill", "A B"],
            "--skill does not fit: A skill in lower case, such as translation or python.",
            None,
        ),
        (
            ["call", "market.listTasks", "limit=abc"],
            "limit is a whole number; write limit:=5.",
            "explain web3.market.listTasks",
        ),
        (
            ["call", "market.listTasks", "limit=7"],
            "limit is a whole number; write limit:=7.",
            "explain web3.market.listTasks",
        ),
        (
            ["call", "market.listTasks", "limit:=500"],
            "limit is from 1 to 200.",
            "explain web3.market.listTasks",
        ),
        (
            ["call", "market.publishTask", "budget=5000000"],
            "title is missing.",
            "explain web3.market.publishTask",
        ),
        (
            ["order", "watch", "order_x"],
            "ORDER_ID is not the id of an order; it looks like order_….",
            "order list",
        ),
        (
            ["audit", "tail", "--after", "zzz"],
            "--after is not the id of a record; it looks like rec_….",
            "audit query",
        ),
    ],
)
def test_a_value_that_cannot_fit_is_said_in_words(
    cli: Cli, argv: list[str], what: str, step: str | None
) -> None:
    """No pattern, no quote, nothing sent: the same with nobody listening."""
    outcome = cli(*argv)
    expected = (
        f"error[E_INVALID_ARGUMENT]: {what}\nnext: clawmarket {step or 'help task publish'}\n"
    )
    assert (outcome.status, outcome.out, outcome.err) == (2, "", expected)


@pytest.mark.parametrize(
    ("argv", "meant"),
    [
        (["task", "list", "--status", "open"], "task_open"),
        (["call", "market.listTasks", "status=open"], "task_open"),
        (["exit-codes"], "clawmarket help exit-codes"),
        (["version"], "clawmarket --version"),
        (["environment"], "clawmarket help environment"),
    ],
)
def test_what_was_meant_is_offered(cli: Cli, argv: list[str], meant: str) -> None:
    """Half a state and a topic that was taken for a command find their right form."""
    outcome = cli(*argv)
    assert (outcome.status, f"Did you mean `{meant}`?" in outcome.err) == (2, True)
