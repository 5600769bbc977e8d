"""Rows as the driver sees them: a dataclass to its column values and back.

What has to be converted is worked out once per class from its type hints. Booleans become
integers, enums their values, tuples JSON bytes; everything else is stored as it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson

R = TypeVar("R")

Cell = str | int | bytes | None
Convert = Callable[..., Any]

_PLAIN = (str, int, bool, NoneType)


@dataclass(frozen=True, slots=True)
class Form:
    """What one field of a row class holds: its type without None, and whether None may be."""

    name: str
    base: Any
    optional: bool

    @property
    def is_tuple(self) -> bool:
        """Whether the field is stored as a JSON list."""
        return get_origin(self.base) is tuple

    @property
    def is_enum(self) -> bool:
        """Whether the field is stored as the value of an enum's member."""
        return isinstance(self.base, type) and issubclass(self.base, StrEnum)


@dataclass(frozen=True, slots=True)
class Codec(Generic[R]):
    """How rows of one class become column values and back."""

    encode: Callable[[R], Sequence[Cell]]
    decode: Callable[[Sequence[Cell]], R]


_FORMS: dict[type, tuple[Form, ...]] = {}


def forms_of(kind: type) -> tuple[Form, ...]:
    """Return the fields of a row class in the order of its columns."""
    if kind not in _FORMS:
        hints = get_type_hints(kind)
        _FORMS[kind] = tuple(_form(field.name, hints[field.name]) for field in fields(kind))
    return _FORMS[kind]


def _form(name: str, hint: object) -> Form:
    if get_origin(hint) not in {Union, UnionType}:
        return Form(name, hint, optional=False)
    bases = [part for part in get_args(hint) if part is not NoneType]
    if len(bases) != 1:
        raise TypeError(f"a column cannot hold {hint}")
    return Form(name, bases[0], optional=True)


def codec_of(kind: type[R]) -> Codec[R]:
    """Return the codec of a row class. Raises TypeError for a field no column can hold."""
    forms = forms_of(kind)
    read = attrgetter(*(_path(form) for form in forms))
    packs = _places(forms, _pack)
    unpacks = _places(forms, _unpack)

    def encode(row: R) -> Sequence[Cell]:
        if not packs:
            plain: Sequence[Cell] = read(row)
            return plain
        cells = list(read(row))
        for place, pack in packs:
            cells[place] = pack(cells[place])
        return cells

    def decode(cells: Sequence[Cell]) -> R:
        if not unpacks:
            return kind(*cells)
        values: list[Any] = list(cells)
        for place, unpack in unpacks:
            values[place] = unpack(values[place])
        return kind(*values)

    return Codec(encode, decode)


def _path(form: Form) -> str:
    """Return what attrgetter reads; the value of an enum needs no step of its own."""
    return f"{form.name}.value" if form.is_enum and not form.optional else form.name


def _places(
    forms: Sequence[Form], choose: Callable[[Form], Convert | None]
) -> tuple[tuple[int, Convert], ...]:
    chosen = ((place, form, choose(form)) for place, form in enumerate(forms))
    return tuple(
        (place, _unless_none(convert) if form.optional else convert)
        for place, form, convert in chosen
        if convert is not None
    )


def _unless_none(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _pack(form: Form) -> Convert | None:
    if form.is_tuple:
        return _pack_tuple
    if form.is_enum:
        return attrgetter("value") if form.optional else None
    return int if form.base is bool else None


def _pack_tuple(value: tuple[object, ...]) -> bytes:
    return orjson.dumps(value) if value else b"[]"


def _unpack(form: Form) -> Convert | None:
    if form.is_tuple:
        return _unpack_tuple(get_args(form.base))
    if form.is_enum:
        return {member.value: member for member in form.base}.__getitem__
    if form.base is bool:
        return bool
    if form.base in {str, int, bytes}:
        return None
    raise TypeError(f"no column can hold {form.name}: {form.base}")


def _unpack_tuple(parts: tuple[Any, ...]) -> Convert:
    item: Any = parts[0]
    if parts[1:] != (Ellipsis,):
        raise TypeError("a tuple column needs one type and any length")
    if item in {str, int}:
        return lambda text: tuple(orjson.loads(text))
    if not is_dataclass(item) or not all(_is_plain(form) for form in forms_of(parts[0])):
        raise TypeError(f"a tuple column cannot hold {item}")
    make: Convert = parts[0]
    return lambda text: tuple([make(**each) for each in orjson.loads(text)])


def _is_plain(form: Form) -> bool:
    return form.base in _PLAIN
