"""`clawmarket a2a card` and `a2a call`: what was typed, asked of an agent and shown."""

import asyncio
import json
import re
import shlex
import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.ids import id_pattern
from clawmarket.domain.kernel.moment import iso
from clawmarket.entry.a2a.routes import A2aMissingError
from clawmarket.entry.cli.a2a.access import origin_of
from clawmarket.entry.cli.a2a.options import DEFAULT_S
from clawmarket.entry.cli.a2a.saving import REQUEST, check_folder, save
from clawmarket.entry.cli.invocation import PROGRAM, Invocation
from clawmarket.entry.cli.output import finish, tell
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE, EXIT_PENDING

Fields = dict[str, Any]

_FAILED = ("TASK_STATE_FAILED", "TASK_STATE_REJECTED", "TASK_STATE_CANCELED")
_DONE, _ASKS = "TASK_STATE_COMPLETED", "TASK_STATE_INPUT_REQUIRED"
_MAX_DATA = 512 * 1024
_SHOWN = 200
_TASK_ID = re.compile(id_pattern("task"))


class MessageEmptyError(InvalidArgumentError):
    """A message says something, in words or as data."""

    advice = "Write a text, or name --skill and --data."
    next_command = "clawmarket help a2a call"


class DataInvalidError(InvalidArgumentError):
    """The data for an agent is no JSON object."""

    advice = "Write an object such as '{\"limit\": 5}', @FILE, or - for stdin."
    next_command = "clawmarket help a2a call"


def show_card(invocation: Invocation) -> int:
    """Show an agent's card."""
    url = _url(invocation)
    card = asyncio.run(_found(url))
    skills = [f"  {each['id']}: {each.get('description', '')}" for each in card.get("skills", [])]
    places = [
        f"  {each.get('protocolBinding', '?')} {each.get('protocolVersion', '?')}: {each['url']}"
        for each in card.get("supportedInterfaces", [])
    ]
    lines = [card["name"], card.get("description", ""), "speaks", *places, "skills", *skills]
    finish(invocation, {"ok": True, "card": card}, lines, [card["name"]])
    return EXIT_DONE


def call(invocation: Invocation) -> int:
    """Send a message to an agent and show what comes back.

    Returns 0 for an answer or a task that goes on, 1 for one that failed, 8 for one that was
    watched and has not ended.
    """
    url = _url(invocation)
    message = _message(invocation)
    folder = invocation.values.get("save")
    if folder:
        check_folder(Path(folder))
    try:
        reply, version = asyncio.run(_called(url, message, invocation))
    except Exception as error:
        # With the same id an agent that knows the message does not do it twice.
        error.add_note(f"message id: {message['messageId']}")
        raise
    document = {"ok": True, "protocol": version, "messageId": message["messageId"], **reply}
    if folder:
        document["saved"] = _saved(Path(folder), url, message, reply)
    bare = [reply["task"]["id"]] if "task" in reply else []
    following = _next(reply, url)
    lines = [*_lines(reply), *(f"next: {step}" for step in following)]
    finish(invocation, document | {"next": following}, lines, bare)
    _hint(reply, url)
    return _status(reply, watched=bool(invocation.values.get("stream")))


def _saved(folder: Path, url: str, message: Fields, reply: Fields) -> list[str]:
    """Write the answer into a folder and say how the same is asked for money."""
    about = {
        "worker": reply.pop("agent"),
        "a2a_url": url,
        "timestamp": iso(SystemClock().now()),
        "message_id": message["messageId"],
    }
    asked = "\n\n".join(_parts(message["parts"]))
    words = _lines(reply)[1:] if "task" in reply else _lines(reply)
    names = save(folder, about, asked, words, reply)
    asking = [
        "task",
        "publish",
        "TITLE",
        "--summary",
        f"@{folder / REQUEST}",
        "--budget",
        "CREDITS",
    ]
    tell(f"saved in {folder}: {', '.join(names)}")
    tell(f"the same as a paid task: {shlex.join([PROGRAM, *asking])}")
    return names


def _next(reply: Fields, url: str) -> list[str]:
    """Return how a task that a market's agent took is looked at; other agents' ids say nothing."""
    task_id = reply.get("task", {}).get("id", "")
    if not _TASK_ID.fullmatch(task_id):
        return []
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    return [shlex.join([PROGRAM, "task", "show", task_id, "--url", origin])]


def _hint(reply: Fields, url: str) -> None:
    """Say on stderr how a task that asks something is answered."""
    task = reply.get("task", {})
    if task.get("status", {}).get("state") == _ASKS:
        words = [PROGRAM, "a2a", "call", url, "TEXT", "--task", task["id"]]
        words += ["--context", task["contextId"]] if task.get("contextId") else []
        tell(f"answer it: {shlex.join(words)}")


