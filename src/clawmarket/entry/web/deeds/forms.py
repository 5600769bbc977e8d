"""Forms as they come in: fields and files within bounds, and the mark of their session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.entry.gateway.wire import MAX_BODY_BYTES, body_of, room_for, stream_of
from clawmarket.entry.web.visit import Visit
from clawmarket.ports.blobs import BlobsFullError, BlobTooLargeError

MAX_FIELDS = 100
MAX_FILES = 10
MAX_PART_BYTES = 128 * 1024


class FormUnreadableError(InvalidArgumentError):
    """A form cannot be read, or a field of it is none that the page has."""

    advice = "Load the page anew and send the form from there."
    next_command = "clawmarket explain form_unreadable"


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was sent: the first value of each field, and files that have a name."""

    fields: Mapping[str, str]
    several: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Sequence[UploadFile] = ()

    def get(self, name: str) -> str:
        """Return a field's text without what stands around it; nothing for one that is missing."""
        return self.fields.get(name, "").strip()

    def text(self, name: str) -> str:
        """Return a field of several lines; browsers send CR LF between them (HTML, 4.10.21.4)."""
        return self.get(name).replace("\r\n", "\n")

    def has(self, name: str) -> bool:
        """Return whether a box is ticked."""
        return bool(self.fields.get(name))


async def read_form(visit: Visit, max_file_bytes: int) -> Form:
    """Read a form and check that a page of this session sent it.

    Raises FormUnreadableError, FormForeignError, BodyTooLargeError, BlobTooLargeError.
    """
    kind = visit.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        form = await _with_files(visit, max_file_bytes)
    elif kind == "application/x-www-form-urlencoded":
        form = _form(_pairs(await body_of(visit.request)))
    else:
        raise FormUnreadableError("This is no form.")
    visit.check_form(form.get("csrf"))
    return form


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise FormUnreadableError("The form cannot be read.") from None


def _form(pairs: Sequence[tuple[str, str]], files: Sequence[UploadFile] = ()) -> Form:
    first: dict[str, str] = {}
    several: dict[str, list[str]] = {}
    for name, value in pairs:
        first.setdefault(name, value)
        several.setdefault(name, []).append(value)
    return Form(first, several, files)


async def _with_files(visit: Visit, max_file_bytes: int) -> Form:
    """Read a form with files; large ones are kept on the disk until the visit ends."""
    limit = max_file_bytes + MAX_BODY_BYTES
    _check_charset(visit.request.headers["content-type"])
    limits, account_id = visit.site.pipeline.limits, visit.caller.account_id
    visit.until_end.enter_context(room_for(visit.request, limits, account_id, limit))
    parser = MultiPartParser(
        visit.request.headers,
        stream_of(visit.request, limit, BlobTooLargeError),
        max_files=MAX_FILES,
        max_fields=MAX_FIELDS,
        max_part_size=MAX_PART_BYTES,
    )
    try:
        data = await parser.parse()
    except MultiPartException as error:
        raise FormUnreadableError(f"The form cannot be read: {error.message}") from None
    except OSError:
        raise BlobsFullError("The market's disk has no room for this form.") from None
    parts = data.multi_items()
    texts = [(name, part) for name, part in parts if isinstance(part, str)]
    uploads = [part for _, part in parts if isinstance(part, UploadFile)]
    for each in uploads:
        visit.until_end.callback(each.file.close)
    return _form(texts, [each for each in uploads if each.filename])


def _check_charset(kind: str) -> None:
    """Raise FormUnreadableError for a charset but UTF-8, which is what our pages are in.

    The parser would take it for the name of a codec: some of those take time that grows with the
    square of a field, and some give characters that are none.
    """
    if parse_options_header(kind)[1].get(b"charset", b"utf-8").lower() != b"utf-8":
        raise FormUnreadableError("The form is not in UTF-8.")
