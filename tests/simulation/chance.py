"""Chance that is the same for equal seeds, in every process and on every version of Python."""

import random  # noqa: TID251 - a run is drawn from its seed alone, not from the market's entropy
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Draws from one seed.

    Only `Random.random` is used: it alone is promised to stay the same across versions.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - nothing here is a secret

    def below(self, end: int) -> int:
        """Return a number from 0 up to `end`, which is left out."""
        return int(self._random.random() * end)

    def happens(self, per_mille: int) -> bool:
        """Tell whether something happens that does so many times in a thousand."""
        return self.below(1000) < per_mille

    def pick(self, things: Sequence[T]) -> T:
        """Return one of several things."""
        return things[self.below(len(things))]

    def weighed(self, weights: Mapping[T, int]) -> T:
        """Return one of several things, the heavier ones more often."""
        left = self.below(sum(weights.values()))
        for thing, weight in weights.items():
            left -= weight
            if left < 0:
                return thing
        raise AssertionError("weights are positive")
