"""Replacing a row: what `dataclasses.replace` would return, only sooner."""

import dataclasses
from typing import Any

import pytest

from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.treasury.account import Balance, empty_balance

ROW = empty_balance("agent_a", "CREDITS")


def test_a_replaced_row_is_a_new_row() -> None:
    """Equal to the library's own, of the same class, with the old one as it was."""
    before = dataclasses.asdict(ROW)
    after = replace(ROW, held=5, earned=7)
    assert after == dataclasses.replace(ROW, held=5, earned=7)
    assert (type(after), hash(after)) == (Balance, hash(dataclasses.replace(ROW, held=5, earned=7)))
    assert dataclasses.asdict(ROW) == before


def test_a_replaced_row_cannot_be_changed() -> None:
    """It is as frozen as the one before."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        replace(ROW, held=5).held = 6  # type: ignore[misc]  # what is refused


def test_a_field_that_is_none_is_refused() -> None:
    """A name that the class lacks does not become an attribute unseen."""
    wrong: dict[str, Any] = {"hold": 5}
    with pytest.raises(TypeError, match="Balance lacks one of the fields"):
        replace(ROW, **wrong)