async def _found(url: str) -> Fields:
    from clawmarket.entry.cli.a2a.agent import reached, told_card  # noqa: PLC0415 - an extra

    async with reached(url, DEFAULT_S) as found:
        return told_card(found.card)


async def _called(url: str, message: Fields, invocation: Invocation) -> tuple[Fields, str]:
    from clawmarket.entry.cli.a2a.agent import reached, sent  # noqa: PLC0415 - an extra

    values = invocation.values
    stream = bool(values.get("stream"))
    async with reached(url, values.get("timeout", DEFAULT_S), stream=stream) as found:
        reply = await sent(found, message, _progress if stream else _quiet)
        return (reply | {"agent": found.card.name} if values.get("save") else reply), found.version


def _quiet(_event: Fields) -> None:
    pass


def _progress(event: Fields) -> None:
    """Say on stderr what a stream brings."""
    if "task" in event:
        tell(f"task {event['task']['id']}: {_word(event['task']['status'])}")
    if "statusUpdate" in event:
        status = event["statusUpdate"]["status"]
        said = " ".join(_parts(status.get("message", {}).get("parts", [])))
        tell(f"task is {_word(status)}" + (f": {said[:_SHOWN]}" if said else ""))
    if "artifactUpdate" in event:
        artifact = event["artifactUpdate"]["artifact"]
        more = "more of it" if event["artifactUpdate"].get("append") else "came"
        tell(f"artifact {artifact.get('name') or artifact['artifactId']}: {more}")


def _word(status: Fields) -> str:
    state: str = status.get("state", "unknown")
    return state.removeprefix("TASK_STATE_").lower().replace("_", "-")


def _url(invocation: Invocation) -> str:
    try:
        import_module("a2a.client")
    except ImportError:
        raise A2aMissingError("The A2A SDK is not installed.") from None
    url = str(invocation.values["agent"]).rstrip("/")
    origin_of(url)
    return url


def _message(invocation: Invocation) -> Fields:
    """Return the message that was typed. Raises MessageEmptyError, DataInvalidError."""
    values = invocation.values
    parts: list[Fields] = [{"text": values["text"]}] if values.get("text") else []
    data = _data(values.get("data"))
    if values.get("skill"):
        data = {"skill": values["skill"]} | (data or {})
    if data is not None:
        parts.append({"data": data})
    if not parts:
        raise MessageEmptyError("There is nothing to say to the agent.")
    message_id = values.get("message_id") or f"cli-{SystemEntropy().draw(16).hex()}"
    message: Fields = {"messageId": message_id, "role": "ROLE_USER", "parts": parts}
    named = {"taskId": values.get("task"), "contextId": values.get("context")}
    return message | {name: value for name, value in named.items() if value}


def _data(typed: str | None) -> Fields | None:
    if typed is None:
        return None
    try:
        text = _text(typed)
        data = json.loads(text) if len(text) <= _MAX_DATA else None
    except (OSError, ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise DataInvalidError("--data is no JSON object.")
    return data


def _text(typed: str) -> str:
    if typed == "-":
        return sys.stdin.read(_MAX_DATA + 1)
    if typed.startswith("@"):
        with Path(typed[1:]).open(encoding="utf-8") as file:
            return file.read(_MAX_DATA + 1)
    return typed


def _lines(reply: Fields) -> list[str]:
    """Return a reply for people: what it says, its state and its files."""
    if "message" in reply:
        return _parts(reply["message"].get("parts", []))
    task = reply["task"]
    words = _parts(task["status"].get("message", {}).get("parts", []))
    files = [line for each in task.get("artifacts", []) for line in _parts(each.get("parts", []))]
    return [f"task {task['id']} is {_word(task['status'])}", *words, *files]


def _parts(parts: list[Fields]) -> list[str]:
    lines: list[str] = []
    for part in parts:
        if "text" in part:
            lines.append(part["text"])
        elif "data" in part:
            lines.append(json.dumps(part["data"], ensure_ascii=False, indent=2))
        else:
            lines.append(f"{part.get('filename', 'file')}: {part.get('url', 'enclosed')}")
    return lines


def _status(reply: Fields, *, watched: bool) -> int:
    if "message" in reply:
        return EXIT_DONE
    state = reply["task"]["status"].get("state", "")
    if state in _FAILED:
        return EXIT_NEGATIVE
    return EXIT_PENDING if watched and state != _DONE else EXIT_DONE
