"""Notices in memory: everything that was said, and a receiver that can be made to fail."""

from dataclasses import dataclass, field

from clawmarket.ports.notices import Notice, NoticeLostError


@dataclass
class MemoryNotices:
    """A receiver in the same process; `fails` is why it confirms nothing."""

    fails: str = ""
    got: list[Notice] = field(default_factory=list)

    async def send(self, notice: Notice) -> None:
        """Take a notice. Raises NoticeLostError."""
        if self.fails:
            raise NoticeLostError(self.fails)
        self.got.append(notice)
