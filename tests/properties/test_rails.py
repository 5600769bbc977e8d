"""Whatever a rail loses, delays or garbles, and whenever the market stops: each key moves once.

The same stories each time, so that a verdict of today is one of tomorrow; more of them with other
seeds. A broken one names its seed.
"""

import pytest

from properties.rail_machine import story

BATCHES, EACH, ACTS = 8, 15, 25


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_hostile_rail_moves_each_key_once(batch: int) -> None:
    """At every moment the books hold and what is known is true; at the end all is divided."""
    for seed in range(batch * EACH, (batch + 1) * EACH):
        story(seed, ACTS)
