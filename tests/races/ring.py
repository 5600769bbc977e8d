"""A ring: many callers move at the same moment, through one process or through two."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from books import Books
from clawmarket.adapters.entropy.memory import SeededEntropy
from clawmarket.domain.kernel.errors import InternalError, Refused
from clawmarket.domain.kernel.moment import from_iso
from clawmarket.ports.payments import Rail
from clawmarket.ports.store import Store
from clawmarket.services.market.sweep import sweep
from clawmarket.services.pipeline import Pipeline
from world import Fields, Member, World

Deed = Callable[[Pipeline], Awaitable[int]]
COPIES = 16
LONG_S = 200 * 86_400
MOST_PARTS = 3


@dataclass(frozen=True)
class Move:
    """What a caller tries; without one, the market ends what is due once time has passed.

    A deed is something else that a process does; it returns how often it was done.
    """

    name: str
    caller: Member | None = None
    method: str = ""
    params: Fields = field(default_factory=dict)
    until: str = ""
    deed: Deed | None = None


class Ring:
    """A market that one process runs on each store, all on the same rows."""

    def __init__(
        self, open_store: Callable[[], Store], processes: int, rails: dict[str, Rail] | None = None
    ) -> None:
        self.world = World(store=open_store(), rails=rails or {})
        first = self.world.pipeline
        self.pipelines = [first]
        for seed in range(2, processes + 1):
            ports = replace(first.ports, store=open_store(), entropy=SeededEntropy(seed))
            self.pipelines.append(Pipeline(ports, first.terms))

    def close(self) -> None:
        """Let go of the stores and of the event loop."""
        for pipeline in self.pipelines[1:]:
            pipeline.ports.store.close()
        self.world.close()

    def race(
        self, moves: Sequence[Move], seed: int, *, ahead: Move | None = None, copies: int = COPIES
    ) -> Counter[str]:
        """Make every move so many times at once, in an order of the seed; count what was done.

        What was not done was refused by a rule: never by a defect, never left unsaid.
        """
        order = _mixed([*moves] * copies, seed)
        if ahead is not None:
            order.insert(0, ahead)

        async def all_at_once() -> list[int | BaseException]:
            made = (
                self._made(self.pipelines[number % len(self.pipelines)], move)
                for number, move in enumerate(order)
            )
            return await asyncio.gather(*made, return_exceptions=True)

        ends: list[int | BaseException] = self.world.run(all_at_once())
        done: Counter[str] = Counter()
        for move, end in zip(order, ends, strict=True):
            if isinstance(end, int):
                done[move.name] += end
            else:
                assert isinstance(end, Refused), repr(end)
                assert not isinstance(end, InternalError), repr(end)
        return +done

    async def _made(self, pipeline: Pipeline, move: Move) -> int:
        if move.deed is not None:
            return await move.deed(pipeline)
        if move.caller is None:
            return await self._ended(pipeline, move.until)
        key = self.world.new_key()
        asked = move.caller.signed(move.method, key, move.params)
        await pipeline.submit(move.caller.caller, move.method, asked, key=key)
        return 1

    async def _ended(self, pipeline: Pipeline, until: str) -> int:
        clock = self.world.clock
        # In the writer's own order: what comes to its turn before this is in time.
        await pipeline.ports.store.write(
            lambda _: clock.advance(max(0, from_iso(until) - clock.now()))
        )
        ended = await sweep(pipeline)
        return ended.tasks_expired + ended.orders_expired + ended.released + ended.refunded

    def check(self) -> None:
        """Assert that the books hold, and that everything ends and lets its money go."""
        books = Books(self.world.store)
        books.check()
        for _ in range(MOST_PARTS):
            self.world.pass_time(seconds=LONG_S)
            while self.world.sweep().due:
                pass
        books.check_over()


def _mixed(moves: list[Move], seed: int) -> list[Move]:
    """Return the moves in an order that only the seed decides."""

    def place(numbered: tuple[int, Move]) -> bytes:
        return hashlib.sha256(f"{seed}/{numbered[0]}".encode()).digest()

    return [move for _, move in sorted(enumerate(moves), key=place)]
