"""Where new ids, salts and secrets come from."""

from typing import Protocol


class Entropy(Protocol):
    """The one source of randomness."""

    def draw(self, count: int) -> bytes:
        """Return `count` bytes that nobody can foresee."""
        ...
