"""What a figure is, and how rounds are taken: interleaved, median of five."""

import json
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil

ROUNDS = 5


@dataclass(frozen=True)
class Figure:
    """One measured figure with the floor that it must not break."""

    name: str
    value: float
    unit: str
    floor: float
    better: str = "higher"

    def line(self) -> str:
        """Return the figure as one JSON line."""
        return json.dumps(
            {
                "name": self.name,
                "value": round(self.value, 4),
                "unit": self.unit,
                "floor": self.floor,
                "better": self.better,
            }
        )


async def rate(count: int, work: Callable[[], Awaitable[object]]) -> float:
    """Return how many of `count` things a second one run of `work` does."""
    started = time.perf_counter()
    await work()
    return count / (time.perf_counter() - started)


async def ratio(
    ours: Callable[[], Awaitable[float]], theirs: Callable[[], Awaitable[float]]
) -> float:
    """Return the median ratio of two rates, measured in turn, `ROUNDS` times."""
    await ours()
    await theirs()
    return statistics.median([await ours() / await theirs() for _ in range(ROUNDS)])


def p99(durations_s: list[float]) -> float:
    """Return the 99th percentile in milliseconds."""
    return percentile(durations_s, 0.99) * 1000


def percentile(durations: list[float], share: float) -> float:
    """Return what this share of the durations does not exceed (nearest rank), in their own unit."""
    return sorted(durations)[ceil(len(durations) * share) - 1]
