"""Silence while a rail is asked: it ends nothing, and what a rail refuses to pay stays in sight."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from books import Books
from clawmarket.adapters.payments.memory import Fault, MemoryRail
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import iso
from services.test_silence import EXPIRED, NOTHING, REFUNDED
from world import Fields, Member, World

YEAR_S = 365 * 86_400


@dataclass(frozen=True)
class Railed:
    """A market and its rail."""

    world: World
    rail: MemoryRail


@pytest.fixture
def railed() -> Iterator[Railed]:
    """A market with a rail that ends with the test."""
    rail = MemoryRail()
    world = World(rails={"twin": rail})
    yield Railed(world, rail)
    world.close()


@dataclass(frozen=True)
class Asked:
    """An order whose rail was asked, and how it ends once the rail has said that it moved."""

    market: World
    rail: MemoryRail
    buyer: Member
    seller: Member
    order: Fields
    stands: str
    ends: str

    def answers(self) -> None:
        """Let the rail speak, and the market ask."""
        self.rail.faults.clear()
        self.market.run_jobs()


def on_rail(market: Railed, **terms: Any) -> tuple[World, Member, Member, Fields]:
    """Return an order of 10.00 that a rail has locked."""
    world, rail = market.world, market.rail
    buyer, seller, order = world.ordered(**terms)
    buyer.locks(order, rail="twin")
    world.run_jobs()
    rail.faults.extend([Fault.SAY_UNKNOWN] * 100)
    return world, buyer, seller, order


def passes(world: World, member: Member, order: Fields) -> None:
    """Let the last moment of an order pass; the market asks its rail to end it."""
    world.reaches(member.order(order)["dueAt"])
    assert world.sweep().due == 1


def asked_lock(market: Railed) -> Asked:
    """Wait for a rail to say whether it locked."""
    market.rail.faults.extend([Fault.SAY_UNKNOWN] * 100)
    world, buyer, seller, order = on_rail(market)
    return Asked(world, market.rail, buyer, seller, order, "order_created", "payment_locked")


def asked_lock_of_a_cancelled(market: Railed) -> Asked:
    """Wait for it though the buyer gave the order up."""
    asked = asked_lock(market)
    asked.buyer.do("web3.market.order.cancel", orderId=asked.order["orderId"])
    return replace(asked, stands="order_cancelled", ends="order_cancelled")


def asked_refund(market: Railed) -> Asked:
    """Wait for the refund that the seller asked for."""
    world, buyer, seller, order = on_rail(market)
    seller.refunds(order)
    return Asked(world, market.rail, buyer, seller, order, "payment_locked", "settlement_cancelled")


def asked_refund_by_silence(market: Railed) -> Asked:
    """Wait for the refund of what was begun and never finished."""
    world, buyer, seller, order = on_rail(market, timeoutSec=60)
    seller.begins(order)
    passes(world, seller, order)
    return Asked(world, market.rail, buyer, seller, order, "delivery_ready", "settlement_cancelled")


def asked_refund_without_consent(market: Railed) -> Asked:
    """Wait for the refund of an order whose buyer never consented."""
    world, buyer, seller, order = on_rail(market, usageScope={"purpose": "research"})
    passes(world, buyer, order)
    return Asked(world, market.rail, buyer, seller, order, "payment_locked", "settlement_cancelled")


def asked_refund_of_a_revoked(market: Railed) -> Asked:
    """Wait for the refund after a consent was taken back."""
    world, buyer, seller, order = on_rail(market, usageScope={"purpose": "research"})
    consent = buyer.consents(order)
    seller.begins(order)
    buyer.revokes(consent)
    passes(world, buyer, order)
    return Asked(
        world, market.rail, buyer, seller, order, "consent_revoked", "settlement_cancelled"
    )


def asked_release(market: Railed) -> Asked:
    """Wait for the payment that the buyer released."""
    world, buyer, seller, order = on_rail(market)
    seller.delivers(seller.begins(order))
    buyer.releases(order)
    return Asked(
        world, market.rail, buyer, seller, order, "delivery_completed", "settlement_completed"
    )


def asked_release_by_silence(market: Railed) -> Asked:
    """Wait for the payment of a delivery that the buyer said nothing about."""
    world, buyer, seller, order = on_rail(market)
    seller.delivers(seller.begins(order))
    passes(world, buyer, order)
    return Asked(
        world, market.rail, buyer, seller, order, "delivery_completed", "settlement_completed"
    )


def asked_ruling(market: Railed, resolution: str = "release", **more: str) -> Asked:
    """Wait for what an arbiter ruled."""
    world, buyer, seller, order = on_rail(market)
    seller.delivers(seller.begins(order))
    dispute, arbiter = buyer.contests(order), world.arbiter()
    buyer.shows(dispute)
    seller.shows(dispute)
    arbiter.rules(dispute, resolution, **more)
    return Asked(world, market.rail, buyer, seller, order, "order_disputed", "settlement_completed")


def asked_split(market: Railed) -> Asked:
    """Wait for an exact part."""
    return asked_ruling(market, "partial", sellerShare="3333333")


def asked_ruling_by_silence(market: Railed) -> Asked:
    """Wait for what silence decided: nobody showed anything, so the claim falls."""
    world, buyer, seller, order = on_rail(market)
    seller.delivers(seller.begins(order))
    buyer.contests(order)
    passes(world, buyer, order)
    return Asked(world, market.rail, buyer, seller, order, "order_disputed", "settlement_completed")


ASKED: tuple[Callable[[Railed], Asked], ...] = (
    asked_lock,
    asked_lock_of_a_cancelled,
    asked_refund,
    asked_refund_by_silence,
    asked_refund_without_consent,
    asked_refund_of_a_revoked,
    asked_release,
    asked_release_by_silence,
    asked_ruling,
    asked_split,
    asked_ruling_by_silence,
)


def tries_all(asked: Asked) -> None:
    """Let both sides try whatever could move the order; each is refused."""
    order = asked.order
    named = {"orderId": order["orderId"]}
    consent = {"consentScope": {"purpose": "research"}}
    moves: list[tuple[str, Fields]] = [
        ("market.settlement.lock", named),
        ("market.settlement.lock", {**named, "rail": "twin"}),
        ("market.settlement.release", named),
        ("market.settlement.refund", named),
        ("market.delivery.issue", named),
        ("market.consent.grant", {**named, **consent}),
        ("dispute.open", {**named, "reason": "It is late."}),
        *([("market.order.cancel", named)] if asked.stands != "order_created" else []),
    ]
    for member in (asked.buyer, asked.seller):
        for method, params in moves:
            with pytest.raises(Refused):
                member.do(f"web3.{method}", **params)


@pytest.mark.parametrize("begin", ASKED, ids=[begin.__name__ for begin in ASKED])
def test_no_silence_ends_what_a_rail_is_asked(
    railed: Railed, begin: Callable[[Railed], Asked]
) -> None:
    """For a year nothing is due and nobody can move it; when the rail says so, it goes on."""
    asked = begin(railed)
    market, before = asked.market, asked.buyer.order(asked.order)
    market.run_jobs()
    market.pass_time(seconds=YEAR_S)
    tries_all(asked)
    said = asked.buyer.do("web3.market.order.explain", orderId=asked.order["orderId"])
    assert market.sweep() == NOTHING
    assert (before["status"], asked.buyer.order(asked.order)) == (asked.stands, before)
    assert (said["waitsFor"], said["actsAt"]) == ("market", None)

    asked.answers()
    market.run_jobs()
    assert asked.buyer.order(asked.order)["status"] == asked.ends
    Books(market.store).check()


def test_after_a_late_lock_the_seller_has_the_whole_time(railed: Railed) -> None:
    """The deadline counts from the answer on, to the millisecond, however late that was."""
    asked = asked_lock(railed)
    market = asked.market
    market.pass_time(seconds=YEAR_S)
    now = market.clock.now()
    asked.answers()
    due = asked.seller.order(asked.order)["dueAt"]
    assert due == iso(now + 86_400_000)
    market.reaches(due, -1)
    assert market.sweep() == NOTHING
    market.reaches(due)
    assert (market.sweep(), market.sweep()) == (REFUNDED, NOTHING)
    market.run_jobs()
    assert asked.buyer.order(asked.order)["status"] == "settlement_cancelled"


def test_after_a_refused_lock_the_deadline_of_the_order_holds(railed: Railed) -> None:
    """The buyer has no more time to pay than before: what is past ends at once."""
    asked = asked_lock(railed)
    asked.rail.refuses.add("lock")
    asked.market.pass_time(seconds=YEAR_S)
    asked.answers()
    assert (asked.market.sweep(), asked.market.sweep()) == (EXPIRED, NOTHING)
    assert asked.buyer.order(asked.order)["status"] == "order_expired"


@pytest.mark.parametrize("begin", [asked_refund, asked_release, asked_split])
def test_what_a_rail_refuses_to_pay_waits_for_a_person_in_sight(
    railed: Railed, begin: Callable[[Railed], Asked]
) -> None:
    """An operator who never acts: after a year everybody is still told, and one word ends it."""
    asked = begin(railed)
    asked.rail.refuses |= {"release", "refund"}
    asked.answers()
    asked.rail.refuses.clear()
    market = asked.market
    market.pass_time(seconds=YEAR_S)
    assert (market.sweep(), market.run_jobs()) == (NOTHING, 0)

    said = asked.seller.do("web3.market.order.explain", orderId=asked.order["orderId"])
    assert said["now"].startswith("The rail twin refuses to ")
    assert said["then"] == "The operator has to find out why."
    probes = market.nobody.do("web3.status.summary", deep=True)["probes"]
    assert [each for each in probes if each["name"] == "rails/unknown"] == [
        {
            "name": "rails/unknown",
            "ok": False,
            "message": "Rails leave 1 steps open, 1 need a person.",
            "fixHint": "clawmarket repair list",
        }
    ]
    (shown,) = market.operator.do("market.repair.list")["items"]
    assert (shown["status"], shown["ageSec"], shown["asksAt"]) == ("rail_stuck", YEAR_S, None)

    found: Fields = {"outcome": "not_moved", "reason": "Their desk was closed that day."}
    market.operator.do("market.repair.resolve", stepKey=shown["stepKey"], **found)
    market.run_jobs()
    assert asked.buyer.order(asked.order)["status"] == asked.ends
    Books(market.store).check_over()
