"""Every amount and every number of every method, with whatever is no plain number of its kind."""

import copy
from collections.abc import Iterator
from contextlib import suppress
from itertools import count, pairwise
from typing import Any, NamedTuple

import orjson
import pytest
from gateway.front import Front
from httpx import Response

from books import Books
from clawmarket.adapters.store.schema import KINDS
from clawmarket.domain.kernel.money import MAX_AMOUNT_MINOR
from clawmarket.registry.catalog import schema_of
from clawmarket.registry.methods import METHODS, Method
from clawmarket.services.discover import discover
from services.test_capabilities import reader_of
from world import Fields, Member, World

discover()

Place = tuple[str | int, ...]

FILE = {"name": "a.md", "digest": "sha256:" + "0" * 64, "size": 1}
MARK = "the number"
# Only the owner's wallet says what keys may spend.
WALLET_ONLY = "web3.billing.plan.set"

DIGITS = (
    *("-1", "-0", "+1", "01", "00", " 1", "1 ", "1\n", "\t1", "1_000", "1,000", "1.5", "1.0", ".5"),
    *(
        "1e3",
        "1E3",
        "0x10",
        "0b1",
        "1n",
        "$1",
        "NaN",
        "Infinity",
        "-Infinity",
        "null",
        "1;2",
        "1/2",
    ),
    *("1\u200b", "\u0661", "\u0967", "\uff11", "\U0001d7cf", "\u00b2", "\u2160", "\u2212" + "1"),
    *("1\u0000", "\u202e1", "0.1234567", str(2**63), str(2**256), str(10**30), "9" * 5_000, ""),
)
# As they stand in the request: some of them no encoder would write.
NEVER = (
    *(orjson.dumps(text).decode() for text in DIGITS),
    *("1.5", "1.0", "-1.0", "1e3", "1E400", "-1e400", "1e-400", "0.1", "5e-324", "NaN", "Infinity"),
    *("-Infinity", "01", "+1", "0x10", "1_000", "\uff11", "true", "false", "[]", "{}", "[1]"),
    *('["1"]', '{"amount":"1"}', "9" * 5_000, str(2**256), "", "1 1", "'1'", "undefined"),
)
NOT_TEXT = ("0", "1", "-1", str(2**63 - 1), str(2**63), str(2**64), str(10**30), "-0")
NOT_NUMBER = ('"0"', '"1"', '"600"')
# Of the right form: done to the unit, or refused by a rule.
EDGES = (
    0,
    1,
    2,
    99,
    100,
    101,
    MAX_AMOUNT_MINOR,
    MAX_AMOUNT_MINOR + 1,
    10**16 - 1,
    2**31,
    2**53 + 1,
)
INTEGERS = (*EDGES, -1, 2**63 - 1, 2**63, 2**64 - 1, 10**30)


class Number(NamedTuple):
    """Where a method takes a number, and whether as a string of digits."""

    place: Place
    is_text: bool
    may_be_null: bool


def numbers(schema: Fields, place: Place = (), *, may_be_null: bool = False) -> Iterator[Number]:
    """Yield every place of a schema that takes an amount or a number."""
    arms = schema.get("anyOf", [])
    for arm in arms:
        yield from numbers(arm, place, may_be_null={"type": "null"} in arms)
    for name, part in schema.get("properties", {}).items():
        yield from numbers(part, (*place, name))
    if "items" in schema:
        yield from numbers(schema["items"], (*place, 0))
    if schema.get("format") == "amount" or schema.get("type") == "integer":
        yield Number(place, schema["type"] == "string", may_be_null)


def numbers_of(method: Method) -> list[Number]:
    """Return every place of a method that takes an amount or a number."""
    return list(numbers(schema_of(method.request, "validation")))


TAKING = [method for method in METHODS.values() if numbers_of(method)]
each_method = pytest.mark.parametrize("desk", TAKING, ids=lambda m: m.name, indirect=True)


