"""Ids: a prefix that says what it is, and 26 lower-case ULID characters."""

import re
from dataclasses import dataclass, field

# Crockford's base 32, lower case (ULID specification): no i, l, o, u.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_SHIFTS = tuple(range(120, -1, -10))

PREFIXES = {
    "account": "agent_",
    "award": "award_",
    "bid": "bid_",
    "bill": "bill_",
    "charge": "charge_",
    "consent": "consent_",
    "credential": "cred_",
    "delivery": "delivery_",
    "dispute": "dispute_",
    "entry": "entry_",
    "evidence": "evidence_",
    "file": "file_",
    "hold": "hold_",
    "inspection": "inspection_",
    "job": "job_",
    "message": "msg_",
    "offer": "offer_",
    "order": "order_",
    "period": "period_",
    "plan": "plan_",
    "receipt": "receipt_",
    "record": "rec_",
    "request": "req_",
    "reservation": "reservation_",
    "result": "result_",
    "revocation": "revocation_",
    "settlement": "settlement_",
    "tab": "tab_",
    "task": "task_",
    "trust": "trust_",
    "usage": "usage_",
}

ULID_PATTERN = "[0-7][0-9a-hjkmnp-tv-z]{25}"

_ULID = re.compile(ULID_PATTERN)
_NOUNS = {prefix: noun for noun, prefix in PREFIXES.items()}

# The market's own acts (a deadline that passed) are recorded under an account nobody can sign
# in to.
MARKET_ACCOUNT = "agent_" + "0" * 26


def make_id(noun: str, now: int, randomness: bytes) -> str:
    """Return a new id of a noun.

    Args:
        noun: A key of `PREFIXES`.
        now: Milliseconds since the epoch; ids of later moments sort later.
        randomness: Exactly ten random bytes.
    """
    return PREFIXES[noun] + _encode((now << 80) | int.from_bytes(randomness, "big"))


def lowest_id(noun: str, moment: int) -> str:
    """Return the lowest id that a moment can have; every earlier one sorts before it."""
    return make_id(noun, moment, bytes(10))


def moment_prefix(noun: str, moment: int) -> str:
    """Return what all ids of a noun made in one millisecond begin with."""
    return lowest_id(noun, moment)[:-16]


def moment_of(some_id: str) -> int:
    """Return the moment in milliseconds at which an id of ours was made."""
    return _decode(some_id[-26:]) >> 80


def _encode(number: int) -> str:
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])


@dataclass(slots=True)
class RecordIds:
    """Gives records ids that rise strictly in the order of their commands.

    Two commands of one millisecond would sort by chance otherwise, and the log would tell a
    story with an answer before its question. `newest` is the last id of the run before, so that
    a clock that was set back does not matter.
    """

    newest: str = ""
    last: int = field(init=False)

    def __post_init__(self) -> None:
        self.last = _decode(self.newest[-26:])

    def rise_above(self, newest: str) -> None:
        """Let all further ids come after one that another process gave; an older one is nothing."""
        self.last = max(self.last, _decode(newest[-26:]))

    def next(self, now: int, randomness: bytes) -> str:
        """Return the next id; call it inside the transaction only."""
        fresh = (now << 80) | (int.from_bytes(randomness, "big") >> 1)
        self.last = max(self.last + 1, fresh)
        return PREFIXES["record"] + _encode(self.last)


def _decode(ulid: str) -> int:
    number = 0
    for char in ulid:
        number = number << 5 | _ALPHABET.index(char)
    return number


def id_pattern(noun: str) -> str:
    """Return the regular expression (anchored) that every id of a noun matches."""
    return f"^{PREFIXES[noun]}{ULID_PATTERN}$"


def same_ulid(noun: str, other_id: str) -> str:
    """Return the id of a noun that exists exactly once per other thing (a receipt per order)."""
    return PREFIXES[noun] + other_id[-26:]


def id_of(noun: str, digest: bytes) -> str:
    """Return the id of a noun that exactly one text can have, by the text's SHA-256.

    Whoever says the same again means the same thing, and it is found without an index.
    """
    return PREFIXES[noun] + _encode(int.from_bytes(digest[:16], "big"))


def noun_of(some_id: str) -> str | None:
    """Return what an id names, or None when it is no id of ours."""
    noun = _NOUNS.get(some_id[:-26])
    return noun if noun and _ULID.fullmatch(some_id[-26:]) else None
