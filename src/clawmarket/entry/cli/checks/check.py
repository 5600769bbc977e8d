"""One check of `doctor`, and how it is shown."""

from dataclasses import asdict, dataclass

from clawmarket.domain.kernel.own_text import OwnText
from clawmarket.domain.trust.redaction import redact_but, redact_text
from clawmarket.entry.cli.catalog import Entry


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found; `severity` is ok, info, warning or error.

    `path` is relative to the home, `.` the home itself, empty where no file is concerned. `own` is
    what the message may name, since the user named it.
    """

    check_id: str
    severity: str
    message: str
    path: str = ""
    fix_hint: str = ""
    own: tuple[OwnText, ...] = ()

    def document(self) -> Entry:
        """Return the check in wire names, redacted."""
        facts = asdict(self)
        return {
            "checkId": facts["check_id"],
            "severity": facts["severity"],
            "message": redact_but(facts["message"], self.own),
            "path": facts["path"],
            "fixHint": redact_text(facts["fix_hint"]),
        }
