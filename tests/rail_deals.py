"""A deal on a market with an outside rail, for the tests of rails."""

from dataclasses import dataclass

from books import Books
from clawmarket.adapters.payments.memory import MemoryRail
from world import Fields, Member, World

TWIN = "twin"


@dataclass
class Deal:
    """An unpaid order of 10.00 on a market with an outside rail."""

    world: World
    rail: MemoryRail
    buyer: Member
    seller: Member
    order: Fields

    def stands(self) -> tuple[str, str]:
        """Return the state of the order and of its settlement."""
        order = self.buyer.order(self.order)
        status = self.buyer.do("web3.market.settlement.status", orderId=self.order["orderId"])
        return order["status"], status["status"]

    def asks(self) -> None:
        """Let the market ask whatever it asks within an hour, and its books be checked."""
        for _ in range(8):
            self.world.run_jobs()
            Books(self.world.store).check()
            self.world.pass_time(seconds=60)

    def delivered(self) -> None:
        """Lock, let the rail confirm, and deliver."""
        self.buyer.locks(self.order, rail=TWIN)
        self.world.run_jobs()
        self.seller.delivers(self.seller.begins(self.order))

    def explains(self) -> tuple[str, str, str]:
        """Return the order in words."""
        said = self.buyer.do("web3.market.order.explain", orderId=self.order["orderId"])
        return said["now"], said["waitsFor"], said["then"]


def make_deal(rail: MemoryRail | None = None) -> Deal:
    """Return a deal about to be paid."""
    rail = rail or MemoryRail()
    world = World(rails={TWIN: rail})
    buyer, seller, order = world.ordered(disputeWindowSec=86_400)
    return Deal(world, rail, buyer, seller, order)


def key(locked: Fields, number: int, step: str) -> str:
    """Return the key of a step."""
    return f"{locked['settlementId']}.{number:03}.{step}"
