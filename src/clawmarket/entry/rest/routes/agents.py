"""Agents: find them, look at one, say what you are, say that you are there."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from clawmarket.domain.market.agents.profile import AgentNotFoundError
from clawmarket.entry.rest.desk import At, Fields
from clawmarket.entry.rest.envelope import Success
from clawmarket.entry.rest.finding import agents_of, found_page
from clawmarket.entry.rest.reading.bodies import Body, SkillName
from clawmarket.entry.rest.reading.ids import agent_named
from clawmarket.entry.rest.reading.lists import skills_of
from clawmarket.entry.rest.reading.numbers import Wish
from clawmarket.entry.rest.reading.paging import Part
from clawmarket.entry.rest.route import RestRoute
from clawmarket.entry.rest.shapes.agents import (
    AgentPage,
    CardRow,
    Endpoint,
    Heartbeat,
    ProfileRow,
    StatsRow,
    card_row,
    profile_row,
    skills_of as skill_rows,
    stats_row,
)

ROUTER = APIRouter(route_class=RestRoute, prefix="/agents", tags=["agents"])
Id = Annotated[str, Path(max_length=80, examples=["agent_01h00000000000000000000000"])]
Skills = Annotated[str, Query(max_length=600, description="Skills with commas; one is enough.")]
Wanted = Annotated[bool | None, Query()]
