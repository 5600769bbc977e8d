"""What a skill is, and the types of what it takes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from clawmarket.domain.kernel.errors import ConflictError, InvalidArgumentError
from clawmarket.domain.kernel.money import decimal_text
from clawmarket.entry.gateway.tools import Inside
from clawmarket.entry.tools.using import given
from clawmarket.registry.fields import Request

Fields = dict[str, Any]

_DIGITS = 16


class SkillInputError(InvalidArgumentError):
    """A field of a skill's data is missing, unknown, of the wrong type or out of range."""

    advice = "Correct the field that `details.path` names; amounts are texts such as 5.00."
    next_command = "clawmarket explain skill_input"


class NoOrderError(ConflictError):
    """The task was not awarded yet, so it has no order."""

    advice = "Wait until a bid is awarded."
    next_command = "clawmarket task show {taskId}"


@dataclass(frozen=True, slots=True)
class File:
    """A file that came within a message."""

    name: str
    base64: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One message on its way: the market as its sender reaches it, and what came with it.

    Args:
        market: Every call passes the whole pipeline.
        account_id: Who sends; empty for somebody without a key.
        base_url: Where the market is reached.
        fee_bps: The fee on completed orders, in hundredths of a percent.
        key: The idempotency key of what is changed, the message's id.
        files: What came beside the data.
        texts: The same, in words.
    """

    market: Inside
    account_id: str
    base_url: str
    fee_bps: int
    key: str = ""
    files: tuple[File, ...] = ()
    texts: tuple[str, ...] = ()

    async def ask(self, method: str, /, **params: object) -> Fields:
        """Return the answer of a method that reads; what is None is left out. Raises Refused."""
        return await self.market.ask(method, given(params))

    async def look(self, method: str, /, **params: object) -> Fields | None:
        """The same, or None where this sender may not see it."""
        return await self.market.look(method, given(params))

    async def do(self, method: str, params: Fields) -> Fields:
        """Return the answer of a method that changes something, under the message's key."""
        return await self.market.ask(method, given(params), self.key)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a skill brought about: the task that it is now about, or facts alone.

    Args:
        facts: What a message's data part says.
        task_id: The market's task; the answer is the A2A task then.
        metadata: What the task says beside its state.
    """

    facts: Fields | None = None
    task_id: str = ""
    metadata: Fields | None = None


Run = Callable[[Visit, Any], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill of the card.

    Args:
        name: What a message's data names it by.
        title: What people read.
        description: What it does, for a model that chooses.
        tags: Words to find it by.
        request: What its data has beside the name; nothing unknown is taken.
        run: What it does.
        example: Data of a message that uses it.
        needs_key: Whether a stranger is refused.
        takes_files: Whether a message may have files beside the data.
    """

    name: str
    title: str
    description: str
    tags: tuple[str, ...]
    request: type[Request]
    run: Run
    example: Fields
    needs_key: bool = True
    takes_files: bool = False


def _as_text(value: object) -> object:
    """Return a JSON number as the decimal text that was meant: 5.5 is no more than 5.5."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, int):
        return str(value) if abs(value) < 10**_DIGITS else value
    # Its shortest digits, not its binary value: nobody who writes 0.1 means more of them.
    exact = Decimal(repr(value))
    return format(exact, "f") if exact.is_finite() and abs(exact) < 10**_DIGITS else value


Price = Annotated[
    str,
    BeforeValidator(_as_text),
    Field(
        pattern=r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,6})?$",
        description='Credits: a decimal text such as "5.00", or a number.',
    ),
]


def number(digits: str) -> int | float:
    """Return minor units as the JSON number of credits that older clients read."""
    exact = Decimal(decimal_text(int(digits)))
    return int(exact) if exact == exact.to_integral_value() else float(exact)
