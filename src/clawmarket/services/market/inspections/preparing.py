"""Preparing a result: what a seller asks the market before files are handed in.

It is the same for every caller, so it stands here once: as questions that somebody else asks,
within the process or from another machine, each as a call of the seller's own.
"""

from collections.abc import Callable, Generator
from typing import Any, Protocol

from clawmarket.domain.market.inspection.finding import Finding
from clawmarket.domain.market.inspection.verdict import InspectionFailedError, Verdict, unappealed

Fields = dict[str, Any]
Questions = Generator[tuple[str, Fields], Fields, Fields]

ORDER, TASK = "web3.market.order.get", "web3.market.getTask"
INSPECT = "web3.market.inspection.run"


class Ask(Protocol):
    """How a caller within an event loop calls a method."""

    async def __call__(self, method: str, /, **params: object) -> Fields:
        """Return the answer. Raises what refuses the call."""


def preparing(
    order_id: str, artifacts: list[Fields], note: str = "", appeal: str = ""
) -> Questions:
    """Ask what has to be known of stored files, and return the parameters of `submitResult`.

    Files are inspected where the order's task asks for it. An appeal goes along only if they
    failed, since nobody knows that before; with nothing against the files it is left out. Asked
    again, the questions have the same answers, so a repeated key meets the same parameters. The
    verdict is on these files for this order: other files, or another order, are inspected anew.

    Raises:
        InspectionFailedError: They failed, and `appeal` gives no reason; nothing is handed in.
    """
    params: Fields = {"orderId": order_id, "artifacts": artifacts, "note": note}
    order = yield ORDER, {"orderId": order_id}
    # An order from an offer has no task; `submitResult` says how it is delivered.
    task = (yield TASK, {"taskId": order["taskId"]}) if order["taskId"] else None
    if task is None or not task["inspect"]:
        return params
    inspection = yield INSPECT, {"orderId": order_id, "artifacts": artifacts}
    if inspection["verdict"] == Verdict.PASSED:
        return params
    if not appeal.strip():
        raise unappealed(order_id, inspection["inspectionId"], _findings_of(inspection))
    return params | {"appeal": appeal}


async def prepared(ask: Ask, questions: Questions) -> Fields:
    """Ask within an event loop, and return the parameters of `submitResult`."""
    try:
        method, params = next(questions)
        while True:
            method, params = questions.send(await ask(method, **params))
    except StopIteration as end:
        return _params_of(end)


def prepared_now(ask: Callable[[str, Fields], Fields], questions: Questions) -> Fields:
    """The same without an event loop."""
    try:
        method, params = next(questions)
        while True:
            method, params = questions.send(ask(method, params))
    except StopIteration as end:
        return _params_of(end)


def inspection_behind(failed: InspectionFailedError) -> Fields:
    """Return the inspection that refuses files, for answers that show it beside other things."""
    named = {name: failed.details[name] for name in ("inspectionId", "findings")}
    return named | {"verdict": str(Verdict.FAILED)}


def _findings_of(inspection: Fields) -> tuple[Finding, ...]:
    found = inspection["findings"]
    return tuple(Finding(each["file"], each["code"], each["what"]) for each in found)


def _params_of(end: StopIteration) -> Fields:
    params: Fields = end.value
    return params
