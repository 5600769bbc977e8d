"""Answers in the form of 0.3; within this package they have the form of 1.0."""

from typing import Any

Fields = dict[str, Any]

ENDED = frozenset(f"TASK_STATE_{name}" for name in ("COMPLETED", "FAILED", "CANCELED", "REJECTED"))
WAITING = frozenset(f"TASK_STATE_{name}" for name in ("INPUT_REQUIRED", "AUTH_REQUIRED"))

_ROLES = {"ROLE_AGENT": "agent", "ROLE_USER": "user"}


def old_reply(reply: Fields) -> Fields:
    """Return the answer to a message: a task or a message, with its kind within it."""
    return old_task(reply["task"]) if "task" in reply else old_message(reply["message"])


def old_event(event: Fields) -> Fields:
    """Return one event of a stream."""
    if "statusUpdate" in event:
        return _old_update(event["statusUpdate"])
    if "artifactUpdate" in event:
        update = event["artifactUpdate"]
        artifact = _old_artifact(update["artifact"])
        told: Fields = update | {"kind": "artifact-update", "artifact": artifact}
        return told
    return old_reply(event)


def old_task(task: Fields) -> Fields:
    """Return a task."""
    told = task | {"kind": "task", "status": _old_status(task["status"])}
    told["artifacts"] = [_old_artifact(each) for each in task.get("artifacts", [])]
    if "history" in task:
        told["history"] = [old_message(each) for each in task["history"]]
    return told


def old_message(message: Fields) -> Fields:
    """Return a message."""
    parts = [_old_part(part) for part in message["parts"]]
    return message | {"kind": "message", "role": _ROLES[message["role"]], "parts": parts}


def old_state(state: str) -> str:
    """Return a state's name: TASK_STATE_INPUT_REQUIRED is input-required."""
    return state.removeprefix("TASK_STATE_").lower().replace("_", "-")


def _old_update(update: Fields) -> Fields:
    status = _old_status(update["status"])
    final = update["status"]["state"] in ENDED | WAITING
    return update | {"kind": "status-update", "status": status, "final": final}


def _old_status(status: Fields) -> Fields:
    told = status | {"state": old_state(status["state"])}
    if "message" in status:
        told["message"] = old_message(status["message"])
    return told


def _old_artifact(artifact: Fields) -> Fields:
    return artifact | {"parts": [_old_part(part) for part in artifact["parts"]]}


def _old_part(part: Fields) -> Fields:
    kept: Fields = {"metadata": part["metadata"]} if "metadata" in part else {}
    if "text" in part:
        return kept | {"kind": "text", "text": part["text"]}
    if "data" in part:
        return kept | {"kind": "data", "data": part["data"]}
    named = {"name": part["filename"], "mimeType": part["mediaType"]}
    where = {"bytes": part["raw"]} if "raw" in part else {"uri": part["url"]}
    return kept | {"kind": "file", "file": where | named}
