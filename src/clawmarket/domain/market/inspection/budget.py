"""The budget of an examination: how much it unpacks and reads closely, before it stops."""

from dataclasses import dataclass

MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_SCANNED_BYTES = 16 * 1024 * 1024


class BudgetSpent(Exception):  # noqa: N818 - a stop signal, not a defect
    """What a delivery unpacks to is more than the market looks into."""


class Hurried(Exception):  # noqa: N818 - the same
    """Nobody waits for the verdict any more."""


@dataclass(slots=True)
class Budget:
    """What is left for the files of one delivery, in bytes; counted, not timed.

    So the same files always come to the same verdict. `is_hurried` may be set from another
    thread; then the next step ends the examination.
    """

    unpacked: int = MAX_UNPACKED_BYTES
    scanned: int = MAX_SCANNED_BYTES
    is_hurried: bool = False

    def unpack(self, count: int) -> None:
        """Count bytes that were unpacked. Raises BudgetSpent, Hurried."""
        self.pause()
        self.unpacked -= count
        if self.unpacked < 0:
            raise BudgetSpent

    def scan(self, count: int) -> int:
        """Return how many of so many bytes may be read closely. Raises Hurried."""
        self.pause()
        allowed = min(count, self.scanned)
        self.scanned -= allowed
        return allowed

    def pause(self) -> None:
        """Stop here when nobody waits any more. Raises Hurried."""
        if self.is_hurried:
            raise Hurried
