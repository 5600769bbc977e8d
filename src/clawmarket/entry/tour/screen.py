"""What a tour shows: who does what while it goes on, and who paid what at the end."""

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.kernel.money import format_amount
from clawmarket.entry.cli.output import plain
from clawmarket.runtime.program import as_started

_STYLES = {"buyer": "bold", "worker 1": "cyan", "worker 2": "magenta"}
_NAME_WIDTH = 9
# In a checkout of this project, and there from its first folder.
_SECOND_VERIFIER = Path("tools/verify_receipt.py")


@dataclass(frozen=True, slots=True)
class Event:
    """One step that an actor took; `at` in milliseconds since the epoch."""

    actor: str
    step: str
    text: str
    data: dict[str, Any]
    at: int


@dataclass(frozen=True, slots=True)
class Share:
    """What the deal did to one party, in minor units; the balances where they are its own."""

    party: str
    before: int | None
    after: int | None
    change: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tour came to: the steps, the money, the receipt and the key that checks it."""

    steps: list[Event]
    shares: list[Share]
    order_id: str
    receipt: str
    vkey: str
    kept: Path | None

    @property
    def check(self) -> str:
        """The command that checks the receipt."""
        return shlex.join(["clawmarket", "verify", self.receipt, "--key", self.vkey])

    @property
    def checks(self) -> list[str]:
        """The commands that can be pasted here to check the receipt."""
        second = [shlex.join(["python3", str(_SECOND_VERIFIER), self.receipt, "--key", self.vkey])]
        return [as_started(self.check), *(second if _SECOND_VERIFIER.is_file() else [])]


class Screen:
    """Shows steps as they happen, with names instead of account ids.

    Args:
        stream: Where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._names: dict[str, str] = {}
        self._print = _coloured(stream) if _may_colour(stream) else _uncoloured(stream)

    def show(self, event: Event) -> Event:
        """Print one step and return it as it was shown."""
        if event.step == "signed_in":
            self._names[event.data["accountId"]] = event.actor
        text = event.text
        for account_id, name in self._names.items():
            text = text.replace(account_id, name)
        shown = replace(event, text=plain(text))
        self._print(f"{iso(shown.at)[11:23]}  {shown.actor:<{_NAME_WIDTH}}  ", shown)
        return shown

    def say(self, text: str) -> None:
        """Print a line that is nobody's step."""
        print(plain(text), file=self._stream, flush=True)


def _uncoloured(stream: TextIO) -> Callable[[str, Event], None]:
    return lambda start, event: print(start + event.text, file=stream, flush=True)


def _coloured(stream: TextIO) -> Callable[[str, Event], None]:
    from rich.console import Console  # noqa: PLC0415 - only where colour is wanted
    from rich.text import Text  # noqa: PLC0415 - the same

    console = Console(file=stream, highlight=False, soft_wrap=True)

    def show(start: str, event: Event) -> None:
        style = _STYLES.get(event.actor, "")
        console.print(Text.assemble((start, "dim"), (event.text, style)))

    return show


def outcome_lines(outcome: Outcome) -> list[str]:
    """Return the end of a tour for people; its last line says that all went well."""
    return [
        "",
        "Who paid what, in credits. TEST MONEY.",
        "",
        *money_lines(outcome.shares),
        "",
        f"receipt: {outcome.receipt}",
        "It was checked without the market, and every check holds. Check it yourself:",
        *(f"  {check}" for check in outcome.checks),
        *([] if outcome.kept is None else [f"kept: {outcome.kept}"]),
        "tour: ok",
    ]


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """Return the end of a tour for programs; amounts are digits in minor units."""
    return {
        "ok": True,
        "testMoney": True,
        "orderId": outcome.order_id,
        "receipt": outcome.receipt,
        "key": outcome.vkey,
        "kept": None if outcome.kept is None else str(outcome.kept),
        "money": [
            {
                "party": share.party,
                "before": None if share.before is None else str(share.before),
                "after": None if share.after is None else str(share.after),
                "change": str(share.change),
            }
            for share in outcome.shares
        ],
        "steps": [
            {"at": iso(e.at), "actor": e.actor, "step": e.step, "text": e.text, "data": e.data}
            for e in outcome.steps
        ],
        "next": [outcome.check],
    }


def money_lines(shares: Sequence[Share]) -> list[str]:
    """Return the table of who paid what: a line above the sum and two under what balances."""
    head = ("party", "before", "after", "change")
    rows = [(s.party, _bare(s.before), _bare(s.after), _signed(s.change)) for s in shares]
    total = sum(share.change for share in shares)
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    indent = " " * (sum(widths[:3]) + 6)
    return [
        *(_row(cells, widths) for cells in (head, *rows)),
        indent + "-" * widths[3],
        _row(("sum", "", "", _signed(total)), widths),
        indent + ("=" if total == 0 else "?") * widths[3],
    ]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(cells, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)])


def _bare(amount: int | None) -> str:
    return "" if amount is None else format_amount(amount).partition(" ")[0]


def _signed(amount: int) -> str:
    return f"+{_bare(amount)}" if amount > 0 else _bare(amount)


def _may_colour(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def screen_of(*, as_json: bool) -> Screen:
    """Return the screen: stdout, unless that is kept for one JSON document."""
    return Screen(sys.stderr if as_json else sys.stdout)
