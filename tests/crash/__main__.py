"""The command behind `make test-crash`: a market is killed at every point, on both databases.

Behind that the power is cut before each sync of a market whose rows are in its home.
"""

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from crash.copying import COPYING, Archive
from crash.power import Cut, Recording
from crash.watch import Made, Point
from crash.workshop import TrialFailedError, Workshop
from postgres_server import PostgresServer

DATABASES = ("sqlite", "postgres")
# A market that has been killed goes on to its next point: half as many starts, and longer lives.
CHAIN = 8
# A trial waits for clocks half of its time.
TRIALS_A_CORE = 2

SHOWN_EVERY = 5
FAILED, MISSED = "failed", "missed"
ENDS = {FAILED, MISSED}

Tally = Counter[str]
Run = TypeVar("Run")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@contextmanager
def _workshop(database: str) -> Iterator[Workshop]:
    server = PostgresServer.start() if database == "postgres" else None
    try:
        with tempfile.TemporaryDirectory(prefix="crash-") as folder:
            yield Workshop.make(Path(folder), server)
    finally:
        if server is not None:
            server.stop()


def _chains(points: Sequence[Point]) -> list[list[Point]]:
    """Return the points in chains whose links are far from each other."""
    # Those of a first start come first, in their chains too.
    count = -(-len(points) // CHAIN)
    return [list(points[first::count]) for first in range(count)]


def _all(
    runs: Sequence[Run], act: Callable[[Run], list[Made | None]], tally: Tally
) -> Iterator[tuple[Run, list[Made | None]]]:
    """Make runs side by side; tell of those that fail, and give the others with their results."""

    def outcome(run: Run) -> list[Made | None] | TrialFailedError:
        try:
            return act(run)
        except TrialFailedError as failed:
            return failed

    with ThreadPoolExecutor((os.cpu_count() or 1) * TRIALS_A_CORE) as pool:
        for number, (run, result) in enumerate(zip(runs, pool.map(outcome, runs), strict=True), 1):
            if isinstance(result, TrialFailedError):
                tally[FAILED] += 1
                _say("".join(traceback.format_exception(result)))
                _say(f"failed; see it again in tests/ with: {result}")
            else:
                yield run, result
            if number % SHOWN_EVERY == 0:
                _say(f"{number} of {len(runs)} markets")


def _killed(
    kill_at: Callable[[list[Point]], list[Made | None]],
    chains: Sequence[list[Point]],
    tally: Tally,
) -> None:
    for chain, hits in _all(chains, kill_at, tally):
        for point, hit in zip(chain, hits, strict=True):
            tally[MISSED if hit is None else f"{hit.kind} {hit.file}"] += 1
            if hit is None:
                _say(f"{point} did not come")


def _cut(workshop: Workshop, asked: Sequence[Cut], tally: Tally) -> None:
    recording = Recording.make(workshop)
    cuts = asked or recording.cuts()
    _say(f"{len(cuts)} power cuts")

    def go_on(cut: Cut) -> list[Made | None]:
        recording.go_on_after(cut)
        return []

    tally["power cut"] += sum(1 for _ in _all(cuts, go_on, tally))


def _on(database: str, points: Sequence[Point], cuts: Sequence[Cut]) -> Tally:
    began, tally = time.monotonic(), Counter[str]()
    with _workshop(database) as workshop:
        lives = [point for point in points if point.step not in COPYING]
        copies = [point for point in points if point.step in COPYING]
        if lives or not (cuts or copies):
            chains = [lives] if lives else _chains(workshop.points())
            _say(f"{database}: {sum(map(len, chains))} points")
            _killed(workshop.kill_at, chains, tally)
        if copies or (database == "sqlite" and not (cuts or points)):
            archive = Archive.make(workshop)
            chains = [copies] if copies else _chains(archive.points())
            _say(f"{sum(map(len, chains))} points of backup, restore and migration")
            _killed(archive.kill_at, chains, tally)
        if cuts or (database == "sqlite" and not points):
            _cut(workshop, cuts, tally)
    kinds = ", ".join(f"{tally[kind]} {kind}" for kind in sorted(tally.keys() - ENDS))
    _say(f"{database}: {kinds}; {time.monotonic() - began:.0f} s")
    return tally


def main() -> int:
    """Run what was asked for; return 1 if a trial failed, 2 if it cannot run here."""
    parser = argparse.ArgumentParser(prog="crash", description="Kill a market at its points.")
    parser.add_argument("--database", choices=DATABASES, help="on this database only")
    parser.add_argument(
        "--point", action="append", type=Point.parse, help="kill here, in this order"
    )
    parser.add_argument("--cut", action="append", type=Cut.parse, help="cut the power here only")
    asked = parser.parse_args()
    databases = [asked.database] if asked.database else DATABASES
    try:
        tallies = [_on(name, asked.point or (), asked.cut or ()) for name in databases]
    except pytest.skip.Exception as reason:
        _say(f"cannot run here: {reason}")
        return 2
    total = sum(tallies, Counter[str]())
    done = total.total() - total[FAILED] - total[MISSED]
    _say(
        f"{done} kills and power cuts on {' and '.join(databases)} "
        f"({total[MISSED] or 'no'} points did not come): {total[FAILED] or 'none'} failed."
    )
    return 1 if total[FAILED] or not done else 0


if __name__ == "__main__":
    sys.exit(main())
