"""Answers on the screen: figures, pages, and what one may do next."""

import shlex
from collections.abc import Sequence

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.entry.cli.catalog import Entry, answer_fields, has_effect
from clawmarket.entry.cli.commands.followups import followups, next_of, notes_on, undo_of
from clawmarket.entry.cli.commands.states import has_ended
from clawmarket.entry.cli.fields import at, places, schema_at
from clawmarket.entry.cli.formats import rows_of
from clawmarket.entry.cli.invocation import PROGRAM, Invocation
from clawmarket.entry.cli.labels import counted, label
from clawmarket.entry.cli.options import TABLE, core
from clawmarket.entry.cli.output import finish, print_lines, tell
from clawmarket.entry.cli.tables import blocks, columns_of, is_nested, shown, table

_HIDDEN = frozenset({"ok", "requestId", "items", "nextCursor", "testMoney"})
# What an empty list says where that it has no items is the good news.
_NOTHING = {"market.repair.list": "No rail leaves anything open."}
_BUT = {"web3.dispute.list": "; arbiters see both"}
_DEADLINES = frozenset({"dueAt", "actsAt", "expiresAt"})


def show_answer(invocation: Invocation, entry: Entry, answer: Entry, following: list[str]) -> None:
    """Print an answer, with what undoes it and what one may do next."""
    if "items" in answer:
        more = _next_page(invocation, answer)
        if invocation.form != TABLE:
            print_lines(rows_of(invocation.form, answer["items"], _columns(invocation, entry)))
            tell(*([f"next: {more}"] if more else []))
            return
        finish(invocation, answer, _page_lines(invocation, entry, answer, more))
        return
    lines = _figures(entry, answer, places(invocation.fields, entry))
    if has_effect(entry):
        undo, until = undo_of(entry["name"], answer)
        following = next_of(entry["name"], answer)
        lines += [*notes_on(entry, answer), *followups(entry["name"], answer)]
        answer = answer | {"undo": {"command": undo or None, "until": until}, "next": following}
    elif following:
        lines += [f"next: {step}" for step in following]
        answer = answer | {"next": following}
    finish(invocation, answer, lines)


def _columns(invocation: Invocation, entry: Entry) -> list[str]:
    return list(places(invocation.fields, entry) or answer_fields(entry))


def _page_lines(invocation: Invocation, entry: Entry, answer: Entry, following: str) -> list[str]:
    schema, items = answer_fields(entry), answer["items"]
    head = columns_of(schema, places(invocation.fields, entry))
    first = next(iter(schema), "")
    noun = label(first) if first.endswith("Id") else "item"
    given = " ".join(
        f"{name} {_given(value)}"
        for name, value in invocation.values.items()
        if name not in ("cursor", "limit", "method", "pairs")
    )
    count = f"Showing {counted(len(items), noun)}"
    lines = [_NOTHING.get(entry["name"], count) if not items and not given else count]
    lines[0] += f", {given}" if given else ""
    lines[0] += _side_shown(invocation, entry)
    if items:
        rows = [[_cell(item, n, schema) for n in head] for item in items]
        lines += table([n if invocation.fields else label(n) for n in head], rows)
    return [*lines, f"next: {following}"] if following else lines


def _given(value: object) -> str:
    """Return what was asked for as it may be typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _side_shown(invocation: Invocation, entry: Entry) -> str:
    """Return which side a list was made for where none was named, and how to see the other."""
    schema: Entry = entry["params"].get("properties", {}).get("side", {})
    side, named = schema.get("default"), invocation.words == "call" or "side" in invocation.values
    others = [each for each in schema.get("enum", ()) if each != side]
    if side is None or named or not others:
        return ""
    return f", side {side} (the other: --side {others[0]}{_BUT.get(entry['name'], '')})"


def _cell(item: Entry, name: str, schema: Entry) -> str:
    if name in _moments_gone(item, schema):
        return "-"
    text = shown(at(item, name), schema_at(schema, name), name=name)
    return ", ".join(" ".join(line.split()) for line in text.splitlines())


def _next_page(invocation: Invocation, answer: Entry) -> str:
    cursor = answer.get("nextCursor")
    if not cursor:
        return ""
    if invocation.words == "call":
        kept = tuple(word for word in invocation.argv if not word.startswith("cursor="))
        return shlex.join([PROGRAM, *kept, f"cursor={cursor}"])
    return invocation.again("--cursor", str(cursor), without="--cursor")


def _figures(entry: Entry, answer: Entry, fields: Sequence[str] = ()) -> list[str]:
    """Return an answer's fields, all or the named ones, as lines for people."""
    schema = answer_fields(entry)
    now = SystemClock().now()
    gone = _moments_gone(answer, schema)
    names = fields or [name for name in answer if name not in _HIDDEN and name not in gone]
    rows = [
        (
            n if fields else label(n),
            shown(at(answer, n), schema_at(schema, n), now, n.rpartition(".")[2]),
            is_nested(at(answer, n)),
        )
        for n in names
    ]
    has_amounts = any(core(part).get("format") == "amount" for part in schema.values())
    if has_amounts and answer.get("testMoney"):
        rows.append(("money", "TEST MONEY", False))
    return blocks(rows)


def _moments_gone(item: Entry, schema: Entry) -> frozenset[str]:
    """Return the deadlines that mean nothing, because the thing has ended or a rail is asked."""
    noun = next(iter(schema), "").removesuffix("Id")
    asked = "waitsFor" in item and item.get("actsAt") is None
    return _DEADLINES if asked or has_ended(noun, str(item.get("status"))) else frozenset()
