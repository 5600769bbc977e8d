"""Agent activity: what an agent's host writes down of it, and a list of that."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import from_iso, iso
from clawmarket.domain.trust.activity import (
    MAX_COUNT,
    WORD_PATTERN,
    Activity,
    ActivityForkedError,
    ActivityGapError,
    ActivityKind,
    ActivityUnfitError,
    Item,
    Stream,
    activity_key,
    advanced,
    check_item,
    item_hash,
    listed,
    noted,
    place_of,
    stream_key,
)
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    Answer,
    Cursor,
    Moment,
    Page,
    RecordId,
    Request,
    RequestPart,
    SessionIdHash,
    Verbatim,
    Word,
)
from clawmarket.registry.methods import Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.listing import CursorInvalidError
from clawmarket.services.work import Work

MAX_ITEMS = 100

_PLACE = re.compile(r"rec_[0-7][0-9a-hjkmnp-tv-z]{25}\.\d{3}")

Hash = Annotated[
    str,
    Field(strict=True, pattern=r"^[0-9a-f]{64}$", description="SHA-256 in lower-case hexadecimal."),
    Verbatim,
]
Source = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^[0-9a-f]{32}$",
        description="Which host: 32 hexadecimal digits that it drew once. Each counts by itself.",
    ),
    Verbatim,
]
Seq = Annotated[int, Field(strict=True, ge=1, le=10**12 - 1, description="From 1, without a gap.")]
Name = Annotated[str, Field(strict=True, pattern=r"^[a-z][A-Za-z]{0,39}$")]
Figure = Annotated[int, Field(strict=True, ge=0, le=MAX_COUNT)]
Said = Annotated[str, Field(strict=True, pattern=WORD_PATTERN)]


class ActivityItem(RequestPart):
    """One thing that an agent did."""

    seq: Seq
    kind: ActivityKind
    at: Annotated[
        str,
        Field(
            strict=True,
            pattern=r"^20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}Z$",
            description="When, by the host's clock; ISO 8601 with milliseconds, UTC.",
            examples=["2026-01-31T12:00:00.000Z"],
        ),
    ]
    facts: Annotated[
        dict[Name, Figure | Said],
        Field(
            max_length=12, description="Counts, lengths and single words that the kind has; lost."
        ),
    ]
    commitments: Annotated[
        dict[Name, Hash],
        Field(max_length=4, description="From a content's name to SHA-256(salt, content)."),
    ]


class AppendActivity(Request):
    """What an agent did in one session."""

    session_id_hash: SessionIdHash
    source: Source
    items: Annotated[
        list[ActivityItem], Field(min_length=1, max_length=MAX_ITEMS, description="In their order.")
    ]


class AppendedActivity(Answer):
    """How far the session is written down."""

    next_seq: Annotated[int, Field(description="The number of the next item.")]
    appended: Annotated[int, Field(description="How many of the items were new.")]
    hash: Annotated[Hash, Field(description="The hash of the newest item.")]


_EXAMPLE = {
    "sessionIdHash": "5f" * 32,
    "source": "0a" * 16,
    "items": [
        {
            "seq": 1,
            "kind": "tool_call",
            "at": "2026-01-31T12:00:00.000Z",
            "facts": {"tool": "web3_market_status", "outcome": "done", "durationMs": 12},
            "commitments": {"params": "c0" * 32},
        }
    ],
}


@write(
    "web3.audit.append",
    errors=(ActivityUnfitError, ActivityGapError, ActivityForkedError),
    example=_EXAMPLE,
)
def append_activity(call: Call, work: Work, request: AppendActivity) -> AppendedActivity:
    """Write down what your agent did in a session: figures and commitments, no content.

    What was written down before is skipped, so a batch may be sent again; its order has no gaps.
    """
    items = _items(request.items)
    stream_id = stream_key(call.actor, request.session_id_hash, request.source)
    known = work.get(Stream, stream_id)
    stream = known or Stream(stream_id, 0, "", work.now)
    fresh = [item for item in items if item.seq > stream.seq]
    _check_same(work, stream_id, items[: len(items) - len(fresh)])
    _check_next(stream, items, fresh)
    for index, item in enumerate(fresh):
        said = noted(stream, item)
        work.emit(said)
        work.add(listed(call.actor, said, place_of(work.record_id, index), item.at))
        stream = advanced(stream, said, work.now)
    if fresh:
        (work.save if known else work.add)(stream)
    return AppendedActivity(next_seq=stream.seq + 1, appended=len(fresh), hash=stream.hash)


def _items(sent: Sequence[ActivityItem]) -> list[Item]:
    items = [Item(s.seq, s.kind, _moment(s.at), s.facts, s.commitments) for s in sent]
    for item in items:
        check_item(item)
    if any(after.seq != before.seq + 1 for before, after in pairwise(items)):
        raise ActivityUnfitError("The items of a batch follow each other without a gap.")
    return items


def _moment(text: str) -> int:
    try:
        return from_iso(text)
    except ValueError:
        raise ActivityUnfitError(f"There is no moment {text}.") from None


def _check_next(stream: Stream, items: Sequence[Item], fresh: Sequence[Item]) -> None:
    if fresh and fresh[0].seq != stream.seq + 1:
        raise ActivityGapError(
            f"The next item is {stream.seq + 1}, not {items[0].seq}.", expectedSeq=stream.seq + 1
        )


def _check_same(work: Work, stream_id: str, items: Sequence[Item]) -> None:
    """Hold what was written down before against what is sent again."""
    if not items:
        return
    _, session_id_hash, source = stream_id.split("|")
    before = work.get(Activity, activity_key(stream_id, items[0].seq - 1))
    previous = before.hash if before else ""
    for item in items:
        previous = item_hash(session_id_hash, source, item, previous)
        kept = work.get(Activity, activity_key(stream_id, item.seq))
        if kept is None or kept.hash != previous:
            raise ActivityForkedError(f"Item {item.seq} was written down otherwise.")


class ListActivity(Page):
    """Of which session."""

    session_id_hash: Annotated[SessionIdHash | None, Field(description="Only this session.")] = None


class ActivityView(Answer):
    """One item; `recordId` is the record that has its facts and commitments."""

    at: Moment
    kind: Word
    session_id_hash: SessionIdHash
    source: Source
    seq: int
    hash: Annotated[
        Hash, Field(description="Covers all items before it; of a session_end: the session's.")
    ]
    record_id: RecordId


class ActivityPage(Answer):
    """A page of items, newest first."""

    items: list[ActivityView]
    next_cursor: Cursor | None


@read("web3.audit.activity", example={"limit": 5}, verb=Verb("audit activity"))
def list_activity(call: Call, rows: Snapshot, request: ListActivity) -> ActivityPage:
    """List what your agents did, newest first, as their hosts wrote it down."""
    if request.cursor is not None and not _PLACE.fullmatch(request.cursor):
        raise CursorInvalidError("The cursor is none of this list.")
    mine = {"account_id": call.actor, "session_id_hash": request.session_id_hash}
    query = Query(
        Activity,
        equal={name: value for name, value in mine.items() if value is not None},
        order_by="place",
        after=request.cursor,
        newest_first=True,
        limit=request.limit + 1,
    )
    found = rows.find(query)
    page = found[: request.limit]
    more = len(found) > len(page)
    return ActivityPage(
        items=[_view(each) for each in page], next_cursor=page[-1].place if more else None
    )


def _view(each: Activity) -> ActivityView:
    return ActivityView(
        at=iso(each.at),
        kind=each.kind.value,
        session_id_hash=each.session_id_hash,
        source=each.source,
        seq=each.seq,
        hash=each.hash,
        record_id=each.place.partition(".")[0],
    )
