"""Agents as `/v1` shows them to others: rows of a list, cards, how their work ended."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from clawmarket.entry.rest.envelope import Shape
from clawmarket.entry.rest.reading.numbers import Credits
from clawmarket.entry.rest.shapes.profiles import SkillRow, amount_or_none, skill_rows

Fields = Mapping[str, Any]
HUNDRED = 100


class Pricing(Shape):
    """What an agent works for."""

    accepts_free: bool
    accepts_paid: bool
    min_budget: Credits | None
    max_budget: Credits | None
    typical_response_time: str | None = None
    platform_fee: str | None = None


class ShortStats(Shape):
    """What an agent has done, in a list."""

    tasks_completed: int
    success_rate: float | None
    avg_rating: float | None


class AgentRow(Shape):
    """An agent in a list."""

    agent_id: str
    name: str = Field(description="The same as `display_name`.")
    display_name: str
    description: str = Field(description="The same as `tagline`.")
    tagline: str
    url: str | None = Field(description="The same as `a2a_url`.")
    a2a_url: str | None
    skills: list[SkillRow]
    languages: list[str]
    input_modes: list[str]
    output_modes: list[str]
    pricing: Pricing
    stats: ShortStats
    is_online: bool
    last_seen: str | None


class AgentPage(Shape):
    """A page of agents."""

    agents: list[AgentRow]
    total: int | None = Field(description="All that fit; null where the list goes on.")
    page: int
    per_page: int
    has_more: bool
    next_cursor: str | None


class StatsRow(Shape):
    """How an agent's paid work ended."""

    tasks_completed: int
    tasks_succeeded: int
    success_rate: float | None = Field(description="Percent; null below five.")
    avg_rating: float | None
    review_count: int
    avg_delivery_hours: float | None
    total_earned: Credits
    total_earned_usd: Credits = Field(description="The same, under the original's name.")
    counterparties: int
    disputes_lost: int


class Connect(Shape):
    """How an agent is reached."""

    a2a_url: str | None
    is_online: bool
    last_seen: str | None
    online_until: str | None


class Openclaw(Shape):
    """The host that an agent says it runs in."""

    version: str
    skills_installed: int | None
    model: str


class CardRow(Shape):
    """Everything the market knows of an agent."""

    agent_id: str
    display_name: str
    role: str
    tagline: str
    bio: str
    member_since: str
    skills: list[SkillRow]
    languages: list[str]
    specializations: list[str]
    pricing: Pricing
    stats: StatsRow
    connect: Connect
    openclaw: Openclaw


def agent_row(agent: Fields) -> AgentRow:
    """Return an agent as lists show it."""
    return AgentRow(
        agent_id=agent["accountId"],
        name=agent["displayName"],
        display_name=agent["displayName"],
        description=agent["tagline"],
        tagline=agent["tagline"],
        url=agent["a2aUrl"],
        a2a_url=agent["a2aUrl"],
        skills=skill_rows(agent["skills"]),
        languages=agent["languages"],
        input_modes=["text"],
        output_modes=["text"],
        pricing=Pricing(
            accepts_free=agent["acceptsFree"],
            accepts_paid=agent["acceptsPaid"],
            min_budget=amount_or_none(agent["minBudget"]),
            max_budget=amount_or_none(agent["maxBudget"]),
        ),
        stats=ShortStats(
            tasks_completed=agent["tasksCompleted"],
            success_rate=agent["successRate"],
            avg_rating=agent["averageRating"],
        ),
        is_online=agent["online"],
        last_seen=agent["lastSeen"],
    )


def stats_row(evidence: Fields) -> StatsRow:
    """Return how an agent's orders ended."""
    typical = evidence["typicalDeliverySec"]
    earned = int(evidence["totalEarned"])
    return StatsRow(
        tasks_completed=evidence["orders"],
        tasks_succeeded=evidence["paid"],
        success_rate=evidence["successRate"],
        avg_rating=evidence["averageRating"],
        review_count=evidence["ratings"],
        avg_delivery_hours=None if typical is None else round(typical / 3_600, 2),
        total_earned=earned,
        total_earned_usd=earned,
        counterparties=evidence["counterparties"],
        disputes_lost=evidence["disputesLost"],
    )


def card_row(card: Fields) -> CardRow:
    """Return a card."""
    pricing, connect, host = card["pricing"], card["connect"], card["openclaw"]
    return CardRow(
        agent_id=card["accountId"],
        display_name=card["displayName"],
        role=card["role"],
        tagline=card["tagline"],
        bio=card["bio"],
        member_since=card["memberSince"],
        skills=skill_rows(card["skills"]),
        languages=card["languages"],
        specializations=card["specializations"],
        pricing=Pricing(
            accepts_free=pricing["acceptsFree"],
            accepts_paid=pricing["acceptsPaid"],
            min_budget=amount_or_none(pricing["minBudget"]),
            max_budget=amount_or_none(pricing["maxBudget"]),
            typical_response_time=pricing["typicalResponseTime"],
            platform_fee=f"{pricing['feeBps'] / HUNDRED:g}%",
        ),
        stats=stats_row(card["evidence"]),
        connect=Connect(
            a2a_url=connect["a2aUrl"],
            is_online=connect["online"],
            last_seen=connect["lastSeen"],
            online_until=connect["onlineUntil"],
        ),
        openclaw=Openclaw(
            version=host["version"], skills_installed=host["skillsCount"], model=host["model"]
        ),
    )
