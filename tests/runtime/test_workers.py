"""When the market does by itself what follows the trading: right behind a command."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.domain.trust.record import LogHead
from clawmarket.ports.store import Query
from clawmarket.runtime import workers
from clawmarket.services.call import THE_MARKET
from clawmarket.services.work import Work
from world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A market on a slow disk: another command can come while one is made durable."""
    opened = World(store=open_sqlite(tmp_path / "market.db", commit_delay_s=0.01))
    yield opened
    opened.close()


def test_whoever_follows_is_woken_when_no_command_is_under_way(world: World) -> None:
    """Not when the first of two is answered while the second has come already."""
    pipeline = world.pipeline

    async def scenario() -> list[str]:
        happened: list[str] = []
        loop = asyncio.get_running_loop()
        begun: asyncio.Future[asyncio.Task[None]] = loop.create_future()

        def begin_another(_: Work) -> None:
            another = command("second", lambda _: None)
            loop.call_soon_threadsafe(lambda: begun.set_result(loop.create_task(another)))

        async def command(name: str, change: Callable[[Work], None]) -> None:
            await pipeline.write(pipeline.call(THE_MARKET, name), change)
            happened.append(name)

        async def follow() -> None:
            await pipeline.answered(600)
            happened.append("behind")

        following = loop.create_task(follow())
        await asyncio.sleep(0)
        await command("first", begin_another)
        await (await begun)
        await following
        return happened

    assert world.run(scenario()) == ["first", "second", "behind"]


def test_a_command_that_fails_is_over_too(world: World) -> None:
    """Nobody waits for one that was refused."""
    pipeline = world.pipeline

    def fails(_: Work) -> None:
        raise ZeroDivisionError

    async def scenario() -> None:
        following = asyncio.ensure_future(pipeline.answered(600))
        await asyncio.sleep(0)
        with pytest.raises(ZeroDivisionError):
            await pipeline.write(pipeline.call(THE_MARKET, "fails"), fails)
        await following

    world.run(scenario())


def test_nobody_follows_for_ever(world: World) -> None:
    """In a quiet market, and in one that never rests, what follows begins by itself."""
    world.run(world.pipeline.answered(0.001))


def test_the_log_follows_a_command(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it may wait, it begins behind the next one."""
    monkeypatch.setattr(workers, "BEHIND_WITHIN_S", 600.0)
    pipeline = world.pipeline

    def size() -> int:
        return sum(head.size for head in world.store.read(lambda rows: rows.find(Query(LogHead))))

    async def silent(_: LogHead) -> None:
        """Nobody is told."""

    async def scenario() -> tuple[int, int]:
        running = workers.start_workers(pipeline, world.signer, silent)
        await asyncio.sleep(0.3)
        before = size()
        await pipeline.write(pipeline.call(THE_MARKET, "one"), lambda _: None)
        while not size():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)
        await running.stop()
        return before, size()

    before, after = world.run(scenario())
    assert (before, after > 0) == (0, True)


def test_a_market_that_was_quiet_is_followed_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However seldom the log is looked after without commands, it goes on behind each of them."""
    monkeypatch.setattr(workers, "QUIET_WITHIN_S", 600.0)
    pipeline = world.pipeline

    def size() -> int:
        return sum(head.size for head in world.store.read(lambda rows: rows.find(Query(LogHead))))

    async def silent(_: LogHead) -> None:
        """Nobody is told."""

    async def scenario() -> list[int]:
        running = workers.start_workers(pipeline, world.signer, silent)
        sizes = []
        for name in ("one", "two", "three"):
            await asyncio.sleep(0.4)
            before = size()
            await pipeline.write(pipeline.call(THE_MARKET, name), lambda _: None)
            while size() == before:  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0.01)
            sizes.append(size() - before)
        await running.stop()
        return sizes

    assert world.run(scenario()) == [1, 1, 1]


def test_checkpoints_follow_a_command(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it wrote gets from SQLite's log into the file without any commit that waits for it."""
    monkeypatch.setattr(workers, "BEHIND_WITHIN_S", 600.0)
    pipeline = world.pipeline

    async def silent(_: LogHead) -> None:
        """Nobody is told."""

    def in_file() -> bytes:
        return (tmp_path / "market.db").read_bytes()

    async def scenario() -> tuple[bool, bool]:
        before = in_file()
        running = workers.start_workers(pipeline, world.signer, silent)
        await asyncio.sleep(0.3)
        rested = in_file() == before
        await pipeline.write(pipeline.call(THE_MARKET, "one"), lambda _: None)
        while in_file() == before:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)
        await running.stop()
        return rested, in_file() != before

    assert world.run(scenario()) == (True, True)
