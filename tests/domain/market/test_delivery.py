"""Deliveries: completed or taken back, once."""

from dataclasses import replace

import pytest

from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.market.delivering import delivery as deliveries
from clawmarket.domain.market.delivering.delivery import Delivery, DeliveryState
from clawmarket.domain.market.terms import Artifact

READY = Delivery("delivery_1", "order_1", "agent_1", (), None, "", DeliveryState.READY, 1, None)
FILES = (Artifact("a", "sha256:0", 1),)


def test_a_delivery_is_completed_or_taken_back() -> None:
    """Once, with what was handed over and its hash."""
    done, completed = deliveries.complete(READY, FILES, "sha256:1", 7)
    assert done == replace(
        READY, state=DeliveryState.COMPLETED, artifacts=FILES, digest="sha256:1", completed_at=7
    )
    assert completed.facts() == {
        "kind": "delivery_completed",
        "deliveryId": "delivery_1",
        "orderId": "order_1",
        "digest": "sha256:1",
    }
    gone, _ = deliveries.revoke(READY)
    assert gone == replace(READY, state=DeliveryState.REVOKED)
    for over in (done, gone):
        with pytest.raises(TransitionRefusedError):
            deliveries.complete(over, FILES, "sha256:1", 8)
        with pytest.raises(TransitionRefusedError):
            deliveries.revoke(over)
