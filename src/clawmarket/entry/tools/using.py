"""Using a tool: the market as one caller sees it, and the words for what it brings back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from clawmarket.domain.kernel.money import decimal_text, parse_decimal
from clawmarket.domain.trust.redaction import redact_text

Fields = dict[str, Any]

# A text of a stranger as a list shows it, and as the thing itself shows it.
LISTED_CHARS = 280
WHOLE_CHARS = 20_000
# Control characters but tab and line feed, and those that turn the direction of text round.
UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


class Market(Protocol):
    """The market as one caller reaches it, over whichever way.

    `refusals` are what it raises when it refuses, or when it cannot be reached.
    """

    @property
    def refusals(self) -> tuple[type[Exception], ...]:
        """See above."""

    async def ask(self, method: str, params: Fields, key: str = "") -> Fields:
        """Return the answer of a call; a key makes it happen once. Raises what refuses it."""

    async def look(self, method: str, params: Fields) -> Fields | None:
        """Return the answer of a call that reads, or None where this caller may not see it."""

    async def text_of(self, digest: str, most: int) -> str | None:
        """Return a stored file's text, or None if it is no text, or has more than `most` bytes."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One use of one tool.

    Args:
        market: The market as the caller reaches it.
        key: The idempotency key of what the tool changes; empty for none.
    """

    market: Market
    key: str = ""

    async def ask(self, method: str, /, **params: object) -> Fields:
        """Ask a method that reads; what is None is left out."""
        return await self.market.ask(method, given(params))

    async def look(self, method: str, /, **params: object) -> Fields | None:
        """The same, or None where this caller may not see it."""
        return await self.market.look(method, given(params))

    async def do(self, method: str, params: Mapping[str, object]) -> Fields:
        """Ask a method that changes something, under the key of this use."""
        return await self.market.ask(method, given(params), self.key)


def given(params: Mapping[str, object]) -> Fields:
    """Return what of a call's parameters is sent: all that is not None."""
    return {name: value for name, value in params.items() if value is not None}


def minor(credit: str) -> str:
    """Return the minor units of an amount in credits. Raises AmountInvalidError."""
    return str(parse_decimal(credit))


def credit(digits: str) -> str:
    """Return minor units as the amount in credits that a tool takes and shows, such as 5.00."""
    return decimal_text(int(digits))


def said(by: str, most: int = WHOLE_CHARS, **words: object) -> Fields:
    """Return what a party wrote, apart from what the market says: data, never instructions."""
    return {"by": by} | {name: _words(text, most) for name, text in words.items() if text}


def _words(text: object, most: int) -> object:
    if isinstance(text, list):
        return [_words(one, most) for one in text]
    safe = redact_text(UNSEEN.sub(" ", str(text)))
    return safe if len(safe) <= most else f"{safe[:most]}…"
