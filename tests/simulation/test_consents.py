"""Planted bugs about consents; the simulation has to see each of them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest

from clawmarket.domain.market import order as stopping
from clawmarket.domain.market.consenting import consent as consents
from clawmarket.domain.market.consenting.consent import Consent
from clawmarket.domain.market.order import Order
from clawmarket.services.market import orders
from clawmarket.services.market.consenting import endings as consent_endings
from simulation.mutations import planted
from simulation.simulator import SimulationFailedError, simulate

SEEDS = 120
# A seed that once saw a bug which only rare situations show: it is tried first.
RARE = {"a revocation keeps the money": 29, "it is revoked twice": 29}
Planting = AbstractContextManager[object]


def _needs_none() -> Planting:
    """The seller begins without a consent."""
    return planted((Order, "needs_consent", property(lambda _order: False)))


def _keeps_the_money() -> Planting:
    """A revocation leaves the order waiting for the seller."""
    stop = stopping.stop

    def for_a_day(order: Order, now: int) -> Order:
        after = stop(order, now)
        later = now + 86_400_000
        return after if after is order else replace(after, due_at=later, acts_at=later)

    return planted((stopping, "stop", for_a_day))


def _outlives_the_order() -> Planting:
    """What is paid back stays permitted."""
    return planted((orders, "end_consent", lambda *_: None))


def _lasts_for_ever() -> Planting:
    """A consent for a day has no end."""
    grant = consents.grant

    def endless(order: Order, *about: Any) -> tuple[Order, Consent]:
        after, consent = grant(order, *about)
        return after, replace(consent, expires_at=None)

    return planted((consents, "grant", endless))


def _anybody_revokes() -> Planting:
    """A revocation that is not noted as one."""
    return planted((consent_endings, "ConsentState", _Never))


class _Never:
    """States that no consent is in."""

    REVOKED = "consent_over"


BUGS: dict[str, Callable[[], Planting]] = {
    "none is needed": _needs_none,
    "a revocation keeps the money": _keeps_the_money,
    "it outlives the order": _outlives_the_order,
    "it lasts for ever": _lasts_for_ever,
    "it is revoked twice": _anybody_revokes,
}


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_seen(name: str) -> None:
    """Some seed fails while the bug is there, and the same seed passes without it."""
    for seed in (RARE.get(name, 0), *range(SEEDS)):
        try:
            with BUGS[name]():
                simulate(seed)
        except SimulationFailedError:
            simulate(seed)
            return
    pytest.fail("Nobody saw it.")
