"""Commands that need no market."""

import click

from clawmarket.entry.cli.completion import (
    complete_explained,
    complete_topic,
)
from clawmarket.entry.cli.declared.command import (
    CODE,
    FILE,
    Declared,
)
from clawmarket.entry.cli.options import (
    TextType,
)

OFFLINE: tuple[Declared, ...] = (
    Declared(
        "verify",
        f"{CODE}.local:verify",
        "Check a receipt offline, trusting nobody but the keys you know.",
        params=(
            click.Argument(["receipt"], type=FILE),
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
        f"{CODE}.explain:explain",
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
        f"{CODE}.explain:completion",
        "Print the completion script of a shell.",
        "Save it once, for example: clawmarket completion bash > ~/.clawmarket-complete",
        params=(click.Argument(["shell"], type=click.Choice(["bash", "zsh", "fish"])),),
        fields=("shell", "script"),
    ),
    Declared(
        "help",
        f"{CODE}.explain:help_topic",
        "Help on a command, or on exit-codes and environment.",
        params=(click.Argument(["topic"], nargs=-1, shell_complete=complete_topic),),
    ),
)
