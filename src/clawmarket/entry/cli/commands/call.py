"""Calls: generated verbs and `call`, from typed values to the market's answer."""

import hashlib
import json
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.domain.kernel.errors import DeadlineError, InvalidArgumentError, UnavailableError
from clawmarket.entry.cli.catalog import Entry, has_effect, method_entry, method_names
from clawmarket.entry.cli.commands.followups import followups, next_of, undo_of
from clawmarket.entry.cli.commands.spend import Quote, agree, quote_of
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.options import core, file_params, read_text, wire_params
from clawmarket.entry.cli.output import answer_fields, disclosed, finish, tell
from clawmarket.entry.cli.remote.client import Market, RemoteRefusal, reach
from clawmarket.entry.cli.suggestions import nearest, said
from clawmarket.entry.cli.tables import columns_of, pairs, shown, table
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE

_HIDDEN = frozenset({"ok", "requestId", "items", "nextCursor", "testMoney"})
_UNCERTAIN = ("E_TIMEOUT", "E_UNAVAILABLE")


class MethodMistypedError(InvalidArgumentError):
    """There is no method with this name."""

    advice = ""
    next_command = "clawmarket call web3.capabilities.list"


class FieldUnknownError(InvalidArgumentError):
    """The method or its answer has no such field."""

    advice = ""
    next_command = "clawmarket explain {method}"


class PairInvalidError(InvalidArgumentError):
    """An argument of `call` is not name=text, name:=json, name=@file, `-` or @file."""

    advice = "Write name=text, name:=json or name=@file; `-` reads one JSON object from stdin."
    next_command = "clawmarket help call"


def verb(invocation: Invocation) -> int:
    """Run a method's own verb."""
    entry = invocation.entry
    if entry is None:
        raise ValueError(f"{invocation.words} has no method")
    files = {n: invocation.values[n] for n in file_params(entry) if n in invocation.values}
    return _perform(invocation, entry, wire_params(entry, invocation.values), files)


def call(invocation: Invocation) -> int:
    """Run any method by its name.

    Raises MethodMistypedError, FieldUnknownError, PairInvalidError before anything is sent.
    """
    name = invocation.values["method"]
    entry = method_entry(name)
    if entry is None:
        near = nearest(name, method_names())
        raise MethodMistypedError(f"There is no method {name!r}.{said(near)}", suggestions=near)
    params: Entry = {}
    for pair in invocation.values.get("pairs", ()):
        params |= read_pair(pair)
    _check_names(params, entry["params"].get("properties", {}), entry["name"], extra="actorId")
    return _perform(invocation, entry, params, {})


def read_pair(pair: str) -> Entry:
    """Return what one argument of `call` sets. Raises PairInvalidError."""
    try:
        if pair == "-" or pair.startswith("@"):
            return _object(read_text(pair))
        name, sign, value = pair.partition("=")
        if not sign or name in ("", ":"):
            raise PairInvalidError(f"{pair!r} sets nothing.")
        if name.endswith(":"):
            return {name[:-1]: json.loads(read_text(value))}
        return {name: read_text(value)}
    except (OSError, ValueError) as error:
        raise PairInvalidError(f"{pair!r} cannot be read: {type(error).__name__}.") from None


def _object(text: str) -> Entry:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise PairInvalidError("That is JSON, but no object.")
    return value


def _perform(
    invocation: Invocation, entry: Entry, params: Entry, files: Mapping[str, tuple[Path, ...]]
) -> int:
    if invocation.fields:
        known = {**entry["answer"].get("properties", {}), **answer_fields(entry)}
        _check_names([f.partition(".")[0] for f in invocation.fields], known, entry["name"])
    key = (invocation.key or f"cli-{secrets.token_hex(16)}") if has_effect(entry) else ""
    with reach(invocation) as market:
        quote = None
        if invocation.dry_run or entry["risk"] == "money":
            quote = quote_of(market, entry, params)
        if invocation.dry_run and quote is not None:
            planned = {name: [_planned(p) for p in paths] for name, paths in files.items()}
            return _show_request(invocation, entry, params | planned, quote)
        if quote is not None and not agree(quote, invocation):
            tell("Nothing is spent.")
            return EXIT_NEGATIVE
        for name, paths in files.items():
            params = params | {name: [market.put_file(path) for path in paths]}
        answer = _send(market, invocation, entry, params, key)
    _show(invocation, entry, disclosed(answer, entry))
    return EXIT_DONE


