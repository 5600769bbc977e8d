"""Commands on a home of one's own: open a market, back it up, migrate it."""

import click

from clawmarket.entry.cli.declared.command import (
    CODE,
    DRY_RUN,
    FILE,
    FOLDER,
    Declared,
)
from clawmarket.entry.cli.options import (
    WholeType,
)

_HOME = click.Option(
    ["--home", "home"],
    type=FOLDER,
    metavar="DIR",
    help="The folder with all data.  [default: .clawmarket in your home]",
)
_LOG_KEY = click.Option(
    ["--key", "market_key"],
    metavar="VKEY",
    help="The market's log key; without it the backup vouches for itself.",
)
_BACKED_UP = (
    *("path", "createdAt", "schemaRevision", "logSize", "logRoot", "vkey", "files", "bytes"),
    "withKeys",
)

HOMES: tuple[Declared, ...] = (
    Declared(
        "tour",
        f"{CODE}.local:tour",
        "Watch a whole paid deal from publication to a checked receipt.",
        params=(
            click.Argument(["file"], type=FILE, required=False),
            click.Option(
                ["--keep", "keep"], is_flag=True, help="Keep the tour's folder and its wallets."
            ),
            click.Option(
                ["--url", "market_url"],
                metavar="URL",
                help="A market with test money to play on; CLAWMARKET_URL is not looked at.  "
                "[default: one of its own, thrown away afterwards]",
            ),
        ),
        changes=True,
    ),
    Declared(
        "serve",
        f"{CODE}.local:serve",
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
            click.Option(
                ["--public-url", "public_url"],
                metavar="URL",
                help="Where a proxy in front makes it reachable, such as https://market.example; "
                "cards, links and sign-ins name it.  [default: the address on this machine]",
            ),
            _HOME,
            click.Option(
                ["--accept-rollback", "accept_rollback"],
                is_flag=True,
                help="Go on from an older log than was given out; the log records it.",
            ),
        ),
        changes=True,
        fields=(
            *("url", "listens", "pages", "home", "operatorToken", "vkey", "testMoney", "faucet"),
        ),
        quiet="Print only the address.",
    ),
    Declared(
        "backup create",
        f"{CODE}.backup:create",
        "Copy a home into a new folder, also while a market runs in it.",
        "The rows come from CLAWMARKET_DATABASE if that is set. The backup holds the log key, the "
        "operator's token and your wallet unless told otherwise: keep it as safe as the home.",
        params=(
            click.Option(
                ["--to", "target"],
                type=FOLDER,
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
            DRY_RUN,
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
        f"{CODE}.backup:verify",
        "Check a backup: files, database, money, log, signature.",
        "Exits 0 when every check holds, 1 when one fails, 2 for what is no backup.",
        params=(click.Argument(["backup"], type=FOLDER), _LOG_KEY),
        fields=(*_BACKED_UP, "checks", "failed"),
        quiet="Print only the line with OK or FAIL.",
    ),
    Declared(
        "backup restore",
        f"{CODE}.backup:restore",
        "Make a new home from a backup; never in place.",
        "The rows go into the empty database of CLAWMARKET_DATABASE if that is set. The restored "
        "market serves once `serve --accept-rollback` says that it may.",
        params=(
            click.Argument(["backup"], type=FOLDER),
            click.Option(
                ["--target", "target"],
                type=FOLDER,
                metavar="DIR",
                required=True,
                help="The new home: a folder that is not there yet.",
            ),
            _LOG_KEY,
            DRY_RUN,
        ),
        changes=True,
        fields=(*_BACKED_UP, "backup", "rowsIn", "dryRun"),
        quiet="Print only the new home.",
    ),
    Declared(
        "migrate",
        f"{CODE}.migrate:migrate",
        "Show what an upgrade changes in the database, back up, and change it.",
        params=(
            _HOME,
            DRY_RUN,
            click.Option(["--yes", "yes"], is_flag=True, help="Agree to the plan beforehand."),
        ),
        changes=True,
        fields=(*("path", "schemaRevision", "newestRevision", "steps", "migrated", "backup"),),
        quiet="Print only the home.",
    ),
)
