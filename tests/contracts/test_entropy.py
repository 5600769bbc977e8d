"""What every source of randomness promises."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from clawmarket.adapters.entropy.memory import SeededEntropy
from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.ports.entropy import Entropy


@pytest.fixture(params=["system", "memory"])
def entropy(request: pytest.FixtureRequest) -> Entropy:
    """Each source in turn."""
    return SystemEntropy() if request.param == "system" else SeededEntropy(7)


@pytest.mark.parametrize("count", [0, 1, 16, 32, 4096, 10_000])
def test_as_many_bytes_as_asked_for(entropy: Entropy, count: int) -> None:
    """Also none, and more than any buffer."""
    assert len(entropy.draw(count)) == count


def test_less_than_nothing_is_refused(entropy: Entropy) -> None:
    """A negative count is a caller's mistake."""
    with pytest.raises(ValueError, match="negative"):
        entropy.draw(-1)


def test_nothing_is_drawn_twice(entropy: Entropy) -> None:
    """Also not by threads that draw at once."""
    with ThreadPoolExecutor(8) as threads:
        drawn = list(threads.map(lambda _: entropy.draw(16), range(4000)))
    assert len(set(drawn)) == 4000


def test_bytes_are_spread_evenly(entropy: Entropy) -> None:
    """Every byte value is among 16 KiB (missing one by chance: below 10⁻²⁵)."""
    assert set(entropy.draw(16 * 1024)) == set(range(256))


def test_the_same_seed_gives_the_same_draws() -> None:
    """Run after run; another seed gives others."""
    one, same, other = SeededEntropy(1), SeededEntropy(1), SeededEntropy(2)
    drawn = [one.draw(5), one.draw(32)]
    assert drawn == [same.draw(5), same.draw(32)]
    assert drawn != [other.draw(5), other.draw(32)]


def test_seeded_draws_stay_what_they_were() -> None:
    """Recorded simulations replay with later releases."""
    assert SeededEntropy(1).draw(8).hex() == "5613acfa066091c0"
