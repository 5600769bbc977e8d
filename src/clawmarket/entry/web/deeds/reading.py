"""Fields of forms, read as methods take them: amounts, numbers, words, parts, stored files."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.datastructures import UploadFile

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.moment import HOUR_MS, MINUTE_MS, SECOND_MS
from clawmarket.domain.kernel.money import AmountInvalidError, parse_decimal
from clawmarket.entry.web.deeds.forms import Form
from clawmarket.entry.web.visit import Fields, Visit
from clawmarket.services.trust.files import store_file

Making = Callable[[Visit, Form], Awaitable[Fields]]

HOUR_S, MINUTE_S = HOUR_MS // SECOND_MS, MINUTE_MS // SECOND_MS
_CHUNK = 64 * 1024
# What separates in a list, the commas of Chinese too.
_COMMAS = re.compile(r"[,\n\uff0c\u3001]")


class NumberInvalidError(InvalidArgumentError):
    """A field of a form is no whole number where one is needed."""

    advice = "Write a whole number, such as 24."
    next_command = "clawmarket explain number_invalid"


class PartInvalidError(InvalidArgumentError):
    """A line of a form that names a part and its hundredths of the price cannot be read."""

    advice = "Write one part a line, such as: First draft = 40."
    next_command = "clawmarket explain part_invalid"


def only(**names: str) -> Making:
    """Return what takes a method's parameters from fields as they stand."""

    async def params(_visit: Visit, form: Form) -> Fields:
        return {name: form.get(field) for name, field in names.items()}

    return params


def money(form: Form, name: str) -> str:
    """Return what a person typed as an amount, as the wire has it. Raises AmountInvalidError."""
    try:
        return str(parse_decimal(form.get(name).replace(",", "")))
    except AmountInvalidError as error:
        raise AmountInvalidError(error.what, path=f"$.{name}") from None


def whole(form: Form, name: str) -> int:
    """Return a field's whole number. Raises NumberInvalidError."""
    text = form.get(name)
    if not (text.isascii() and text.isdecimal() and len(text) <= len("999999")):
        raise NumberInvalidError(f"{text[:40]!r} is no whole number.", path=f"$.{name}")
    return int(text)


def words(text: str) -> list[str]:
    """Return the words of a field, in lower case, separated by commas or spaces."""
    return _COMMAS.sub(" ", text.lower()).split()


async def files(visit: Visit, form: Form) -> list[Fields]:
    """Store a form's files, streamed, and return how the methods name them."""
    return [await _stored(visit, each) for each in form.files]


async def _stored(visit: Visit, upload: UploadFile) -> Fields:
    async def chunks() -> AsyncIterator[bytes]:
        while chunk := await upload.read(_CHUNK):
            yield chunk

    stored = await store_file(visit.site.pipeline, visit.caller, upload.filename or "", chunks())
    file: Fields = stored["file"]
    return file


def money_or_none(form: Form, name: str) -> str | None:
    """Return an amount, or None for a field that is left empty. Raises AmountInvalidError."""
    return money(form, name) if form.get(name) else None


def listed(text: str) -> list[str]:
    """Return what a field lists, separated by commas or lines; spaces may stand inside."""
    return [each.strip() for each in _COMMAS.split(text) if each.strip()]


def parts(form: Form, name: str) -> list[Fields]:
    """Return milestones, one a line as `title = percent`. Raises PartInvalidError."""
    return [_part(line, name) for line in form.text(name).splitlines() if line.strip()]


def _part(line: str, name: str) -> Fields:
    title, sign, percent = line.rpartition("=")
    percent = percent.strip().removesuffix("%").strip()
    if not (sign and title.strip() and percent.isascii() and percent.isdecimal()):
        raise PartInvalidError(f"{line[:60]!r} names no part.", path=f"$.{name}")
    return {"title": title.strip(), "percent": int(percent[:6])}
