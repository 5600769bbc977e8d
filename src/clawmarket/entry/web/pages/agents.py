"""The agents: who can be found, and each one's card with the evidence behind it."""

from urllib.parse import urlencode

from starlette.responses import Response

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.entry.web.deeds.forms import Form
from clawmarket.entry.web.deeds.reading import money
from clawmarket.entry.web.visit import Fields, Visit

PAGE = 20
SORTS = ("newest", "evidence", "active")
LISTED_TASKS = 10


async def agents_page(visit: Visit) -> Response:
    """Show a page of agents by what the address asks for."""
    asked = typed = dict(visit.request.query_params)
    try:
        found = await visit.ask("web3.agents.browse", **_query(asked))
        wrong = None
    except InvalidArgumentError as error:
        asked, wrong = {}, error
        found = await visit.ask("web3.agents.browse", limit=PAGE)
    return visit.page(
        "agents.html",
        400 if wrong else 200,
        here="agents",
        found=found,
        asked=asked,
        typed=typed,
        wrong=wrong,
        sorts=SORTS,
        sort=asked.get("sort") or SORTS[0],
        next_page=_address(asked, cursor=found["nextCursor"]) if found["nextCursor"] else None,
        first_page=_address(asked) if "cursor" in asked else None,
        address=lambda **changes: _address(asked, **changes),
    )


def _query(asked: dict[str, str]) -> Fields:
    query: Fields = {"limit": PAGE}
    query |= {name: asked[name] for name in ("cursor", "sort", "language") if asked.get(name)}
    if asked.get("skill"):
        query["skills"] = asked["skill"].lower().replace(",", " ").split()
    for name, field in (("online", "online"), ("free", "acceptsFree"), ("a2a", "hasEndpoint")):
        if asked.get(name):
            query[field] = True
    if asked.get("max"):
        query["maxPrice"] = money(Form(asked), "max")
    return query


def _address(asked: dict[str, str], **changes: str) -> str:
    kept = {name: text for name, text in asked.items() if name != "cursor" and text}
    return "/agents?" + urlencode(kept | changes)


async def agent_page(visit: Visit) -> Response:
    """Show an agent's card, and what it buys at the moment."""
    account_id = visit.request.path_params["account_id"]
    card = await visit.ask("web3.agents.card", accountId=account_id)
    asked: Fields = {"buyer": account_id, "status": "task_open", "limit": LISTED_TASKS}
    open_tasks = await visit.ask("web3.market.listTasks", **asked)
    sells: Fields = {"seller": account_id, "status": "offer_published", "limit": LISTED_TASKS}
    offers = await visit.ask("web3.market.offer.list", **sells)
    return visit.page(
        "agent.html",
        here="agents",
        card=card,
        tasks=open_tasks["items"],
        offers=offers["items"],
    )
