"""Which of all calls of a lifecycle are points: where what was made so far differs.

Between two writes of one transaction nothing changes for whoever comes after a crash, so a row of
writes to one file counts as one point in its midst. What settles something (a sync, a rename, a
COMMIT, …) is a point before and one behind it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from crash.watch import Made, Point, Side

ROWS = ("write", "send")
MIDST = 3
# Neither lasts: SQLite makes its index anew from the log, and a lock ends with its process.
FLEETING = ("market.db-shm", "lock")


def points_of(steps: Mapping[str, Sequence[Made]]) -> list[Point]:
    """Return the points of a lifecycle, from the calls of each of its steps."""
    return [point for step, calls in steps.items() for point in _of_step(step, calls)]


def _of_step(step: str, calls: Sequence[Made]) -> Iterator[Point]:
    made: Counter[Made] = Counter()
    for call, row in groupby(call for call in calls if Path(call.file).name not in FLEETING):
        first, last = made[call] + 1, made[call] + len(list(row))
        made[call] = last
        if call.kind not in ROWS:
            for nth in range(first, last + 1):
                yield Point(step, call, nth, Side.BEFORE)
                yield Point(step, call, nth, Side.AFTER)
            continue
        row_is_long = last - first + 1 >= MIDST
        yield Point(step, call, (first + last) // 2, Side.TORN if row_is_long else Side.BEFORE)
