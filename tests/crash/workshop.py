"""Where trials are made: one market is prepared, and each trial gets a copy of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from crash.lifecycle import Lifecycle
from crash.market import Prepared, Site, blank
from crash.points import points_of
from crash.trial import FIRST, Trial, first_start
from crash.watch import Made, Point, Watch, compiled
from postgres_server import PostgresServer

FIRSTS = 20


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

    @contextmanager
    def opening(self) -> Iterator[tuple[Site, Watch]]:
        """Give where a market may be opened for the first time."""
        folder = Path(mkdtemp(prefix="opening-", dir=self.folder))
        database = self.prepared.site.database
        yield (
            blank(folder / "site", None if database is None else database.server),
            Watch(self.library, folder),
        )

    def points(self) -> list[Point]:
        """Return the points of a lifecycle, and some of the first start before it.

        Most of those are in one migration, which is there as a whole or not at all.
        """
        with self.trial() as trial, self.opening() as (site, watch):
            opening = points_of({FIRST: first_start(site, watch, None)})
            return opening[:: -(-len(opening) // FIRSTS)] + points_of(trial.count())

    def kill_at(self, points: Sequence[Point]) -> list[Made | None]:
        """Kill a market at points, one lifecycle after the other; return where each hit.

        Points of a first start come first, each with a market of its own.

        Raises TrialFailedError.
        """
        try:
            hits = [self._open_at(point) for point in points if point.step == FIRST]
            rest = [point for point in points if point.step != FIRST]
            if rest:
                with self.trial() as trial:
                    # On a busy machine a step may be over before its watch is armed: once more.
                    hits += [trial.go_through(at) or trial.go_through(at) for at in rest]
                    trial.end()
        except Exception as failure:
            raise TrialFailedError(_replay(self.prepared.site, points)) from failure
        return hits

    def _open_at(self, point: Point) -> Made | None:
        """Kill a market at its first start; start it again, let members come and live."""
        with self.opening() as (site, watch):
            first_start(site, watch, point)
            hit = watch.hit
            watch.arm(None)
            trial = Trial(Prepared.make(site), watch)
            trial.lives.append(Lifecycle(trial.prepared))
            try:
                trial.recover()
                trial.end()
            finally:
                trial.kill()
        return hit


def _replay(site: Site, points: Sequence[Point]) -> str:
    database = "sqlite" if site.database is None else "postgres"
    named = " ".join(f"--point {point}" for point in points)
    return f"python -m crash --database {database} {named}"