class Desk:
    """A method at the moment when it can be called, and who calls it."""

    def __init__(self, method: Method) -> None:
        self.world = World(faucet=100_000_000_000)
        self.front, self.method = Front(self.world), method
        self._reader, member = reader_of(self.world), self.world.member()
        if method.name.startswith("web3.billing."):
            member.do(WALLET_ONLY, toolPrices={"web_search": "10000"})
        if method.name == "web3.agents.heartbeat":
            member.do("web3.agents.profile.set", displayName="Agent")
        self.who, self.params = self._reader.prepares(method.name, member, self.world.member())
        self.headers = self._headers(self.who)
        self._keys = count()

    def close(self) -> None:
        """Let go of the market."""
        self.world.close()

    def _headers(self, who: Member) -> dict[str, str]:
        if who.wallet is None:
            return {"Authorization": f"Bearer {self.world.operator_token}"}
        if self.method.name == WALLET_ONLY:
            return {"Authorization": f"Bearer {self.world.session(who.wallet)['token']}"}
        return dict(self.front.key_of(who))

    def rows(self) -> list[object]:
        """Return everything that is stored."""
        kinds: list[type[object]] = list(KINDS.values())
        return [row for kind in kinds for row in self.world.all(kind)]

    def asks(self, place: Place, raw: str) -> tuple[int, Fields]:
        """Make the call with a text of a request at a place; return status and answer."""
        body = orjson.dumps(_put(self.params, place)).decode()
        asked = body.replace(f'"{MARK}"', raw).encode()
        answer = self.call(asked)
        return answer.status_code, answer.json()

    def call(self, body: bytes) -> Response:
        """Make the call with a body, as a request of its own."""
        key = f"number-{next(self._keys)}"
        headers = self.headers | {"Idempotency-Key": key}
        if self.method.name == WALLET_ONLY:
            body = self._signed(body, key)
        return self.front.call(self.method.name, body, headers=headers)

    def _signed(self, body: bytes, key: str) -> bytes:
        """Return a body with the owner's signature, if it is one that can be signed."""
        with suppress(ValueError):
            params = orjson.loads(body)
            about = {"name": self.method.name, "signed": True}
            return orjson.dumps(params | self._reader.proofs(about, params, self.who, key))
        return body


def _put(params: Fields, place: Place) -> Fields:
    """Return the parameters with the mark at a place, and with what has to stand around it."""
    asked = copy.deepcopy(params)
    inner: Any = asked
    for step, within in pairwise(place):
        if isinstance(inner, dict) and not inner.get(str(step)):
            around = FILE if place[-1] == "size" else {"title": "Part", "percent": 100}
            inner[str(step)] = [dict(around)] if within == 0 else {"purpose": "research"}
        inner = inner[step]
    inner[place[-1]] = MARK
    return asked


@pytest.fixture
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Whoever can call the method of the test, at the moment when it can be called."""
    opened = Desk(request.param)
    yield opened
    opened.close()


@each_method
def test_what_is_no_number_is_refused(desk: Desk) -> None:
    """It is named as bad input, nothing at all has changed, and the call itself works after."""
    before = desk.rows()
    for number in numbers_of(desk.method):
        wrong = (*NEVER, *(NOT_TEXT if number.is_text else NOT_NUMBER))
        for raw in (*wrong, *(() if number.may_be_null else ("null",))):
            status, answer = desk.asks(number.place, raw)
            told = (status, answer["ok"], answer["error"].partition(":")[0])
            assert told == (400, False, "E_INVALID_ARGUMENT"), (number.place, raw[:80], answer)
            assert desk.rows() == before, (number.place, raw[:80])
    body = orjson.dumps(desk.params)
    assert desk.call(body).json()["ok"]


@each_method
def test_a_number_at_an_edge_is_exact_or_refused(desk: Desk) -> None:
    """It comes back as it was sent, or a rule refuses it and nothing has changed."""
    for number in numbers_of(desk.method):
        for value in EDGES if number.is_text else INTEGERS:
            raw = f'"{value}"' if number.is_text else str(value)
            before = desk.rows()
            status, answer = desk.asks(number.place, raw)
            if status == 200:
                name = str(number.place[-1])
                assert answer.get(name, raw.strip('"')) in (raw.strip('"'), value), (name, raw)
            else:
                assert 400 <= status < 500, (number.place, raw, answer)
                assert desk.rows() == before, (number.place, raw)
    Books(desk.world.store).check()
