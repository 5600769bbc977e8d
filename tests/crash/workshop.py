"""Where trials are made: one market is prepared, and each trial gets a copy of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from crash.market import Prepared, Site, blank
from crash.points import points_of
from crash.trial import Trial
from crash.watch import Made, Point, Watch, compiled
from postgres_server import PostgresServer


class TrialFailedError(Exception):
    """A market was not whole after it was killed; the text says how to see it again."""


@dataclass(frozen=True)
class Workshop:
    """What trials on one database are made from.

    Args:
        prepared: The market that each trial gets a copy of.
        library: The compiled shim.
        folder: Where the copies go.
    """

    prepared: Prepared
    library: Path
    folder: Path

    @classmethod
    def make(cls, folder: Path, server: PostgresServer | None) -> "Workshop":
        """Compile the shim and prepare a market."""
        library = compiled(folder)
        return cls(Prepared.make(blank(folder / "prepared", server)), library, folder)

    @contextmanager
    def trial(self, journal: Path | None = None) -> Iterator[Trial]:
        """Give a trial of a copy of the market; no process of it is left."""
        folder = Path(mkdtemp(prefix="trial-", dir=self.folder))
        copy = replace(self.prepared, site=self.prepared.site.copy(folder))
        trial = Trial(copy, Watch(self.library, folder, journal))
        try:
            yield trial
        finally:
            trial.kill()

    def points(self) -> list[Point]:
        """Return the points of a lifecycle."""
        with self.trial() as trial:
            return points_of(trial.count())

    def kill_at(self, points: Sequence[Point]) -> list[Made | None]:
        """Kill a market at points, one lifecycle after the other; return where each hit.

        Raises TrialFailedError.
        """
        with self.trial() as trial:
            try:
                hits = [trial.go_through(point) for point in points]
                trial.end()
            except Exception as failure:
                raise TrialFailedError(_replay(self.prepared.site, points)) from failure
        return hits


def _replay(site: Site, points: Sequence[Point]) -> str:
    database = "sqlite" if site.database is None else "postgres"
    named = " ".join(f"--point {point}" for point in points)
    return f"python -m crash --database {database} {named}"
