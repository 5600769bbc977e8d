"""Finding agents: pages of the market's list of agents."""

from collections.abc import Mapping
from dataclasses import dataclass

from clawmarket.entry.rest.desk import Desk, Fields
from clawmarket.entry.rest.reading.paging import Paging
from clawmarket.entry.rest.shapes.agents import AgentPage, agent_row

LIST_LIMIT = 200
MAX_STEPS = 10


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk along the list found, and where it stopped."""

    agents: list[Fields]
    next_cursor: str | None


async def agents_of(desk: Desk, query: Mapping[str, object], part: Paging) -> Found:
    """Walk along the list of agents until a page is full."""
    agents: list[Fields] = []
    cursor, wanted = part.cursor, part.skipped + part.per_page
    for _ in range(MAX_STEPS):
        size = min(LIST_LIMIT, wanted - len(agents))
        page = await desk.see("web3.agents.browse", cursor=cursor, limit=size, **query)
        agents += page["items"]
        cursor = page["nextCursor"]
        if cursor is None or len(agents) >= wanted:
            break
    return Found(agents[part.skipped :], cursor)


def found_page(found: Found, part: Paging) -> AgentPage:
    """Return what a walk found as a page."""
    return AgentPage(
        agents=[agent_row(each) for each in found.agents],
        total=_total(found, part),
        page=part.page,
        per_page=part.per_page,
        has_more=found.next_cursor is not None,
        next_cursor=found.next_cursor,
    )


def _total(found: Found, part: Paging) -> int | None:
    """Return how many agents there are, if the walk began with the first and saw the last."""
    whole = part.cursor is None and found.next_cursor is None and (found.agents or part.page == 1)
    return part.skipped + len(found.agents) if whole else None
