"""How a stream behaves: alive, too slow, too many, signed out, at the end."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from clawmarket.domain.kernel.ids import make_id
from clawmarket.domain.trust.record import Record
from clawmarket.entry.live.frames import Hearer
from clawmarket.entry.live.hub import MAX_WAITING, Hub, ListenersFullError, Room
from clawmarket.entry.live.stream import MAX_MISSED, Stream
from clawmarket.ports.store import Query, Transaction
from clawmarket.services.market.board.news import News, newest_record
from live.listening import Live, Told, key_of, serve
from world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A market of its own for each test."""
    market = World()
    yield market
    market.close()


def test_a_silent_stream_says_that_it_lives(world: World) -> None:
    """A comment now and then, with the id up to which everything was told."""
    buyer = world.with_key(world.member())

    async def scenario(live: Live) -> Any:
        async with live.listening(skills="python") as ear:
            await live.publishes(buyer, skills=["seo"])
            newest = world.store.read(newest_record)
            while (told := await ear.next()) is not None and told.id != newest:
                assert told.comment == "still here"
            return told, newest

    told, newest = serve(world, scenario, heartbeat_s=0.01)
    assert told == Told(id=newest, comment="still here")


def test_a_stream_ends_when_the_market_stops(world: World) -> None:
    """It says so, the answer is whole, and the server does not wait for anybody."""

    async def scenario(live: Live) -> Any:
        async with live.listening() as ear, live.listening() as other:
            live.server.should_exit = True
            return [await each.next() for each in (ear, ear, other, other)], len(live.hub)

    farewell = Told(comment="the market stops")
    assert serve(world, scenario) == ([farewell, None, farewell, None], 0)


def test_nobody_may_listen_to_a_market_that_stops(world: World) -> None:
    """A hub that was closed takes no more listeners."""
    hub = Hub(world.store)
    hub.close()
    with pytest.raises(ListenersFullError):
        hub.join(Hearer(), "127.0.0.1", "")


def test_whoever_leaves_is_forgotten(world: World) -> None:
    """With the last listener the looking at records ends too."""

    async def scenario(live: Live) -> Any:
        async with live.listening():
            during = len(live.hub)
        while len(live.hub):  # noqa: ASYNC110 - the server hears of it when it hears of it
            await asyncio.sleep(0)
        return during, live.hub._looking

    assert serve(world, scenario) == (1, None)


@pytest.mark.parametrize(
    ("room", "signed_in"),
    [(Room(all=2), [False, True, False]), (Room(strangers=1), [False, False]),
     (Room(account=1), [True, True])],
)  # fmt: skip
def test_only_so_many_may_listen(world: World, room: Room, signed_in: list[bool]) -> None:
    """One more than there is room for gets 503 and when to come again; then there is room again."""
    key = key_of(world.member())

    async def scenario(live: Live) -> Any:
        async with AsyncExitStack() as open_streams:
            *first, last = [key if each else "" for each in signed_in]
            for each in first:
                await open_streams.enter_async_context(live.listening(each))
            headers = {"Authorization": f"Bearer {last}"} if last else {}
            full = await live.client.get("/events", headers=headers)
        while len(live.hub):  # noqa: ASYNC110 - the server hears of it when it hears of it
            await asyncio.sleep(0)
        async with live.listening(last):
            return full

    full = serve(world, scenario, room=room)
    assert (full.status_code, full.json()["details"]["cause"]) == (503, "listeners_full")
    assert full.headers["Retry-After"] == "5"


def test_an_address_has_a_bound_unless_it_is_this_machine(world: World) -> None:
    """A stranger's address may hold so many streams; a proxy on this machine more."""

    async def join() -> Any:
        hub = Hub(world.store, Room(address=1))
        joined = [hub.join(Hearer(), peer, "") for peer in ("127.0.0.1", "127.0.0.1", "192.0.2.1")]
        with pytest.raises(ListenersFullError):
            hub.join(Hearer(), "192.0.2.1", "")
        for listener in joined:
            hub.leave(listener)

    world.run(join())


