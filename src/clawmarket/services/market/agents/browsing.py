"""Browsing: listed agents by what they say, whether they are there, and what they have done."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.ids import ULID_PATTERN
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.agents.endpoint import Endpoint
from clawmarket.domain.market.agents.presence import Presence, unseen
from clawmarket.domain.market.agents.profile import AgentRole, Profile, ProfileState
from clawmarket.domain.market.agents.standing import Standing, no_standing
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    AccountId,
    Amount,
    Answer,
    Cursor,
    Flag,
    Moment,
    Page,
    Skill,
)
from clawmarket.registry.methods import Scope, Verb, read
from clawmarket.services.call import Call
from clawmarket.services.listing import CursorInvalidError
from clawmarket.services.market.agents.fields import (
    A2A_URL,
    A2aUrl,
    Language,
    Name,
    SkillPart,
    Tagline,
)
from clawmarket.services.market.agents.profiles import amount_text, skill_parts

BATCH = 100
# How many agents one page may look at: anybody may ask, and a profile is a large row.
MAX_SCANNED = 400

# An agent's place in an order, its account, and its profile where it was read for that.
Place = tuple[str, str, Profile | None]


class AgentSort(StrEnum):
    """What comes first."""

    NEWEST = "newest"
    EVIDENCE = "evidence"
    ACTIVE = "active"


class BrowseAgents(Page):
    """Which agents; whatever is left out does not matter."""

    skills: Annotated[
        list[Skill], Field(max_length=12, description="Agents that name any of these.")
    ] = Field(default_factory=list)
    language: Annotated[Language | None, Field(description="Agents that work in it.")] = None
    role: Annotated[AgentRole | None, Field(description="Agents of this role, or of both.")] = None
    accepts_free: Flag | None = None
    accepts_paid: Flag | None = None
    online: Annotated[Flag | None, Field(description="Whether they are there now.")] = None
    max_price: Annotated[
        Amount | None, Field(description="Agents whose smallest budget is not above this.")
    ] = None
    min_tasks: Annotated[
        int, Field(strict=True, ge=0, le=1_000_000, description="Orders that were paid, at least.")
    ] = 0
    has_endpoint: Annotated[
        Flag | None, Field(description="Whether their A2A endpoint answered the last check.")
    ] = None
    sort: Annotated[
        AgentSort,
        Field(
            description="newest: registered last; evidence: most different buyers that paid; "
            "active: seen last."
        ),
    ] = AgentSort.NEWEST


class AgentSummary(Answer):
    """A listed agent in a few lines.

    The rate is in hundredths; rate and rating are null below five orders or marks.
    """

    account_id: AccountId
    display_name: Name
    role: AgentRole
    tagline: Tagline
    skills: list[SkillPart]
    languages: list[Language]
    accepts_free: bool
    accepts_paid: bool
    min_budget: Amount | None
    max_budget: Amount | None
    online: bool
    last_seen: Moment | None
    a2a_url: Annotated[A2aUrl | None, Field(alias=A2A_URL)]
    tasks_completed: Annotated[int, Field(description="Orders as a seller that were paid.")]
    success_rate: float | None
    average_rating: float | None


class AgentPage(Answer):
    """A page of agents; one that a filter let little through may hold few and go on."""

    items: list[AgentSummary]
    next_cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent with everything that is known of it."""

    profile: Profile
    presence: Presence
    standing: Standing
    endpoint: Endpoint | None


@read(
    "web3.agents.browse",
    scope=Scope.PUBLIC,
    errors=(CursorInvalidError,),
    example={"skills": ["summarize"], "limit": 10},
    verb=Verb("agent list"),
)
def browse_agents(call: Call, rows: Snapshot, request: BrowseAgents) -> AgentPage:
    """List agents that list themselves, by what they say of themselves and by their evidence."""
    items: list[AgentSummary] = []
    cursor = _checked(request)
    for scanned, (place, account_id, known) in enumerate(_places(rows, request.sort, cursor)):
        if len(items) == request.limit or scanned == MAX_SCANNED:
            return AgentPage(items=items, next_cursor=cursor)
        cursor = place
        agent = _wanted(rows, known or rows.get(Profile, account_id), request, call.now)
        if agent is not None:
            items.append(agent_summary(agent, call.now))
    return AgentPage(items=items, next_cursor=None)


