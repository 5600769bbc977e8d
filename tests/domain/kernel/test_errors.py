"""Refusals: each has a code, a cause, advice and a command to run next."""

import pytest

from clawmarket.domain.kernel.errors import FAMILIES, REFUSALS, ConflictError, Refused
from clawmarket.domain.market.order import DeliveryLateError
from clawmarket.registry.codes import CODES
from clawmarket.services.discover import discover

discover()


@pytest.mark.parametrize("cause", sorted(REFUSALS))
def test_every_refusal_belongs_to_a_family(cause: str) -> None:
    """Its code is that of a family, and its docstring says what it means."""
    refusal = REFUSALS[cause]
    assert refusal.code in {family.code for family in FAMILIES} == set(CODES)
    assert (refusal.__doc__ or "").strip()
    assert refusal.cause == cause


def test_a_refusal_fills_its_ids_into_the_next_command() -> None:
    """The command runs as it stands."""
    refused = DeliveryLateError("Too late.", orderId="order_1")
    assert refused.next_step == "clawmarket order explain order_1"
    assert (refused.what, refused.details) == ("Too late.", {"orderId": "order_1"})
    assert str(refused) == "Too late."


@pytest.mark.parametrize("details", [{}, {"taskId": "task_1"}, {"orderId": 1}])
def test_without_the_id_the_next_command_explains(details: dict[str, object]) -> None:
    """Rather than a command with a hole in it."""
    refused = DeliveryLateError("Too late.", **details)
    assert refused.next_step == "clawmarket explain delivery_late"


def test_two_refusals_never_share_a_cause() -> None:
    """A second class of the name cannot be declared."""
    with pytest.raises(TypeError, match="delivery_late"):
        type("DeliveryLateError", (ConflictError,), {})


def test_only_what_may_pass_by_itself_is_retryable() -> None:
    """Sending the same again helps against load and haste, not against rules."""
    families = {family.code for family in FAMILIES if family.retryable}
    assert families == {"E_RATE_LIMITED", "E_TIMEOUT", "E_UNAVAILABLE"}
    assert Refused.retryable is False
