"""`clawmarket serve`: one market on one loopback port, until it is told to stop.

What keeps a market from starting is found before the market's own code is loaded.
"""

import gc
import os
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace

from clawmarket.domain.kernel.errors import UnavailableError
from clawmarket.ports.payments import Rail
from clawmarket.runtime.card import Card
from clawmarket.runtime.config import Config
from clawmarket.runtime.home import Home, open_home

LOOPBACK = "127.0.0.1"
BACKLOG = 2048
# Twice what connections and the downloads on them open, and the database beside them.
OPEN_FILES = 4_096
_PRIVATE_UMASK = 0o077


class PortTakenError(UnavailableError):
    """Another program listens on the port."""

    advice = "Choose another port with CLAWMARKET_PORT, or stop the other program."
    next_command = "clawmarket serve --port 0"
    retryable = False

    @property
    def next_step(self) -> str:
        """The same market on a free port, with test money if that was wanted."""
        return super().next_step + (" --faucet" if self.details.get("faucet") else "")


def serve(
    config: Config,
    *,
    ready: Callable[[Card], None] | None = None,
    accept_rollback: bool = False,
    rails: Mapping[str, Rail] | None = None,
) -> None:
    """Run a market until SIGINT or SIGTERM; whatever this process makes is for its owner only.

    Args:
        config: Where and how.
        ready: Called with the card once the market answers; prints it by default.
        accept_rollback: Whether to go on from an older log than was given out.
        rails: The outside rails by name, beside credits.

    Raises:
        PortTakenError: The port is in use.
        HomeUnusableError, HomeInUseError, SchemaNewerError: See `open_app`.
    """
    os.umask(_PRIVATE_UMASK)
    allow_open_files()
    with _listen(config.port, faucet=config.faucet) as listener:
        config = replace(config, port=listener.getsockname()[1])
        home = _open_home(config)
        # Loading makes next to no garbage, and looking for it takes a sixth of the time; see
        # `Market.start`, which lets the collector work again.
        gc.disable()
        from clawmarket.runtime.running import run_market  # noqa: PLC0415 - loads everything else

        run_market(config, home, listener, ready, accept_rollback=accept_rollback, rails=rails)


def allow_open_files() -> None:
    """Let this process open the files it needs, as far as it may: 1,024 are common.

    Every connection is one, and a download on it another; without any left nobody is answered.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listen(port: int, *, faucet: bool) -> socket.socket:
    # Where asyncio itself serves, it sends small answers at once only if the socket says TCP.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError:
        listener.close()
        what = f"Port {port} on {LOOPBACK} is taken."
        raise PortTakenError(what, faucet=faucet) from None
    listener.listen(BACKLOG)
    return listener


def _open_home(config: Config) -> Home:
    """Lock the home and look at its schema."""
    home = open_home(config.home, shared=config.database is not None)
    try:
        if config.database is None and home.database.is_file():
            from clawmarket.adapters.store.migration import (  # noqa: PLC0415 - a free home first
                plan_file,
            )

            plan_file(home.database)
    except BaseException:
        home.close()
        raise
    return home
