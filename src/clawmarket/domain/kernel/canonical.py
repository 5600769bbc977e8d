"""Canonical JSON: one value, one byte string, and strict reading of what strangers send.

Writing follows RFC 8785 (JCS) for the values that records hold: objects with ASCII names, arrays,
strings, whole numbers, booleans and null. Reading refuses what RFC 8259 leaves open, since two
readers that disagree about a body would also disagree about its signature.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import accumulate
from types import NoneType
from typing import NoReturn, TypeVar

import orjson

__all__ = [
    "MAX_DEPTH",
    "CanonicalError",
    "FractionText",
    "StrictJsonError",
    "canonical_bytes",
    "content_digest",
    "holds_more",
    "parse_strict",
    "sha256_digest",
]

MAX_DEPTH = 32
"""How deep arrays and objects may be nested on the wire."""

_MAX_NESTING = 64
_WRITE = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_NAME_TYPE = frozenset({str})
_SCALAR_TYPES = frozenset({str, int, bool, NoneType})
_MAX_SAFE = 2**53 - 1

_MAX_WIRE = 2**63 - 1
_MAX_WIRE_DIGITS = len(str(-_MAX_WIRE))
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_OPENS = bytes.maketrans(b"[{]}", b"\1\1\0\0")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_SHOWN_NAME = 64
_Read = TypeVar("_Read")


class CanonicalError(ValueError):
    """A value has no canonical form here; the message names the path and the reason."""


class StrictJsonError(ValueError):
    """A body is not the strict JSON that the wire takes.

    Attributes:
        reason: what is wrong, for a person; never quotes a value of the body.
        path: where, such as `$.params.budget`; `$` when the place is not known.
    """

    def __init__(self, reason: str, path: str = "$") -> None:
        super().__init__(f"{reason} (at {path})")
        self.reason = reason
        self.path = path


def canonical_bytes(value: object) -> bytes:
    """Write a value as its one canonical JSON byte string (RFC 8785).

    Takes dict with ASCII str keys, list, tuple, str, int up to 2**53-1 either way, bool and None,
    nested up to 64 deep. Exact types only: a subclass could be written differently elsewhere.
    With ASCII names the byte order of orjson is the UTF-16 order that section 3.2.3 demands.

    Raises:
        CanonicalError: for everything else, naming the path.
    """
    if not _is_plain(value, _MAX_NESTING):
        raise CanonicalError(_fault(value))
    try:
        return orjson.dumps(value, option=_WRITE)
    except orjson.JSONEncodeError:
        # Only orjson looks inside strings and at the size of integers.
        raise CanonicalError(_fault(value)) from None


def sha256_digest(data: bytes) -> str:
    """Name bytes by their SHA-256: `sha256:` and 64 lower-case hex digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def content_digest(value: object) -> str:
    """Name a value by the SHA-256 of its canonical bytes; raises CanonicalError as they do."""
    return sha256_digest(canonical_bytes(value))


@dataclass(frozen=True, slots=True)
class FractionText:
    """A JSON number with a fraction or an exponent, as the sender spelled it."""

    text: str


