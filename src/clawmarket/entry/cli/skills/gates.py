"""What a skill has to be: for OpenClaw's loader, for ClawHub's gates, and for whoever pays.

Limits: the AgentSkills specification (names, lengths), OpenClaw's skill format (`metadata`), and
ClawHub's publishing rules (versions, sizes, quality, security) as of 2026.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clawmarket.entry.cli.skills.frontmatter import (
    Fields,
    FrontmatterInvalidError,
    Parts,
    parts_of,
)
from clawmarket.entry.cli.skills.typed import commands_in, fault_of, methods_in, spends

SKILL = "SKILL.md"
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NAME_CHARS, _DESCRIPTION_CHARS = 64, 1024
_SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?")
_MIN_WORDS, _MIN_CHARS, _MIN_HEADINGS, _MIN_BULLETS = 45, 260, 2, 3
_FILE_BYTES, _ALL_BYTES = 10 * 1024 * 1024, 50 * 1024 * 1024
_RESERVED = frozenset({"skill-card.md", "claw.json"})
# What documents, hosts and the seed of these skills have at the top.
_KNOWN = frozenset(
    {
        *("name", "description", "version", "author", "homepage", "tools", "license"),
        *("compatibility", "metadata", "allowed-tools", "user-invocable"),
        *("disable-model-invocation", "command-dispatch", "command-tool", "command-arg-mode"),
    }
)
_TEMPLATE = re.compile(r"lorem ipsum|your skill here|\[insert|describe your skill", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{?([A-Z][A-Z0-9_]{2,})")
_EVERYWHERE = frozenset({"HOME", "PATH", "PWD", "TMPDIR", "USER"})
_REFERENCE = re.compile(r"\{baseDir\}/([\w./-]*\w)")
# Codes of ClawHub's moderation, and what shows them.
_FORBIDDEN = {
    "suspicious.secret_argv_exposure": re.compile(
        r"curl[^\n]*(?:-H|--header)[ =]*[\"']?Authorization:|--(?:token|api-key|password)[ =]\$",
        re.IGNORECASE,
    ),
    "suspicious.exposed_secret_literal": re.compile(
        r"\b(?:sk|ghp|gho|xox[bp]|AKIA)[-_]?[A-Za-z0-9_-]{20,}|Bearer [A-Za-z0-9_\-.]{24,}"
        r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    ),
    "suspicious.remote_recipe_execution": re.compile(
        r"(?:curl|wget)[^\n|]*\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b"
    ),
    "misleading_affiliation": re.compile(r"official(?:ly)?\s+open ?claw", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a skill, and where."""

    skill: str
    code: str
    message: str
    file: str = SKILL


def findings_of(folder: Path) -> list[Finding]:
    """Return everything that is wrong with the skill in a folder."""
    return [Finding(folder.name, *found) for found in _findings(folder)]


def _findings(folder: Path) -> Iterator[tuple[str, ...]]:
    if not (folder / SKILL).is_file():
        yield "skill_missing", f"there is no {SKILL}"
        return
    yield from _sizes(folder)
    texts = {path.relative_to(folder).as_posix(): _text(path) for path in _documents(folder)}
    try:
        parts = parts_of(texts[SKILL])
    except FrontmatterInvalidError as error:
        yield "frontmatter_unreadable", str(error)
        return
    yield from _fields(folder, parts.fields)
    yield from _openclaw(parts.fields, texts)
    yield from _quality(parts)
    yield from _references(folder, parts)
    for name, text in texts.items():
        yield from _security(name, text)
        yield from _commands(name, text)
    yield from _spending(texts[SKILL])


