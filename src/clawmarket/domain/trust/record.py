"""Records: exactly one canonical audit event per committed command, and its leaf in the log."""

import hashlib
from dataclasses import dataclass

from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.kernel.errors import ConflictError, NotFoundError
from clawmarket.domain.trust.merkle import leaf_hash


class RecordNotFoundError(NotFoundError):
    """There is no such record, or it is not yours to see."""

    next_command = "clawmarket audit tail"


class RecordPendingError(ConflictError):
    """The log has not numbered this record yet."""

    advice = "Ask again in a second; the log takes new records in every second."
    next_command = "clawmarket audit prove {recordId}"
    retryable = True


@dataclass(frozen=True, slots=True)
class Record:
    """The canonical bytes of one event, and the salt that hides them in the public log.

    Ids rise strictly in the order of the commands.
    """

    record_id: str
    at: int
    actor: str
    method: str
    body: bytes
    salt: bytes


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Which record has which number in the log."""

    idx: int
    record_id: str


@dataclass(frozen=True, slots=True)
class RecordParty:
    """Who may see a record; the key is account|record, so an account's lie side by side."""

    link_id: str
    record_id: str


@dataclass(frozen=True, slots=True)
class LogTile:
    """The stored hashes of one tile of the log; the key is level/number."""

    tile_id: str
    hashes: bytes


@dataclass(frozen=True, slots=True)
class LogHead:
    """The last checkpoint: the tree's size, its last record, its compact range, the signed note."""

    name: str
    size: int
    last_record_id: str
    frontier: bytes
    checkpoint: str
    signed_at: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many things stand in a state, or how much a fee account took, as of the log's head."""

    tally_id: str
    amount: int


def party_link(account_id: str, record_id: str) -> str:
    """Return the key of an account's right to see a record."""
    return f"{account_id}|{record_id}"


def leaf_data(body: bytes, salt: bytes) -> bytes:
    """Return what the public log shows of a record: a salted commitment and nothing else."""
    commit = hashlib.sha256(salt + body).hexdigest()
    return canonical_bytes({"commit": commit, "v": 1})


def record_leaf(body: bytes, salt: bytes) -> bytes:
    """Return the leaf hash of a record (RFC 6962 section 2.1)."""
    return leaf_hash(leaf_data(body, salt))
