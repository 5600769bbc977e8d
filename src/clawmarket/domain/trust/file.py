"""Files: who stored one, and who else may read it."""

from dataclasses import dataclass

from clawmarket.domain.kernel.events import Event, event

EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class FileRight:
    """The right to read a stored file.

    `account_id` is an account, everybody who is signed in (`*`), or a dispute: whoever may judge
    that one.
    """

    right_id: str
    digest: str
    account_id: str
    size: int
    created_at: int


@event
@dataclass(frozen=True, slots=True)
class FileStored(Event):
    """An account stored a file."""

    digest: str
    account_id: str
    size: int


def right_id(digest: str, account_id: str) -> str:
    """Return the key of an account's right to read a file."""
    return f"{digest}|{account_id}"
