"""Sheets: rows of money for people, spreadsheets and programs, from one source."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from clawmarket.domain.kernel.money import decimal_text
from clawmarket.entry.cli.formats import csv_lines, safe_cell
from clawmarket.entry.cli.tables import table


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units; shown as an exact decimal."""

    minor: int


Cell = str | Money | None


@dataclass(frozen=True)
class Sheet:
    """Named columns and their rows."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def only(self, columns: Sequence[str]) -> "Sheet":
        """Return the sheet with those of its columns that are named."""
        kept = [at for at, name in enumerate(self.columns) if name in columns]
        rows = [[row[at] for at in kept] for row in self.rows]
        return Sheet([self.columns[at] for at in kept], rows)

    def lines(self, form: str) -> list[str]:
        """Return the sheet as lines: csv (RFC 4180, with a header), ndjson, or a table."""
        if form == "csv":
            return list(
                csv_lines([_safe(cell) for cell in row] for row in (self.columns, *self.rows))
            )
        if form == "ndjson":
            named = (dict(zip(self.columns, row, strict=True)) for row in self.rows)
            return [
                json.dumps({name: cell and _text(cell) for name, cell in row.items()})
                for row in named
            ]
        widths = [max(map(len, map(_text, column))) for column in zip(*self.rows, strict=True)]
        return table(self.columns, [list(map(_placed, row, widths)) for row in self.rows])


def _text(cell: Cell) -> str:
    if isinstance(cell, Money):
        return decimal_text(cell.minor)
    return "-" if cell is None else cell


def _placed(cell: Cell, width: int) -> str:
    """Return a table's cell; amounts stand under each other."""
    return _text(cell).rjust(width) if isinstance(cell, Money) else _text(cell)


def _safe(cell: Cell) -> str:
    if isinstance(cell, str):
        return safe_cell(cell)
    return "" if cell is None else _text(cell)
