"""The hostile rail's stories have to see each planted bug."""

import pytest

from properties.rail_machine import story
from properties.rail_mutations import RAIL_MUTATIONS

SEEDS, ACTS = 120, 25


def first_seen() -> int | None:
    """Return the first seed whose story breaks a promise, as the code is now."""
    for seed in range(SEEDS):
        try:
            story(seed, ACTS)
        except (AssertionError, ExceptionGroup):
            return seed
    return None


@pytest.mark.parametrize("name", RAIL_MUTATIONS)
def test_a_planted_bug_is_seen(name: str) -> None:
    """One of the stories that the market passes breaks a promise."""
    with RAIL_MUTATIONS[name]():
        assert first_seen() is not None
