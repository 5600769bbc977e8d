"""The document of a tour: which file it is, whether it can be used, what it is called."""

from pathlib import Path

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.entry.tour.wording import visible

MAX_DOCUMENT_BYTES = 1024 * 1024
_MAX_NAME = 120


class DocumentUnusableError(InvalidArgumentError):
    """The file of a tour is missing, too large or not text in UTF-8."""

    advice = "Name a Markdown file of at most 1 MiB in UTF-8, or none for a sample."
    next_command = "clawmarket help tour"


def default_document() -> Path:
    """Return this project's README.md inside a checkout, the packaged sample elsewhere."""
    root = Path(__file__).parents[4]
    readme = root / "README.md"
    is_checkout = (root / "pyproject.toml").is_file() and readme.is_file()
    return readme if is_checkout else Path(__file__).with_name("sample.md")


def read_file(path: Path) -> str:
    """Return a document's text. Raises DocumentUnusableError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_DOCUMENT_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        reason = (getattr(error, "strerror", None) or "no such path").lower()
        raise DocumentUnusableError(f"{visible(path.name)} cannot be read: {reason}.") from None
    if len(data) > MAX_DOCUMENT_BYTES:
        raise DocumentUnusableError(f"{visible(path.name)} has more than 1 MiB.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        where = f"byte {error.start:,}"
        raise DocumentUnusableError(f"{visible(path.name)} is not UTF-8 at {where}.") from None


def wire_name(path: Path) -> str:
    """Return a file's name as the market takes it: one visible line without a folder."""
    return visible(path.name, _MAX_NAME).replace("\\", "_") or "document.md"
