"""Forms: multipart/form-data (RFC 7578) as it comes in, with files that are never held whole."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from clawmarket.domain.kernel.errors import InvalidArgumentError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_PARTS = 32
MAX_TEXT_BYTES = 64 * 1024


class FormInvalidError(InvalidArgumentError):
    """A body is no multipart form that can be read."""

    advice = "Send multipart/form-data with the fields task_id, file and notes."
    next_command = "clawmarket explain form_invalid"


class _Mark(Enum):
    END = "end"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Part:
    """The beginning of one part: its field, and its file's name if it is a file."""

    field: str
    filename: str | None


class Form:
    """The parts of a form, one after the other; each has to be read before the next is there."""

    def __init__(self, content_type: str, chunks: AsyncIterator[bytes]) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise FormInvalidError("The body is not multipart/form-data with a boundary.")
        self._chunks = chunks
        self._seen: deque[bytes | _Mark | Part] = deque()
        self._heads: dict[bytes, bytes] = {}
        self._name = b""
        self._value = b""
        self._parts = 0
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError:
            raise FormInvalidError("The form's boundary is too long.") from None

    async def parts(self) -> AsyncIterator[Part]:
        """Yield the beginning of each part; what was left unread of one is skipped.

        Raises FormInvalidError where the form breaks off.
        """
        while (seen := await self._next()) is not _Mark.LAST:
            if seen is None:
                raise FormInvalidError("The form breaks off before its end.")
            if isinstance(seen, Part):
                yield seen

    async def content(self) -> AsyncIterator[bytes]:
        """Yield the content of the part at hand. Raises FormInvalidError where it breaks off."""
        while (seen := await self._next()) is not _Mark.END:
            if not isinstance(seen, bytes):
                raise FormInvalidError("The form breaks off within a part.")
            yield seen

    async def text(self) -> str:
        """Return the content of the part at hand as text. Raises FormInvalidError."""
        content = bytearray()
        async for chunk in self.content():
            content += chunk
            if len(content) > MAX_TEXT_BYTES:
                raise FormInvalidError(f"A text of the form has more than {MAX_TEXT_BYTES} bytes.")
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise FormInvalidError("A text of the form is not UTF-8.") from None

    async def _next(self) -> bytes | _Mark | Part | None:
        while not self._seen:
            chunk = await anext(self._chunks, None)
            if chunk is None:
                return None
            try:
                self._parser.write(chunk)
            except FormParserError:
                raise FormInvalidError("The form cannot be read.") from None
        return self._seen.popleft()

    def _callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._head_name,
            "on_header_value": self._head_value,
            "on_header_end": self._head_end,
            "on_headers_finished": self._heads_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._last,
        }

    def _begin(self) -> None:
        self._heads, self._name, self._value = {}, b"", b""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise FormInvalidError(f"The form has more than {MAX_PARTS} parts.")

    def _head_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _head_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _head_end(self) -> None:
        self._heads[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def _heads_end(self) -> None:
        kind, options = parse_options_header(self._heads.get(b"content-disposition", b""))
        if kind != b"form-data" or b"name" not in options:
            raise FormInvalidError("A part of the form has no name.")
        field, filename = options[b"name"], options.get(b"filename")
        try:
            name = None if filename is None else filename.decode()
        except UnicodeDecodeError:
            raise FormInvalidError("A file's name is not UTF-8.") from None
        self._seen.append(Part(field.decode(errors="replace"), name))

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._seen.append(data[start:end])

    def _end(self) -> None:
        self._seen.append(_Mark.END)

    def _last(self) -> None:
        self._seen.append(_Mark.LAST)
