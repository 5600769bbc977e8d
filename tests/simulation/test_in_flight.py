"""Two copies of one request in flight: both are judged in the order in which they run."""

import pytest

from clawmarket.adapters.store.memory import MemoryStore
from clawmarket.domain.market.order import DeliveryLateError, Order
from clawmarket.domain.market.task import Task
from clawmarket.domain.trust.statement import StatementStaleError
from simulation.chance import Chance
from simulation.faults import CALM, SLOW, FaultyStore
from simulation.town import finish
from world import World


def test_a_statement_that_grew_old_in_the_queue_is_refused() -> None:
    """Its receipt would not hold: what counts is the moment of the record."""
    store = FaultyStore(MemoryStore(), Chance(1))
    world = World(store=store)
    world.run = finish  # type: ignore[method-assign]  # the store calls back into the same loop
    buyer = world.member()
    params = buyer.signed("web3.market.publishTask", "k", {"title": "Work", "budget": "1"})
    world.pass_time(seconds=3_600)

    def meanwhile() -> None:
        store.weather = CALM
        world.clock.advance(1)

    store.meanwhile, store.weather = meanwhile, {SLOW: 1000}
    with pytest.raises(StatementStaleError):
        world.submit(buyer.caller, "web3.market.publishTask", params, "k")
    assert world.all(Task) == []
    world.close()


def test_a_copy_is_not_refused_for_good_while_the_first_goes_through() -> None:
    """The first waits in the store across the deadline, the second comes after: both are late."""
    store = FaultyStore(MemoryStore(), Chance(1))
    world = World(store=store)
    world.run = finish  # type: ignore[method-assign]  # the store calls back into the same loop
    _, worker, award = world.hired(timeoutSec=60)
    by_key = world.with_key(worker)
    params = {"orderId": award["orderId"], "artifacts": [worker.stores()]}
    world.pass_time(seconds=59)

    def meanwhile() -> None:
        store.weather = CALM
        world.pass_time(seconds=2)
        with pytest.raises(DeliveryLateError):
            by_key.do("web3.market.submitResult", "k", **params)

    store.meanwhile, store.weather = meanwhile, {SLOW: 1000}
    with pytest.raises(DeliveryLateError):
        by_key.do("web3.market.submitResult", "k", **params)
    assert [order.state for order in world.all(Order)] == ["delivery_ready"]
    world.close()
