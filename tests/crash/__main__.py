"""The command behind `make test-crash`: a market is killed at every point, on both databases."""

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from crash.watch import Made, Point
from crash.workshop import TrialFailedError, Workshop
from postgres_server import PostgresServer

DATABASES = ("sqlite", "postgres")
# A market that has been killed goes on to its next point: half as many starts, and longer lives.
CHAIN = 5

Tally = Counter[str]


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
    count = -(-len(points) // CHAIN)
    return [list(points[first::count]) for first in range(count)]


def _kill_all(workshop: Workshop, chains: Sequence[Sequence[Point]], tally: Tally) -> None:
    """Run chains side by side and tell how each ended."""
    total, ended = sum(map(len, chains)), 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for chain, result in zip(chains, pool.map(_outcome, _each(workshop, chains)), strict=True):
            ended += len(chain)
            if isinstance(result, TrialFailedError):
                tally["failed"] += 1
                _say("".join(traceback.format_exception(result)))
                _say(f"failed; see it again in tests/ with: {result}")
                continue
            for point, hit in zip(chain, result, strict=True):
                tally["missed" if hit is None else f"{hit.kind} {hit.file}"] += 1
                if hit is None:
                    _say(f"{point} did not come")
            _say(f"{ended} of {total} points")


def _each(
    workshop: Workshop, chains: Sequence[Sequence[Point]]
) -> Iterator[tuple[Workshop, Sequence[Point]]]:
    return ((workshop, chain) for chain in chains)


def _outcome(
    run: tuple[Workshop, Sequence[Point]],
) -> list[Made | None] | TrialFailedError:
    workshop, chain = run
    try:
        return workshop.kill_at(chain)
    except TrialFailedError as failed:
        return failed


def _on(database: str, asked: Sequence[Point]) -> Tally:
    began, tally = time.monotonic(), Counter[str]()
    with _workshop(database) as workshop:
        chains = [list(asked)] if asked else _chains(workshop.points())
        _say(f"{database}: {sum(map(len, chains))} points")
        _kill_all(workshop, chains, tally)
    kinds = ", ".join(
        f"{count} {kind}" for kind, count in sorted(tally.items()) if kind not in _ENDS
    )
    _say(f"{database}: {kinds}; {time.monotonic() - began:.0f} s")
    return tally


_ENDS = ("failed", "missed")


def main() -> int:
    """Run what was asked for; return 1 if a trial failed, 2 if it cannot run here."""
    parser = argparse.ArgumentParser(prog="crash", description=__doc__)
    parser.add_argument("--database", choices=DATABASES, help="on this database only")
    parser.add_argument(
        "--point", action="append", type=Point.parse, help="kill here, in this order"
    )
    asked = parser.parse_args()
    databases = [asked.database] if asked.database else DATABASES
    try:
        tallies = {name: _on(name, asked.point or ()) for name in databases}
    except pytest.skip.Exception as reason:
        _say(f"cannot run here: {reason}")
        return 2
    total = sum(tallies.values(), Counter[str]())
    hit = sum(count for kind, count in total.items() if kind not in _ENDS)
    failed = total["failed"]
    _say(
        f"Killed at {hit} points on {' and '.join(databases)} "
        f"({total['missed'] or 'none'} did not come): {failed or 'none'} failed."
    )
    return 1 if failed or not hit else 0


if __name__ == "__main__":
    sys.exit(main())
