"""The states of an order in short words, and what follows from its machine's table."""

from clawmarket.entry.cli.catalog import Entry, stored

_SHORT = {
    "locked": ("payment_locked",),
    "working": ("delivery_ready",),
    "delivered": ("delivery_completed", "settlement_completed"),  # nobody is paid before it
    "settled": ("settlement_completed",),
    "refunded": ("order_refunded", "settlement_cancelled"),
    "cancelled": ("order_cancelled",),
    "expired": ("order_expired",),
}


def state_words() -> dict[str, tuple[str, ...]]:
    """Return the words that name states of an order: short ones, `ended` and the wire names."""
    machine = stored()["machines"]["order"]
    wire = {state: (state,) for state in machine["states"]}
    return _SHORT | {"ended": tuple(machine["final"])} | wire


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


def has_ended(noun: str, state: str) -> bool:
    """Return whether a thing is in a state that nothing follows."""
    machine: Entry = stored()["machines"].get(noun, {})
    return state in machine.get("final", ())


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
