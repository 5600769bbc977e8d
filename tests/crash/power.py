"""Power cuts: a market is recorded once, and goes on from what a cut at any moment would leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from crash.disk import Disk, Done, journal, put
from crash.lifecycle import Lifecycle
from crash.trial import Given
from crash.workshop import TrialFailedError, Workshop

CERTAIN = -1


class Cut(NamedTuple):
    """A cut of the power: behind how many calls, and what the disk has of what was not synced.

    `seed` decides that; `CERTAIN` is nothing of it.
    """

    at: int
    seed: int

    def __str__(self) -> str:
        """Return what `parse` reads."""
        return f"{self.at}:{self.seed}"

    @classmethod
    def parse(cls, text: str) -> "Cut":
        """Read a cut as it was printed. Raises ValueError."""
        at, seed = text.split(":")
        return cls(int(at), int(seed))


@dataclass(frozen=True)
class Recording:
    """One lifecycle of a market whose rows are in its home: what was done and what was given out.

    Args:
        workshop: Has the market as it was before.
        home: Where the home was.
        done: Every change of its files, in order.
        given: Every answer and every head of the log.
    """

    workshop: Workshop
    home: Path
    done: Sequence[Done]
    given: Sequence[Given]

    @classmethod
    def make(cls, workshop: Workshop) -> "Recording":
        """Let a market live undisturbed; assert that nothing it did escaped the journal."""
        kept = workshop.folder / "journal"
        with workshop.trial(kept) as trial:
            trial.live()
            home = trial.site.home
            made = cls(workshop, home, list(journal(kept)), trial.given)
            assert made.disk(len(made.done)).seen() == Disk(home, home).seen()
        return made

    def disk(self, at: int) -> Disk:
        """Return the disk as it is behind so many changes."""
        disk = Disk(self.workshop.prepared.site.home, self.home)
        for done in self.done[:at]:
            disk.do(done)
        return disk

    def cuts(self) -> list[Cut]:
        """Return a cut before each sync; what was not synced is lost, in turn all or some of it."""
        syncs = [at for at, done in enumerate(self.done) if done.kind == "sync"]
        return [Cut(at, at if turn % 2 else CERTAIN) for turn, at in enumerate(syncs)]

    def go_on_after(self, cut: Cut) -> None:
        """Start a market with what a cut left; finish and check. Raises TrialFailedError."""
        disk = self.disk(cut.at)
        files = disk.certain() if cut.seed == CERTAIN else disk.some(cut.seed)
        try:
            with self.workshop.trial() as trial:
                put(files, trial.site.home)
                given = [given for given in self.given if given.written <= cut.at]
                answers = {one.step: one.text for one in given if one.step}
                trial.lives.append(Lifecycle(trial.prepared, answers=answers))
                trial.given.extend(one for one in given if not one.step)
                trial.recover()
                trial.end()
        except Exception as failure:
            raise TrialFailedError(f"python -m crash --database sqlite --cut {cut}") from failure
