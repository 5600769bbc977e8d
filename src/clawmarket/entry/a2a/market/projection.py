"""A task of the market as an A2A task: the same id, its stage as a state, its files.

| stage                                | A2A            |
|--------------------------------------|----------------|
| open                                 | submitted      |
| claimed, submitted or under review   | working        |
| rejected                             | working        |
| rejected, to its worker              | input-required |
| completed                            | completed      |
| cancelled: taken back or paid back   | canceled       |
| expired                              | failed         |

A stage is what `web3.market.listStages` tells everybody.
"""

from mimetypes import guess_type
from typing import Any

from clawmarket.domain.market.telling.stage import Stage
from clawmarket.entry.a2a.market.history import history_of
from clawmarket.entry.a2a.skills.skill import Visit, number
from clawmarket.entry.tools.using import said

Fields = dict[str, Any]

TASK, ORDER, RESULT = "web3.market.getTask", "web3.market.order.get", "web3.market.getResult"
STAGES = "web3.market.listStages"
SUBMITTED, WORKING = "TASK_STATE_SUBMITTED", "TASK_STATE_WORKING"
COMPLETED, CANCELED, FAILED = "TASK_STATE_COMPLETED", "TASK_STATE_CANCELED", "TASK_STATE_FAILED"
INPUT_REQUIRED = "TASK_STATE_INPUT_REQUIRED"

STATES: dict[str, str] = {
    Stage.OPEN: SUBMITTED,
    Stage.CLAIMED: WORKING,
    Stage.SUBMITTED: WORKING,
    Stage.UNDER_REVIEW: WORKING,
    Stage.REJECTED: WORKING,
    Stage.COMPLETED: COMPLETED,
    Stage.CANCELLED: CANCELED,
    Stage.EXPIRED: FAILED,
}


async def projected(
    visit: Visit, task_id: str, context_id: str, history_length: int | None = 0
) -> Fields:
    """Return a task as this sender may see it, with so much of its history; None for the usual.

    Raises TaskNotFoundError.
    """
    task = await visit.ask(TASK, taskId=task_id)
    (stage,) = (await visit.ask(STAGES, taskIds=[task_id]))["items"]
    order = result = None
    if task["orderId"] and visit.market.token:
        order = await visit.look(ORDER, orderId=task["orderId"])
    if order and order["resultId"]:
        result = await visit.look(RESULT, resultId=order["resultId"])
    told = _told(visit, task, (stage, order, result), context_id)
    at = {"taskId": task_id, "contextId": context_id}
    history = await history_of(visit, task, at, history_length)
    return told | {"history": history} if history else told


def _told(
    visit: Visit,
    task: Fields,
    seen: tuple[Fields, Fields | None, Fields | None],
    context_id: str,
) -> Fields:
    stage, order, result = seen
    state = state_of(stage, visit.account_id)
    told: Fields = {
        "id": task["taskId"],
        "contextId": context_id,
        "status": {"state": state, "timestamp": changed_at(task, stage)},
        "artifacts": [_artifact(visit, result)] if result else [],
        "metadata": _metadata(task, stage, order),
    }
    words = _words(state, result)
    if words:
        told["status"]["message"] = {
            "messageId": f"{result['resultId'] if result else task['taskId']}-status",
            "contextId": told["contextId"],
            "taskId": task["taskId"],
            "role": "ROLE_AGENT",
            "parts": [{"text": words}],
        }
    return told


def state_of(stage: Fields, viewer: str) -> str:
    """Return the A2A state that a viewer sees of a stage."""
    if stage["stage"] == Stage.REJECTED and viewer == stage["worker"]:
        return INPUT_REQUIRED
    return STATES[stage["stage"]]


def _words(state: str, result: Fields | None) -> str:
    """Return what a person may want to read about the state; the buyer's words are data."""
    if state == INPUT_REQUIRED and result:
        told = said("the buyer", words=result["feedback"]).get("words", "")
        return f"The buyer sent the result back and wrote: {told}"
    return ""


def changed_at(task: Fields, stage: Fields) -> str:
    """Return when a task came to its state, as lists sort it."""
    moment: str = max(stage["changedAt"], task["createdAt"])
    return moment


def _artifact(visit: Visit, result: Fields) -> Fields:
    """Return what was handed in: each file by its address here, with its hash."""
    return {
        "artifactId": result["resultId"],
        "name": "result",
        "parts": [_file(visit, file) for file in result["artifacts"]],
        "metadata": {
            "digest": result["digest"],
            "status": result["status"],
            "said": said(result["deliverer"], note=result["note"]),
        },
    }


def _file(visit: Visit, file: Fields) -> Fields:
    return {
        "url": f"{visit.base_url}/files/{file['digest']}",
        "filename": file["name"],
        "mediaType": guess_type(file["name"])[0] or "application/octet-stream",
        "metadata": {"digest": file["digest"], "size": file["size"]},
    }


def _metadata(task: Fields, stage: Fields, order: Fields | None) -> Fields:
    words = {name: task[name] for name in ("title", "summary", "requirements")}
    known: Fields = {
        "hireclaw_status": stage["stage"],
        "status": task["status"],
        "budget": number(task["budget"]),
        "budget_minor": task["budget"],
        "payment_status": stage["payment"],
        "worker_id": task["worker"],
        "employer_id": task["buyer"],
        "order_id": task["orderId"],
        "skills": task["skills"],
        "bids": task["bids"],
        "expires_at": task["expiresAt"],
        "said": said(task["buyer"], **words),
    }
    if order:
        facts = {"order_status": order["status"], "result_id": order["resultId"]}
        known |= facts | {"due_at": order["dueAt"], "amount_minor": order["amount"]}
    return known
