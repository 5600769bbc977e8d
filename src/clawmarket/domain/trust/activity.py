"""Activity: what an agent did, as its host tells it: kinds, figures and commitments, no content.

The items of one session of one source are numbered from 1 and chained: the hash of each covers the
one before, so the hash of the last one stands for all of them.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.kernel.errors import ConflictError, InvalidArgumentError
from clawmarket.domain.kernel.events import Event, Fact, event
from clawmarket.domain.kernel.moment import iso

MAX_COUNT = 2**53 - 1
WORD_PATTERN = r"^[A-Za-z0-9_.:/@+-]{1,120}$"

_WORD = re.compile(WORD_PATTERN)


class ActivityKind(StrEnum):
    """What an agent did; nothing else is written down."""

    LLM_INPUT = "llm_input"
    LLM_OUTPUT = "llm_output"
    TOOL_CALL = "tool_call"
    MODEL_CALL = "model_call"
    SESSION_END = "session_end"


_MODEL: dict[str, type] = {"provider": str, "model": str}

# What may be said of each kind; `lost`: how many items of the session were dropped before this one.
FACTS: Mapping[ActivityKind, Mapping[str, type]] = {
    ActivityKind.LLM_INPUT: _MODEL
    | dict.fromkeys(("promptBytes", "systemPromptBytes", "messages", "images", "tools"), int),
    ActivityKind.LLM_OUTPUT: _MODEL
    | dict.fromkeys(("outputBytes", "inputTokens", "outputTokens", "cachedTokens"), int),
    ActivityKind.TOOL_CALL: {"tool": str, "outcome": str}
    | dict.fromkeys(("durationMs", "paramsBytes", "resultBytes"), int),
    ActivityKind.MODEL_CALL: _MODEL
    | {"outcome": str}
    | dict.fromkeys(("durationMs", "requestBytes", "responseBytes"), int),
    ActivityKind.SESSION_END: {"reason": str, "messages": int},
}
COMMITMENTS: Mapping[ActivityKind, frozenset[str]] = {
    ActivityKind.LLM_INPUT: frozenset({"prompt", "systemPrompt"}),
    ActivityKind.LLM_OUTPUT: frozenset({"output"}),
    ActivityKind.TOOL_CALL: frozenset({"params", "result"}),
    ActivityKind.MODEL_CALL: frozenset(),
    ActivityKind.SESSION_END: frozenset(),
}


class ActivityUnfitError(InvalidArgumentError):
    """An item says what its kind has no place for."""

    advice = "Send only facts and commitments that the kind has; the plugin and the market differ."
    next_command = "clawmarket explain activity_unfit"


class ActivityGapError(ConflictError):
    """Items before these ones are missing; a session's items come in their order."""

    advice = "Send the items from `details.expectedSeq` on, or begin with a new source."
    next_command = "clawmarket audit activity"


class ActivityForkedError(ConflictError):
    """Another item has this number already; what was written down is never replaced."""

    advice = "Begin with a new source; what is there stays as it is."
    next_command = "clawmarket audit activity"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that an agent did, as it was sent."""

    seq: int
    kind: ActivityKind
    at: int
    facts: Mapping[str, str | int]
    commitments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stream:
    """One session of one source: the newest item's number and hash.

    The key is account|session|source.
    """

    stream_id: str
    seq: int
    hash: str
    appended_at: int


@dataclass(frozen=True, slots=True)
class Activity:
    """One item as it is listed; facts and commitments stand in its record.

    The key is account|session|source|seq. `place` is the record's id and the item's number in it,
    so it rises as items were written down.
    """

    activity_id: str
    account_id: str
    session_id_hash: str
    source: str
    seq: int
    kind: ActivityKind
    at: int
    hash: str
    place: str


@event
@dataclass(frozen=True, slots=True)
class ActivityNoted(Event):
    """An agent did something; its host told it, with the facts in `told`.

    From these fields the hash can be worked out.
    """

    session_id_hash: str
    source: str
    seq: int
    activity: str
    at: str
    told: dict[str, Fact]
    commitments: dict[str, Fact]
    previous: str
    hash: str


def stream_key(account_id: str, session_id_hash: str, source: str) -> str:
    """Return the key of a stream."""
    return f"{account_id}|{session_id_hash}|{source}"


def activity_key(stream_id: str, seq: int) -> str:
    """Return the key of one item of a stream."""
    return f"{stream_id}|{seq:012d}"


def place_of(record_id: str, index: int) -> str:
    """Return where an item stands among all of its account."""
    return f"{record_id}.{index:03d}"


def check_item(item: Item) -> None:
    """Raise ActivityUnfitError unless an item says only what its kind has a place for."""
    known = {**FACTS[item.kind], "lost": int}
    for name, value in item.facts.items():
        if type(value) is not known.get(name):
            raise ActivityUnfitError(f"{item.kind} has no fact {name[:40]!r} of this type.")
        if not _is_fit(value):
            raise ActivityUnfitError(f"The fact {name} is too large or not one word.")
    for name in item.commitments:
        if name not in COMMITMENTS[item.kind]:
            raise ActivityUnfitError(f"{item.kind} commits to no {name[:40]!r}.")


def _is_fit(value: str | int) -> bool:
    if isinstance(value, str):
        return _WORD.fullmatch(value) is not None
    return 0 <= value <= MAX_COUNT


def noted(stream: Stream, item: Item) -> ActivityNoted:
    """Return the event of the item that follows what a stream has, with its hash.

    The hash is SHA-256 over the RFC 8785 form of the event's fields but kind and hash, and `v`.
    """
    _, session_id_hash, source = stream.stream_id.split("|")
    facts: dict[str, Fact] = dict(item.facts)
    commitments: dict[str, Fact] = dict(item.commitments)
    digest = item_hash(session_id_hash, source, item, stream.hash)
    return ActivityNoted(
        session_id_hash,
        source,
        item.seq,
        item.kind.value,
        iso(item.at),
        facts,
        commitments,
        stream.hash,
        digest,
    )


def item_hash(session_id_hash: str, source: str, item: Item, previous: str) -> str:
    """Return the hash of an item, in lower-case hexadecimal; `previous` is "" for the first."""
    form = {
        "v": 1,
        "sessionIdHash": session_id_hash,
        "source": source,
        "seq": item.seq,
        "activity": item.kind.value,
        "at": iso(item.at),
        "told": dict(item.facts),
        "commitments": dict(item.commitments),
        "previous": previous,
    }
    return hashlib.sha256(canonical_bytes(form)).hexdigest()


def listed(account_id: str, said: ActivityNoted, place: str, at: int) -> Activity:
    """Return the row of an item."""
    stream_id = stream_key(account_id, said.session_id_hash, said.source)
    return Activity(
        activity_key(stream_id, said.seq),
        account_id,
        said.session_id_hash,
        said.source,
        said.seq,
        ActivityKind(said.activity),
        at,
        said.hash,
        place,
    )


def advanced(stream: Stream, said: ActivityNoted, now: int) -> Stream:
    """Return a stream with one item more."""
    return Stream(stream.stream_id, said.seq, said.hash, now)