def test_a_line_of_ipv6_is_one_address(world: World) -> None:
    """It has 2^64 of them, so that a bound for each would be none."""

    async def join() -> Any:
        hub = Hub(world.store, Room(address=1))
        listener = hub.join(Hearer(), "2001:db8:1:2::1", "")
        with pytest.raises(ListenersFullError):
            hub.join(Hearer(), "2001:db8:1:2::2", "")
        other = hub.join(Hearer(), "2001:db8:1:3::1", "")
        for each in (listener, other):
            hub.leave(each)

    world.run(join())


def test_a_key_that_is_revoked_hears_nothing_private_any_more(world: World) -> None:
    """The stream ends before the next news of its orders, and nothing of them is in it."""
    members = [world.member() for _ in range(2)]
    buyer, worker = map(world.with_key, members)
    made = members[0].do("web3.keys.create", label="ears", scope="read")

    async def scenario(live: Live) -> Any:
        task = await live.publishes(buyer)
        async with live.listening(made["key"]) as ear:
            revoke = {"credentialId": made["credentialId"]}
            signed = members[0].signed("web3.keys.revoke", "revoking", revoke)
            pipeline = world.pipeline
            await pipeline.submit(members[0].caller, "web3.keys.revoke", signed, key="revoking")
            await live.hires(buyer, worker, task)
            return [await ear.next(), await ear.next()]

    assert serve(world, scenario) == [Told(comment="no longer signed in"), None]


def test_a_listener_that_is_too_slow_is_sent_away(world: World) -> None:
    """Nobody waits for it: what it was too slow for is dropped at once, and the stream says so.

    The others hear what there is to tell, and records that tell nothing do not wait for anybody.
    """
    buyer = world.with_key(world.member())

    async def scenario() -> Any:
        hub = Hub(world.store)
        slow, quick = (hub.join(Hearer(), "127.0.0.1", "") for _ in range(2))
        for number in range(MAX_WAITING + 1):
            slow.take(News(f"rec_{number:026d}", 0, (), ()))
        assert not slow.waiting
        slow.end("the market stops")
        stream = Stream(hub, world.store, slow, lambda: None)
        parts = [part async for part in stream.parts()]
        await world.store.write(lambda rows: add_records(rows, world, 3))
        asked = {"title": "A task", "budget": "1"}
        await world.pipeline.submit(buyer.caller, "web3.market.publishTask", asked, key="a")
        await quick.woken.wait()
        heard = [each.tasks[0].task.title for each in quick.waiting]
        hub.leave(slow)
        hub.leave(quick)
        return parts[1:], heard

    parts, heard = world.run(scenario())
    assert parts == [b": too slow; come again with the last id\n\n"]
    assert heard == ["A task"]


def add_records(rows: Transaction, world: World, count: int) -> None:
    """Write records that tell nothing."""
    record = rows.find(Query(Record, limit=1))[0]
    for number in range(count):
        record_id = make_id("record", world.clock.now() + 1, number.to_bytes(10, "big"))
        rows.add(replace(record, record_id=record_id))
    world.clock.advance(2)


def test_who_missed_too_much_is_told_to_look_anew(world: World) -> None:
    """After so many records nothing is told again; the stream goes on from now."""
    buyer = world.with_key(world.member())
    first = world.store.read(newest_record)
    world.run(world.store.write(lambda rows: add_records(rows, world, MAX_MISSED + 1)))

    async def scenario(live: Live) -> Any:
        async with live.listening(after=first) as ear:
            told = await ear.event()
            await live.publishes(buyer, title="Now")
            return told, (await ear.event()).data["title"]

    told, title = serve(world, scenario)
    assert (told.name, told.data, title) == ("reset", {}, "Now")
