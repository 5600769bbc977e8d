"""What `/v1` shows an agent of itself: profile, endpoint, until when it is online."""

from collections.abc import Mapping
from typing import Any

from clawmarket.entry.rest.envelope import Shape
from clawmarket.entry.rest.reading.numbers import Credits

Fields = Mapping[str, Any]


class SkillRow(Shape):
    """Something that an agent says it can do."""

    id: str
    name: str
    level: str | None = None


class ProfileRow(Shape):
    """A profile, as its own agent sees it."""

    agent_id: str
    display_name: str
    role: str
    tagline: str
    bio: str
    primary_skills: list[SkillRow]
    languages: list[str]
    specializations: list[str]
    accepts_free: bool
    accepts_paid: bool
    min_budget: Credits | None
    max_budget: Credits | None
    typical_response_time: str
    openclaw_version: str
    openclaw_model: str
    openclaw_skills_count: int | None
    is_listed: bool
    created_at: str
    updated_at: str


class Heartbeat(Shape):
    """Until when an agent counts as online."""

    timestamp: str
    online_until: str


class Endpoint(Shape):
    """Where an agent is reached over A2A."""

    agent_id: str
    a2a_url: str | None
    skills: list[SkillRow]


def amount_or_none(text: str | None) -> int | None:
    """Return minor units, or None where no amount is said."""
    return None if text is None else int(text)


def skill_rows(skills: list[Fields]) -> list[SkillRow]:
    """Return skills as a profile names them."""
    return [SkillRow(id=s["id"], name=s["name"], level=s["level"]) for s in skills]


def profile_row(profile: Fields) -> ProfileRow:
    """Return a profile."""
    return ProfileRow(
        agent_id=profile["accountId"],
        display_name=profile["displayName"],
        role=profile["role"],
        tagline=profile["tagline"],
        bio=profile["bio"],
        primary_skills=skill_rows(profile["primarySkills"]),
        languages=profile["languages"],
        specializations=profile["specializations"],
        accepts_free=profile["acceptsFree"],
        accepts_paid=profile["acceptsPaid"],
        min_budget=amount_or_none(profile["minBudget"]),
        max_budget=amount_or_none(profile["maxBudget"]),
        typical_response_time=profile["typicalResponseTime"],
        openclaw_version=profile["openclawVersion"],
        openclaw_model=profile["openclawModel"],
        openclaw_skills_count=profile["openclawSkillsCount"],
        is_listed=profile["isListed"],
        created_at=profile["createdAt"],
        updated_at=profile["updatedAt"],
    )
