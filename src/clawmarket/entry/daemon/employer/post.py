"""One task of the folder, as its state file has it."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.daemon.storage import StateDamagedError, keep, kept

POSTS = ".posts"


class Phase(StrEnum):
    """Where a post stands; each is on the disk before the call that leads on is sent."""

    PLANNED = "planned"
    POSTING = "posting"
    OPEN = "open"
    WORKING = "working"
    DELIVERED = "delivered"
    OVER = "over"


@dataclass
class Post:
    """See above.

    Args:
        name: The spec's file.
        digest: Over the spec; a changed file is another task.
        budget: In minor units; it counts against the caps from the moment that it may be held.
        params: Exactly what is sent; a repetition sends the same.
        day: The day on which it was posted, in UTC.
    """

    name: str
    digest: str
    title: str
    budget: int
    params: Entry = field(default_factory=dict)
    phase: Phase = Phase.PLANNED
    keys: dict[str, str] = field(default_factory=dict)
    day: str = ""
    task_id: str = ""
    bid_id: str = ""
    order_id: str = ""
    result_id: str = ""
    worker: str = ""
    price: int = 0
    outcome: str = ""
    told: list[str] = field(default_factory=list)

    @property
    def file(self) -> str:
        """The name of its state file."""
        return f"{self.digest[:32]}.json"

    def key(self, step: str) -> str:
        """Return the idempotency key of a step; a new one is not yet kept."""
        if step not in self.keys:
            self.keys[step] = f"employer-{SystemEntropy().draw(16).hex()}"
        return self.keys[step]

    def save(self, folder: Path, phase: Phase | None = None) -> None:
        """Write the state, in another phase if one is named."""
        self.phase = phase or self.phase
        keep(folder / POSTS, asdict(self), self.file)


def posts_in(folder: Path) -> dict[str, Post]:
    """Return all posts of a workspace by the digest of their spec. Raises StateDamagedError."""
    return {post.digest: post for post in map(_read, sorted((folder / POSTS).glob("*.json")))}


def _read(path: Path) -> Post:
    fields = kept(path.parent, path.name)
    try:
        return Post(**(fields or {}) | {"phase": Phase((fields or {})["phase"])})
    except (KeyError, TypeError, ValueError):
        raise StateDamagedError(f"{path.name} cannot be read.") from None
