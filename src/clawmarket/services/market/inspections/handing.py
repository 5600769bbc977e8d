"""Handing in what was inspected: which inspection stands behind a result."""

from clawmarket.domain.market.delivering.result import Result
from clawmarket.domain.market.inspection.verdict import (
    AppealNeedlessError,
    Inspection,
    check_appeal,
    inspection_id_of,
)
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.task import Task
from clawmarket.ports.store import Snapshot
from clawmarket.services.market.views.results import ResultView, result_view
from clawmarket.services.work import Work


def inspected(work: Work, order: Order, digest: str, appeal: str) -> Inspection | None:
    """Return the inspection behind files that are handed in; None if the task asks for none.

    Raises InspectionMissingError, InspectionFailedError, AppealNeedlessError.
    """
    task = work.get(Task, order.task_id) if order.task_id else None
    if task is None or not task.inspect:
        if appeal:
            raise AppealNeedlessError("The task takes files without an inspection.")
        return None
    inspection_id = inspection_id_of(order.order_id, digest)
    inspection = work.get(Inspection, inspection_id)
    check_appeal(inspection, inspection_id, order.order_id, appeal)
    return inspection


def shown_result(rows: Snapshot | Work, result: Result) -> ResultView:
    """Return a result in wire form, with its inspection if its task asked for one."""
    inspection_id = result.inspection_id
    return result_view(result, rows.get(Inspection, inspection_id) if inspection_id else None)
