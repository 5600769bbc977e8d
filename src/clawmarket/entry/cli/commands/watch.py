"""Waiting and following: an order until it gets somewhere, the audit as it grows."""

import time
from collections.abc import Iterator

from clawmarket.domain.kernel.errors import DeadlineError, InvalidArgumentError, UnavailableError
from clawmarket.entry.cli.catalog import Entry, method_entry, stored
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.output import disclosed, finish, print_json_line, print_lines, tell
from clawmarket.entry.cli.remote.client import Market, RemoteRefusal, reach
from clawmarket.entry.cli.suggestions import nearest, said
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE, EXIT_PENDING

_POLL_S = 0.3
_TAIL = "web3.audit.query"
_SHORT = {
    "locked": ("payment_locked",),
    "working": ("delivery_ready",),
    "delivered": ("delivery_completed",),
    "settled": ("settlement_completed",),
    "refunded": ("order_refunded", "settlement_cancelled"),
    "cancelled": ("order_cancelled",),
    "expired": ("order_expired",),
}


class StateUnknownError(InvalidArgumentError):
    """An order has no such state."""

    advice = ""
    next_command = "clawmarket help order watch"


def watch(invocation: Invocation) -> int:
    """Poll an order until one of the states is reached; see `verdict` for the exit status."""
    targets = targets_of(invocation.values["until"])
    order_id = invocation.values["order_id"]
    ends = time.monotonic() + invocation.values["timeout"]
    with reach(invocation) as market:
        state = seen = _state(market, order_id)
        if verdict(state, targets) is None:
            tell(f"{order_id} is {state}; waiting for {invocation.values['until']}.")
        while (reached := verdict(state, targets)) is None and time.monotonic() < ends:
            time.sleep(min(_POLL_S, max(0.0, ends - time.monotonic())))
            state = _patiently(market, order_id, state, ends)
            if state != seen:
                tell(f"{order_id} is {state}")
                seen = state
    return _conclude(invocation, state, reached)


def targets_of(until: str) -> frozenset[str]:
    """Return the wire states that the words name. Raises StateUnknownError."""
    machine = stored()["machines"]["order"]
    words = _SHORT | {"ended": tuple(machine["final"])} | {s: (s,) for s in machine["states"]}
    named: set[str] = set()
    for word in filter(None, (part.strip() for part in until.split(","))):
        if word not in words:
            raise StateUnknownError(f"{word!r} is no state.{said(nearest(word, words))}")
        named.update(words[word])
    if not named:
        raise StateUnknownError("--until names no state.")
    return frozenset(named)


def verdict(state: str, targets: frozenset[str]) -> bool | None:
    """Return True if a target was reached, False if none can be any more, None while it may.

    A target that lies behind counts as reached: nothing gets to the present state without it.
    """
    machine = stored()["machines"]["order"]
    if state in targets:
        return True
    begin = frozenset(machine["initial"])
    for target in targets:
        if state not in _reachable(machine, begin, avoiding=target):
            return True
    return None if _reachable(machine, frozenset({state})) & targets else False


def _reachable(machine: Entry, begin: frozenset[str], avoiding: str = "") -> set[str]:
    steps = [move for table in machine["moves"].values() for move in table.items()]
    found = set(begin) - {avoiding}
    pending = list(found)
    while pending:
        state = pending.pop()
        after = {b for a, b in steps if a == state and b not in found and b != avoiding}
        found |= after
        pending.extend(after)
    return found


def _state(market: Market, order_id: str) -> str:
    return str(market.call("web3.market.order.get", {"orderId": order_id})["status"])


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
        "next": [next_step],
    }
    line = f"{order_id} is {state}"
    if reached:
        finish(invocation, document, [line])
        return EXIT_DONE
    if reached is None:
        text, exit_status = f"The time is up; the order is {state}, not {until} yet.", EXIT_PENDING
        document["error"] = f"E_TIMEOUT: {text}"
    else:
        text, exit_status = f"The order is {state}; {until} can't happen any more.", EXIT_NEGATIVE
        document["error"] = f"E_CONFLICT: {text}"
    finish(invocation, document, [line])
    tell(f"error[{document['error'].partition(':')[0]}]: {text}", f"next: {next_step}")
    return exit_status


def tail(invocation: Invocation) -> None:
    """Print records as they come, the oldest first."""
    after = invocation.values.get("after", "")
    with reach(invocation) as market:
        for record in _latest(market, invocation.values["limit"], after):
            _print_record(invocation, record)
            after = record["recordId"]
        while invocation.values.get("follow"):
            time.sleep(_POLL_S)
            for record in _newer(market, after):
                _print_record(invocation, record)
                after = record["recordId"]


def _latest(market: Market, limit: int, after: str) -> list[Entry]:
    if after:
        return _newer(market, after)
    items: list[Entry] = market.call(_TAIL, {"limit": limit})["items"]
    return items[::-1]


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
        page = market.call(_TAIL, {"limit": 200, **more})
        for record in page["items"]:
            if record["recordId"] <= after:
                return
            yield record
        cursor = page["nextCursor"]
        if not cursor:
            return


def _print_record(invocation: Invocation, record: Entry) -> None:
    entry = method_entry(_TAIL)
    shown = disclosed({"items": [record]}, entry)["items"][0]
    if invocation.as_json:
        line = {"ok": True, "type": "record", "cursor": shown["recordId"], **shown}
        print_json_line(line)
    elif invocation.quiet:
        print_lines([shown["recordId"]])
    else:
        index = "waiting" if shown["index"] is None else f"#{shown['index']}"
        parts = (shown["at"], shown["recordId"], index, shown["method"], shown["actor"])
        print_lines(["  ".join(parts)])