def parse_strict(data: bytes, *, max_depth: int = MAX_DEPTH, fractions: bool = False) -> object:
    """Read JSON from the wire, refusing whatever two readers could understand differently.

    Refused: duplicate names, fractions and exponents of every kind, `-0`, NaN and Infinity,
    integers beyond 2**63-1 either way, lone surrogates, invalid UTF-8, a byte order mark and
    arrays or objects nested deeper than `max_depth`. With `fractions`, a number that is not whole
    is left to the caller as its FractionText; it is never made a float.

    Raises:
        StrictJsonError: with `reason` and `path`; nothing else is ever raised.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        raise StrictJsonError("the body starts with a byte order mark")
    if _is_deeper(data, max_depth):
        raise StrictJsonError(f"the body is nested deeper than {max_depth} levels")
    try:
        value = _decode(data.decode("utf-8"), fractions=fractions)
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is not valid UTF-8"
        raise StrictJsonError(reason) from None
    if (b"\\ud" in data or b"\\uD" in data) and (flaw := _first_flaw(value)):
        raise flaw
    return value


def holds_more(data: bytes, most: int) -> bool:
    """Tell whether JSON may hold more than `most` values, before a parser makes objects of them.

    What stands within strings does not count.
    """
    return _separators(data) >= most and _separators(_STRING.sub(b"", data)) >= most


def _separators(data: bytes) -> int:
    return data.count(b",") + data.count(b"[") + data.count(b"{")


def _is_plain(value: object, room: int) -> bool:
    """Tell whether the types are ours, looping in C over the scalars of each container."""
    members: Collection[object]
    if type(value) is dict:
        if not _has_ascii_names(value):
            return False
        members = value.values()
    elif type(value) is list or type(value) is tuple:
        members = value
    else:
        return type(value) in _SCALAR_TYPES
    if not room:
        return False
    if _SCALAR_TYPES.issuperset(map(type, members)):
        return True
    for member in members:
        if type(member) not in _SCALAR_TYPES and not _is_plain(member, room - 1):
            return False
    return True


def _has_ascii_names(value: dict[str, object]) -> bool:
    return _NAME_TYPE.issuperset(map(type, value)) and "".join(value).isascii()


def _fault(value: object) -> str:
    """Say in a sentence what has no canonical form; only called when something has none."""
    pending = [("$", value, _MAX_NESTING)]
    while pending:
        path, item, room = pending.pop()
        if type(item) not in (dict, list, tuple):
            reason = _scalar_fault(item)
        elif not room:
            reason = f"is nested deeper than {_MAX_NESTING} levels"
        elif isinstance(item, dict) and not _has_ascii_names(item):
            reason = "has a name that is not an ASCII string"
        else:
            pending += [(place, member, room - 1) for place, member in _members(path, item)]
            continue
        if reason:
            return f"{path} {reason}"
    return "$ has no canonical form"


def _scalar_fault(item: object) -> str | None:
    if isinstance(item, float):
        return "is not a whole number; amounts are written as strings of digits"
    if type(item) not in _SCALAR_TYPES:
        return (
            f"is of type {type(item).__name__}; "
            "canonical JSON holds only dict, list, tuple, str, int, bool and None"
        )
    if isinstance(item, str) and _has_lone_surrogate(item):
        return "holds a lone surrogate, which UTF-8 cannot carry"
    if isinstance(item, int) and abs(item) > _MAX_SAFE:
        return "is an integer beyond 2**53-1; write it as a string of digits"
    return None


def _members(path: str, item: object) -> Iterator[tuple[str, object]]:
    """List what a container holds with its places, last first, for a stack to pop in order."""
    if isinstance(item, dict):
        return ((_child(path, name), item[name]) for name in reversed(item))
    if isinstance(item, list | tuple):
        return ((f"{path}[{i}]", item[i]) for i in reversed(range(len(item))))
    return iter(())


def _child(path: str, name: str) -> str:
    if _PLAIN_NAME.fullmatch(name):
        return f"{path}.{name}"
    return f"{path}[{json.dumps(name[:_SHOWN_NAME])}]"


def _has_lone_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _is_deeper(data: bytes, limit: int) -> bool:
    """Measure nesting on the bytes, before any parser recurses into them."""
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    brackets = _STRING.sub(b"", data).translate(_OPENS, _NOT_BRACKETS)
    return max(accumulate(map((-1, 1).__getitem__, brackets))) > limit


class _FlawError(Exception):
    """What a hook refuses; raised while reading, kept in the tree while looking for its place."""

    def __init__(self, reason: str, name: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.name = name


def _no_fraction(_text: str) -> NoReturn:
    raise _FlawError("a number has a fraction or an exponent; only whole numbers are taken")


def _no_constant(_text: str) -> NoReturn:
    raise _FlawError("NaN and Infinity are not JSON")


def _wire_integer(text: str) -> int:
    # The length comes first: int() itself refuses thousands of digits with an error of its own.
    if len(text) > _MAX_WIRE_DIGITS or not -_MAX_WIRE <= (number := int(text)) <= _MAX_WIRE:
        raise _FlawError("an integer is beyond 2**63-1")
    if not number and text != "0":
        raise _FlawError("minus zero is not a whole number")
    return number


def _unique_names(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    times = Counter(name for name, _ in pairs)
    twice = next(name for name in times if times[name] > 1)
    raise _FlawError("a name is given twice in one object", twice)


def _kept(hook: Callable[[_Read], object]) -> Callable[[_Read], object]:
    """Make a hook leave its flaw in the tree, where a walk finds the path to it."""

    def run(read: _Read) -> object:
        try:
            return hook(read)
        except _FlawError as flaw:
            return flaw

    return run


def _strict(
    fraction: Callable[[str], object], kept_fraction: Callable[[str], object]
) -> tuple[json.JSONDecoder, json.JSONDecoder]:
    """Return the reader that stops at a flaw, and the one that keeps flaws in the tree."""
    stopping = json.JSONDecoder(
        object_pairs_hook=_unique_names,
        parse_float=fraction,
        parse_int=_wire_integer,
        parse_constant=_no_constant,
    )
    marking = json.JSONDecoder(
        object_pairs_hook=_kept(_unique_names),
        parse_float=kept_fraction,
        parse_int=_kept(_wire_integer),
        parse_constant=_kept(_no_constant),
    )
    return stopping, marking


_READERS = {
    False: _strict(_no_fraction, _kept(_no_fraction)),
    True: _strict(FractionText, FractionText),
}


def _decode(text: str, *, fractions: bool) -> object:
    reader, marking = _READERS[fractions]
    try:
        return reader.decode(text)
    except json.JSONDecodeError as error:
        raise _not_json(error) from None
    except _FlawError as flaw:
        raise _located(flaw, text, marking) from None
    except RecursionError:
        raise StrictJsonError("the body is nested deeper than this process can read") from None


def _not_json(error: json.JSONDecodeError) -> StrictJsonError:
    what = error.msg.removesuffix(" at")
    return StrictJsonError(f"the body is not JSON: {what} at character {error.pos}")


def _located(flaw: _FlawError, text: str, marking: json.JSONDecoder) -> StrictJsonError:
    """Read once more, keeping flaws in the tree; a body with a flaw and bad syntax says one."""
    try:
        marked = marking.decode(text)
    except json.JSONDecodeError as error:
        return _not_json(error)
    return _first_flaw(marked) or StrictJsonError(flaw.reason)


def _first_flaw(value: object) -> StrictJsonError | None:
    """Find the first kept flaw or lone surrogate, in the order of the document."""
    pending = [("$", value)]
    while pending:
        path, item = pending.pop()
        if isinstance(item, _FlawError):
            place = path if item.name is None else _child(path, item.name)
            return StrictJsonError(item.reason, place)
        if isinstance(item, str) and _has_lone_surrogate(item):
            return StrictJsonError("a string holds a lone surrogate", path)
        if isinstance(item, dict) and any(map(_has_lone_surrogate, item)):
            return StrictJsonError("a name holds a lone surrogate", path)
        pending += _members(path, item)
    return None
