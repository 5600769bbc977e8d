"""One task that a worker took, as its state file has it."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.daemon.storage import StateDamagedError, keep, kept


class Phase(StrEnum):
    """Where a job stands; each is on the disk before the call that leads on is sent."""

    TAKING = "taking"
    BIDDING = "bidding"
    WORKING = "working"
    MADE = "made"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    RETURNING = "returning"
    OVER = "over"


# What keeps a place of `--max-concurrent`; what waits for the buyer does not.
BUSY = frozenset({*Phase} - {Phase.SUBMITTED, Phase.OVER})
# Outcomes after which the same task may be tried again.
FRESH = frozenset({"withdrawn"})


@dataclass
class Job:
    """See above.

    Args:
        task_id: The task.
        title: Its title, a stranger's text.
        way: claim or bid.
        price: What is asked for, in minor units.
        keys: The idempotency key of each step; a step that is repeated has the same.
        attempt: Which submission is being made; a rejection begins the next one.
        tries: How often the inspection found something in this task's files.
        group: The process group of the handler that was started last.
        started_at: When this attempt's handler was started first, so that a crash adds no time.
    """

    task_id: str
    title: str
    way: str
    price: int
    phase: Phase = Phase.TAKING
    keys: dict[str, str] = field(default_factory=dict)
    bid_id: str = ""
    order_id: str = ""
    result_id: str = ""
    attempt: int = 1
    tries: int = 0
    feedback: str = ""
    artifacts: list[Entry] = field(default_factory=list)
    group: int = 0
    started_at: int = 0
    outcome: str = ""
    reason: str = ""
    told: list[str] = field(default_factory=list)

    def key(self, step: str) -> str:
        """Return the idempotency key of a step of this attempt; a new one is not yet kept."""
        name = f"{step}-{self.attempt}"
        if name not in self.keys:
            self.keys[name] = f"worker-{SystemEntropy().draw(16).hex()}"
        return self.keys[name]

    def save(self, folder: Path, phase: Phase | None = None) -> None:
        """Write the state, in another phase if one is named."""
        self.phase = phase or self.phase
        keep(folder, asdict(self))

    @classmethod
    def load(cls, folder: Path) -> "Job | None":
        """Return the job of a folder, or None. Raises StateDamagedError."""
        fields = kept(folder)
        if fields is None:
            return None
        try:
            return cls(**fields | {"phase": Phase(fields["phase"])})
        except (KeyError, TypeError, ValueError):
            raise StateDamagedError(f"The state of {folder.name} cannot be read.") from None
