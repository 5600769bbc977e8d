"""Rows become column values of the driver's own types and come back equal."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.adapters.store.codec import Cell, Form, codec_of, forms_of
from stored_rows import ALL_KINDS, rows_of

each_kind = pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: str(kind.__name__))


class Colour(StrEnum):
    """Two colours."""

    RED = "red!"
    BLUE = "blue!"


@dataclass(frozen=True, slots=True)
class Part:
    """What may stand in a tuple."""

    name: str
    size: int | None
    is_new: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """A field of each type that a column can hold."""

    key: str
    count: int
    flag: bool
    raw: bytes
    colour: Colour
    words: tuple[str, ...]
    parts: tuple[Part, ...]
    maybe_flag: bool | None = None
    maybe_colour: Colour | None = None
    maybe_words: tuple[str, ...] | None = None
    maybe_raw: Optional[bytes] = None  # noqa: UP045 - the older spelling is read, too


FULL = Whole(
    *("k", -1, True, b"\0\xff", Colour.BLUE, ("é", ""), (Part("p", None, is_new=True),)),
    *(False, Colour.RED, (), b""),
)
INTS = st.integers(-(2**63), 2**63 - 1)
WHOLES = st.builds(
    Whole,
    count=INTS,
    parts=st.lists(st.builds(Part, size=st.none() | INTS), max_size=3).map(tuple),
)


def test_each_type_has_its_cell() -> None:
    """Booleans are integers, enums their values, tuples JSON bytes, None nothing."""
    assert list(codec_of(Whole).encode(FULL)) == [
        *("k", -1, 1, b"\0\xff", "blue!", '["é",""]'.encode()),
        *(b'[{"name":"p","size":null,"is_new":true}]', 0, "red!", b"[]", b""),
    ]
    least = Whole("", 0, flag=False, raw=b"", colour=Colour.RED, words=(), parts=())
    assert list(codec_of(Whole).encode(least)) == [
        *("", 0, 0, b"", "red!", b"[]", b"[]"),
        *(None, None, None, None),
    ]


def test_cells_are_of_the_drivers_own_types() -> None:
    """Not of subclasses, which another driver may not know."""
    allowed = {str, int, bytes, type(None)}
    assert {type(cell) for cell in codec_of(Whole).encode(FULL)} - allowed == set()
    for kind in ALL_KINDS:
        for row in rows_of(kind):
            assert {type(cell) for cell in codec_of(kind).encode(row)} - allowed == set()


@given(row=WHOLES)
def test_a_row_comes_back_equal_and_of_the_same_types(row: Whole) -> None:
    """Whatever it holds."""
    codec = codec_of(Whole)
    assert repr(codec.decode(codec.encode(row))) == repr(row)


@each_kind
def test_a_stored_row_comes_back_equal(kind: type[Any]) -> None:
    """Every class that has a table, also from a list or a tuple of cells."""
    codec = codec_of(kind)
    for row in rows_of(kind):
        cells: tuple[Cell, ...] = tuple(codec.encode(row))
        assert [repr(codec.decode(each)) for each in (cells, list(cells))] == [repr(row)] * 2


def test_forms_say_what_a_field_holds() -> None:
    """Its type without None, and whether None may be."""
    forms = {form.name: form for form in forms_of(Whole)}
    assert forms["colour"] == Form("colour", Colour, optional=False)
    assert forms["maybe_raw"] == Form("maybe_raw", bytes, optional=True)
    assert [name for name, form in forms.items() if form.is_tuple] == [
        "words",
        "parts",
        "maybe_words",
    ]
    assert [name for name, form in forms.items() if form.is_enum] == ["colour", "maybe_colour"]


@pytest.mark.parametrize(
    "hint",
    [
        float,
        dict[str, str],
        list[str],
        Part,
        int | str,
        int | str | None,
        tuple[str, int],
        tuple[str],
        tuple[float, ...],
        tuple[Colour, ...],
        tuple[Whole, ...],
    ],
    ids=str,
)
def test_a_field_that_no_column_can_hold_is_refused(hint: object) -> None:
    """When the codec is made, before any row is written."""
    kind: type[Any] = dataclass(type("Odd", (), {"__annotations__": {"key": str, "odd": hint}}))
    with pytest.raises(TypeError):
        codec_of(kind)


def test_an_unknown_value_of_an_enum_is_not_made_up() -> None:
    """A row of a newer version raises instead of becoming something else."""
    cells = list(codec_of(Whole).encode(FULL))
    cells[4] = "green!"
    with pytest.raises(KeyError, match="green!"):
        codec_of(Whole).decode(cells)
