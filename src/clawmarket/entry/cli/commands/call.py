"""Calls: generated verbs and `call`, from typed values to the market's answer."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from clawmarket.domain.kernel.errors import DeadlineError, InvalidArgumentError, UnavailableError
from clawmarket.entry.cli.catalog import (
    Entry,
    answer_fields,
    has_effect,
    is_list,
    method_entry,
    method_names,
)
from clawmarket.entry.cli.commands.followups import steps_after
from clawmarket.entry.cli.commands.showing import show_answer
from clawmarket.entry.cli.commands.spend import agree, quote_of
from clawmarket.entry.cli.fields import check_fields, check_names, places
from clawmarket.entry.cli.formats import FormatsExcludedError
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.moves.quotes import Quote
from clawmarket.entry.cli.options import TABLE, file_params, read_text, wire_params
from clawmarket.entry.cli.output import disclosed, finish, tell
from clawmarket.entry.cli.remote.checking import check_request, verb_names
from clawmarket.entry.cli.remote.client import Market, RemoteRefusal, reach
from clawmarket.entry.cli.remote.session import forget_session, home_folder
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE
from clawmarket.registry.suggestions import nearest, said

_UNCERTAIN = ("E_TIMEOUT", "E_UNAVAILABLE")
_LOGOUT = "web3.siwe.logout"
_ACTOR = "actorId"


class MethodMistypedError(InvalidArgumentError):
    """There is no method with this name."""

    advice = ""
    next_command = "clawmarket call web3.capabilities.list"


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
    params = wire_params(entry, invocation.values)
    check_request(entry, params, f"help {invocation.words}", named=verb_names(entry))
    return _perform(invocation, entry, params, files)


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
    step = f"explain {entry['name']}"
    known: Entry = entry["params"].get("properties", {})
    check_names((n for n in params if n != _ACTOR), known, step)
    check_request(entry, params, step, named=str)
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
        raise PairInvalidError(f"{pair!r}: {_reason(error)}.") from None


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return f"the file cannot be read: {(error.strerror or 'no such path').lower()}"
    if isinstance(error, UnicodeDecodeError):
        return "the file is not text in UTF-8"
    return "that is not JSON; write name=text for a text"


def _object(text: str) -> Entry:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise PairInvalidError("That is JSON, but no object.")
    return value


def _perform(
    invocation: Invocation, entry: Entry, params: Entry, files: Mapping[str, tuple[Path, ...]]
) -> int:
    invocation = replace(invocation, entry=entry)
    check_fields(places(invocation.fields, entry), answer_fields(entry), _help(invocation))
    _check_form(invocation, entry)
    key = (invocation.key or f"cli-{secrets.token_hex(16)}") if has_effect(entry) else ""
    with reach(invocation) as market:
        quote = None
        if invocation.dry_run or entry["risk"] == "money":
            quote = quote_of(market, entry, params, repeated=bool(invocation.key))
        if invocation.dry_run:
            planned = {name: [_planned(p) for p in paths] for name, paths in files.items()}
            return _show_request(invocation, entry, params | planned, quote)
        if quote is not None and not agree(quote, invocation):
            tell("Nothing is spent.")
            return EXIT_NEGATIVE
        for name, paths in files.items():
            params = params | {name: [market.put_file(path) for path in paths]}
        answer = disclosed(_send(market, invocation, entry, params, key), entry)
        following = steps_after(market, entry, answer) if entry["manner"] == "read" else []
    show_answer(invocation, entry, answer, following)
    return EXIT_DONE


def _send(market: Market, invocation: Invocation, entry: Entry, params: Entry, key: str) -> Entry:
    try:
        answer = market.call(entry["name"], params, key)
    except (UnavailableError, DeadlineError, RemoteRefusal, KeyboardInterrupt) as error:
        uncertain = not isinstance(error, RemoteRefusal) or error.code in _UNCERTAIN
        if key and uncertain:
            again = invocation.again("--idempotency-key", key, without="--idempotency-key")
            error.add_note(f"idempotencyKey: {key}")
            error.add_note(f"again: {again}")
        if isinstance(error, RemoteRefusal) and error.code == "E_AUTH_REQUIRED":
            _forget(market, entry)
        raise
    if not answer.get("more"):
        _forget(market, entry)
    return answer


def _forget(market: Market, entry: Entry) -> None:
    """After a logout the token in the home is of no use, also when it had ended before."""
    if entry["name"] == _LOGOUT and market.credential and market.credential.session:
        forget_session(home_folder())


def _show_request(invocation: Invocation, entry: Entry, params: Entry, quote: Quote | None) -> int:
    request = {"method": entry["name"], "params": params, "signed": entry["signed"]}
    document = {
        "ok": True,
        "dryRun": True,
        "request": request,
        "quote": None if quote is None else quote.document,
    }
    lines = [
        "Nothing was sent. This is the request:",
        f"POST /rpc/{entry['name']}",
        json.dumps(params, ensure_ascii=False, indent=2),
        *(["It moves no money of yours."] if quote is None else quote.lines),
    ]
    finish(replace(invocation, quiet=False, fields=()), document, lines)
    return EXIT_DONE


def _planned(path: Path) -> Entry:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "digest": f"sha256:{digest}", "size": path.stat().st_size}


def _help(invocation: Invocation) -> str:
    if invocation.words == "call" and invocation.entry is not None:
        return f"explain {invocation.entry['name']}"
    return f"help {invocation.words}"


def _check_form(invocation: Invocation, entry: Entry) -> None:
    """Refuse two forms of output at once, or one that only lists have."""
    if invocation.form != TABLE and (invocation.as_json or invocation.quiet):
        raise FormatsExcludedError("--format goes with neither --json nor -q.")
    if invocation.form != TABLE and not is_list(entry):
        raise FormatsExcludedError("--format is for lists.")
