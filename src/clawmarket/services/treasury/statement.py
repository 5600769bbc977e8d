"""Statements: an account's records walked back from its balance, line by line, to the unit."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.ids import ULID_PATTERN, lowest_id, noun_of
from clawmarket.domain.kernel.moment import from_iso, iso
from clawmarket.domain.kernel.money import CREDITS
from clawmarket.domain.treasury.account import Balance, balance_id, empty_balance
from clawmarket.domain.treasury.entry import Posting
from clawmarket.domain.treasury.statement import EMPTY, Pockets, change_of, postings_in, touches
from clawmarket.domain.trust.record import Record, RecordParty, party_link
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    AccountId,
    Answer,
    AssetId,
    BillId,
    Change,
    Cursor,
    Figure,
    Moment,
    OrderId,
    Page,
    RecordId,
    TabId,
    TaskId,
    Verbatim,
    Word,
)
from clawmarket.registry.methods import read
from clawmarket.services.call import Call
from clawmarket.services.listing import CursorInvalidError
from clawmarket.services.trust.log import index_of

# How many records one page looks at: most of an account's records may move no money.
MAX_LOOKED_AT = 400
# Where a page ends: the last record that was looked at, and both pockets before it.
_CURSOR = re.compile(rf"(rec_{ULID_PATTERN})\|(-?[0-9]{{1,20}})\|(-?[0-9]{{1,20}})")

LedgerAccount = Annotated[
    str,
    Field(description="`agent_…/available`, `agent_…/held`, `fees` or `rail:…`."),
    Verbatim,
]
Instant = Annotated[
    str,
    Field(
        strict=True,
        max_length=40,
        description="A moment, ISO 8601 with its zone.",
        examples=["2026-01-31T12:00:00.000Z"],
    ),
]


class MomentInvalidError(InvalidArgumentError):
    """A moment is no ISO 8601 text with a zone."""

    advice = "Write it as 2026-01-31T12:00:00Z."
    next_command = "clawmarket help ledger"


class WalletStatement(Page):
    """Which part of your account's history."""

    since: Annotated[
        Instant | None, Field(alias="from", description="From this moment on; all if left out.")
    ] = None
    until: Annotated[
        Instant | None, Field(description="Before this moment; up to now if left out.")
    ] = None


class PocketsView(Answer):
    """Both pockets of an account at one point of its history."""

    available: Figure
    held: Figure


class BalanceView(Answer):
    """The four figures of the wallet."""

    available: Figure
    held: Figure
    on_its_way: Figure
    earned: Figure


class PostingView(Answer):
    """One movement on one ledger account."""

    account: LedgerAccount
    amount: Change


class StatementLine(Answer):
    """One record that moved your money: what it changed, and what you had after it."""

    record_id: RecordId
    index: int | None
    at: Moment
    method: Word
    order_id: OrderId | None
    task_id: TaskId | None
    tab_id: TabId | None
    bill_id: BillId | None
    available_change: Change
    held_change: Change
    available: Figure
    held: Figure
    postings: Annotated[
        list[PostingView], Field(description="All movements of the record; they sum to zero.")
    ]


class StatementPage(Answer):
    """A page of a statement, newest first: opening + lines = closing."""

    account_id: AccountId
    asset: AssetId
    as_of: Annotated[
        RecordId | None, Field(description="Your newest record; `balance` holds until the next.")
    ]
    as_of_index: Annotated[int | None, Field(description="Its number in the log.")]
    balance: BalanceView
    opening: Annotated[PocketsView, Field(description="Before the oldest line of this page.")]
    closing: Annotated[PocketsView, Field(description="After the newest line of this page.")]
    items: list[StatementLine]
    agrees: Annotated[
        bool | None,
        Field(
            description="Whether your records lead from nothing to your balance; null until the "
            "walk has reached the first of them."
        ),
    ]
    next_cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class _Span:
    """Which records are lines: from the lowest id to before the highest, so many at most."""

    lowest: str
    highest: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class _Step:
    """One record on the way back, with the pockets after and before it."""

    record: Record
    facts: dict[str, Any]
    postings: tuple[Posting, ...]
    after: Pockets
    before: Pockets


@dataclass
class _Walk:
    """How far a page has come: its lines, the last record, the pockets before that."""

    last: str
    pockets: Pockets
    lines: list[_Step]
    reached: Literal["limit", "lowest", "first"] = "first"


