"""Commands that no method alone stands behind: their words, options and where their code is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from clawmarket.entry.cli.books.dates import DateType
from clawmarket.entry.cli.completion import (
    complete_explained,
    complete_methods,
    complete_states,
    complete_topic,
)
from clawmarket.entry.cli.openclaw import options as openclaw
from clawmarket.entry.cli.options import (
    DigestType,
    DurationType,
    FolderType,
    TextType,
    WholeType,
    format_option,
)

_CODE = "clawmarket.entry.cli.commands"
_OPENCLAW = "clawmarket.entry.cli.openclaw"

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = FolderType()
_HOME = click.Option(
    ["--home", "home"],
    type=_FOLDER,
    metavar="DIR",
    help="The folder with all data.  [default: .clawmarket in your home]",
)
_DRY_RUN = click.Option(
    ["--dry-run", "dry_run"], is_flag=True, help="Show what would be done; change nothing."
)
_YES = click.Option(["--yes", "yes"], is_flag=True, help="Agree to it beforehand.")
_SIGNATURE = click.Option(["--signature"], metavar="HEX", help="What the wallet signed.")
_LOG_KEY = click.Option(
    ["--key", "market_key"],
    metavar="VKEY",
    help="The market's log key; without it the backup vouches for itself.",
)
_OUT = click.Option(
    ["-o", "--out", "out"],
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write it; `-` or nothing is stdout.",
)

_BACKED_UP = (
    *("path", "createdAt", "schemaRevision", "logSize", "logRoot", "vkey", "files", "bytes"),
    "withKeys",
)

GROUPS = {
    "task": "Publish a task, bid on it, award it, hand in, review.",
    "order": "Look at your orders, and wait for them.",
    "dispute": "Contest an order, show evidence, follow what is decided.",
    "consent": "Permit what an offer is for, look at it, and take it back.",
    "tab": "Use now, pay at the end: open, write usage down, close, pay.",
    "billing": "What your agents may spend, what they used, and their bills.",
    "billing plan": "Quotas and prices that your agents spend by.",
    "trust": "Whom you let use first and pay later.",
    "wallet": "Your wallet, your account and its four figures.",
    "keys": "API keys of your account.",
    "audit": "The records of what you took part in, and their proofs.",
    "receipt": "Receipts of finished orders.",
    "files": "Store files and fetch them.",
    "repair": "What a payment rail has not answered: see it, ask again, settle it.",
    "openclaw": "The plugin for OpenClaw: put it in, take it out.",
    "backup": "Back a home up, check a backup, restore it elsewhere.",
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
        fields: The fields of its answer that --fields may name; none when they vary.
        quiet: The help of its -q.
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
    fields: Sequence[str] = ()
    quiet: str = "Print only the bare id."

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
            click.Option(
                ["--url", "url"],
                metavar="URL",
                help="A market with test money to play on; CLAWMARKET_URL is not looked at.  "
                "[default: one of its own, thrown away afterwards]",
            ),
        ),
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
                type=WholeType(0, 65535),
                help="The port on 127.0.0.1; 0 for a free one.  [default: 8787]",
            ),
            _HOME,
            click.Option(
                ["--accept-rollback", "accept_rollback"],
                is_flag=True,
                help="Go on from an older log than was given out; the log records it.",
            ),
        ),
        changes=True,
        fields=(*("url", "pages", "home", "operatorToken", "vkey", "testMoney", "faucet"),),
        quiet="Print only the address.",
    ),
    Declared(
        "backup create",
        f"{_CODE}.backup:create",
        "Copy a home into a new folder, also while a market runs in it.",
        "The rows come from CLAWMARKET_DATABASE if that is set. The backup holds the log key, the "
        "operator's token and your wallet unless told otherwise: keep it as safe as the home.",
        params=(
            click.Option(
                ["--to", "target"],
                type=_FOLDER,
                metavar="DIR",
                help="A folder that is not there yet.  [default: beside the home, by the moment]",
            ),
            _HOME,
            click.Option(
                ["--without-keys", "without_keys"], is_flag=True, help="Leave every secret out."
            ),
            click.Option(
                ["--verify", "verify"], is_flag=True, help="Check the backup once it is written."
            ),
            _DRY_RUN,
        ),
        changes=True,
        fields=(
            *_BACKED_UP,
            *("damaged", "leftOut", "checks", "warning", "home", "dryRun"),
        ),
        quiet="Print only the new folder.",
    ),
    Declared(
        "backup verify",
        f"{_CODE}.backup:verify",
        "Check a backup: files, database, money, log, signature.",
        "Exits 0 when every check holds, 1 when one fails, 2 for what is no backup.",
        params=(click.Argument(["backup"], type=_FOLDER), _LOG_KEY),
        fields=(*_BACKED_UP, "checks", "failed"),
        quiet="Print only the line with OK or FAIL.",
    ),
    Declared(
        "backup restore",
        f"{_CODE}.backup:restore",
        "Make a new home from a backup; never in place.",
        "The rows go into the empty database of CLAWMARKET_DATABASE if that is set. The restored "
        "market serves once `serve --accept-rollback` says that it may.",
        params=(
            click.Argument(["backup"], type=_FOLDER),
            click.Option(
                ["--target", "target"],
                type=_FOLDER,
                metavar="DIR",
                required=True,
                help="The new home: a folder that is not there yet.",
            ),
            _LOG_KEY,
            _DRY_RUN,
        ),
        changes=True,
        fields=(*_BACKED_UP, "backup", "rowsIn", "dryRun"),
        quiet="Print only the new home.",
    ),
    Declared(
        "openclaw install",
        f"{_OPENCLAW}.install:install",
        "Put the plugin into OpenClaw on this machine, with a key of its own.",
        "Shows what OpenClaw's configuration gets, and asks. OpenClaw's own command writes it; "
        "the key lies in a file of your home and is no part of it.",
        params=(openclaw.COPY, openclaw.READ_ONLY, openclaw.HOST, _DRY_RUN, _YES),
        remote=True,
        changes=True,
        fields=(
            *("change", "plugin", "keyFile", "keyScope", "toolsHidden", "credentialId"),
            *("installed", "next"),
        ),
        quiet="Print only the key's id.",
    ),
    Declared(
        "openclaw uninstall",
        f"{_OPENCLAW}.uninstall:uninstall",
        "Take back what `openclaw install` wrote, and revoke the plugin's key.",
        "What others wrote into OpenClaw's configuration since then stays.",
        params=(openclaw.HOST, _DRY_RUN, _YES),
        changes=True,
        fields=("change", "credentialId", "keyRevoked", "installed", "next"),
        quiet="Print nothing.",
    ),
    Declared(
        "mcp",
        "clawmarket.entry.cli.mcp.serve:serve",
        "Serve the agent tools over stdio, for programs that speak MCP.",
        "It acts as you, with your session or CLAWMARKET_API_KEY; the market has them at /mcp too.",
        remote=True,
        changes=True,
    ),
    Declared(
        "migrate",
        f"{_CODE}.migrate:migrate",
        "Show what an upgrade changes in the database, back up, and change it.",
        params=(
            _HOME,
            _DRY_RUN,
            click.Option(["--yes", "yes"], is_flag=True, help="Agree to the plan beforehand."),
        ),
        changes=True,
        fields=(*("path", "schemaRevision", "newestRevision", "steps", "migrated", "backup"),),
        quiet="Print only the home.",
    ),
    Declared(
        "status",
        f"{_CODE}.status:status",
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
        f"{_CODE}.call:call",
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
        f"{_CODE}.account:new_wallet",
        "Make a wallet: a key pair in a file that only you can read.",
        "Nobody else has its key: keep a copy of the file somewhere safe.",
        changes=True,
        fields=("address", "file"),
        quiet="Print only the address.",
    ),
    Declared(
        "wallet login",
        f"{_CODE}.account:login",
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
        f"{_CODE}.watch:watch",
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
        f"{_CODE}.watch:tail",
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
        remote=True,
        fields=(
            *("type", "cursor", "recordId", "at", "actor", "method", "index", "record", "salt"),
        ),
        quiet="Print only the ids.",
    ),
    Declared(
        "receipt get",
        f"{_CODE}.files:get_receipt",
        "Fetch the receipt of a finished order; `clawmarket verify` checks it offline.",
        params=(click.Argument(["order_id"], metavar="ORDER_ID"), _OUT),
        remote=True,
        fields=("receiptId", "orderId", "status", "digest", "size", "receipt", "file"),
    ),
    Declared(
        "files put",
        f"{_CODE}.files:put",
        "Store a file and print its content hash.",
        params=(click.Argument(["path"], type=_FILE),),
        remote=True,
        changes=True,
        fields=("name", "digest", "size"),
        quiet="Print only the content hash.",
    ),
    Declared(
        "files get",
        f"{_CODE}.files:get",
        "Fetch a file by its content hash and check it.",
        params=(click.Argument(["digest"], type=DigestType()), _OUT),
        remote=True,
        fields=("digest", "size", "file"),
        quiet="Print only the content hash.",
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
        fields=("file", "failed", "checks", "notProven"),
        quiet="Print only the line with OK or FAIL.",
    ),
    Declared(
        "explain",
        f"{_CODE}.explain:explain",
        "Explain an error code, a cause or a method; needs no market.",
        params=(
            click.Argument(
                ["word"],
                type=TextType(),
                metavar="CODE_OR_CAUSE",
                shell_complete=complete_explained,
            ),
        ),
    ),
    Declared(
        "completion",
        f"{_CODE}.explain:completion",
        "Print the completion script of a shell.",
        "Save it once, for example: clawmarket completion bash > ~/.clawmarket-complete",
        params=(click.Argument(["shell"], type=click.Choice(["bash", "zsh", "fish"])),),
        fields=("shell", "script"),
    ),
    Declared(
        "help",
        f"{_CODE}.explain:help_topic",
        "Help on a command, or on exit-codes and environment.",
        params=(click.Argument(["topic"], nargs=-1, shell_complete=complete_topic),),
    ),
)
