"""What a daemon says while it runs: lines for people, or one JSON object a line."""

from dataclasses import dataclass

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.domain.kernel.moment import iso
from clawmarket.entry.cli.output import print_json_line, tell


@dataclass(frozen=True, slots=True)
class Progress:
    """How events are shown."""

    as_json: bool

    def say(self, kind: str, text: str, **facts: object) -> None:
        """Report one event; `facts` are for programs, `text` is for people."""
        at = iso(SystemClock().now())
        if self.as_json:
            print_json_line({"ok": True, "type": kind, "at": at, "message": text, **facts})
        else:
            tell(f"{at[11:19]} {text}")
