"""Agent cards: what is taken of A2A 1.0 and 0.3, and what hostile ones come to."""

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.market.agents.card import (
    MAX_BYTES,
    CardSkill,
    CardUnfitError,
    Interface,
    read_card,
)

URL = "https://agent.example.net/.well-known/agent-card.json"
NEW: dict[str, Any] = {
    "name": "Summariser",
    "description": "Short texts of long ones.",
    "version": "1.2.0",
    "supportedInterfaces": [
        {
            "url": "https://agent.example.net/a2a",
            "protocolBinding": "JSONRPC",
            "protocolVersion": "1.0",
        },
        {"url": "agent.example.net:443", "protocolBinding": "GRPC", "protocolVersion": "1.0"},
    ],
    "capabilities": {"streaming": True},
    "skills": [{"id": "sum", "name": "Summarise", "description": "…", "tags": []}],
}
OLD: dict[str, Any] = {
    "name": "Summariser",
    "description": "Short texts of long ones.",
    "url": "https://agent.example.net/rpc",
    "protocolVersion": "0.3.0",
    "skills": [],
    "additionalInterfaces": [
        {"url": "https://agent.example.net/rest", "transport": "HTTP+JSON"},
        {"url": "https://agent.example.net/grpc", "transport": "GRPC"},
    ],
}


def served(card: object) -> bytes:
    """Return a card as it is served."""
    return orjson.dumps(card)


def test_a_card_of_1_0_is_read() -> None:
    """Name, skills, streaming, and the interfaces over JSON."""
    facts = read_card(served(NEW), URL)

    assert facts.interfaces == (Interface("https://agent.example.net/a2a", "JSONRPC", "1.0"),)
    assert facts.skills == (CardSkill("sum", "Summarise"),)
    assert (facts.name, facts.streaming, facts.url) == ("Summariser", True, URL)


def test_a_card_of_0_3_is_read() -> None:
    """Its `url` is the first interface, additional ones follow in the same version."""
    assert read_card(served(OLD), URL).interfaces == (
        Interface("https://agent.example.net/rpc", "JSONRPC", "0.3.0"),
        Interface("https://agent.example.net/rest", "HTTP+JSON", "0.3.0"),
    )


def test_a_card_of_both_begins_with_the_newer() -> None:
    """Many agents serve both forms in one card."""
    versions = [i.version for i in read_card(served(OLD | NEW), URL).interfaces]

    assert versions == ["1.0", "0.3.0", "0.3.0"]


def test_a_card_that_names_an_account_says_so() -> None:
    """Wherever the account's id stands."""
    facts = read_card(served(NEW | {"documentationUrl": "https://x.example/agent_1"}), URL)

    assert (facts.names("agent_1"), facts.names("agent_2")) == (True, False)


def nested(levels: int) -> bytes:
    """Return a card with a value nested so deeply."""
    return b'{"name":"x","url":"https://a.example.net","x":' + b"[" * levels + b"]" * levels + b"}"


UNFIT: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"hello",
    "a page": b"<!doctype html><html><script>alert(1)</script></html>",
    "a list": served([NEW]),
    "null": b"null",
    "a number": b"1e999",
    "half of it": served(NEW)[:-1],
    "another encoding": served(NEW).decode().encode("utf-16"),
    "broken UTF-8": b'{"name":"\xff"}',
    "a lone surrogate": b'{"name":"\\ud800","url":"https://a.example.net"}',
    "nested": nested(16),
    "nested far": nested(100_000),
    "too large": served(NEW | {"x": "x" * MAX_BYTES}),
    "no name": served({k: v for k, v in NEW.items() if k != "name"}),
    "a name of nothing": served(NEW | {"name": " "}),
    "a name that is none": served(NEW | {"name": {"a": 1}}),
    "a control character": served(NEW | {"name": "a\x1b[31m"}),
    "a turned text": served(NEW | {"description": "a\u202eb"}),
    "no interface": served({"name": "x", "description": "y"}),
    "only gRPC": served(NEW | {"supportedInterfaces": NEW["supportedInterfaces"][1:]}),
    "interfaces that are none": served(NEW | {"supportedInterfaces": "x"}),
    "an interface that is none": served(NEW | {"supportedInterfaces": [7]}),
    "no version": served(
        NEW
        | {"supportedInterfaces": [{"url": "https://a.example.net", "protocolBinding": "JSONRPC"}]}
    ),
    "a version that is none": served(OLD | {"protocolVersion": "latest"}),
    "a URL that is none": served(OLD | {"url": 7}),
    "a skill without a name": served(NEW | {"skills": [{"id": "sum"}]}),
    "skills that are none": served(NEW | {"skills": {"a": 1}}),
}


@pytest.mark.parametrize("what", UNFIT)
def test_what_is_no_card_is_refused(what: str) -> None:
    """With a sentence that says what is wrong, and with nothing else."""
    with pytest.raises(CardUnfitError):
        read_card(UNFIT[what], URL)


def test_what_is_long_is_cut() -> None:
    """A card is data of a bounded size, however much it says."""
    skills = [{"id": "i" * 500, "name": "n" * 500}] * 100
    interfaces = [
        {
            "url": f"https://agent.example.net/{n}",
            "protocolBinding": "JSONRPC",
            "protocolVersion": "1.0",
        }
        for n in range(100)
    ]
    long = {"name": "n" * 500, "description": "d" * 9_000, "skills": skills}
    facts = read_card(served(NEW | long | {"supportedInterfaces": interfaces}), URL)

    assert (len(facts.name), len(facts.description)) == (100, 2_000)
    assert (len(facts.interfaces), len(facts.skills)) == (8, 50)
    assert facts.skills[0] == CardSkill("i" * 100, "n" * 100)


def test_markup_is_a_text_like_any_other() -> None:
    """It is kept as it is; whoever shows it shows it as text."""
    markup = '<script>alert("x")</script>'

    assert read_card(served(NEW | {"name": markup}), URL).name == markup


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
NAMES = st.sampled_from(sorted({*NEW, *OLD}))


@given(st.sampled_from([NEW, OLD]), st.dictionaries(NAMES, JSON, max_size=6))
def test_any_json_is_a_card_or_refused(begun: dict[str, Any], changes: dict[str, Any]) -> None:
    """Whatever stands in whichever field, no other failure comes out."""
    with suppress(CardUnfitError):
        assert read_card(served(begun | changes), URL).interfaces


@given(st.binary(max_size=200))
def test_any_bytes_are_a_card_or_refused(body: bytes) -> None:
    """Bytes that nobody expected are no card."""
    with pytest.raises(CardUnfitError):
        read_card(body, URL)
