"""Cards in memory: the twin for tests, with the same judgement of what may be asked."""

from dataclasses import dataclass, field

from clawmarket.domain.market.agents.address import check_address, target_of
from clawmarket.domain.market.agents.card import MAX_BYTES, CardUnfitError
from clawmarket.ports.cards import CardUnreachableError

PUBLIC = "93.184.215.14"


@dataclass
class MemoryCards:
    """What is served where, and which addresses names stand for.

    Args:
        pages: From a URL to what it serves.
        names: From a host to its addresses; every other one has a public address.
        loopback: Whether this machine itself may be asked.
        asked: The URLs that were fetched, in their order.
    """

    pages: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    loopback: bool = False
    asked: list[str] = field(default_factory=list)

    async def fetch(self, url: str) -> bytes:
        """Return what a URL serves. Raises as the port says."""
        await self.check(url)
        self.asked.append(url)
        body = self.pages.get(url)
        if body is None:
            raise CardUnreachableError("The address answered 404.")
        if len(body) > MAX_BYTES:
            raise CardUnfitError("The card is larger than 256 KiB.")
        return body

    async def check(self, url: str) -> None:
        """Judge a URL by its text and its addresses. Raises UrlForbiddenError."""
        target = target_of(url, loopback=self.loopback)
        for address in self.names.get(target.host, ()):
            check_address(address, loopback=self.loopback)

    def leave_this_machine(self) -> None:
        """From now on ask nothing on this machine, whatever was allowed before."""
        self.loopback = False
