"""What a daemon says while it runs: lines for people, or one JSON object a line."""

from dataclasses import dataclass

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.domain.kernel.moment import iso
from clawmarket.entry.cli.fields import at, picked
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.output import print_json_line, print_lines, tell

# What somebody has to look at, or may want to; the rest is left out of -q.
_NEEDED = frozenset(
    {"away", "disputed", "failed", "file_missing", "gave_up", "refused", "review", "stuck"}
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How events are shown, as the invocation wants it."""

    invocation: Invocation

    @property
    def as_json(self) -> bool:
        """Whether a program reads them."""
        return self.invocation.as_json

    def say(self, kind: str, text: str, **facts: object) -> None:
        """Report one event; `facts` are for programs, `text` is for people."""
        if self.invocation.quiet and kind not in _NEEDED:
            return
        moment, fields = iso(SystemClock().now()), self.invocation.fields
        event = {"ok": True, "type": kind, "at": moment, "message": text}
        event |= {"taskId": None, "orderId": None} | facts
        if self.as_json:
            print_json_line(picked(event, fields))
        elif fields:
            print_lines(["  ".join(str(at(event, field)) for field in fields)])
        else:
            tell(f"{moment[11:19]} {text}")
