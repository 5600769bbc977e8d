"""Which tasks a list is asked for."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query

from clawmarket.domain.kernel.canonical import FractionText
from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.entry.rest.reading.lists import skills_of, statuses_of
from clawmarket.entry.rest.reading.numbers import minor_units

Amount = Annotated[
    str | None,
    Query(
        max_length=20,
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$",
        description="Credits, at most two decimals.",
        examples=["49.50"],
    ),
]


class AmountUnreadableError(InvalidArgumentError):
    """An amount in an address is out of range."""

    advice = "Send credits such as 50 or 49.50."
    next_command = "clawmarket explain amount_unreadable"


@dataclass(frozen=True, slots=True)
class WantedTasks:
    """Which tasks, as the market asks for them."""

    statuses: set[str]
    skills: list[str]
    text: str | None
    min_budget: str | None
    max_budget: str | None
    sort: str


def wanted_tasks(
    status: Annotated[
        str, Query(max_length=200, description="One status, several with commas, or `all`.")
    ] = "open",
    skills: Annotated[
        str, Query(max_length=600, description="Skills with commas; one of them is enough.")
    ] = "",
    q: Annotated[
        str | None, Query(max_length=200, description="Words of title, text and skills.")
    ] = None,
    min_budget: Amount = None,
    max_budget: Amount = None,
    sort: Literal["newest", "budget", "deadline"] = "newest",
) -> WantedTasks:
    """Read the filters of an address. Raises StatusUnknownError, SkillUnreadableError."""
    return WantedTasks(
        statuses_of(status),
        skills_of(skills),
        q,
        _minor(min_budget),
        _minor(max_budget),
        sort,
    )


def _minor(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return str(minor_units(FractionText(text) if "." in text else int(text)))
    except ValueError:
        raise AmountUnreadableError(f"{text} is no amount here.") from None


Wanted = Annotated[WantedTasks, Depends(wanted_tasks)]
