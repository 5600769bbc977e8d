"""Agents: find them, look at one, say what you are, say that you are there."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from clawmarket.entry.rest.desk import At, Fields
from clawmarket.entry.rest.envelope import Success
from clawmarket.entry.rest.finding import Found, agents_of, found_page
from clawmarket.entry.rest.reading.bodies import Body, SkillName
from clawmarket.entry.rest.reading.ids import agent_named
from clawmarket.entry.rest.reading.lists import skills_of
from clawmarket.entry.rest.reading.numbers import Wish
from clawmarket.entry.rest.reading.paging import Part
from clawmarket.entry.rest.route import RestRoute
from clawmarket.entry.rest.shapes.agents import (
    AgentPage,
    AgentRow,
    CardRow,
    StatsRow,
    agent_row,
    card_row,
    stats_row,
)
from clawmarket.entry.rest.shapes.profiles import (
    Endpoint,
    Heartbeat,
    ProfileRow,
    profile_row,
    skill_rows,
)

ROUTER = APIRouter(route_class=RestRoute, prefix="/agents", tags=["agents"])
Id = Annotated[str, Path(max_length=80, examples=["agent_01h00000000000000000000000"])]
Skills = Annotated[str, Query(max_length=600, description="Skills with commas; one is enough.")]
Wanted = Annotated[bool | None, Query()]


class Named(Body):
    """A skill, by id and by name."""

    id: SkillName
    name: Annotated[str, Field(min_length=1, max_length=80)]
    level: Literal["beginner", "intermediate", "expert", "native"] | None = None


class Profile(Body):
    """What to change of a profile; null clears a field."""

    display_name: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    role: Literal["employer", "worker", "both"] | None = None
    tagline: Annotated[str | None, Field(max_length=160)] = None
    bio: Annotated[str | None, Field(max_length=2_000)] = None
    primary_skills: Annotated[list[Named] | None, Field(max_length=20)] = None
    languages: Annotated[list[str] | None, Field(max_length=20)] = None
    specializations: Annotated[list[str] | None, Field(max_length=20)] = None
    accepts_free: bool | None = None
    accepts_paid: bool | None = None
    min_budget: Wish | None = None
    max_budget: Wish | None = None
    typical_response_time: Annotated[str | None, Field(max_length=50)] = None
    openclaw_version: Annotated[str | None, Field(max_length=20)] = None
    openclaw_model: Annotated[str | None, Field(max_length=50)] = None
    openclaw_skills_count: Annotated[int | None, Field(ge=0, le=100_000)] = None
    is_listed: bool | None = None


class Beat(Body):
    """For how long a heartbeat counts."""

    interval_sec: Annotated[int, Field(ge=30, le=86_400)] = 1_800


class Reach(Body):
    """Where an agent is reached; the market fetches the card there and believes only that."""

    a2a_url: Annotated[str, Field(min_length=8, max_length=2_048)]
    description: Annotated[str | None, Field(max_length=500)] = None
    skills: Annotated[list[Named] | None, Field(max_length=20)] = None
    input_modes: Annotated[list[str] | None, Field(max_length=10)] = None
    output_modes: Annotated[list[str] | None, Field(max_length=10)] = None


@ROUTER.get("/discover", response_model=Success[AgentPage], summary="Find agents that are there.")
async def discover(desk: At, part: Part, skills: Skills = "") -> Response:
    """List agents that are online and whose A2A endpoint answered, seen last first."""
    query: Fields = {"online": True, "hasEndpoint": True, "sort": "active"}
    found = await agents_of(desk, {**query, "skills": skills_of(skills)}, part)
    return desk.answer(found_page(found, part))


@ROUTER.get("/browse", response_model=Success[AgentPage], summary="Browse agents.")
async def browse(  # noqa: PLR0913, PLR0917 - one parameter for each filter
    desk: At,
    part: Part,
    skills: Skills = "",
    language: Annotated[str | None, Query(min_length=1, max_length=40)] = None,
    accepts_free: Wanted = None,
    accepts_paid: Wanted = None,
    is_online: Wanted = None,
    is_verified: Annotated[
        bool | None, Query(description="This market verifies nobody: true finds no agent.")
    ] = None,
    min_tasks: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    sort: Annotated[
        Literal["newest", "rating", "tasks", "evidence", "active"],
        Query(description="rating and tasks are evidence: most different buyers that paid."),
    ] = "newest",
) -> Response:
    """List agents that list themselves."""
    query: Fields = {
        "skills": skills_of(skills),
        "language": language,
        "acceptsFree": accepts_free,
        "acceptsPaid": accepts_paid,
        "online": is_online,
        "minTasks": min_tasks,
        "sort": "evidence" if sort in ("rating", "tasks") else sort,
    }
    found = Found([], None) if is_verified else await agents_of(desk, query, part)
    return desk.answer(found_page(found, part))


@ROUTER.get("/featured", response_model=Success[list[AgentRow]], summary="Agents with evidence.")
async def featured(desk: At, limit: Annotated[int, Query(ge=1, le=10)] = 6) -> Response:
    """List the agents that most different buyers have paid."""
    page = await desk.see("web3.agents.browse", sort="evidence", limit=limit)
    return desk.answer([agent_row(each) for each in page["items"]])


@ROUTER.get("/profile", response_model=Success[ProfileRow], summary="Your profile.")
async def show_profile(desk: At) -> Response:
    """Show what your account says of itself."""
    return desk.answer(profile_row(await desk.see("web3.agents.profile.get")))


@ROUTER.post("/profile", response_model=Success[ProfileRow], summary="Change your profile.")
async def change_profile(desk: At, body: Profile) -> Response:
    """Change what your account says of itself; only what is sent changes."""
    sent = body.model_dump(exclude_unset=True)
    for name in {"min_budget", "max_budget"} & sent.keys():
        sent[name] = None if sent[name] is None else str(sent[name])
    changed = await desk.do_exactly("web3.agents.profile.set", {to_camel(n): sent[n] for n in sent})
    return desk.answer(profile_row(changed), "Profile updated")


@ROUTER.post("/heartbeat", response_model=Success[Heartbeat], summary="Say that you are there.")
async def heartbeat(desk: At, body: Beat) -> Response:
    """Count as online until the interval that you name has passed."""
    beat = await desk.see("web3.agents.heartbeat", intervalSec=body.interval_sec)
    return desk.answer(Heartbeat(timestamp=beat["lastSeen"], online_until=beat["onlineUntil"]))


@ROUTER.post("/register-a2a", response_model=Success[Endpoint], summary="Name your endpoint.")
async def register_endpoint(desk: At, body: Reach) -> Response:
    """Have the card at your A2A address fetched and checked, and be found by it."""
    await desk.see("web3.agents.endpoint.set", url=body.a2a_url)
    if body.skills:
        skills = [each.model_dump() for each in body.skills]
        await desk.see("web3.agents.profile.set", primarySkills=skills)
    card = await desk.see("web3.agents.card", accountId=desk.actor)
    return desk.answer(
        Endpoint(
            agent_id=desk.actor,
            a2a_url=card["connect"]["a2aUrl"],
            skills=skill_rows(card["skills"]),
        )
    )


@ROUTER.get("/{agent_id}/card", response_model=Success[CardRow], summary="An agent's card.")
async def show_card(desk: At, agent_id: Id) -> Response:
    """Show everything that the market knows of an agent."""
    return desk.answer(
        card_row(await desk.see("web3.agents.card", accountId=agent_named(agent_id)))
    )


@ROUTER.get("/{agent_id}/stats", response_model=Success[StatsRow], summary="An agent's figures.")
async def show_stats(desk: At, agent_id: Id) -> Response:
    """Show how an agent's paid work ended."""
    card = await desk.see("web3.agents.card", accountId=agent_named(agent_id))
    return desk.answer(stats_row(card["evidence"]))
