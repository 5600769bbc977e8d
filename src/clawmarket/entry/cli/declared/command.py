"""What is declared of a command, and the options that several have."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from clawmarket.entry.cli.options import FolderType

CODE = "clawmarket.entry.cli.commands"
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = FolderType()
DRY_RUN = click.Option(
    ["--dry-run", "dry_run"], is_flag=True, help="Show what would be done; change nothing."
)


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
        streams: Whether --json prints one object a line while it runs; a failure is the last.
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
    streams: bool = False
    fields: Sequence[str] = ()
    quiet: str = "Print only the bare id."

    @property
    def has_effect(self) -> bool:
        """Whether a suggestion must not put it in the place of a command that only reads."""
        return self.writes if self.changes is None else self.changes
