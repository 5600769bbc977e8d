"""Secrets: keys and tokens that somebody forgot in a text; told by kind and line, never shown."""

from collections.abc import Iterator

from clawmarket.domain.market.inspection.budget import Budget
from clawmarket.domain.market.inspection.finding import Findings, finding
from clawmarket.domain.trust.redaction import secrets_in

_WINDOW = 64 * 1024
_OVERLAP = 512
_MAX_BYTES = 4 * 1024 * 1024
_MAX_TOLD = 5


def secret_findings(name: str, content: bytes, budget: Budget, inside: str = "") -> Findings:
    """Yield the secrets in the first 4 MB of a text, at most five.

    `inside` is the text's path when the file is an archive.
    """
    text = content[: budget.scan(min(len(content), _MAX_BYTES))].decode("utf-8", "replace")
    told: set[tuple[int, str]] = set()
    for first_line, window in _windows(text):
        budget.pause()
        for kind, at in secrets_in(window):
            line = first_line + window.count("\n", 0, at)
            if (line, kind) in told or len(told) == _MAX_TOLD:
                continue
            told.add((line, kind))
            where = f" of {inside}" if inside else ""
            yield finding(name, "secret", f"Line {line}{where} has what looks like {kind}.")


def _windows(text: str) -> Iterator[tuple[int, str]]:
    """Yield pieces of about 64 kB with the number of their first line.

    A piece ends with a line where it can; within an endless line, pieces overlap, so that a
    secret on the seam is whole in one of them.
    """
    start, line = 0, 1
    while start < len(text):
        end = min(start + _WINDOW, len(text))
        seam = text.rfind("\n", start, end) + 1 if end < len(text) else end
        stop = seam or end
        yield line, text[start:stop]
        after = stop if seam else stop - _OVERLAP
        line += text.count("\n", start, after)
        start = after
