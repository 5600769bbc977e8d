"""The line to the market: calls that can be repeated, and a clear word when it is away."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clawmarket.domain.kernel.errors import DeadlineError, UnavailableError
from clawmarket.domain.kernel.ids import id_pattern
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.remote.client import Market, NotAMarketError, RemoteRefusal

_LATER = frozenset({"E_UNAVAILABLE", "E_TIMEOUT", "E_INTERNAL"})
# Without the right to act nothing gets better by waiting.
_HOPELESS = frozenset({"E_AUTH_REQUIRED", "E_FORBIDDEN", "E_REVOKED"})
_TASK_ID = re.compile(id_pattern("task"))


class AwayError(Exception):
    """The market cannot answer now; the same call may be sent again later."""


class TooSoonError(AwayError):
    """The market is there, and asks for patience with this call."""


def check_right(refused: Exception) -> None:
    """Raise a refusal again if it says that the key may not act, so no work is to blame for it."""
    if isinstance(refused, RemoteRefusal) and refused.code in _HOPELESS:
        raise refused


def task_id_of(answer: Entry) -> str:
    """Return the task's id of an answer; it becomes the name of a folder, so it has to be an id.

    Raises NotAMarketError.
    """
    task_id = answer.get("taskId")
    if not (isinstance(task_id, str) and _TASK_ID.fullmatch(task_id)):
        raise NotAMarketError("What answers calls a task by something that is no task's id.")
    return task_id


@contextmanager
def _away() -> Iterator[None]:
    """Raise AwayError for what may be tried again; a stranger at the address stays an error."""
    try:
        yield
    except NotAMarketError:
        raise
    except (UnavailableError, DeadlineError) as away:
        raise AwayError(away.what) from None
    except RemoteRefusal as refusal:
        if refusal.code == "E_RATE_LIMITED":
            raise TooSoonError(str(refusal)) from None
        if refusal.code in _LATER:
            raise AwayError(str(refusal)) from None
        raise


@dataclass(frozen=True, slots=True)
class Line:
    """The market as a daemon asks it."""

    market: Market

    def ask(self, method: str, params: Entry | None = None, key: str = "") -> Entry:
        """Return an answer. Raises AwayError when it may be tried again, RemoteRefusal when not."""
        with _away():
            return self.market.call(method, params, key)

    def look(self, method: str, params: Entry) -> Entry | None:
        """The same for what may not be there; None then."""
        try:
            return self.ask(method, params)
        except RemoteRefusal as refusal:
            if refusal.code == "E_NOT_FOUND":
                return None
            raise

    def store(self, path: Path) -> Entry:
        """Store a file and return its name, digest and size. Raises as `ask`."""
        with _away():
            return self.market.put_file(path)

    def fetch(self, digest: str, target: Path, size: int) -> None:
        """Write a stored file, under its name only when its bytes are right.

        Raises FileTooLongError, FileDamagedError, and as `ask`.
        """
        part = target.with_name(f".{target.name}.part"[:200])
        try:
            with _away(), part.open("wb") as sink:
                self.market.get_file(digest, sink, size)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
