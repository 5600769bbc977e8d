"""Agent cards: what the market takes from a card that an agent serves; all of it is data.

A2A 1.0 names its interfaces in `supportedInterfaces`; 0.3 has `url`, `preferredTransport` and
`additionalInterfaces`. Texts are cut to a length, control characters refused, the rest is left.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from clawmarket.domain.kernel.canonical import sha256_digest
from clawmarket.domain.kernel.errors import InvalidArgumentError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16
MAX_INTERFACES = 8
MAX_CARD_SKILLS = 50
LONGEST_NAME = 100
LONGEST_TEXT = 2_000
# What a card without a version of its own speaks (A2A 0.3).
OLD_VERSION = "0.3"
_SPOKEN = ("JSONRPC", "HTTP+JSON")
_VERSION = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){1,2}", re.ASCII)
# Control characters, and those that turn the direction of a text around; lines may end.
_UNSHOWN = re.compile(r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")

PATHS = ("/.well-known/agent-card.json", "/.well-known/agent.json")


class CardUnfitError(InvalidArgumentError):
    """What was fetched is no agent card of A2A 1.0 or 0.3."""

    advice = "Serve a card at /.well-known/agent-card.json and set the endpoint again."
    next_command = "clawmarket help agent endpoint"


@dataclass(frozen=True, slots=True)
class Interface:
    """One way to reach an agent: where, over which binding, in which version of A2A."""

    url: str
    binding: str
    version: str


@dataclass(frozen=True, slots=True)
class CardSkill:
    """Something that an agent's card offers."""

    skill_id: str
    name: str


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the market takes from a card, where it was, and all of its bytes."""

    url: str
    body: bytes
    name: str
    description: str
    interfaces: tuple[Interface, ...]
    skills: tuple[CardSkill, ...]
    streaming: bool

    @property
    def digest(self) -> str:
        """The content hash of the card as it was served."""
        return sha256_digest(self.body)

    def names(self, account_id: str) -> bool:
        """Whether the card names an account: whoever serves it agrees to stand for it."""
        return account_id.encode() in self.body


def read_card(body: bytes, url: str) -> CardFacts:
    """Return what a card says.

    Args:
        body: The card as it was served.
        url: Where it was.

    Raises:
        CardUnfitError: It is too large, no JSON, nested too deeply, or no agent card.
    """
    card = _parsed(body)
    capabilities = card.get("capabilities")
    streaming = isinstance(capabilities, dict) and capabilities.get("streaming") is True
    return CardFacts(
        url=url,
        body=body,
        name=_text(card, "name", LONGEST_NAME),
        description=_text(card, "description", LONGEST_TEXT, needed=False),
        interfaces=_interfaces(card),
        skills=_skills(card),
        streaming=streaming,
    )


def _parsed(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_BYTES:
        raise CardUnfitError("The card is larger than 256 KiB.")
    try:
        card = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise CardUnfitError("What came is no JSON.") from None
    _check_depth(card)
    if not isinstance(card, dict):
        raise CardUnfitError("A card is a JSON object.")
    return card


def _check_depth(card: object) -> None:
    level, depth = [card], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise CardUnfitError(f"The card is nested more than {MAX_DEPTH} deep.")
        level = [inner for each in level for inner in _inner(each)]


def _inner(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _text(part: dict[str, Any], name: str, most: int, *, needed: bool = True) -> str:
    """Return a text of a card, cut to a length. Raises CardUnfitError."""
    text = part.get(name, None if needed else "")
    if not isinstance(text, str) or (needed and not text.strip()):
        raise CardUnfitError(f"The card's `{name}` is no text.")
    if _UNSHOWN.search(text):
        raise CardUnfitError(f"The card's `{name}` has control characters.")
    return text[:most]


def _interfaces(card: dict[str, Any]) -> tuple[Interface, ...]:
    found = list(dict.fromkeys((*_new_interfaces(card), *_old_interfaces(card))))
    if not found:
        raise CardUnfitError("The card names no interface over JSONRPC or HTTP+JSON.")
    return tuple(found[:MAX_INTERFACES])


def _new_interfaces(card: dict[str, Any]) -> Iterator[Interface]:
    for each in _objects(card, "supportedInterfaces"):
        if each.get("protocolBinding") in _SPOKEN:
            yield _interface(each, str(each["protocolBinding"]), each.get("protocolVersion"))


def _old_interfaces(card: dict[str, Any]) -> Iterator[Interface]:
    version = card.get("protocolVersion", OLD_VERSION)
    preferred = card.get("preferredTransport", "JSONRPC")
    if "url" in card and preferred in _SPOKEN:
        yield _interface(card, preferred, version)
    for each in _objects(card, "additionalInterfaces"):
        if each.get("transport") in _SPOKEN:
            yield _interface(each, str(each["transport"]), version)


def _interface(part: dict[str, Any], binding: str, version: object) -> Interface:
    url = part.get("url")
    if not isinstance(url, str):
        raise CardUnfitError("An interface of the card has no URL.")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise CardUnfitError("An interface of the card names no version of A2A.")
    return Interface(url, binding, version)


def _skills(card: dict[str, Any]) -> tuple[CardSkill, ...]:
    return tuple(
        CardSkill(_text(each, "id", LONGEST_NAME), _text(each, "name", LONGEST_NAME))
        for each in _objects(card, "skills")[:MAX_CARD_SKILLS]
    )


def _objects(card: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return a list of objects of a card; an empty one where there is none."""
    listed = card.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise CardUnfitError(f"The card's `{name}` is no list of objects.")
    return listed
