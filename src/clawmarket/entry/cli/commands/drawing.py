"""Tables on a terminal, drawn by rich; imported only where colour is wanted."""

import shutil
from collections.abc import Sequence
from io import StringIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_GAP = 1
_LEAST = 20


def draw(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines with escape codes, or nothing when the terminal is too narrow.

    Texts with spaces are folded; ids, amounts and moments never are, since people copy them.
    """
    width = shutil.get_terminal_size().columns
    columns = list(zip(head, *rows, strict=True))
    if sum(_least(column) + _GAP for column in columns) > width:
        return []
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for name, column in zip(head, columns, strict=True):
        table.add_column(name, overflow="fold", no_wrap=_least(column) == _widest(column))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console(file=StringIO(), force_terminal=True, width=width, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get().splitlines()


def _widest(column: Sequence[str]) -> int:
    return max(map(cell_len, column))


def _least(column: Sequence[str]) -> int:
    """Return the width that a column needs at the least: all of it, or enough to fold words."""
    folds = any(cell.count(" ") > 1 for cell in column)
    return min(_widest(column), _LEAST) if folds else _widest(column)