def _send(market: Market, invocation: Invocation, entry: Entry, params: Entry, key: str) -> Entry:
    try:
        return market.call(entry["name"], params, key)
    except (UnavailableError, DeadlineError, RemoteRefusal, KeyboardInterrupt) as error:
        uncertain = not isinstance(error, RemoteRefusal) or error.code in _UNCERTAIN
        if key and uncertain:
            again = invocation.again("--idempotency-key", key, without="--idempotency-key")
            error.add_note(f"idempotencyKey: {key}")
            error.add_note(f"again: {again}")
        raise


def _show_request(invocation: Invocation, entry: Entry, params: Entry, quote: Quote) -> int:
    request = {"method": entry["name"], "params": params, "signed": entry["signed"]}
    document = {"ok": True, "dryRun": True, "request": request, "quote": quote.document()}
    lines = [
        "Nothing was sent. This is the request:",
        f"POST /rpc/{entry['name']}",
        json.dumps(params, ensure_ascii=False, indent=2),
        *quote.lines(),
    ]
    finish(replace(invocation, quiet=False, fields=()), document, lines)
    return EXIT_DONE


def _planned(path: Path) -> Entry:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "digest": f"sha256:{digest}", "size": path.stat().st_size}


def _show(invocation: Invocation, entry: Entry, answer: Entry) -> None:
    if "items" in answer:
        following = _next_page(invocation, answer)
        finish(invocation, answer, _page_lines(invocation, entry, answer, following))
        return
    lines = _figures(entry, answer)
    if has_effect(entry):
        undo, until = undo_of(entry["name"], answer)
        following = next_of(entry["name"], answer)
        lines += followups(entry["name"], answer)
        answer = answer | {
            "undo": {"command": undo or None, "until": until},
            "next": [following] if following else [],
        }
    finish(invocation, answer, lines)


def _page_lines(invocation: Invocation, entry: Entry, answer: Entry, following: str) -> list[str]:
    schema, items = answer_fields(entry), answer["items"]
    head = columns_of(schema, invocation.fields)
    noun = (head[0] if head else "item").removesuffix("Id")
    given = " ".join(
        f"{name} {value}"
        for name, value in invocation.values.items()
        if name not in ("cursor", "limit", "method", "pairs")
    )
    count = f"Showing {len(items)} {noun}{'' if len(items) == 1 else 's'}"
    lines = [f"{count}, {given}" if given else count]
    if items:
        rows = [[shown(item.get(n), schema.get(n, {})) for n in head] for item in items]
        lines += table(head, rows)
    return [*lines, f"next: {following}"] if following else lines


def _next_page(invocation: Invocation, answer: Entry) -> str:
    cursor = answer.get("nextCursor")
    if not cursor:
        return ""
    if invocation.words == "call":
        kept = tuple(word for word in invocation.argv if not word.startswith("cursor="))
        return shlex.join(["clawmarket", *kept, f"cursor={cursor}"])
    return invocation.again("--cursor", str(cursor), without="--cursor")


def _figures(entry: Entry, answer: Entry) -> list[str]:
    schema = answer_fields(entry)
    now = SystemClock().now()
    rows = [
        (name, shown(value, schema.get(name, {}), now))
        for name, value in answer.items()
        if name not in _HIDDEN
    ]
    has_amounts = any(core(part).get("format") == "amount" for part in schema.values())
    if has_amounts and answer.get("testMoney"):
        rows.append(("money", "TEST MONEY"))
    return pairs(rows)


def _check_names(given: Any, known: Entry, method: str, extra: str = "") -> None:  # noqa: ANN401 - names
    for name in given:
        if name not in known and name != extra:
            near = nearest(name, known)
            every = ", ".join(known) or "none"
            what = f"There is no field {name!r}; the fields are {every}.{said(near)}"
            raise FieldUnknownError(what, method=method, suggestions=near)
