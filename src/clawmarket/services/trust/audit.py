"""The audit: the records of what an account took part in, and proofs that the log has them."""

from collections.abc import Iterable
from typing import Annotated, Any

import orjson
from pydantic import Field

from clawmarket.domain.kernel.events import EVENTS
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.record import (
    Record,
    RecordNotFoundError,
    RecordParty,
    RecordPendingError,
    party_link,
)
from clawmarket.domain.trust.session import Role
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import (
    AccountId,
    Answer,
    Cursor,
    Moment,
    Page,
    RecordId,
    Request,
    TaskId,
    Verbatim,
    Word,
)
from clawmarket.registry.methods import Need, Verb, read
from clawmarket.services.call import Call, Caller
from clawmarket.services.listing import Listing, scan
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.log import index_of, log_head, proofs_of

Exact = Annotated[
    str, Field(description="The exact canonical JSON that the log commits to."), Verbatim
]
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]*$", description="Lower-case hexadecimal."), Verbatim]


class QueryAudit(Page):
    """Which of your records."""

    method: Annotated[
        str | None, Field(strict=True, max_length=80, description="Only records of this method.")
    ] = None
    about: Annotated[TaskId | None, Field(description="Only records that name this task.")] = None


class RecordView(Answer):
    """One record, with the salt that opens its commitment in the public log."""

    record_id: RecordId
    at: Moment
    actor: AccountId
    method: Word
    index: int | None
    record: Exact
    salt: Hex


class RecordPage(Answer):
    """A page of records, newest first."""

    items: list[RecordView]
    next_cursor: Cursor | None


@read("web3.audit.query", example={"limit": 5}, verb=Verb("audit query"))
def query_audit(call: Call, rows: Snapshot, request: QueryAudit) -> RecordPage:
    """List the records of commands that you gave or were a party of, newest first."""
    found, next_cursor = records_of(call, rows, request, (request.about or "").encode())
    items = [
        RecordView(
            record_id=record.record_id,
            at=iso(record.at),
            actor=record.actor,
            method=record.method,
            index=index_of(rows, record.record_id),
            record=record.body.decode(),
            salt=record.salt.hex(),
        )
        for record in found
        if request.method in (None, record.method)
    ]
    return RecordPage(items=items, next_cursor=next_cursor)


def records_of(
    call: Call, rows: Snapshot, page: Page, name: bytes = b""
) -> tuple[list[Record], str | None]:
    """Return a page of the records with a name that the caller may see (an operator: all)."""
    if call.is_operator:
        listed = Listing(Record, {}, page.cursor, page.limit)
        all_of_them = scan(rows, listed, lambda record: name in record.body)
        return all_of_them.items, all_of_them.next_cursor
    mine = party_link(call.actor, "")
    listing = Listing(RecordParty, {}, page.cursor, page.limit, prefix=mine)
    found: dict[str, Record] = {}

    def wanted(link: RecordParty) -> bool:
        record = rows.get(Record, link.record_id)
        if record is None or name not in record.body:
            return False
        found[link.record_id] = record
        return True

    links = scan(rows, listing, wanted)
    return [found[link.record_id] for link in links.items], links.next_cursor


def in_sight_of(pipeline: Pipeline, caller: Caller, record_ids: Iterable[str]) -> list[str]:
    """Return those of some records that a caller may see, in their order; nothing is proven."""
    if caller.role is Role.OPERATOR:
        return list(record_ids)
    links = [(party_link(caller.account_id, each), each) for each in record_ids]
    return pipeline.ports.store.read(
        lambda rows: [each for link, each in links if rows.get(RecordParty, link) is not None]
    )


class ProveRecord(Request):
    """The record to prove."""

    record_id: RecordId


class ProofView(Answer):
    """Everything needed to check offline that the log has a record."""

    record_id: RecordId
    index: int
    record: Exact
    salt: Hex
    proof: list[Hex]
    checkpoint: Exact


@read(
    "web3.audit.prove",
    errors=(RecordNotFoundError, RecordPendingError),
    needs=(Need("recordId", "web3.audit.query", "items.0.recordId"),),
    verb=Verb("audit prove", ("recordId",)),
)
def prove_record(call: Call, rows: Snapshot, request: ProveRecord) -> ProofView:
    """Prove that the public log has a record of yours (RFC 6962 inclusion proof)."""
    record = rows.get(Record, request.record_id)
    link = rows.get(RecordParty, party_link(call.actor, request.record_id))
    if record is None or (link is None and not call.is_operator):
        raise RecordNotFoundError(f"You have no record {request.record_id}.")
    head = log_head(rows)
    index = index_of(rows, record.record_id)
    if index is None or head is None:
        raise RecordPendingError("The log takes this record in soon.", recordId=record.record_id)
    return ProofView(
        record_id=record.record_id,
        index=index,
        record=record.body.decode(),
        salt=record.salt.hex(),
        proof=proofs_of(rows, [index], head.size)[0],
        checkpoint=head.checkpoint,
    )


class MarketEvent(Answer):
    """One event of a record, in the form of the market's audit."""

    id: RecordId
    kind: Word
    ref_id: Word
    actor: AccountId
    timestamp: Moment
    details: Annotated[dict[str, Any], Field(description="The event's facts."), Verbatim]


class EventPage(Answer):
    """A page of events, newest first."""

    items: list[MarketEvent]
    next_cursor: Cursor | None


@read("web3.market.audit.query", example={"limit": 5})
def query_market_audit(call: Call, rows: Snapshot, request: Page) -> EventPage:
    """List the market's events that you took part in, newest first."""
    found, next_cursor = records_of(call, rows, request)
    items = [_event(record, facts) for record in found for facts in _facts(record)]
    return EventPage(items=items, next_cursor=next_cursor)


def _facts(record: Record) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = orjson.loads(record.body)["events"]
    return facts


def _event(record: Record, facts: dict[str, Any]) -> MarketEvent:
    # An event's first field names what it happened to; in the record the names are sorted.
    about, *_ = EVENTS[facts["kind"]].wire_names()
    return MarketEvent(
        id=record.record_id,
        kind=facts["kind"],
        ref_id=facts[about],
        actor=record.actor,
        timestamp=iso(record.at),
        details=facts,
    )
