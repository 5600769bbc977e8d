"""Tables and figures for people: aligned, never cut, amounts and moments readable."""

import json
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

from clawmarket.domain.kernel.moment import from_iso, span
from clawmarket.domain.kernel.money import format_amount
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.invocation import load, may_colour
from clawmarket.entry.cli.labels import counted, label, with_unit
from clawmarket.entry.cli.options import core
from clawmarket.entry.cli.output import Drawn, plain

_DRAW = "clawmarket.entry.cli.commands.drawing:draw"
_GAP = "  "
_MAX_COLUMNS = 7
# Too long for a row, or the same in every row; `--fields` shows them.
_NOT_IN_ROWS = frozenset(
    {
        *("summary", "requirements", "description", "note", "feedback", "record", "salt"),
        *("asset", "funded", "timeoutSec", "disputeWindowSec", "resubmitSec", "feeBps"),
        *(
            "offerId",
            "quantity",
            "rejections",
            "rail",
            "createdAt",
            "alias",
            "assetType",
            "deliveryType",
            "shortened",
        ),
        *("buyer", "seller", "bidId", "settlementId", "deliveryId", "resultId", "payer", "payee"),
        *("disputeId", "milestone", "asked"),
        *("sessionIdHash", "source"),
    }
)


def shown(value: Any, schema: Entry, now: int | None = None, name: str = "") -> str:  # noqa: ANN401 - any JSON value
    """Return a value as a person reads it; `name` is its wire name, which says its unit.

    What is nested is indented below its names.
    """
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        is_amount = core(schema).get("format") == "amount" and value.removeprefix("-").isdecimal()
        return format_amount(int(value)) if is_amount else _with_distance(value, now)
    if isinstance(value, int):
        return with_unit(name, value)
    if isinstance(value, dict):
        return "\n".join(_nested(value, core(schema), now)) or "-"
    return (
        _list(value, core(schema).get("items", {}), now) if isinstance(value, list) else f"{value}"
    )


def blocks(rows: Sequence[tuple[str, str, bool]]) -> list[str]:
    """Return names and values as lines; those that are nested stand indented below their name."""
    lines: list[str] = []
    flat = [(name, text) for name, text, nested in rows if not nested]
    aligned = iter(pairs(flat))
    for name, text, nested in rows:
        if nested:
            lines += [name, *(f"{_GAP}{line}".rstrip() for line in text.splitlines())]
        else:
            lines += next(aligned).splitlines()
    return lines


def _nested(value: Entry, schema: Entry, now: int | None) -> list[str]:
    declared, others = schema.get("properties", {}), schema.get("additionalProperties")
    other = others if isinstance(others, dict) else {}
    # Only declared names are ours to put in other words.
    return blocks(
        [
            (
                label(name) if name in declared else name,
                shown(part, declared.get(name, other), now, name),
                is_nested(part),
            )
            for name, part in value.items()
        ]
    )


def is_nested(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Return whether a value is shown as a block of its own."""
    if isinstance(value, list):
        return any(isinstance(item, dict) and not _is_file(item) for item in value)
    return isinstance(value, dict) and bool(value)


def _list(values: list[Any], schema: Entry, now: int | None) -> str:
    if all(isinstance(value, dict) and not _is_file(value) for value in values):
        return "\n\n".join(shown(value, schema, now) for value in values) or "-"
    return ", ".join(_item(value) for value in values)


def columns_of(schema: Entry, fields: Sequence[str]) -> list[str]:
    """Return the columns of a list: those that were asked for, or the short and telling ones."""
    if fields:
        return list(fields)
    first = next(iter(schema), "")
    # Where it is the only moment, the creation tells how old the thing is.
    only_moment = [n for n in schema if n.endswith("At")] == ["createdAt"]
    hidden = _NOT_IN_ROWS - {"createdAt"} if only_moment else _NOT_IN_ROWS
    short = [n for n, part in schema.items() if n not in hidden and _is_scalar(part)]
    return list(dict.fromkeys([first, *short]))[:_MAX_COLUMNS]


def pairs(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Return names and values as aligned lines; further lines of a value are indented."""
    width = max((len(name) for name, _ in rows), default=0)
    indent = "\n" + " " * (width + len(_GAP))
    return [
        f"{name.ljust(width)}{_GAP}{value.rstrip().replace(chr(10), indent)}".rstrip()
        for name, value in rows
    ]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines; on a terminal that is wide enough rich draws it."""
    rows = [[plain(cell).replace("\n", " ") for cell in row] for row in rows]
    if may_colour(sys.stdout) and (drawn := load(_DRAW)(head, rows)):
        return [Drawn(line) for line in drawn]
    widths = [max(map(cells, column)) for column in zip(head, *rows, strict=True)]
    return [
        _GAP.join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes; East Asian wide characters take two."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cells(text))


def _is_scalar(schema: Entry) -> bool:
    return core(schema).get("type") in ("string", "integer", "boolean")


def _item(item: Any) -> str:  # noqa: ANN401 - any JSON value
    if _is_file(item):
        return f"{item['name']} ({counted(int(item['size']), 'byte')}, {item['digest']})"
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)


def _is_file(item: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Return whether it is a file, and not another thing that has a content hash too."""
    return isinstance(item, dict) and item.keys() >= {"name", "digest", "size"}


def _with_distance(text: str, now: int | None) -> str:
    """Add to a moment how far it is from now; every other text stays."""
    if now is None or not text.endswith("Z") or "T" not in text:
        return text
    try:
        away = from_iso(text) - now
    except ValueError:
        return text
    return f"{text} (in {span(away)})" if away > 0 else f"{text} ({span(-away)} ago)"
