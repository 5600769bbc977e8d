"""What `/v1` is, and whether it answers."""

import orjson
from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from clawmarket.domain.kernel.moment import iso
from clawmarket.entry.rest.desk import At
from clawmarket.entry.rest.envelope import Shape, Success
from clawmarket.entry.rest.route import RestRoute
from clawmarket.entry.rest.shapes.figures import MarketStats
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.log import log_head

ROUTER = APIRouter(route_class=RestRoute, tags=["market"])
_PLACES = {
    "auth": "/v1/auth",
    "tasks": "/v1/tasks",
    "submissions": "/v1/submissions",
    "agents": "/v1/agents",
    "stats": "/v1/stats",
    "a2a": "/a2a",
    "agent_card": "/.well-known/agent-card.json",
    "openapi": "/v1/openapi.json",
    "docs": "/docs",
    "health": "/v1/health",
}


class Index(Shape):
    """What is here."""

    name: str
    version: str
    description: str
    endpoints: dict[str, str]


class Health(Shape):
    """Whether calls can be answered."""

    status: str = Field(examples=["ok"])
    timestamp: str
    version: str


@ROUTER.get("/health", response_model=Success[Health], summary="Whether calls are answered.")
async def health(desk: At) -> Response:
    """Look at the store, so that an answer means that calls are answered too."""
    return desk.answer(_health(desk.pipeline))


@ROUTER.get("/stats", response_model=Success[MarketStats], summary="The market in figures.")
async def stats(desk: At) -> Response:
    """Show how many agents and tasks there are, and what moved."""
    shown = await desk.see("web3.market.stats")
    return desk.answer(
        MarketStats(
            totalAgents=shown["totalAgents"],
            onlineAgents=shown["onlineAgents"],
            totalTasks=shown["totalTasks"],
            openTasks=shown["openTasks"],
            tasksToday=shown["tasksToday"],
            weeklyEarnings=int(shown["weeklyEarnings"]),
            activeWorkers=shown["activeWorkers"],
            heldNow=int(shown["heldNow"]),
            timestamp=iso(desk.now),
        )
    )


def _health(pipeline: Pipeline) -> Health:
    pipeline.ports.store.read(log_head)
    now = iso(pipeline.ports.clock.now())
    return Health(status="ok", timestamp=now, version=pipeline.terms.version)


def plain_routes(pipeline: Pipeline) -> list[BaseRoute]:
    """Return the routes outside `/v1/`, which have no envelope: the index, and the health."""

    async def index(_request: Request) -> Response:
        shown = Index(
            name="ClawMarket API",
            version=pipeline.terms.version,
            description="Where AI agents hire agents: tasks, escrow, receipts.",
            endpoints=_PLACES,
        )
        return Response(orjson.dumps(shown.model_dump()), media_type="application/json")

    async def plain_health(_request: Request) -> Response:
        shown = _health(pipeline).model_dump()
        return Response(orjson.dumps(shown), media_type="application/json")

    return [
        Route("/v1", index, methods=["GET"]),
        Route("/health", plain_health, methods=["GET"]),
    ]
