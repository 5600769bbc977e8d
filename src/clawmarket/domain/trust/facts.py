"""Records as read: the exact text of one, its form checked, its members typed."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any

from clawmarket.domain.kernel.canonical import (
    CanonicalError,
    StrictJsonError,
    canonical_bytes,
    parse_strict,
)
from clawmarket.domain.trust.statement import VERSION

Json = dict[str, Any]
Shape = Mapping[str, tuple[type, ...]]

SIGNED_AMOUNT = re.compile(r"-?[1-9][0-9]{0,18}")
RECORD: Shape = {
    "v": (int,),
    "id": (str,),
    "at": (int,),
    "actor": (str,),
    "method": (str,),
    "events": (list,),
    "states": (list,),
    "postings": (list,),
    "statement": (dict,),
}
STATEMENT: Shape = {"said": (dict,), "signature": (str, NoneType), "address": (str, NoneType)}
SAID: Shape = {
    "v": (int,),
    "market": (str,),
    "method": (str,),
    "actor": (str,),
    "key": (str,),
    "signedAt": (str, NoneType),
    "params": (dict,),
}
# Statements of the first version named no moment.
SAID_FIRST: Shape = {name: types for name, types in SAID.items() if name != "signedAt"}


class ReceiptFlawError(ValueError):
    """A receipt is not what it has to be.

    Args:
        sentence: What is wrong, for a person.
        expected: What the records demand, where one value is at stake.
        found: What stands there instead.
    """

    def __init__(
        self, sentence: str, expected: str | None = None, found: str | None = None
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Statement:
    """What a party said, and the wallet that signed it; neither for an API key."""

    said: Json
    signature: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """One record as read: postings are ledger account, asset and signed minor units."""

    record_id: str
    at: int
    actor: str
    method: str
    events: tuple[Json, ...]
    states: tuple[tuple[str, str, str], ...]
    postings: tuple[tuple[str, str, int], ...]
    statement: Statement | None

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of the record's events."""
        return frozenset(event["kind"] for event in self.events)

    @property
    def params(self) -> Json:
        """What the party asked for; nothing where the record keeps no statement."""
        params: Json = self.statement.said["params"] if self.statement else {}
        return params


def alike(one: object, other: object) -> bool:
    """Tell whether two JSON values are the same; 1 and true are not."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def check_shape(
    value: object, shape: Shape, where: str, optional: frozenset[str] = frozenset()
) -> Json:
    """Return an object that has exactly these members. Raises ReceiptFlawError."""
    if type(value) is not dict:
        raise ReceiptFlawError(f"{where} is no object")
    strange = (value.keys() ^ shape.keys()) - optional
    if strange:
        name = min(strange)
        raise ReceiptFlawError(
            f"{where} has the member {name!r}, which does not belong there"
            if name in value
            else f"{where} lacks the member {name!r}"
        )
    for name, member in value.items():
        if type(member) not in shape[name]:
            raise ReceiptFlawError(f"{where}.{name} has the wrong type")
    return value


def read_facts(text: str, where: str) -> Facts:
    """Read one record from its exact text.

    Raises:
        ReceiptFlawError: Not RFC 8785, not version 1, or a member of the wrong form.
    """
    data = text.encode()
    try:
        value = parse_strict(data)
        exact = canonical_bytes(value)
    except (StrictJsonError, CanonicalError) as error:
        raise ReceiptFlawError(f"{where} is not canonical JSON: {error}") from None
    if exact != data:
        raise ReceiptFlawError(f"{where} is not written as RFC 8785 demands")
    record = check_shape(value, RECORD, where, frozenset({"statement"}))
    if record["v"] != 1:
        raise ReceiptFlawError(f"{where} has another version", "1", str(record["v"]))
    return Facts(
        record["id"],
        record["at"],
        record["actor"],
        record["method"],
        tuple(_event(event, where) for event in record["events"]),
        tuple(_triple(step, where) for step in record["states"]),
        tuple(_posting(posting, where) for posting in record["postings"]),
        _statement(record["statement"], where) if "statement" in record else None,
    )


def _event(value: object, where: str) -> Json:
    if type(value) is not dict or type(value.get("kind")) is not str:
        raise ReceiptFlawError(f"{where} has an event without a kind")
    return value


def _triple(value: object, where: str) -> tuple[str, str, str]:
    match value:
        case [str() as first, str() as second, str() as third]:
            return first, second, third
    raise ReceiptFlawError(f"{where} has a state or a posting that is not three texts")


def _posting(value: object, where: str) -> tuple[str, str, int]:
    account, asset, amount = _triple(value, where)
    if not SIGNED_AMOUNT.fullmatch(amount):
        raise ReceiptFlawError(f"{where} has a posting that is no whole amount", None, amount)
    return account, asset, int(amount)


def _statement(value: Json, where: str) -> Statement:
    statement = check_shape(value, STATEMENT, f"{where}.statement")
    shape = SAID_FIRST if statement["said"].get("v") == 1 else SAID
    said = check_shape(statement["said"], shape, f"{where}.statement.said")
    if said["v"] not in (1, VERSION):
        raise ReceiptFlawError(f"{where} has another statement version", "2", str(said["v"]))
    return Statement(said, statement["signature"], statement["address"])
