"""Forms of a list other than the table: CSV for spreadsheets, one JSON object a line."""

import csv
import json
from collections.abc import Sequence
from io import StringIO
from typing import Any

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.fields import at

CSV = "csv"

# A spreadsheet takes a cell that begins so for a formula, and strangers write titles.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class FormatsExcludedError(InvalidArgumentError):
    """Two forms of output were asked for at once."""

    advice = "Leave one of them out; `--format ndjson` is JSON too, one item a line."
    next_command = "clawmarket help task list"


def rows_of(form: str, items: Sequence[Entry], columns: Sequence[str]) -> list[str]:
    """Return items as lines: CSV with wire names in its head, or NDJSON; values as on the wire."""
    if form == CSV:
        return _csv([columns, *([_cell(at(item, name)) for name in columns] for item in items)])
    return [
        json.dumps({name: at(item, name) for name in columns}, ensure_ascii=False) for item in items
    ]


def _csv(rows: Sequence[Sequence[str]]) -> list[str]:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().splitlines()


def _cell(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULA) else text
