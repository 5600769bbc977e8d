"""What a client sent, the same for both versions; the SDK's own types judge its form."""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, TypeVar

from a2a.compat.v0_3 import types as old
from a2a.types import a2a_pb2 as new
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message as ProtoMessage
from pydantic import BaseModel, ValidationError

from clawmarket.entry.a2a.wire.faults import invalid

Fields = dict[str, Any]
P = TypeVar("P", bound=ProtoMessage)
M = TypeVar("M", bound=BaseModel)

MAX_ID_CHARS = 200
MAX_PARTS = 64
MAX_VALUES = 5_000
_STATES = frozenset(new.TaskState.DESCRIPTOR.values_by_name)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file that came with a message: its Base64, or where it is said to be."""

    name: str
    base64: str
    url: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A message: what it says, and what it belongs to; an empty id is none."""

    message_id: str
    context_id: str
    task_id: str
    texts: tuple[str, ...]
    data: tuple[object, ...]
    files: tuple[FilePart, ...]
    history_length: int | None = None
    returns_at_once: bool = False
    metadata: Fields = field(default_factory=dict)


def _check_values(params: Fields) -> None:
    """Raise InvalidParamsError for more values than a message has any use for.

    Protobuf reads each in plain Python, and nobody else is served meanwhile.
    """
    waiting: list[object] = [params]
    seen = 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict | list):
            seen += len(value)
            if seen > MAX_VALUES:
                raise invalid("params", f"The parameters hold more than {MAX_VALUES} values.")
            waiting.extend(value.values() if isinstance(value, dict) else value)


def read_new(params: Fields, kind: type[P]) -> P:
    """Read the parameters of a 1.0 operation. Raises InvalidParamsError."""
    _check_values(params)
    try:
        message: P = ParseDict(params, kind(), ignore_unknown_fields=True)
    except (ParseError, RecursionError, ValueError):
        raise invalid("params", f"The parameters are no {kind.DESCRIPTOR.name}.") from None
    return message


def read_old(params: Fields, kind: type[M]) -> M:
    """Read the parameters of a 0.3 operation. Raises InvalidParamsError."""
    _check_values(params)
    try:
        return kind.model_validate(params)
    except ValidationError as error:
        place = error.errors(include_url=False, include_input=False)[0]["loc"]
        path = ".".join(("params", *(str(step) for step in place if step != "root")))
        raise invalid(path[:200], f"The parameters are no {kind.__name__}.") from None
    except RecursionError:
        raise invalid("params", "The parameters are nested too deeply.") from None


def read_list(params: Fields) -> new.ListTasksRequest:
    """Read the parameters of ListTasks. Raises InvalidParamsError, also for an unknown state.

    Protobuf would take a state that it does not know for none.
    """
    status = params.get("status")
    if isinstance(status, str) and status not in _STATES:
        raise invalid("status", "There is no such state.")
    return read_new(params, new.ListTasksRequest)


def sent_new(params: Fields) -> Sent:
    """Read a SendMessageRequest of 1.0. Raises InvalidParamsError."""
    request = read_new(params, new.SendMessageRequest)
    message, asked = request.message, request.configuration
    if message.role != new.ROLE_USER:
        raise invalid("message.role", "A client's message has the role ROLE_USER.")
    raw = params["message"]["parts"] if message.parts else []
    return _checked(
        Sent(
            message.message_id,
            message.context_id,
            message.task_id,
            tuple(part.text for part in message.parts if part.HasField("text")),
            # As it was sent: protobuf would turn every number into a float.
            tuple(
                each["data"]
                for part, each in zip(message.parts, raw, strict=True)
                if part.HasField("data")
            ),
            tuple(
                _file_new(part, each)
                for part, each in zip(message.parts, raw, strict=True)
                if part.HasField("raw") or part.HasField("url")
            ),
            asked.history_length if asked.HasField("history_length") else None,
            returns_at_once=asked.return_immediately,
            metadata=params["message"].get("metadata") or {},
        ),
        len(message.parts),
    )


def _file_new(part: new.Part, raw: Fields) -> FilePart:
    if part.HasField("raw") and not _BASE64.fullmatch(raw["raw"]):
        # Protobuf would leave out what is no Base64 and keep the rest.
        raise invalid("message.parts.raw", "The bytes of a file are Base64.")
    return FilePart(part.filename, b64encode(part.raw).decode(), part.url)


def sent_old(params: Fields) -> Sent:
    """Read the parameters of a 0.3 message. Raises InvalidParamsError."""
    request = read_old(params, old.MessageSendParams)
    message, asked = request.message, request.configuration
    if message.role is not old.Role.user:
        raise invalid("message.role", "A client's message has the role user.")
    parts = [part.root for part in message.parts]
    return _checked(
        Sent(
            message.message_id,
            message.context_id or "",
            message.task_id or "",
            tuple(part.text for part in parts if isinstance(part, old.TextPart)),
            tuple(part.data for part in parts if isinstance(part, old.DataPart)),
            tuple(_file_old(part.file) for part in parts if isinstance(part, old.FilePart)),
            asked.history_length if asked else None,
            returns_at_once=bool(asked and asked.blocking is False),
            metadata=message.metadata or {},
        ),
        len(parts),
    )


def _file_old(file: old.FileWithBytes | old.FileWithUri) -> FilePart:
    if isinstance(file, old.FileWithBytes):
        return FilePart(file.name or "", file.bytes, "")
    return FilePart(file.name or "", "", file.uri)


def _checked(sent: Sent, parts: int) -> Sent:
    """Raise InvalidParamsError unless what every message has is there and within bounds."""
    if not 1 <= parts <= MAX_PARTS:
        raise invalid("message.parts", f"A message has 1 to {MAX_PARTS} parts.")
    if parts != len(sent.texts) + len(sent.data) + len(sent.files):
        raise invalid("message.parts", "A part has a text, data or a file.")
    if not is_key(sent.message_id):
        what = f"A message id is 1 to {MAX_ID_CHARS} printable ASCII characters."
        raise invalid("message.messageId", what)
    check_history(sent.history_length)
    if sent.context_id and not is_key(sent.context_id):
        what = f"A context id is at most {MAX_ID_CHARS} printable ASCII characters."
        raise invalid("message.contextId", what)
    return sent


def is_key(text: str) -> bool:
    """Return whether a text can be kept as an id that a client chose."""
    return 1 <= len(text) <= MAX_ID_CHARS and text.isascii() and text.isprintable()


def check_history(length: int | None) -> None:
    """Raise InvalidParamsError for a negative number of messages."""
    if length is not None and length < 0:
        raise invalid("historyLength", "A number of messages is not negative.")
