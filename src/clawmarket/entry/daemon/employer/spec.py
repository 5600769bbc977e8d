"""A task as a file: JSON, or Markdown with a small header; alone, or in a folder with its files.

The header is lines of `Name: value` at the very top, up to the first empty line. What is below is
the task's text. In a folder the spec is called task.json or task.md, and every other plain file of
the folder is attached.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from clawmarket.domain.kernel.errors import InvalidArgumentError, Refused
from clawmarket.domain.kernel.money import parse_decimal
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.options import DurationType
from clawmarket.entry.daemon.files import MAX_BYTES, is_plain_name

_SPECS = ("task.json", "task.md")
_HEADER = re.compile(r"([A-Za-z][A-Za-z ]{0,30}):[ \t]*(.*)")
_TITLE_CHARS, _TEXT_CHARS, _MAX_ATTACHED = 200, 20_000, 20
_SPEC_BYTES = 1024 * 1024
_YES, _NO = frozenset({"yes", "true"}), frozenset({"no", "false"})
# A person needs longer to look than the market's ten minutes.
_REVIEW_S = 86_400


class SpecInvalidError(InvalidArgumentError):
    """A file is no task."""

    advice = "Write a title and a budget; the guide shows both forms."
    next_command = "clawmarket help employer run"


@dataclass(frozen=True, slots=True)
class Spec:
    """One task that is to be posted.

    Args:
        name: Of its file, without folders.
        digest: Over everything in it; what changed is another task.
        budget: In minor units.
        params: What `web3.market.publishTask` gets, without the attachments.
        attached: Files to attach.
    """

    name: str
    digest: str
    title: str
    budget: int
    params: Entry
    attached: tuple[Path, ...] = field(default=())


def specs_in(folder: Path) -> list[Spec]:
    """Return the tasks of a folder by name. Raises SpecInvalidError, naming the file."""
    return [_spec(path) for path in sorted(folder.iterdir()) if _is_spec(path)]


def _is_spec(path: Path) -> bool:
    if path.name.startswith(".") or path.is_symlink():
        return False
    if path.is_dir():
        return any((path / name).is_file() for name in _SPECS)
    return path.suffix in (".json", ".md")


def _spec(path: Path) -> Spec:
    source, attached = path, tuple[Path, ...]()
    if path.is_dir():
        source = next(path / name for name in _SPECS if (path / name).is_file())
        attached = tuple(_attached(path, source))
    try:
        fields = _fields(source)
        return _made(path.name, source, fields, attached)
    except (SpecInvalidError, Refused, click.UsageError, UnicodeDecodeError, ValueError) as error:
        what = error.what if isinstance(error, Refused) else _said(error)
        raise SpecInvalidError(f"{path.name}: {what}") from None


def _said(error: Exception) -> str:
    if isinstance(error, click.UsageError):
        return error.format_message()
    return "it is not text in UTF-8." if isinstance(error, UnicodeDecodeError) else f"{error}."


def _attached(folder: Path, spec: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path == spec or path.name.startswith("."):
            continue
        if path.is_symlink() or not path.is_file():
            raise SpecInvalidError(f"{folder.name}: {path.name} is no plain file.")
        if not is_plain_name(path.name) or path.stat().st_size > MAX_BYTES:
            raise SpecInvalidError(f"{folder.name}: {path.name} cannot be attached.")
        yield path


def _fields(source: Path) -> Entry:
    if source.stat().st_size > _SPEC_BYTES:
        raise SpecInvalidError("It is too large for a task.")
    text = source.read_text(encoding="utf-8-sig")
    if source.suffix == ".md":
        return _headed(text)
    read = json.loads(text)
    if not isinstance(read, dict):
        raise SpecInvalidError("It is JSON, but no object.")
    return {re.sub(r"(?=[A-Z])", " ", name).lower(): value for name, value in read.items()}


def _headed(text: str) -> Entry:
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    fields: Entry = {"text": body.strip()}
    for line in head.splitlines():
        match = _HEADER.fullmatch(line.strip())
        if match is None:
            raise SpecInvalidError(f"{line.strip()[:40]!r} is no `Name: value`.")
        if match[1].lower() in fields and match[1].lower() != "text":
            raise SpecInvalidError(f"{match[1]} is there twice.")
        fields[match[1].strip().lower()] = match[2].strip()
    return fields


def _made(name: str, source: Path, fields: Entry, attached: tuple[Path, ...]) -> Spec:
    unknown = sorted(fields.keys() - _READERS.keys() - {"title", "budget"})
    if unknown:
        raise SpecInvalidError(f"There is no {unknown[0]!r} in a task.")
    title, budget = fields.get("title"), parse_decimal(str(fields.get("budget", "")))
    if not isinstance(title, str) or not 0 < len(title) <= _TITLE_CHARS:
        raise SpecInvalidError(f"A title has 1 to {_TITLE_CHARS} characters.")
    if not budget or len(attached) > _MAX_ATTACHED:
        raise SpecInvalidError(f"It needs a budget, and at most {_MAX_ATTACHED} files.")
    params: Entry = {"title": title, "budget": str(budget)}
    for key, value in (_USUAL | fields).items():
        if key in _READERS:
            params[_READERS[key][0]] = _READERS[key][1](value)
    hashed = hashlib.sha256(source.read_bytes())
    for path in attached:
        hashed.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return Spec(name, hashed.hexdigest(), title, budget, params, attached)


def _text(value: Any) -> str:  # noqa: ANN401 - whatever the JSON says
    if not isinstance(value, str) or len(value) > _TEXT_CHARS:
        raise SpecInvalidError(f"A text has at most {_TEXT_CHARS} characters.")
    return value


def _words(value: Any) -> list[str]:  # noqa: ANN401 - the same
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise SpecInvalidError("Skills are a list of words.")
    return [word for part in parts if (word := str(part).strip())]


def _seconds(value: Any) -> int:  # noqa: ANN401 - the same
    return int(DurationType().convert(str(value), None, None))


def _agreed(value: Any) -> bool:  # noqa: ANN401 - the same
    word = str(value).lower()
    if word not in _YES | _NO:
        raise SpecInvalidError(f"{word!r} is neither yes nor no.")
    return word in _YES


def _listed(value: Any) -> list[Entry]:  # noqa: ANN401 - the same
    read = json.loads(value) if isinstance(value, str) else value
    if not isinstance(read, list):
        raise SpecInvalidError("Checks are a list.")
    return read


# Where nothing else is said; what was inspected is also what `--accept-passed` accepts.
_USUAL = {"claims": "yes", "inspect": "yes", "review within": f"{_REVIEW_S}s"}
_READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "text": ("summary", _text),
    "requirements": ("requirements", _text),
    "skills": ("skills", _words),
    "claims": ("claims", _agreed),
    "sealed": ("sealed", _agreed),
    "inspect": ("inspect", _agreed),
    "deadline": ("deadline", str),
    "open for": ("expirySec", _seconds),
    "deliver within": ("timeoutSec", _seconds),
    "review within": ("disputeWindowSec", _seconds),
    "checks": ("checks", _listed),
}
