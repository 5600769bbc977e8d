"""Commands that ask a market more than one method."""

from pathlib import Path

import click

from clawmarket.entry.cli.books.dates import DateType
from clawmarket.entry.cli.completion import (
    complete_methods,
    complete_states,
)
from clawmarket.entry.cli.declared.command import (
    CODE,
    FILE,
    Declared,
)
from clawmarket.entry.cli.options import (
    DigestType,
    DurationType,
    WholeType,
    format_option,
)

_SIGNATURE = click.Option(["--signature"], metavar="HEX", help="What the wallet signed.")
_OUT = click.Option(
    ["-o", "--out", "out"],
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write it; `-` or nothing is stdout.",
)

ASKING: tuple[Declared, ...] = (
    Declared(
        "status",
        f"{CODE}.status:status",
        "Say who this market is, how it is, and who you are in it.",
        "What was not looked at is shown as `not checked`.",
        params=(click.Option(["--deep", "deep"], is_flag=True, help="Run the probes too."),),
        remote=True,
        fields=(
            *("version", "origin", "vkey", "testMoney", "feeBps", "now", "logSize", "logSignedAt"),
            *("recordsWaiting", "jobsWaiting", "jobsDead", "probes"),
            *("schemaVersion", "accountId", "collection"),
        ),
        quiet="Print only the market's name.",
    ),
    Declared(
        "doctor",
        "clawmarket.entry.cli.checks.doctor:doctor",
        "Check this installation, its home, the market it reaches and the plugin for OpenClaw.",
        "Exits 0 whatever it finds; with --lint it exits 1 when it finds something.",
        params=(
            click.Option(["--lint", "lint"], is_flag=True, help="Exit 1 if there is a finding."),
            click.Option(["--fix", "fix"], is_flag=True, help="Repair the modes of files first."),
            click.Option(["--deep", "deep"], is_flag=True, help="Ask OpenClaw what it loaded too."),
        ),
        remote=True,
        fields=("schemaVersion", "findings", "passed", "fixed"),
        quiet="Print one line a finding, and nothing when all is well.",
    ),
    Declared(
        "call",
        f"{CODE}.call:call",
        "Call any method by its name.",
        "Pairs are name=text, name:=json, or name=@file; `-` reads one JSON object from stdin "
        "and @file reads one from a file.\n\n"
        "clawmarket call market.listTasks status=task_open limit:=5",
        params=(
            click.Argument(["method"], shell_complete=complete_methods),
            click.Argument(["pairs"], nargs=-1, metavar="[NAME=VALUE]..."),
        ),
        remote=True,
        writes=True,
        spends=True,
    ),
    Declared(
        "wallet new",
        f"{CODE}.account:new_wallet",
        "Make a wallet: a key pair in a file that only you can read.",
        "Nobody else has its key: keep a copy of the file somewhere safe.",
        changes=True,
        fields=("address", "file"),
        quiet="Print only the address.",
    ),
    Declared(
        "wallet login",
        f"{CODE}.account:login",
        "Sign in with your wallet; the first time opens your account.",
        remote=True,
        changes=True,
        fields=("accountId", "address", "market", "expiresAt", "opened"),
    ),
    Declared(
        "wallet bind",
        "clawmarket.entry.cli.remote.binding:bind",
        "Bind another wallet: by its file, or by address with a text to sign elsewhere.",
        params=(click.Argument(["wallet"], metavar="FILE|ADDRESS"), _SIGNATURE),
        remote=True,
        changes=True,
    ),
    Declared(
        "keys rotate",
        "clawmarket.entry.cli.remote.rotation:rotate",
        "Replace the API key in use by a new one, which is made here and kept in a file.",
        "The key is on the disk before the market is asked, which gets its SHA-256 only. If no "
        "answer comes, run it again: the same key is sent, and nobody is locked out. The file is "
        "the one of CLAWMARKET_API_KEY_FILE, or api.key in the home.",
        params=(
            click.Option(
                ["--file", "file"],
                type=click.Path(dir_okay=False, path_type=Path),
                metavar="FILE",
                help="Where the new key goes; it may hold the key in use.",
            ),
        ),
        remote=True,
        changes=True,
        fields=("credentialId", "prefix", "file"),
        quiet="Print only the file.",
    ),
    Declared(
        "ledger",
        "clawmarket.entry.cli.books.ledger:ledger",
        "Show your balances, the entries behind them, or a statement; also as CSV.",
        "A statement says what moved your money and what you had after it; opening + lines = "
        "closing. Entries are all movements on all ledger accounts; those of a record sum to "
        "zero.",
        params=(
            click.Argument(
                ["what"],
                type=click.Choice(["balances", "entries", "statement"]),
                required=False,
                default="balances",
            ),
            click.Option(
                ["--from", "since"],
                type=DateType(),
                metavar="DATE",
                help="From this day (UTC) or moment on: 2026-01-31 or 2026-01-31T12:00:00Z.",
            ),
            click.Option(
                ["--until", "until"],
                type=DateType(whole_day=True),
                metavar="DATE",
                help="Up to the end of this day, or before this moment.",
            ),
            click.Option(["--csv", "csv"], is_flag=True, help="The same as --format csv."),
            format_option(),
        ),
        remote=True,
        quiet="Print only the ids of the records.",
    ),
    Declared(
        "reconcile",
        "clawmarket.entry.cli.books.reconcile:reconcile",
        "Check that settlement, records, ledger and receipt of an order agree.",
        "Exits 1 when something differs. Without an order an operator has the latest orders and "
        "the latest tabs and bills checked.",
        params=(
            click.Argument(["order_id"], metavar="ORDER_ID", required=False),
            click.Option(
                ["--limit", "limit"],
                type=WholeType(1, 100_000),
                default=50,
                help="Without an order: how many of the latest orders, tabs and bills each to "
                "check.  [default: 50]",
            ),
        ),
        remote=True,
        quiet="Print only the ids of the orders, tabs and bills that differ.",
    ),
    Declared(
        "order watch",
        f"{CODE}.watch:watch",
        "Wait until an order is delivered, settled or whatever you name.",
        "Exits 0 when it got there, 8 when the time is up, 1 when it can no longer happen.",
        params=(
            click.Argument(["order_id"], metavar="ORDER_ID"),
            click.Option(
                ["--until", "until"],
                default="settled",
                metavar="STATES",
                shell_complete=complete_states,
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
        fields=("orderId", "status", "until", "reached", "outcome", "message"),
        quiet="Print only the state.",
    ),
    Declared(
        "audit tail",
        f"{CODE}.watch:tail",
        "Show your latest records, the oldest first; --json prints one object a line.",
        params=(
            click.Option(["--follow", "-f", "follow"], is_flag=True, help="Go on until Ctrl+C."),
            click.Option(
                ["--after", "after"], metavar="RECORD_ID", help="Only records after this one."
            ),
            click.Option(
                ["--limit", "limit"],
                type=WholeType(1, 200),
                default=20,
                help="How many to begin with.  [default: 20]",
            ),
        ),
        streams=True,
        remote=True,
        fields=(
            *("type", "cursor", "recordId", "at", "actor", "method", "index", "record", "salt"),
        ),
        quiet="Print only the ids.",
    ),
    Declared(
        "receipt get",
        f"{CODE}.files:get_receipt",
        "Fetch the receipt of a finished order; `clawmarket verify` checks it offline.",
        params=(click.Argument(["order_id"], metavar="ORDER_ID"), _OUT),
        remote=True,
        fields=("receiptId", "orderId", "status", "digest", "size", "receipt", "file"),
    ),
    Declared(
        "files put",
        f"{CODE}.files:put",
        "Store a file and print its content hash.",
        params=(click.Argument(["path"], type=FILE),),
        remote=True,
        changes=True,
        fields=("name", "digest", "size"),
        quiet="Print only the content hash.",
    ),
    Declared(
        "files get",
        f"{CODE}.files:get",
        "Fetch a file by its content hash and check it.",
        params=(click.Argument(["digest"], type=DigestType()), _OUT),
        remote=True,
        fields=("digest", "size", "file"),
        quiet="Print only the content hash.",
    ),
)
