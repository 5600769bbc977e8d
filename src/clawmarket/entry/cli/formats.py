"""Forms of a list other than the table: CSV for spreadsheets, one JSON object a line."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.fields import at

CSV = "csv"

# A spreadsheet takes a cell that begins so for a formula, and strangers write titles.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-[0-9]+(?:\.[0-9]+)?")


class FormatsExcludedError(InvalidArgumentError):
    """Two forms of output were asked for at once."""

    advice = "Leave one of them out; `--format ndjson` is JSON too, one item a line."
    next_command = "clawmarket help task list"


def rows_of(form: str, items: Sequence[Entry], columns: Sequence[str]) -> list[str]:
    """Return items as lines: CSV with wire names in its head, or NDJSON; values as on the wire."""
    if form == CSV:
        cells = ([_cell(at(item, name)) for name in columns] for item in items)
        return list(csv_lines([columns, *cells]))
    return [
        json.dumps({name: at(item, name) for name in columns}, ensure_ascii=False) for item in items
    ]


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield rows of CSV (RFC 4180), each without its line end."""
    for row in rows:
        line = StringIO()
        # The writer quotes what its own line end is made of, so it has to be both.
        csv.writer(line, lineterminator="\r\n").writerow(row)
        yield line.getvalue().removesuffix("\r\n")


def safe_cell(text: str) -> str:
    """Return a text that no spreadsheet runs; a number may begin with its sign."""
    runs = text.startswith(_FORMULA) and not _NUMBER.fullmatch(text)
    return f"'{text}" if runs else text


def _cell(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return safe_cell(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