@read(
    "web3.wallet.statement",
    errors=(MomentInvalidError, CursorInvalidError),
    example={"limit": 10},
)
def wallet_statement(call: Call, rows: Snapshot, request: WalletStatement) -> StatementPage:
    """List what moved your money, newest first, with what you had after each movement.

    A page may hold fewer lines than `limit` and still have a next cursor: records that move
    nothing are passed over. The cursor carries the pockets, so that each page goes on exactly
    where the one before ended, whatever happened in between.
    """
    balance = own_balance(rows, call.actor)
    newest = newest_record(rows, call.actor)
    walk = _walk(rows, call.actor, _span(request), _start(request.cursor, balance))
    closing = walk.lines[0].after if walk.lines else walk.pockets
    goes_on = f"{walk.last}|{walk.pockets.available}|{walk.pockets.held}"
    return StatementPage(
        account_id=call.actor,
        asset="credits",
        as_of=newest,
        as_of_index=index_of(rows, newest) if newest else None,
        balance=_balance_view(balance),
        opening=_pockets_view(walk.pockets),
        closing=_pockets_view(closing),
        items=[_line(rows, step) for step in walk.lines],
        agrees=walk.pockets == EMPTY if walk.reached == "first" else None,
        next_cursor=goes_on if walk.reached == "limit" else None,
    )


def own_balance(rows: Snapshot, account_id: str) -> Balance:
    """Return what an account has in credits; nothing for one that never had any."""
    return rows.get(Balance, balance_id(account_id, CREDITS)) or empty_balance(account_id, CREDITS)


def newest_record(rows: Snapshot, account_id: str) -> str | None:
    """Return the id of an account's newest record; its balance holds until the next one."""
    links = _links(rows, account_id, "", 1)
    return links[0].record_id if links else None


def _span(request: WalletStatement) -> _Span:
    lowest = "" if request.since is None else _lowest_record(request.since)
    highest = None if request.until is None else _lowest_record(request.until)
    return _Span(lowest, highest, request.limit)


def _lowest_record(text: str) -> str:
    # Record ids rise in the order of the commands, `at` need not: so two statements that meet
    # at a moment never share a line, and never lose one.
    try:
        return lowest_id("record", max(0, from_iso(text)))
    except (ValueError, OverflowError):
        raise MomentInvalidError(f"{text!r} is no moment with its zone.") from None


def _start(cursor: str | None, balance: Balance) -> _Walk:
    if cursor is None:
        return _Walk("", Pockets(balance.available, balance.held), [])
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise CursorInvalidError("The cursor is none of this list.")
    return _Walk(match[1], Pockets(int(match[2]), int(match[3])), [])


def _walk(rows: Snapshot, actor: str, span: _Span, walk: _Walk) -> _Walk:
    links = _links(rows, actor, walk.last, MAX_LOOKED_AT)
    for link in links:
        if link.record_id < span.lowest:
            walk.reached = "lowest"
            return walk
        step = _step(rows, actor, link.record_id, walk.pockets)
        if step is not None and (span.highest is None or link.record_id < span.highest):
            if len(walk.lines) == span.limit:
                walk.reached = "limit"
                return walk
            walk.lines.append(step)
        walk.last = link.record_id
        walk.pockets = step.before if step else walk.pockets
    walk.reached = "limit" if len(links) == MAX_LOOKED_AT else "first"
    return walk


def _links(rows: Snapshot, account_id: str, before: str, limit: int) -> list[RecordParty]:
    after = party_link(account_id, before) if before else None
    prefix = party_link(account_id, "")
    return rows.find(Query(RecordParty, prefix=prefix, after=after, newest_first=True, limit=limit))


def _step(rows: Snapshot, actor: str, record_id: str, after: Pockets) -> _Step | None:
    """Return what a record did to the actor's pockets; None if it touched neither."""
    record = rows.get(Record, record_id)
    if record is None:
        return None
    facts = orjson.loads(record.body)
    postings = postings_in(facts["postings"])
    if not touches(postings, actor, CREDITS):
        return None
    return _Step(record, facts, postings, after, after - change_of(postings, actor, CREDITS))


def _line(rows: Snapshot, step: _Step) -> StatementLine:
    change = step.after - step.before
    return StatementLine(
        record_id=step.record.record_id,
        index=index_of(rows, step.record.record_id),
        at=iso(step.record.at),
        method=step.record.method,
        order_id=_about(step.facts, "order"),
        task_id=_about(step.facts, "task"),
        tab_id=_about(step.facts, "tab"),
        bill_id=_about(step.facts, "bill"),
        available_change=str(change.available),
        held_change=str(change.held),
        available=str(step.after.available),
        held=str(step.after.held),
        postings=[
            PostingView(account=p.account, amount=str(p.amount))
            for p in step.postings
            if p.asset == CREDITS
        ],
    )


def _about(facts: dict[str, Any], noun: str) -> str | None:
    """Return the order, task, tab or bill that a record is about, from what changed there."""
    return next((thing for thing, _, _ in facts["states"] if noun_of(thing) == noun), None)


def _pockets_view(pockets: Pockets) -> PocketsView:
    return PocketsView(available=str(pockets.available), held=str(pockets.held))


def _balance_view(balance: Balance) -> BalanceView:
    return BalanceView(
        available=str(balance.available),
        held=str(balance.held),
        on_its_way=str(balance.on_its_way),
        earned=str(balance.earned),
    )
