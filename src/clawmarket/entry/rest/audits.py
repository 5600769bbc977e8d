"""The records of a task, for its parties, each with the proof that strangers can check."""

from clawmarket.domain.trust.record import RecordNotFoundError, RecordPendingError
from clawmarket.entry.rest.desk import Desk, Fields
from clawmarket.entry.rest.orders import order_of
from clawmarket.entry.rest.reading.paging import Paging
from clawmarket.entry.rest.shapes.audit import AuditPage, AuditRow, Proof

LOOKED_AT = 200


async def records_of(desk: Desk, task: Fields, part: Paging) -> AuditPage:
    """Return the records of a task that the caller may see, oldest first."""
    own = await _own_records(desk)
    if task["orderId"] is None:
        about = [each for each in own if task["taskId"] in each["record"]][::-1]
        return _page([_row(each) for each in about], part)
    order = await order_of(desk, task)
    known = {each["recordId"]: each for each in own}
    rows = [await _proven(desk, record_id, known) for record_id in order["records"]]
    return _page([row for row in rows if row is not None], part)


async def _own_records(desk: Desk) -> list[Fields]:
    page = await desk.see("web3.audit.query", limit=LOOKED_AT)
    items: list[Fields] = page["items"]
    return items


async def _proven(desk: Desk, record_id: str, known: dict[str, Fields]) -> AuditRow | None:
    """Return a record with its proof; without one while it waits, None if it is the other's."""
    try:
        shown = await desk.see("web3.audit.prove", recordId=record_id)
    except RecordPendingError:
        return _row(known[record_id]) if record_id in known else None
    except RecordNotFoundError:
        return None
    return _row(shown)


def _row(shown: Fields) -> AuditRow:
    proof = None
    if "proof" in shown:
        proof = Proof(index=shown["index"], hashes=shown["proof"], checkpoint=shown["checkpoint"])
    return AuditRow(
        record_id=shown["recordId"], record=shown["record"], salt=shown["salt"], proof=proof
    )


def _page(rows: list[AuditRow], part: Paging) -> AuditPage:
    end = part.skipped + part.per_page
    return AuditPage(
        items=rows[part.skipped : end],
        total=len(rows),
        page=part.page,
        per_page=part.per_page,
        has_more=len(rows) > end,
    )