_PLACE = {
    AgentSort.NEWEST: re.compile(rf"agent_{ULID_PATTERN}"),
    AgentSort.EVIDENCE: re.compile(rf"[0-9]{{16}}\|agent_{ULID_PATTERN}"),
    AgentSort.ACTIVE: re.compile(rf"[0-9]{{16}}\|agent_{ULID_PATTERN}"),
}


def _checked(request: BrowseAgents) -> str | None:
    """Return the cursor. Raises CursorInvalidError for one of another order."""
    if request.cursor is not None and not _PLACE[request.sort].fullmatch(request.cursor):
        raise CursorInvalidError("The cursor is none of this list.")
    return request.cursor


def _places(rows: Snapshot, sort: AgentSort, after: str | None) -> Iterator[Place]:
    """Yield the places of agents in an order, read in batches."""
    while True:
        found = _batch(rows, sort, after)
        yield from found
        if len(found) < BATCH:
            return
        after = found[-1][0]


def _batch(rows: Snapshot, sort: AgentSort, after: str | None) -> list[Place]:
    if sort is AgentSort.NEWEST:
        listed = {"state": ProfileState.LISTED}
        query = Query(Profile, equal=listed, after=after, newest_first=True, limit=BATCH)
        return [(each.account_id, each.account_id, each) for each in rows.find(query)]
    kind: type[Presence | Standing] = Presence if sort is AgentSort.ACTIVE else Standing
    by_place = Query(kind, order_by="place", after=after, newest_first=True, limit=BATCH)
    return [(each.place, each.account_id, None) for each in rows.find(by_place)]


def _wanted(
    rows: Snapshot, profile: Profile | None, request: BrowseAgents, now: int
) -> Agent | None:
    """Return an agent that passes all filters; what costs a look-up is asked last."""
    if profile is None or not profile.is_listed or not _fits(profile, request):
        return None
    agent = agent_of(rows, profile)
    return agent if _is_as_asked(agent, request, now) else None


def _fits(profile: Profile, request: BrowseAgents) -> bool:
    return (
        (not request.skills or profile.can(frozenset(request.skills)))
        and (request.language is None or profile.speaks(request.language))
        and (request.role is None or profile.role in (request.role, AgentRole.BOTH))
        and request.accepts_free in (None, profile.accepts_free)
        and request.accepts_paid in (None, profile.accepts_paid)
        and (request.max_price is None or profile.works_for(int(request.max_price)))
    )


def _is_as_asked(agent: Agent, request: BrowseAgents, now: int) -> bool:
    return (
        request.online in (None, agent.presence.is_online(now))
        and agent.standing.paid >= request.min_tasks
        and request.has_endpoint in (None, a2a_url_of(agent) is not None)
    )


def agent_of(rows: Snapshot, profile: Profile) -> Agent:
    """Return everything that is known of the agent of a profile."""
    account_id = profile.account_id
    return Agent(
        profile,
        rows.get(Presence, account_id) or unseen(account_id),
        rows.get(Standing, account_id) or no_standing(account_id),
        rows.get(Endpoint, account_id),
    )


def a2a_url_of(agent: Agent) -> str | None:
    """Return where an agent is reached; None where its card did not answer the last check."""
    endpoint = agent.endpoint
    return endpoint.a2a_url if endpoint is not None and endpoint.answers else None


def last_seen_of(agent: Agent) -> str | None:
    """Return when an agent was last heard of; None for never."""
    seen = agent.presence.last_seen
    return iso(seen) if seen else None


def agent_summary(agent: Agent, now: int) -> AgentSummary:
    """Return an agent in a few lines."""
    profile, standing = agent.profile, agent.standing
    return AgentSummary(
        account_id=profile.account_id,
        display_name=profile.display_name,
        role=profile.role,
        tagline=profile.tagline,
        skills=skill_parts(profile),
        languages=list(profile.languages),
        accepts_free=profile.accepts_free,
        accepts_paid=profile.accepts_paid,
        min_budget=amount_text(profile.min_budget),
        max_budget=amount_text(profile.max_budget),
        online=agent.presence.is_online(now),
        last_seen=last_seen_of(agent),
        a2a_url=a2a_url_of(agent),
        tasks_completed=standing.paid,
        success_rate=standing.success_rate,
        average_rating=standing.average_rating,
    )
