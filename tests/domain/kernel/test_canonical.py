"""Canonical writing is exact, and strict reading refuses whatever could be read in two ways."""

import contextlib
import enum
import hashlib
import json
import sys
from typing import NamedTuple

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clawmarket.domain.kernel.canonical import (
    CanonicalError,
    FractionText,
    StrictJsonError,
    canonical_bytes,
    content_digest,
    parse_strict,
    sha256_digest,
)

SAFE = 2**53 - 1
WIRE = 2**63 - 1


class Colour(enum.StrEnum):
    """A str that is not exactly a str."""

    RED = "red"


class Point(NamedTuple):
    """A tuple that is not exactly a tuple."""

    x: int


NAMES = st.text(st.characters(max_codepoint=127), max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-SAFE, SAFE) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(NAMES, inner, max_size=6)
    ),
    max_leaves=25,
)


def nested(depth: int) -> object:
    """Build lists and dicts in turn around one string."""
    value: object = "core"
    for level in range(depth):
        value = [value] if level % 2 else {"in": value}
    return value


NOT_WHOLE = "is not a whole number; amounts are written as strings of digits"


def only_types(kind: str) -> str:
    """Word the refusal of a type."""
    return (
        f"is of type {kind}; canonical JSON holds only dict, list, tuple, str, int, bool and None"
    )


@settings(deadline=None)
@given(VALUES)
@example({"b": 1, "a": SAFE, "\n": -SAFE, '"\\': "\u007f\u2028/\x1f\b"})
def test_bytes_equal_the_reference_implementation(value: object) -> None:
    """On the subset the bytes are those of an independent RFC 8785 writer."""
    assert canonical_bytes(value) == rfc8785.dumps(value)  # type: ignore[arg-type]  # a subset of it


@settings(deadline=None)
@given(VALUES)
def test_canonical_bytes_read_back_as_the_value(value: object) -> None:
    """What was written is strict JSON and writes the same again."""
    written = canonical_bytes(value)
    assert canonical_bytes(parse_strict(written, max_depth=64)) == written


REFUSED_VALUES = [
    pytest.param(1.0, f"$ {NOT_WHOLE}", id="float"),
    pytest.param({"a": [0, float("nan")]}, f"$.a[1] {NOT_WHOLE}", id="nan"),
    pytest.param(b"x", f"$ {only_types('bytes')}", id="bytes"),
    pytest.param({"s": Colour.RED}, f"$.s {only_types('Colour')}", id="enum"),
    pytest.param([Point(1)], f"$[0] {only_types('Point')}", id="named tuple"),
    pytest.param({"a b": {1}}, f'$["a b"] {only_types("set")}', id="set"),
    pytest.param({"o": {"é": 1}}, "$.o has a name that is not an ASCII string", id="name"),
    pytest.param({"o": {"\ud800": 1}}, "$.o has a name that is not an ASCII string", id="half"),
    pytest.param([{1: 2}], "$[0] has a name that is not an ASCII string", id="number as name"),
    pytest.param({Colour.RED: 1}, "$ has a name that is not an ASCII string", id="enum as name"),
    pytest.param(
        {"n": SAFE + 1},
        "$.n is an integer beyond 2**53-1; write it as a string of digits",
        id="big",
    ),
    pytest.param(
        (-(10**400),),
        "$[0] is an integer beyond 2**53-1; write it as a string of digits",
        id="huge",
    ),
    pytest.param(
        {"t": ["ok", "\udfff"]},
        "$.t[1] holds a lone surrogate, which UTF-8 cannot carry",
        id="surrogate",
    ),
]


@pytest.mark.parametrize(("value", "sentence"), REFUSED_VALUES)
def test_values_beyond_the_subset_are_refused(value: object, sentence: str) -> None:
    """The refusal names the path and the reason in one sentence."""
    with pytest.raises(CanonicalError) as refusal:
        canonical_bytes(value)
    assert str(refusal.value) == sentence


def test_nesting_ends_at_64() -> None:
    """Sixty-four levels are written, one more is refused, and a loop ends there too."""
    assert canonical_bytes(nested(64)) == rfc8785.dumps(nested(64))  # type: ignore[arg-type]  # the same
    loop: list[object] = []
    loop.append(loop)
    for value in (nested(65), loop):
        with pytest.raises(CanonicalError, match="is nested deeper than 64 levels"):
            canonical_bytes(value)


def test_digests_are_typed_sha256() -> None:
    """A digest is `sha256:` and the hex of the bytes, whatever the order of names was."""
    expected = "sha256:" + hashlib.sha256(b'{"a":1,"b":[]}').hexdigest()
    assert sha256_digest(b'{"a":1,"b":[]}') == expected
    assert content_digest({"b": [], "a": 1}) == content_digest({"a": 1, "b": ()}) == expected


FRACTION = "a number has a fraction or an exponent; only whole numbers are taken"
TWICE = "a name is given twice in one object"
LONE = "a string holds a lone surrogate"
TOO_BIG = "an integer is beyond 2**63-1"

