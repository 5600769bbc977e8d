"""An examination: file after file through every check, within one budget."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import islice

from clawmarket.domain.market.inspection.budget import Budget, Hurried
from clawmarket.domain.market.inspection.checks import Check, check_findings, missing_files
from clawmarket.domain.market.inspection.contents import content_findings
from clawmarket.domain.market.inspection.finding import MAX_FINDINGS, Finding, Findings, finding
from clawmarket.domain.market.inspection.kinds import kind_findings
from clawmarket.domain.market.inspection.names import name_findings
from clawmarket.domain.market.inspection.schemas import schema_findings
from clawmarket.domain.market.terms import Artifact

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_TOTAL_BYTES = 256 * 1024 * 1024

Look = Callable[[str, bytes], Findings]


class Examination:
    """Looks at the files of one delivery, in their order.

    The verdict follows from the files and the checks alone: no clock, no chance, and it does not
    matter in which pieces the bytes came.

    Args:
        checks: What the task asks for.
    """

    def __init__(self, checks: Iterable[Check]) -> None:
        self._checks = tuple(checks)
        self._looks: tuple[Look, ...] = (kind_findings, self._look_inside, self._check)
        self._found: list[Finding] = []
        self._total = 0
        self._budget = Budget()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, at most MAX_FINDINGS."""
        return tuple(self._found)

    def begin(self, artifacts: tuple[Artifact, ...]) -> None:
        """Look at what is known without the bytes: names, and which files there are."""
        names = [each.name for each in artifacts]
        for name in names:
            self._keep(name_findings(name))
        for name in sorted({name.casefold() for name in names}):
            if [each.casefold() for each in names].count(name) > 1:
                self._keep(iter([finding(name, "name_twice", "Two files have this name.")]))
        self._keep(missing_files(names, self._checks))

    def wants(self, artifact: Artifact) -> bool:
        """Whether to read a file's bytes; an empty or too large one is a finding at once."""
        self._total += artifact.size
        if artifact.size == 0:
            self._keep(iter([finding(artifact.name, "empty", "The file is empty.")]))
        elif artifact.size > MAX_FILE_BYTES:
            what = f"The file has {artifact.size} bytes; at most {MAX_FILE_BYTES} are looked into."
            self._keep(iter([finding(artifact.name, "too_large", what)]))
        elif self._total > MAX_TOTAL_BYTES:
            what = f"All files together have more than {MAX_TOTAL_BYTES} bytes."
            self._keep(iter([finding(artifact.name, "too_large", what)]))
        else:
            return True
        return False

    def hurry(self) -> None:
        """Let an examination in another thread end soon: nobody waits for it any more."""
        self._budget.is_hurried = True

    def look(self, name: str, content: bytes) -> None:
        """Put a whole file through every check."""
        with suppress(Hurried):
            for look in self._looks:
                self._keep(look(name, content))

    def _look_inside(self, name: str, content: bytes) -> Findings:
        return content_findings(name, content, self._budget)

    def _check(self, name: str, content: bytes) -> Findings:
        yield from check_findings(name, content, self._checks)
        yield from schema_findings(name, content, self._checks)

    def _keep(self, found: Findings) -> None:
        self._found.extend(islice(found, MAX_FINDINGS - len(self._found)))
