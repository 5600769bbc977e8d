"""The records of a task, for its parties, each with the proof that strangers can check."""

from clawmarket.domain.trust.record import RecordPendingError
from clawmarket.entry.rest.desk import Desk, Fields
from clawmarket.entry.rest.orders import order_of
from clawmarket.entry.rest.reading.paging import Paging
from clawmarket.entry.rest.shapes.audit import AuditPage, AuditRow, Proof
from clawmarket.services.trust.audit import in_sight_of

LOOKED_AT = 200
MAX_STEPS = 10


async def records_of(desk: Desk, task: Fields, part: Paging) -> AuditPage:
    """Return the records of a task that the caller may see, oldest first."""
    if task["orderId"] is None:
        return await _of_open_task(desk, task, part)
    order = await order_of(desk, task)
    seen = in_sight_of(desk.pipeline, desk.caller, order["records"])
    end = part.skipped + part.per_page
    rows = await _proven(desk, seen[part.skipped : end])
    return AuditPage(
        items=rows,
        total=len(seen),
        page=part.page,
        per_page=part.per_page,
        has_more=len(seen) > end,
        next_cursor=None,
    )


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


async def _proven(desk: Desk, record_ids: list[str]) -> list[AuditRow]:
    """Return records with their proofs; without one those that the log has not taken in yet."""
    rows, latest = [], None
    for record_id in record_ids:
        try:
            rows.append(_row(await desk.see("web3.audit.prove", recordId=record_id)))
        except RecordPendingError:
            latest = latest or await _latest(desk)
            rows += [_row(latest[record_id])] if record_id in latest else []
    return rows


async def _latest(desk: Desk) -> dict[str, Fields]:
    page = await desk.see("web3.audit.query", limit=LOOKED_AT)
    return {each["recordId"]: each for each in page["items"]}


def _row(shown: Fields) -> AuditRow:
    proof = None
    if "proof" in shown:
        proof = Proof(index=shown["index"], hashes=shown["proof"], checkpoint=shown["checkpoint"])
    return AuditRow(
        record_id=shown["recordId"], record=shown["record"], salt=shown["salt"], proof=proof
    )