REFUSED_BODIES = [
    (b'{"params":{"budget":1.5}}', FRACTION, "$.params.budget"),
    (b"[0,1.0]", FRACTION, "$[1]"),
    (b"1e400", FRACTION, "$"),
    (b"[[-0.0]]", FRACTION, "$[0][0]"),
    (b'{"a b":1E2}', FRACTION, '$["a b"]'),
    (b'{"n":-0}', "minus zero is not a whole number", "$.n"),
    (b"[NaN]", "NaN and Infinity are not JSON", "$[0]"),
    (b'{"x":-Infinity}', "NaN and Infinity are not JSON", "$.x"),
    (b'{"a":1,"o":{"k":1,"k":1}}', TWICE, "$.o.k"),
    (b'[{"a":1,"\\u0061":2}]', TWICE, "$[0].a"),
    (b'{"":1,"":2}', TWICE, '$[""]'),
    (b'{"n":9223372036854775808}', TOO_BIG, "$.n"),
    (b"-9223372036854775808", TOO_BIG, "$"),
    (b"[" + b"9" * 5000 + b"]", TOO_BIG, "$[0]"),
    (b'{"t":["\\ud83d"]}', LONE, "$.t[0]"),
    (b'"\\uDC00\\uD83D"', LONE, "$"),
    (b'{"o":{"\\ud800":1}}', "a name holds a lone surrogate", "$.o"),
    (b'\xef\xbb\xbf{"a":1}', "the body starts with a byte order mark", "$"),
    (b'{"a":"\xff"}', "byte 6 is not valid UTF-8", "$"),
    (b'"\xed\xa0\x80"', "byte 1 is not valid UTF-8", "$"),
    (b"", "the body is not JSON: Expecting value at character 0", "$"),
    (b"[1,]", "the body is not JSON: Expecting value at character 3", "$"),
    (b'{"a":1} x', "the body is not JSON: Extra data at character 8", "$"),
    (b"[01]", "the body is not JSON: Expecting ',' delimiter at character 2", "$"),
    (b'{"a":1.5} ]', "the body is not JSON: Extra data at character 10", "$"),
    (b'"\n"', "the body is not JSON: Invalid control character at character 1", "$"),
    (b"[" * 33 + b"]" * 33, "the body is nested deeper than 32 levels", "$"),
    (b'{"a":' * 100_000, "the body is nested deeper than 32 levels", "$"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "reason", "path"), REFUSED_BODIES)
def test_loose_json_is_refused(body: bytes, reason: str, path: str) -> None:
    """Each looseness has its reason and its place."""
    with pytest.raises(StrictJsonError) as refusal:
        parse_strict(body)
    assert (refusal.value.reason, refusal.value.path) == (reason, path)
    assert str(refusal.value) == f"{reason} (at {path})"


ACCEPTED_BODIES = [
    (b' {"a" : [1, -2, 0, true, false, null]}\n', {"a": [1, -2, 0, True, False, None]}),
    (b"9223372036854775807", WIRE),
    (b"-9223372036854775807", -WIRE),
    (b'{"a":{"k":1},"b":{"k":1}}', {"a": {"k": 1}, "b": {"k": 1}}),
    (b'"\\ud83d\\ude02 \\\\ud800 1.5 -0 NaN"', "\U0001f602 \\ud800 1.5 -0 NaN"),
    (b"[" * 32 + b"]" * 32, json.loads("[" * 32 + "]" * 32)),
    (b'["' + b"[{" * 50 + b'\\"[",[],{}]', ["[{" * 50 + '"[', [], {}]),
    (b"[" + b"[]," * 60 + b"[]]", [[]] * 61),
]


@pytest.mark.parametrize(("body", "value"), ACCEPTED_BODIES)
def test_strict_json_is_read(body: bytes, value: object) -> None:
    """Plain JSON is taken; brackets, dots and escapes inside strings count for nothing."""
    assert parse_strict(body) == value


@settings(deadline=None)
@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_any_spelling_of_a_value_reads_the_same(
    value: object,
    indent: int | None,
    ascii_only: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    """Whitespace and escapes change nothing: the standard reader sees the same value."""
    body = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert parse_strict(body.encode(), max_depth=64) == json.loads(body)


PIECES = st.sampled_from(
    [b"{", b"}", b"[", b"]", b'"', b"\\", b"\\ud8", b"00", b":", b",", b"-", b"0", b"1.", b"e9",
     b"NaN", b"null", b'"a":', b" ", b"\xff", b"\xef\xbb\xbf"]
)  # fmt: skip


@settings(deadline=None)
@given(st.binary(max_size=200) | st.lists(PIECES, max_size=60).map(b"".join))
def test_nothing_but_the_typed_refusal_is_raised(body: bytes) -> None:
    """Whatever the bytes, the answer is a value that stands up to the rules or a typed refusal."""
    read: object = StrictJsonError
    with contextlib.suppress(StrictJsonError):
        read = parse_strict(body)
    assert read is StrictJsonError or read == json.loads(body)


def test_a_depth_beyond_the_reader_is_a_typed_refusal() -> None:
    """Allowing any depth does not turn into a RecursionError."""
    depth = sys.getrecursionlimit() * 2
    with pytest.raises(StrictJsonError, match="deeper than this process can read"):
        parse_strict(b"[" * depth + b"]" * depth, max_depth=depth)


def test_a_fraction_is_left_as_it_was_spelled() -> None:
    """For whoever asks for that; no float is made, and everything else is as strict."""
    read = parse_strict(b'{"a":50.00,"b":[1e2,-0.1],"c":50}', fractions=True)
    assert read == {
        "a": FractionText("50.00"),
        "b": [FractionText("1e2"), FractionText("-0.1")],
        "c": 50,
    }
    for body in (b'{"a":1,"a":1.0}', b'{"a":NaN}', b'{"a":-0}', b'{"a":.5}', b'{"a":1.}'):
        with pytest.raises(StrictJsonError):
            parse_strict(body, fractions=True)
    with pytest.raises(StrictJsonError, match=r"\$\.a"):
        parse_strict(b'{"a":1.5}')
