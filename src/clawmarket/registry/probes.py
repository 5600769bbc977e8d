"""Probes: one function each that says whether a part is well; status and doctor run them all."""

from collections.abc import Callable
from dataclasses import dataclass

from clawmarket.ports.store import Snapshot


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe found: whether it is well, in a sentence, and what to do if not."""

    name: str
    ok: bool
    message: str
    fix_hint: str = ""


Probe = Callable[[Snapshot, int], Finding]

PROBES: dict[str, Probe] = {}


def probe(name: str) -> Callable[[Probe], Probe]:
    """Declare a probe; it reads a snapshot and never changes anything."""

    def declare(ask: Probe) -> Probe:
        if name in PROBES:
            raise ValueError(f"the probe {name} is declared twice")
        PROBES[name] = ask
        return ask

    return declare


def run_probes(rows: Snapshot, now: int) -> list[Finding]:
    """Return what every probe finds."""
    return [ask(rows, now) for ask in PROBES.values()]
