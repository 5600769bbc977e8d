"""Waiting and following: an order until it gets somewhere, the audit as it grows."""

import time
from collections.abc import Iterator

from clawmarket.domain.kernel.errors import DeadlineError, InvalidArgumentError, UnavailableError
from clawmarket.entry.cli.catalog import Entry, answer_fields, method_entry
from clawmarket.entry.cli.commands.states import state_words, verdict
from clawmarket.entry.cli.fields import at, check_fields, picked
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.options import argument_name
from clawmarket.entry.cli.output import disclosed, finish, print_json_line, print_lines, tell
from clawmarket.entry.cli.remote.checking import check_request
from clawmarket.entry.cli.remote.client import Market, RemoteRefusal, reach
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE, EXIT_PENDING
from clawmarket.registry.suggestions import nearest, said

_POLL_S = 0.3
_PAGE = 200
_ORDER, _TAIL, _PROVE = "web3.market.order.get", "web3.audit.query", "web3.audit.prove"
_PENDING, _NEVER = "pending", "never"
_WORD: Entry = {"type": "string"}


class StateUnknownError(InvalidArgumentError):
    """An order has no such state."""

    advice = ""
    next_command = "clawmarket help order watch"


def watch(invocation: Invocation) -> int:
    """Poll an order until one of the states is reached; see `verdict` for the exit status."""
    targets = targets_of(invocation.values["until"])
    order_id = invocation.values["order_id"]
    check_request(_named(_ORDER), {"orderId": order_id}, "help order watch", named=argument_name)
    ends = time.monotonic() + invocation.values["timeout"]
    with reach(invocation) as market:
        state = seen = _state(market, order_id)
        if verdict(state, targets) is None:
            tell(f"{order_id} is {state}; waiting for {invocation.values['until']}.")
        while (reached := verdict(state, targets)) is None and time.monotonic() < ends:
            time.sleep(min(_POLL_S, max(0.0, ends - time.monotonic())))
            state = _patiently(market, order_id, state, ends)
            if state != seen and verdict(state, targets) is None:
                tell(f"{order_id} is {state}")
            seen = state
    return _conclude(invocation, state, reached)


def targets_of(until: str) -> frozenset[str]:
    """Return the wire states that the words name. Raises StateUnknownError."""
    words = state_words()
    named: set[str] = set()
    for word in filter(None, (part.strip() for part in until.split(","))):
        if word not in words:
            raise StateUnknownError(f"{word!r} is no state.{said(nearest(word, words))}")
        named.update(words[word])
    if not named:
        raise StateUnknownError("--until names no state.")
    return frozenset(named)


def _state(market: Market, order_id: str) -> str:
    return str(market.call(_ORDER, {"orderId": order_id})["status"])


def _patiently(market: Market, order_id: str, state: str, ends: float) -> str:
    """Return the order's state; while the market is away, ask again until the time is up."""
    told = False
    while True:
        try:
            return _state(market, order_id)
        except (UnavailableError, DeadlineError, RemoteRefusal) as refusal:
            if isinstance(refusal, RemoteRefusal) and refusal.code != "E_UNAVAILABLE":
                raise
            if not told:
                tell("The market is away; asking again until the time is up.")
            told = True
        if time.monotonic() >= ends:
            return state
        time.sleep(_POLL_S)


def _conclude(invocation: Invocation, state: str, reached: bool | None) -> int:  # noqa: FBT001 - three-valued
    order_id, until = invocation.values["order_id"], invocation.values["until"]
    next_step = f"clawmarket order explain {order_id}"
    document: Entry = {
        "ok": reached is True,
        "orderId": order_id,
        "status": state,
        "until": until,
        "reached": reached is True,
        "outcome": "reached",
        "message": f"{order_id} is {state}.",
        "next": [next_step],
    }
    line = f"{order_id} is {state}"
    if reached:
        finish(invocation, document, [line], [state])
        return EXIT_DONE
    if reached is None:
        outcome, exit_status = _PENDING, EXIT_PENDING
        text = f"the time is up; {line}, not {until} yet."
    else:
        outcome, exit_status = _NEVER, EXIT_NEGATIVE
        text = f"{line}; {until} can't happen any more."
    document |= {"outcome": outcome, "message": text}
    finish(invocation, document, [f"{outcome}: {text}", f"next: {next_step}"], [state])
    return exit_status


def tail(invocation: Invocation) -> None:
    """Print records as they come, the oldest first. Raises FieldUnknownError, ValueUnfitError."""
    after, limit = invocation.values.get("after", ""), invocation.values["limit"]
    entry = _named(_TAIL)
    known = answer_fields(entry) | dict.fromkeys(("ok", "type", "cursor"), _WORD)
    check_fields(invocation.fields, known, "help audit tail")
    if after:
        check_request(
            _named(_PROVE), {"recordId": after}, "help audit tail", named=lambda _: "--after"
        )
    with reach(invocation) as market:
        records = _newer(market, after) if after else _latest(market, limit)
        for record in records[:limit]:
            _print_record(invocation, record)
            after = record["recordId"]
        if len(records) > limit and not invocation.values.get("follow"):
            tell(f"next: {invocation.again('--after', after, without='--after')}")
        while invocation.values.get("follow"):
            for record in _newer(market, after):
                _print_record(invocation, record)
                after = record["recordId"]
            time.sleep(_POLL_S)


def _latest(market: Market, limit: int) -> list[Entry]:
    items: list[Entry] = market.call(_TAIL, {"limit": limit})["items"]
    return items[::-1]


def _named(method: str) -> Entry:
    entry = method_entry(method)
    if entry is None:
        raise ValueError(f"{method} is in no catalog")
    return entry


def _newer(market: Market, after: str) -> list[Entry]:
    """Return every record after one, oldest first; while the market is away, nothing."""
    try:
        return list(_walk_back(market, after))[::-1]
    except (UnavailableError, DeadlineError):
        tell("The market is away; asking again.")
        time.sleep(_POLL_S)
        return []


def _walk_back(market: Market, after: str) -> Iterator[Entry]:
    cursor: str | None = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = market.call(_TAIL, {"limit": _PAGE, **more})
        for record in page["items"]:
            if record["recordId"] <= after:
                return
            yield record
        cursor = page["nextCursor"]
        if not cursor:
            return


def _print_record(invocation: Invocation, record: Entry) -> None:
    shown = disclosed({"items": [record]}, method_entry(_TAIL))["items"][0]
    line = {"ok": True, "type": "record", "cursor": shown["recordId"], **shown}
    if invocation.as_json:
        print_json_line(picked(line, invocation.fields))
    elif invocation.fields:
        print_lines(["  ".join(f"{at(line, field)}" for field in invocation.fields)])
    elif invocation.quiet:
        print_lines([shown["recordId"]])
    else:
        index = "waiting" if shown["index"] is None else f"#{shown['index']}"
        parts = (shown["at"], shown["recordId"], index, shown["method"], shown["actor"])
        print_lines(["  ".join(parts)])
