"""`clawmarket serve`: one market on one loopback port, until it is told to stop."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace

import uvicorn

from clawmarket.domain.kernel.errors import UnavailableError
from clawmarket.domain.kernel.money import format_amount
from clawmarket.entry.gateway.app import build_gateway
from clawmarket.runtime.app import Market, open_app
from clawmarket.runtime.config import FAUCET_MINOR, Config
from clawmarket.runtime.http import BoundedHttp
from clawmarket.runtime.logs import configure_logs

LOOPBACK = "127.0.0.1"
BACKLOG = 2048
# Above what the gateway itself takes, so that a frame too large gets an answer that says so.
MAX_FRAME_BYTES = 2 << 20


class PortTakenError(UnavailableError):
    """Another program listens on the port."""

    advice = "Choose another port with CLAWMARKET_PORT, or stop the other program."
    next_command = "CLAWMARKET_PORT=0 clawmarket serve"
    retryable = False


def serve(config: Config, *, ready: Callable[[str], None] | None = None) -> None:
    """Run a market until SIGINT or SIGTERM.

    Args:
        config: Where and how.
        ready: Called with the card once the market answers; prints it by default.

    Raises:
        PortTakenError: The port is in use.
        HomeUnusableError, HomeInUseError, SchemaNewerError: See `open_app`.
    """
    configure_logs()
    listener = _listen(config.port)
    config = replace(config, port=listener.getsockname()[1])
    try:
        market = open_app(config)
    except BaseException:
        listener.close()
        raise
    with contextlib.suppress(KeyboardInterrupt):
        _run(market, listener, ready or _print_card)


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError:
        listener.close()
        raise PortTakenError(f"Port {port} on {LOOPBACK} is taken.") from None
    listener.listen(BACKLOG)
    return listener


def _run(market: Market, listener: socket.socket, ready: Callable[[str], None]) -> None:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(market, listener, ready))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - not on Windows

    return uvloop.new_event_loop


async def _serve(market: Market, listener: socket.socket, ready: Callable[[str], None]) -> None:
    app = build_gateway(market.pipeline, max_file_bytes=market.config.max_file_bytes)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            http=BoundedHttp,
            ws_max_size=MAX_FRAME_BYTES,
        )
    )
    # uvicorn raises each signal anew once it has stopped; SIGTERM would end the process there,
    # before the market is closed. Taken as Ctrl+C, it only cancels this task.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    await market.start()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(0.01)
        ready(card(market))
        await serving
    finally:
        await market.stop()


def card(market: Market) -> str:
    """Return what a person needs: where it is, where things lie, what to try, how to stop."""
    config, home = market.config, market.home
    url = f"http://{LOOPBACK}:{config.port}"
    money = "real"
    if market.pipeline.terms.test_money:
        each = format_amount(FAUCET_MINOR) if config.faucet else "none"
        money = f"TEST MONEY, new accounts get {each}"
    rows = (
        ("market", url),
        ("pages", f"{url}/docs"),
        ("data", str(home.folder)),
        ("operator", f"token in {home.operator_token}"),
        ("log key", market.pipeline.terms.vkey),
        ("money", money),
        ("try", "make tour    or    clawmarket status"),
        ("stop", "Ctrl+C"),
    )
    width = max(len(name) for name, _ in rows)
    lines = [f"  {name.ljust(width)}  {value}" for name, value in rows]
    return "\n".join(["ClawMarket is open.", *lines])


def _print_card(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is the command's output
