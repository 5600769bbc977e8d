"""The operating system's randomness."""

import os


class SystemEntropy:
    """Every draw is a call of the kernel's generator.

    Unbuffered on purpose: 16 bytes cost about as much as a lock would, nothing secret waits in
    this process's memory, and a forked child cannot repeat its parent's bytes.
    """

    def draw(self, count: int) -> bytes:
        """Return `count` bytes that nobody can foresee. Raises ValueError below zero."""
        return os.urandom(count)
