"""Searching the board: what holds is narrowed, counted and put in order.

A task's rank is one whole number: what it is ordered by, then its own number. A page is the
largest ranks below the cursor's, so whatever is published meanwhile never shifts it.
"""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.ids import PREFIXES
from clawmarket.domain.market.board.index import BLOCK, BoardPlace, offsets_of
from clawmarket.domain.market.task import Task
from clawmarket.ports.store import Snapshot
from clawmarket.services.listing import CursorInvalidError
from clawmarket.services.market.board.index import soonness
from clawmarket.services.market.board.masks import FEW, Columns, Masks, masks_of, within
from clawmarket.services.market.board.tail import Tail, Touched, tail_of
from clawmarket.services.market.board.terms import Wants, terms_of

# Up to how many matches are counted.
MAX_COUNTED = 10_000

_NUMBER_BITS = 32
_NUMBERS = (1 << _NUMBER_BITS) - 1
# Above every budget and every moment.
_WORTH = 1 << 60
_ID_CHARS = 26


class Sort(StrEnum):
    """In which order: published last, dearest, or ending soonest first."""

    NEWEST = "newest"
    BUDGET = "budget"
    DEADLINE = "deadline"


_COLUMNS = {Sort.BUDGET: "budget", Sort.DEADLINE: "soon"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which tasks, in which order, from where on and how many; a limit of 0 only counts."""

    wants: Wants = ()
    least: int = 0
    most: int | None = None
    sort: Sort = Sort.NEWEST
    cursor: str | None = None
    limit: int = 0

    @property
    def is_ranged(self) -> bool:
        """Whether budgets have to be compared."""
        return self.least > 0 or self.most is not None

    def fits(self, budget: int) -> bool:
        """Return whether a budget is within the range."""
        return budget >= self.least and (self.most is None or budget <= self.most)

    def matches(self, task: Task) -> bool:
        """Return whether a task is asked for."""
        if not self.fits(task.budget):
            return False
        terms = terms_of(task)
        return all(any(want.holds(terms) for want in wants) for wants in self.wants)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of tasks, where the next begins, and how many there are in all."""

    tasks: list[Task]
    next_cursor: str | None
    total: int
    is_capped: bool


def search(rows: Snapshot, asked: Asked) -> Found:
    """Return the tasks asked for. Raises CursorInvalidError for a cursor that is no task."""
    tail = tail_of(rows)
    fresh = [each for each in tail.touched if asked.matches(each.task)]
    masks, is_cut = _settled(rows, asked, tail)
    below = _below(rows, asked, tail)
    ranks = [rank_of(asked.sort, each.task, each.number) for each in fresh]
    columns = Columns(rows, len(masks))
    settled, count = _Blocks(columns, asked, masks).ranks(below)
    page = _largest([*ranks, *settled], below, asked.limit + 1)
    tasks = [_task(rows, columns, rank & _NUMBERS, fresh) for rank in page[: asked.limit]]
    total = count + len(fresh)
    return Found(
        # Beyond a cut tail a task may have moved on since the board knew it.
        [task for task in tasks if tail.is_whole or asked.matches(task)],
        tasks[-1].task_id if tasks and len(page) > asked.limit else None,
        min(total, MAX_COUNTED),
        total > MAX_COUNTED or is_cut or not tail.is_whole,
    )


def rank_of(sort: Sort, task: Task, number: int) -> int:
    """Return what a task is ordered by, the largest first."""
    worth = {Sort.NEWEST: 0, Sort.BUDGET: task.budget, Sort.DEADLINE: soonness(task)}
    return worth[sort] << _NUMBER_BITS | number


def _settled(rows: Snapshot, asked: Asked, tail: Tail) -> tuple[Masks, bool]:
    """Return the masks of what holds, without the tasks that have moved since."""
    masks, is_cut = masks_of(rows, asked.wants, tail.head.size)
    for each in tail.touched:
        block = each.number // BLOCK
        if not each.is_new and block in masks:
            masks[block] &= ~(1 << each.number % BLOCK)
    return masks, is_cut


class _Blocks:
    """The blocks in which something may hold, the newest first."""

    def __init__(self, columns: Columns, asked: Asked, masks: Masks) -> None:
        self._columns = columns
        self._asked = asked
        self._masks = masks
        self._best: list[int] = []

    def ranks(self, below: int) -> tuple[list[int], int]:
        """Return the largest ranks below one, and how many tasks there are at any rank."""
        count = 0
        for block in sorted(self._masks, reverse=True):
            mask = self._narrowed(block)
            count += mask.bit_count()
            if mask and not self._is_done():
                ranks = [*self._best, *self._ranks_of(block, mask, below)]
                self._best = _largest(ranks, below, self._asked.limit + 1)
            elif count > MAX_COUNTED and self._is_done():
                break
        return self._best, count

    def _is_done(self) -> bool:
        """Return whether no older block can change the page."""
        return not self._asked.limit or (self._asked.sort is Sort.NEWEST and self._is_full)

    @property
    def _is_full(self) -> bool:
        return len(self._best) > self._asked.limit

    def _narrowed(self, block: int) -> int:
        mask, asked = self._masks[block], self._asked
        if not (mask and asked.is_ranged):
            return mask
        most = _WORTH if asked.most is None else asked.most
        return within(self._columns.numbers("budget", block), mask, asked.least, most)

    def _ranks_of(self, block: int, mask: int, below: int) -> list[int]:
        first = block * BLOCK
        column = _COLUMNS.get(self._asked.sort)
        if column is None:
            return [first + at for at in offsets_of(mask)]
        # What is worth no more than the page's last by now cannot come onto it: it is older.
        least = (self._best[-1] >> _NUMBER_BITS) + 1 if self._is_full else -_WORTH
        most = below >> _NUMBER_BITS
        values = self._columns.numbers(column, block)
        if max(values) < least:
            return []
        if mask.bit_count() <= FEW:
            few = [(values[at], at) for at in offsets_of(mask)]
            return [v << _NUMBER_BITS | first + at for v, at in few if least <= v <= most]
        return [
            value << _NUMBER_BITS | first + at
            for at, value in enumerate(values)
            if least <= value <= most and mask >> at & 1
        ]


def _largest(ranks: list[int], below: int, count: int) -> list[int]:
    return sorted([rank for rank in ranks if rank < below], reverse=True)[:count]


def _below(rows: Snapshot, asked: Asked, tail: Tail) -> int:
    """Return the rank that a page stays below. Raises CursorInvalidError."""
    if asked.cursor is None:
        return _WORTH << _NUMBER_BITS
    task = rows.get(Task, asked.cursor)
    if task is None:
        raise CursorInvalidError("The cursor is none of this list.")
    place = rows.get(BoardPlace, asked.cursor)
    number = place.number if place else tail.size
    for each in tail.touched:
        if each.task.task_id == asked.cursor:
            number = each.number
    return rank_of(asked.sort, task, number)


def _task(rows: Snapshot, columns: Columns, number: int, fresh: list[Touched]) -> Task:
    for each in fresh:
        if each.number == number:
            return each.task
    block, place = divmod(number, BLOCK)
    ids = columns.cells("id", block)
    ulid = ids[place * _ID_CHARS : (place + 1) * _ID_CHARS].decode()
    task = rows.get(Task, PREFIXES["task"] + ulid)
    if task is None:
        raise LookupError(ulid)
    return task
