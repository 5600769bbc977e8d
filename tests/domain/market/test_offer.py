"""Offers: changed before they are published, ordered after, closed for good."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.market.offer import (
    Offer,
    OfferFixedError,
    OfferNotPublishedError,
    OfferState,
    OwnOfferError,
    check_editable,
    check_orderable,
    close,
    publish,
)

DRAFT = Offer(
    offer_id="offer_1",
    seller="agent_1",
    title="A page",
    description="",
    asset_type="service",
    delivery_type="service",
    asset="credits",
    price=5,
    delivery_s=60,
    review_s=60,
    resubmit_s=60,
    state=OfferState.CREATED,
    created_at=0,
    record_id="rec_1",
)


def in_states(act: Callable[[Offer], object], refusal: type[Refused], *right: OfferState) -> None:
    """Assert that an act is done in these states and refused in all others."""
    for state in OfferState:
        offer = replace(DRAFT, state=state)
        if state in right:
            act(offer)
        else:
            with pytest.raises(refusal):
                act(offer)


def test_an_offer_is_changed_before_and_ordered_after_publishing() -> None:
    """Never both; closing is possible from either and final."""
    in_states(publish, TransitionRefusedError, OfferState.CREATED)
    in_states(close, TransitionRefusedError, OfferState.CREATED, OfferState.PUBLISHED)
    in_states(check_editable, OfferFixedError, OfferState.CREATED)
    in_states(
        lambda offer: check_orderable(offer, "agent_2"),
        OfferNotPublishedError,
        OfferState.PUBLISHED,
    )


def test_a_seller_is_no_buyer_of_their_own() -> None:
    """Also of a published offer."""
    with pytest.raises(OwnOfferError):
        check_orderable(replace(DRAFT, state=OfferState.PUBLISHED), "agent_1")
