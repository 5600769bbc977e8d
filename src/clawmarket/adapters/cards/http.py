"""Cards by HTTP: one GET to an address that was judged, within a time and a size.

The name is resolved once, every address it stands for is judged, and the connection goes to the
one that was judged: a name that means something else a moment later leads nowhere. Redirects are
not followed and proxies not used, since both would choose another address.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from clawmarket.domain.market.agents.address import Target, check_address, target_of
from clawmarket.ports.cards import CardUnreachableError

TIME_LIMIT_S = 5.0
# So many are fetched side by side; whoever waits longer than the time limit is told so.
AT_ONCE = 8
RESOLVERS = 4

T = TypeVar("T")

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class SystemResolver:
    """This machine's resolver, in threads of its own: slow names keep nothing else waiting."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolver")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host. Raises OSError, UnicodeError."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _addresses, host, port)
        return list(dict.fromkeys(found))


def _addresses(host: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class HttpCards:
    """Cards from http and https addresses.

    Args:
        loopback: Whether this machine itself may be asked.
        resolve: How names become addresses.
        time_limit_s: How long resolving, waiting and fetching may take together.
    """

    def __init__(
        self,
        *,
        loopback: bool,
        resolve: Resolve | None = None,
        time_limit_s: float = TIME_LIMIT_S,
    ) -> None:
        self._loopback = loopback
        self._resolve = resolve or SystemResolver()
        self._time_limit_s = time_limit_s
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, url: str) -> bytes:
        """Return what a URL serves. Raises as the port says."""
        target = target_of(url, loopback=self._loopback)
        # Once in a process this reads certificates too: too long for a start, or for the limit.
        from clawmarket.adapters.cards.fetching import get  # noqa: PLC0415 - takes 100 ms

        async def ask() -> bytes:
            return await get(target, await self._address_of(target))

        return await self._in_time(ask)

    async def check(self, url: str) -> None:
        """Judge a URL and the addresses of its name. Raises as the port says."""
        target = target_of(url, loopback=self._loopback)
        await self._in_time(lambda: self._address_of(target))

    def leave_this_machine(self) -> None:
        """From now on ask nothing on this machine, whatever was allowed before."""
        self._loopback = False

    async def _in_time(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(self._time_limit_s), self._slots:
                return await work()
        except TimeoutError:
            limit = f"{self._time_limit_s:g} s"
            raise CardUnreachableError(f"The address did not answer within {limit}.") from None

    async def _address_of(self, target: Target) -> str:
        """Return the address to connect to, IPv4 first; all of the name's are judged."""
        try:
            addresses = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError):
            addresses = ()
        if not addresses:
            raise CardUnreachableError("The name is not known.")
        for address in addresses:
            check_address(address, loopback=self._loopback)
        return min(addresses, key=lambda address: ":" in address)
