"""Bytes that look random and are the same in every run."""

import hashlib
import itertools


class SeededEntropy:
    """SHAKE-256 in counter mode: the n-th draw depends on the seed and on n, on nothing else.

    Anybody who knows the seed knows every byte: for tests and simulations only.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._draws = itertools.count()

    def draw(self, count: int) -> bytes:
        """Return the next `count` bytes. Raises ValueError below zero."""
        if count < 0:
            raise ValueError("negative count")
        return hashlib.shake_256(f"{self._seed}/{next(self._draws)}".encode()).digest(count)
