"""The command behind `make simulate`: many seeds, or one of them with its whole trace."""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from simulation.simulator import STEPS, SimulationFailedError, simulate

SHOWN_EVERY = 100
CHUNK = 10


def failure_of(seed: int) -> str:
    """Run one seed and return how it failed, or nothing."""
    try:
        simulate(seed)
    except SimulationFailedError as failed:
        return str(failed)
    return ""


def _failures(seeds: int) -> Iterator[str]:
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for done, failed in enumerate(pool.map(failure_of, range(seeds), chunksize=CHUNK), 1):
            if done % SHOWN_EVERY == 0:
                _say(f"{done} of {seeds} seeds")
            if failed:
                _say(failed)
                yield failed


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _replay(seed: int) -> int:
    try:
        trace = simulate(seed)
    except SimulationFailedError as failed:
        _say("\n".join(line.decode() for line in failed.trace))
        _say(str(failed))
        return 1
    _say("\n".join(line.decode() for line in trace))
    return 0


def main() -> int:
    """Run what was asked for; return 1 if a seed failed."""
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000, help="run the seeds from 0 up to here")
    parser.add_argument("--seed", type=int, help="run this one and show every step")
    asked = parser.parse_args()
    if asked.seed is not None:
        return _replay(asked.seed)
    failures = list(_failures(asked.seeds))
    steps = asked.seeds * STEPS
    _say(f"{asked.seeds} seeds, {steps} steps: {len(failures) or 'none'} failed.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
