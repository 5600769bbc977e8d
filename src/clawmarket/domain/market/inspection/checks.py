"""Acceptance checks: what a task asks of its files, so that a machine can see whether it is so."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from clawmarket.domain.market.inspection.finding import Findings, finding
from clawmarket.domain.market.inspection.kinds import extension_of

MAX_CHECKS = 8


class CheckKind(StrEnum):
    """What a check looks at."""

    JSON_SCHEMA = "json_schema"
    SHA256 = "sha256"
    TYPES = "types"
    MAX_BYTES = "max_bytes"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a task.

    `file` is the name it is about, None for every file; `schema` the text of a JSON Schema,
    `allowed` endings with commas between them.
    """

    kind: str
    file: str | None
    schema: str | None
    digest: str | None
    allowed: str | None
    bytes: int | None


def outlined(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Return checks as a list of tasks shows them: without the texts of their schemas."""
    return tuple(replace(check, schema=None) for check in checks)


def check_findings(name: str, content: bytes, checks: Iterable[Check]) -> Findings:
    """Yield where a file is not as the task's checks ask, but for JSON Schemas."""
    for check in checks:
        if check.file not in {None, name}:
            continue
        if check.kind == CheckKind.SHA256 and check.digest != _digest(content):
            yield finding(name, "check_sha256", f"The file's hash is not {check.digest}.")
        if check.kind == CheckKind.TYPES and extension_of(name) not in _endings(check):
            yield finding(name, "check_types", f"The task takes {check.allowed} only.")
        if check.bytes is not None and len(content) > check.bytes:
            what = f"The file has {len(content)} bytes; the task takes {check.bytes}."
            yield finding(name, "check_max_bytes", what)


def missing_files(names: Iterable[str], checks: Iterable[Check]) -> Findings:
    """Yield each file that a check is about and that was not handed in."""
    there = set(names)
    wanted = dict.fromkeys(check.file for check in checks if check.file is not None)
    for name in wanted:
        if name not in there:
            yield finding(name, "file_missing", "The task asks for a file of this name.")


def _endings(check: Check) -> set[str]:
    return set((check.allowed or "").split(","))


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
