"""The index follows the records: beside others, from nothing, and not twice."""

import pytest

from clawmarket.domain.market.board.index import BoardColumn, BoardHead, BoardPlace, BoardTile
from clawmarket.ports.store import Query, Store, Transaction, key_of
from clawmarket.services.market.board.index import follow_records
from postgres_server import PostgresDatabase
from world import Fields, World

KINDS: tuple[type[object], ...] = (BoardHead, BoardPlace, BoardTile, BoardColumn)


def board_of(world: World) -> list[object]:
    """Return all rows of the board."""
    return [row for kind in KINDS for row in world.all(kind)]


def forget_board(rows: Transaction) -> None:
    """Remove all rows of the board."""
    for kind in KINDS:
        for row in rows.find(Query(kind, limit=10_000)):
            rows.remove(kind, key_of(row))


def trade(world: World) -> list[Fields]:
    """Publish tasks; award one, cancel another."""
    buyer, worker = (world.with_key(world.member()) for _ in range(2))
    tasks = [buyer.publishes(budget="1", title=f"Task {number}") for number in range(4)]
    buyer.awards(worker.bids(tasks[0], price="1"))
    buyer.cancels(tasks[1])
    return tasks


def test_whoever_is_second_changes_nothing(database: PostgresDatabase) -> None:
    """Two processes worked out the same step; the second one's write finds the head moved."""
    world = World(store=database.open())
    other: Store = database.open()
    trade(world)

    class Overtaken:
        """A store in whose process another one was first, once."""

        read = staticmethod(other.read)
        tries = 0

        async def write(self, command: object) -> object:
            self.tries += 1
            if self.tries == 1:
                await follow_records(world.store)
            return await other.write(command)  # type: ignore[arg-type]  # it is passed on

    overtaken = Overtaken()
    assert world.run(follow_records(overtaken)) == 0  # type: ignore[arg-type]  # a part of a store
    after = board_of(world)
    assert world.run(follow_records(other)) == 0
    assert (overtaken.tries, board_of(world)) == (1, after)
    other.close()
    world.close()


@pytest.mark.parametrize("batch", [1, 2, 3, 256])
def test_the_board_is_the_same_however_it_was_followed(world: World, batch: int) -> None:
    """In small steps or at once, from the first record on: equal tiles, columns and numbers."""
    trade(world)
    world.run(follow_records(world.store, batch))
    stepwise = board_of(world)
    world.run(world.store.write(forget_board))
    world.run(follow_records(world.store))
    assert sorted(map(repr, board_of(world))) == sorted(map(repr, stepwise))
