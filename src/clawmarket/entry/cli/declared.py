"""Commands that no method alone stands behind: their words, options and where their code is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from clawmarket.entry.cli.options import DurationType, TextType

_CODE = "clawmarket.entry.cli.commands"

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Option(
    ["-o", "--out", "out"],
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write it; `-` or nothing is stdout.",
)

GROUPS = {
    "task": "Publish a task, bid on it, award it, hand in, review.",
    "order": "Look at your orders, and wait for them.",
    "wallet": "Your wallet, your account and its four figures.",
    "keys": "API keys of your account.",
    "audit": "The records of what you took part in, and their proofs.",
    "receipt": "Receipts of finished orders.",
    "files": "Store files and fetch them.",
}


@dataclass(frozen=True)
class Declared:
    """One hand-written command.

    Args:
        words: Its path.
        target: `module:function` that runs it.
        summary: One sentence for lists.
        more: What else its help says.
        params: Its own arguments and options.
        remote: Whether it talks to a market.
        writes: Whether it can change something there.
        spends: Whether it can spend money there.
        changes: Whether it can change anything at all; by default when it writes.
    """

    words: str
    target: str
    summary: str
    more: str = ""
    params: Sequence[click.Parameter] = ()
    remote: bool = False
    writes: bool = False
    spends: bool = False
    changes: bool | None = None

    @property
    def has_effect(self) -> bool:
        """Whether a suggestion must not put it in the place of a command that only reads."""
        return self.writes if self.changes is None else self.changes


DECLARED: tuple[Declared, ...] = (
    Declared(
        "tour",
        f"{_CODE}.local:tour",
        "Watch a whole paid deal from publication to a checked receipt.",
        params=(
            click.Argument(["file"], type=_FILE, required=False),
            click.Option(
                ["--keep", "keep"], is_flag=True, help="Keep the tour's folder and its wallets."
            ),
        ),
        remote=True,
        changes=True,
    ),
    Declared(
        "serve",
        f"{_CODE}.local:serve",
        "Run a market on this machine until Ctrl+C.",
        params=(
            click.Option(
                ["--faucet", "faucet"],
                is_flag=True,
                help="Give every new account test credits; the market is test money for ever.",
            ),
            click.Option(
                ["--port", "port"],
                type=click.IntRange(0, 65535),
                help="The port on 127.0.0.1; 0 for a free one.  [default: 8787]",
            ),
            click.Option(
                ["--home", "home"],
                type=click.Path(file_okay=False, path_type=Path),
                metavar="DIR",
                help="The folder with all data.  [default: .clawmarket in your home]",
            ),
        ),
        changes=True,
    ),
    Declared(
        "status",
        f"{_CODE}.status:status",
        "Say who this market is, how it is, and who you are in it.",
        "What was not looked at is shown as `not checked`.",
        params=(click.Option(["--deep", "deep"], is_flag=True, help="Run the probes too."),),
        remote=True,
    ),
    Declared(
        "doctor",
        f"{_CODE}.doctor:doctor",
        "Check this installation, its home and the market it reaches.",
        "Exits 0 whatever it finds; with --lint it exits 1 when it finds something.",
        params=(
            click.Option(["--lint", "lint"], is_flag=True, help="Exit 1 if there is a finding."),
            click.Option(["--fix", "fix"], is_flag=True, help="Repair the modes of files first."),
        ),
        remote=True,
    ),
    Declared(
        "call",
        f"{_CODE}.call:call",
        "Call any method by its name.",
        "Pairs are name=text, name:=json, or name=@file; `-` reads one JSON object from stdin "
        "and @file reads one from a file.\n\n"
        "clawmarket call market.listTasks status=task_open limit:=5",
        params=(
            click.Argument(["method"]),
            click.Argument(["pairs"], nargs=-1, metavar="[NAME=VALUE]..."),
        ),
        remote=True,
        writes=True,
        spends=True,
    ),
    Declared(
        "wallet new",
        f"{_CODE}.account:new_wallet",
        "Make a wallet: a key pair in a file that only you can read.",
        "The file is wallet.json in your home. Nobody else has its key: keep a copy.",
        changes=True,
    ),
    Declared(
        "wallet login",
        f"{_CODE}.account:login",
        "Sign in with your wallet; the first time opens your account.",
        remote=True,
        changes=True,
    ),
    Declared(
        "order watch",
        f"{_CODE}.watch:watch",
        "Wait until an order is delivered, settled or whatever you name.",
        "Exits 0 when it got there, 8 when the time is up, 1 when it can no longer happen.",
        params=(
            click.Argument(["order_id"], metavar="ORDER_ID"),
            click.Option(
                ["--until", "until"],
                default="settled",
                metavar="STATES",
                help="One or more of locked, working, delivered, settled, refunded, cancelled, "
                "expired, ended, or the wire names; separated by commas.  [default: settled]",
            ),
            click.Option(
                ["--timeout", "timeout"],
                type=DurationType(),
                default=600.0,
                help="How long to wait: 90s, 10m, 2h.  [default: 10m]",
            ),
        ),
        remote=True,
    ),
    Declared(
        "audit tail",
        f"{_CODE}.watch:tail",
        "Show your latest records, the oldest first; --json prints one object a line.",
        params=(
            click.Option(["--follow", "-f", "follow"], is_flag=True, help="Go on until Ctrl+C."),
            click.Option(
                ["--after", "after"], metavar="RECORD_ID", help="Only records after this one."
            ),
            click.Option(
                ["--limit", "limit"],
                type=click.IntRange(1, 200),
                default=20,
                help="How many to begin with.  [default: 20]",
            ),
        ),
        remote=True,
    ),
    Declared(
        "receipt get",
        f"{_CODE}.files:get_receipt",
        "Fetch the receipt of a finished order; `clawmarket verify` checks it offline.",
        params=(click.Argument(["order_id"], metavar="ORDER_ID"), _OUT),
        remote=True,
    ),
    Declared(
        "files put",
        f"{_CODE}.files:put",
        "Store a file and print its content hash.",
        params=(click.Argument(["path"], type=_FILE),),
        remote=True,
        changes=True,
    ),
    Declared(
        "files get",
        f"{_CODE}.files:get",
        "Fetch a file by its content hash and check it.",
        params=(click.Argument(["digest"]), _OUT),
        remote=True,
    ),
    Declared(
        "verify",
        f"{_CODE}.local:verify",
        "Check a receipt offline, trusting nobody but the keys you know.",
        params=(
            click.Argument(["receipt"], type=_FILE),
            click.Option(
                ["--key", "market_key"],
                metavar="VKEY",
                help="The market's log key; without it the verdict says it was not pinned.",
            ),
        ),
    ),
    Declared(
        "explain",
        f"{_CODE}.explain:explain",
        "Explain an error code, a cause or a method; needs no market.",
        params=(click.Argument(["word"], type=TextType(), metavar="CODE_OR_CAUSE"),),
    ),
    Declared(
        "completion",
        f"{_CODE}.explain:completion",
        "Print the completion script of a shell.",
        "Save it once, for example: clawmarket completion bash > ~/.clawmarket-complete",
        params=(click.Argument(["shell"], type=click.Choice(["bash", "zsh", "fish"])),),
    ),
    Declared(
        "help",
        f"{_CODE}.explain:help_topic",
        "Help on a command, or on exit-codes and environment.",
        params=(click.Argument(["topic"], nargs=-1),),
    ),
)
