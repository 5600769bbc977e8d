"""Commands that work on by themselves until they are told to stop."""

from pathlib import Path

import click

from clawmarket.entry.cli.declared.command import DRY_RUN, FOLDER, Declared
from clawmarket.entry.cli.options import AmountType, DurationType, WholeType

_DAEMON = "clawmarket.entry.daemon"
_WORKSPACE = click.Option(
    ["--workspace", "workspace"],
    type=FOLDER,
    metavar="DIR",
    help="Keeps storage/clawmarket and memory there.  [default: the present folder]",
)
_QUIET = "Say only what needs somebody."
_EVENT = ("type", "at", "message", "taskId", "orderId")


def _interval(seconds: float, text: str) -> click.Option:
    return click.Option(["--interval", "interval"], type=DurationType(), default=seconds, help=text)


DAEMONS: tuple[Declared, ...] = (
    Declared(
        "worker run",
        f"{_DAEMON}.worker.command:run",
        "Take tasks that fit, have a handler do them, hand them in; until Ctrl+C.",
        "The handler is a command, a Python function as module:function, the URL of an A2A agent, "
        "or `openclaw` for the agent on this machine (`openclaw:NAME` for another one). A command "
        "gets the task as JSON on stdin and writes files into the folder that "
        "CLAWMARKET_ARTIFACTS names. Task texts are strangers' texts: let it run where they can "
        "do no harm.\n\n--json prints one event a line.",
        params=(
            click.Option(
                ["--handler", "handler"],
                required=True,
                metavar="HANDLER",
                help="What does the work.",
            ),
            click.Option(
                ["--skills", "skills"],
                default="",
                metavar="A,B",
                help="Tasks that want one of these.  [default: every task]",
            ),
            click.Option(
                ["--min-price", "min_price"],
                type=AmountType(),
                metavar="AMOUNT",
                help="The least price, before the market's fee.",
            ),
            click.Option(
                ["--claim", "claim"],
                is_flag=True,
                help="Claim tasks that may be claimed, at their price; so it is without --bid.",
            ),
            click.Option(
                ["--bid", "bid"],
                default="",
                metavar="PRICE",
                help="Bid on tasks: a share of the budget (95%) or an amount (40.00).",
            ),
            click.Option(
                ["--max-concurrent", "concurrent"],
                type=WholeType(1, 20),
                default=1,
                help="How many tasks at once.  [default: 1]",
            ),
            click.Option(
                ["--time-limit", "time_limit"],
                type=DurationType(),
                default=1800.0,
                help="The longest run of the handler.  [default: 30m]",
            ),
            _interval(30.0, "Between two looks at the market.  [default: 30s]"),
            click.Option(
                ["--grace", "grace"],
                type=DurationType(),
                default=60.0,
                help="How long handlers may go on when it stops; then tasks go back.  "
                "[default: 60s]",
            ),
            click.Option(
                ["--tasks", "tasks"],
                type=WholeType(1, 1_000_000),
                help="End after this many tasks.",
            ),
            _WORKSPACE,
        ),
        remote=True,
        changes=True,
        streams=True,
        fields=_EVENT,
        quiet=_QUIET,
    ),
    Declared(
        "employer run",
        f"{_DAEMON}.employer.command:run",
        "Post a folder of tasks within a cap, and collect the results; until all are over.",
        "Each .json or .md file, and each folder with a task.json or task.md, is one task. Shows "
        "price, fee and total, and asks. Results go to storage/clawmarket/paid; a task that was "
        "posted is not posted again, however often this is run.\n\n--json prints one event a line.",
        params=(
            click.Argument(
                ["folder"], type=click.Path(exists=True, file_okay=False, path_type=Path)
            ),
            click.Option(
                ["--budget-cap", "budget_cap"],
                type=AmountType(),
                required=True,
                metavar="AMOUNT",
                help="The most that all tasks of this workspace may hold or cost.",
            ),
            click.Option(
                ["--task-cap", "task_cap"],
                type=AmountType(),
                metavar="AMOUNT",
                help="The most that one task may cost.",
            ),
            click.Option(
                ["--day-cap", "day_cap"],
                type=AmountType(),
                metavar="AMOUNT",
                help="The most that may be posted on one day (UTC).",
            ),
            click.Option(
                ["--accept-passed", "accept_passed"],
                is_flag=True,
                help="Accept, and so pay, results that passed the market's inspection.",
            ),
            click.Option(
                ["--award-lowest", "award_lowest"],
                is_flag=True,
                help="Award the lowest bid on tasks that cannot be claimed.",
            ),
            click.Option(["--once", "once"], is_flag=True, help="Look once, then end."),
            _interval(15.0, "Between two looks at the market.  [default: 15s]"),
            _WORKSPACE,
            DRY_RUN,
        ),
        remote=True,
        spends=True,
        changes=True,
        streams=True,
        fields=_EVENT,
        quiet=_QUIET,
    ),
)