def _documents(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.md"))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _sizes(folder: Path) -> Iterator[tuple[str, ...]]:
    files = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    for path, size in files.items():
        name = path.relative_to(folder).as_posix()
        if size > _FILE_BYTES:
            yield "file_large", f"it has more than {_FILE_BYTES} bytes", name
        if path.name in _RESERVED:
            yield "name_reserved", "ClawHub keeps this name for itself", name
    if sum(files.values()) > _ALL_BYTES:
        yield "skill_large", f"all files have more than {_ALL_BYTES} bytes"


def _fields(folder: Path, fields: Fields) -> Iterator[tuple[str, ...]]:
    name, description = fields.get("name"), fields.get("description")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _NAME_CHARS:
        yield "name_invalid", f"a name has up to {_NAME_CHARS} of a-z, 0-9 and single hyphens"
    elif name != folder.name:
        yield "name_other", f"the folder is called {folder.name}, the skill {name}"
    if not isinstance(description, str) or not 0 < len(description) <= _DESCRIPTION_CHARS:
        yield "description_invalid", f"a description has 1 to {_DESCRIPTION_CHARS} characters"
    if not _SEMVER.fullmatch(str(fields.get("version", ""))):
        yield "version_invalid", "a version is three numbers, such as 1.0.0"
    for unknown in sorted(fields.keys() - _KNOWN):
        yield "key_unknown", f"no host knows {unknown}"


def _openclaw(fields: Fields, texts: dict[str, str]) -> Iterator[tuple[str, ...]]:
    metadata = fields.get("metadata", {})
    about = metadata.get("openclaw") if isinstance(metadata, dict) else None
    if not isinstance(about, dict):
        yield "metadata_missing", "metadata is an object with `openclaw`"
        return
    requires = about.get("requires", {})
    lists = [requires.get(name, []) for name in ("bins", "anyBins", "env", "config")]
    if any(not _is_words(words) for words in lists):
        yield "requires_invalid", "bins, anyBins, env and config are lists of words"
        return
    if about.get("always"):
        yield "suspicious.privileged_always", "`always` is for skills that need no consent"
    declared = {str(each.get("name")) for each in about.get("envVars", [])}
    primary = about.get("primaryEnv")
    if primary and primary not in declared:
        yield "env_undeclared", f"{primary} is not among envVars"
    if primary in requires.get("env", []):
        yield "key_hides_skill", f"without {primary} nobody sees the skill, nor how to get one"
    used = {name for text in texts.values() for name in _VARIABLE.findall(text)}
    for name in sorted(used - declared - _EVERYWHERE):
        yield "env_undeclared", f"{name} is used, but is not among envVars"


def _is_words(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return isinstance(value, list) and all(isinstance(each, str) and each for each in value)


def _quality(parts: Parts) -> Iterator[tuple[str, ...]]:
    body = parts.body
    lines = [line.lstrip() for line in body.splitlines()]
    headings = sum(line.startswith("#") for line in lines)
    bullets = sum(bool(re.match(r"(?:[-*]|\d+\.)\s", line)) for line in lines)
    if len(body.split()) < _MIN_WORDS or len("".join(body.split())) < _MIN_CHARS:
        yield "body_short", f"it has fewer than {_MIN_WORDS} words or {_MIN_CHARS} characters"
    if headings < _MIN_HEADINGS:
        yield "body_flat", f"it has fewer than {_MIN_HEADINGS} headings"
    if bullets < _MIN_BULLETS:
        yield "body_flat", f"it has fewer than {_MIN_BULLETS} points in lists"
    if _TEMPLATE.search(body):
        yield "body_template", "words of a template were left in it"


def _references(folder: Path, parts: Parts) -> Iterator[tuple[str, ...]]:
    for name in sorted(set(_REFERENCE.findall(parts.body))):
        if not (folder / name).is_file():
            yield "reference_missing", f"there is no {name}"


def _security(name: str, text: str) -> Iterator[tuple[str, ...]]:
    for code, pattern in _FORBIDDEN.items():
        if found := pattern.search(text):
            yield code, f"{' '.join(found[0].split())[:60]!r}", name


def _commands(name: str, text: str) -> Iterator[tuple[str, ...]]:
    for typed in commands_in(text):
        if fault := fault_of(typed):
            yield "command_unknown", f"`{typed.line[:80]}`: {fault}", name
    for method in methods_in(text):
        yield "method_unknown", f"there is no method {method}", name


def _spending(text: str) -> Iterator[tuple[str, ...]]:
    """A skill shows what something costs before it shows how to pay for it."""
    previewed: set[str] = set()
    pays = False
    for typed in commands_in(text):
        words = spends(typed)
        if not words or not typed.in_block:
            continue
        pays = True
        if "--dry-run" in typed.words:
            previewed.add(words)
        elif "--yes" in typed.words and words not in previewed:
            yield "suspicious.confirmation_bypass", f"`{words}` is shown with --yes only"
    if pays and not re.search(r"\bfee\b|\d\s?%", text):
        yield "fee_untold", "it spends, and does not name the market's fee"
