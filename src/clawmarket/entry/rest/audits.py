"""The records of a task, for its parties, each with the proof that strangers can check."""

from clawmarket.domain.trust.record import RecordNotFoundError, RecordPendingError
from clawmarket.entry.rest.desk import Desk, Fields
from clawmarket.entry.rest.orders import order_of
from clawmarket.entry.rest.reading.paging import Paging
from clawmarket.entry.rest.shapes.audit import AuditPage, AuditRow, Proof

LOOKED_AT = 200
MAX_STEPS = 10


async def records_of(desk: Desk, task: Fields, part: Paging) -> AuditPage:
    """Return the records of a task that the caller may see, oldest first."""
    if task["orderId"] is None:
        return await _of_open_task(desk, task, part)
    own = await _own_records(desk)
    order = await order_of(desk, task)
    known = {each["recordId"]: each for each in own}
    rows = [await _proven(desk, record_id, known) for record_id in order["records"]]
    return _page([row for row in rows if row is not None], part)


async def _of_open_task(desk: Desk, task: Fields, part: Paging) -> AuditPage:
    """Return the caller's records of a task without an order: a page is oldest first."""
    found: list[Fields] = []
    cursor, wanted = part.cursor, part.skipped + part.per_page
    for _ in range(MAX_STEPS):
        asked = {"about": task["taskId"], "cursor": cursor, "limit": wanted - len(found)}
        page = await desk.see("web3.audit.query", **asked)
        found, cursor = found + page["items"], page["nextCursor"]
        if cursor is None or len(found) >= wanted:
            break
    whole = part.cursor is None and cursor is None
    return AuditPage(
        items=[_row(each) for each in found[part.skipped :]][::-1],
        total=len(found) if whole else None,
        page=part.page,
        per_page=part.per_page,
        has_more=cursor is not None,
        next_cursor=cursor,
    )


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
        next_cursor=None,
    )
