"""Tables on a terminal, drawn by rich; imported only where colour is wanted."""

import shutil
from collections.abc import Sequence
from io import StringIO

from rich.console import Console
from rich.table import Table
from rich.text import Text


def draw(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines with escape codes; long cells are folded, never cut."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    width = shutil.get_terminal_size().columns
    console = Console(file=StringIO(), force_terminal=True, width=width, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get().splitlines()
