"""A market that runs: its server, its card, and its end."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable, Mapping

from starlette.routing import BaseRoute, Route

from clawmarket.entry.a2a.routes import a2a_routes
from clawmarket.entry.gateway.app import build_gateway
from clawmarket.entry.live.hub import Hub
from clawmarket.entry.live.route import events_route
from clawmarket.entry.mcp.http import mcp_route
from clawmarket.entry.rest.app import rest_routes
from clawmarket.entry.web.routes import lost_page, token_of, web_routes
from clawmarket.ports.payments import Rail
from clawmarket.runtime.app import Market, open_app
from clawmarket.runtime.card import Card
from clawmarket.runtime.config import FAUCET_MINOR, Config, RehearsalRefusedError
from clawmarket.runtime.home import Home
from clawmarket.runtime.logs import configure_logs
from clawmarket.runtime.serving.http import build_server


def run_market(
    config: Config,
    home: Home,
    listener: socket.socket,
    ready: Callable[[Card], None] | None,
    *,
    accept_rollback: bool,
    rails: Mapping[str, Rail] | None = None,
) -> None:
    """Run a market in an opened home, on an opened port. Raises what `open_app` raises."""
    configure_logs(config.log)
    market = open_app(config, home, accept_rollback=accept_rollback, rails=rails)
    with contextlib.suppress(KeyboardInterrupt):
        _run(market, listener, ready or _print_card)
    # On stderr, since stdout holds the card alone, for programs too.
    print(f"ClawMarket has stopped; the data stays in {home.folder}.", file=sys.stderr)  # noqa: T201


def _run(market: Market, listener: socket.socket, ready: Callable[[Card], None]) -> None:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(market, listener, ready))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - not on Windows

    return uvloop.new_event_loop


async def _serve(market: Market, listener: socket.socket, ready: Callable[[Card], None]) -> None:
    pipeline = market.pipeline
    hub = Hub(pipeline.ports.store)
    app = build_gateway(
        pipeline,
        max_file_bytes=market.config.max_file_bytes,
        more=_surfaces(market, hub),
        lost=lost_page(pipeline),
    )
    server = build_server(app)
    server.on_stop = hub.close
    # uvicorn raises each signal anew once it has stopped; SIGTERM would end the process there,
    # before the market is closed. Taken as Ctrl+C, it only cancels this task.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    await market.start()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(0.01)
        ready(card_of(market))
        await serving
    finally:
        await market.stop()


def _surfaces(market: Market, hub: Hub) -> list[BaseRoute]:
    """Return the routes of every surface beside the gateway. Raises RehearsalRefusedError."""
    pipeline, max_file_bytes = market.pipeline, market.config.max_file_bytes
    return [
        mcp_route(pipeline),
        events_route(pipeline, hub, token_of=token_of(pipeline)),
        *_agent_routes(market, hub),
        *rest_routes(pipeline, max_file_bytes=max_file_bytes),
        *web_routes(pipeline, max_file_bytes),
    ]


def _agent_routes(market: Market, hub: Hub) -> list[Route]:
    """Return the routes of A2A. Raises RehearsalRefusedError."""
    rehearsed, test_money = market.config.a2a_rehearsal, market.pipeline.terms.test_money
    if rehearsed and not test_money:
        raise RehearsalRefusedError("CLAWMARKET_A2A_REHEARSAL is for test money only.")
    return a2a_routes(market.pipeline, hub, rehearsed=rehearsed)


def card_of(market: Market) -> Card:
    """Return the card of a market that answers."""
    config, home, terms = market.config, market.home, market.pipeline.terms
    return Card(
        url=terms.base_url,
        listens=config.own_url,
        port=config.port,
        home=home.folder,
        operator_token=home.operator_token,
        vkey=terms.vkey,
        test_money=terms.test_money,
        faucet_minor=FAUCET_MINOR if config.faucet else 0,
    )


def _print_card(card: Card) -> None:
    print(card.text(), flush=True)  # noqa: T201 - this is the command's output
