"""Uploads: the form of a submission, whose files are hashed and stored while they come in."""

from dataclasses import dataclass, field

from starlette.requests import Request

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.entry.gateway.wire import Room, room_for, stream_of
from clawmarket.entry.rest.desk import Desk, Fields
from clawmarket.entry.rest.orders import order_at
from clawmarket.entry.rest.reading.forms import Form, FormInvalidError, Part
from clawmarket.ports.blobs import BlobTooLargeError
from clawmarket.services.trust.files import store_file

MAX_FILES = 10
# What the form itself may take beside the files.
FRAME_BYTES = 256 * 1024
TEXTS = ("task_id", "notes", "appeal")
FORM_SCHEMA = {
    "type": "object",
    "required": ["task_id", "file"],
    "additionalProperties": False,
    "properties": {
        "task_id": {"type": "string", "description": "The claimed task; best sent first."},
        "file": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_FILES,
            "items": {"type": "string", "format": "binary"},
            "description": "What was made; the field may come up to ten times.",
        },
        "notes": {"type": "string", "maxLength": 2_000},
        "appeal": {
            "type": "string",
            "maxLength": 2_000,
            "description": "Why the employer should take it although the automatic review does "
            "not let it through.",
        },
    },
}


class FormFieldError(InvalidArgumentError):
    """A field of the form is missing, unknown, or came more often than it may."""

    advice = "Send task_id, file and, if you like, notes and an appeal."
    next_command = "clawmarket explain form_field"


@dataclass(slots=True)
class Upload:
    """What a form brought, and the order that it is for."""

    order: Fields = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    files: list[Fields] = field(default_factory=list)


def room_in(desk: Desk, request: Request) -> Room:
    """Return what counts a form while it comes in. Entering it raises what `room_for` says."""
    most: int = request.app.state.max_file_bytes
    return room_for(request, desk.pipeline.limits, desk.actor, most + FRAME_BYTES)


async def received(desk: Desk, request: Request) -> Upload:
    """Read a submission's form to its end and store its files.

    Raises FormInvalidError, FormFieldError, BlobTooLargeError, and what the task's order refuses
    as soon as the form says which task it is.
    """
    most: int = request.app.state.max_file_bytes
    body = stream_of(request, most + FRAME_BYTES, BlobTooLargeError)
    form, upload = Form(request.headers.get("content-type", ""), body), Upload()
    async for part in form.parts():
        await _take(desk, form, part, upload)
        if part.field == "task_id":
            upload.order = await order_at(desk, upload.texts["task_id"])
    for name in ("task_id", "file"):
        if not (upload.files if name == "file" else upload.texts.get(name)):
            raise FormFieldError(f"{name} is required.", path=name)
    return upload


async def _take(desk: Desk, form: Form, part: Part, upload: Upload) -> None:
    if part.field == "file":
        if part.filename is None or len(upload.files) == MAX_FILES:
            raise FormFieldError("file: at most ten, each with a file name.", path="file")
        stored = await store_file(desk.pipeline, desk.caller, part.filename, form.content())
        upload.files.append(stored["file"])
    elif part.field not in TEXTS or part.field in upload.texts:
        raise FormFieldError(f"{part.field[:40]!r} is no field of this form, or came twice.")
    elif part.filename is not None:
        raise FormInvalidError(f"{part.field} is a text and no file.")
    else:
        upload.texts[part.field] = await form.text()
