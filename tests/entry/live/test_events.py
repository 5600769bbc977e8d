"""What a stream tells: to whom, in which order, and from where on."""

from collections.abc import Iterator
from typing import Any

import pytest

from live.listening import Live, Told, key_of, serve
from world import Fields, World, credits_


@pytest.fixture
def world() -> Iterator[World]:
    """A market of its own for each test."""
    market = World()
    yield market
    market.close()


def of(told: Told) -> tuple[str, str, str]:
    """Return what an event is about: its name, what it names, the state."""
    about = told.data.get("orderId") or told.data["taskId"]
    return told.name, str(about), str(told.data["status"])


def test_everybody_hears_what_becomes_of_tasks(world: World) -> None:
    """Published and cancelled, each with title, budget and moment, in the order of the records."""
    buyer = world.with_key(world.member())

    async def scenario(live: Live) -> tuple[Fields, list[Told]]:
        async with live.listening() as ear:
            task = await live.publishes(buyer, title="Read\nthis: data")
            await live.do(buyer, "cancelTask", taskId=task["taskId"])
            return task, await ear.events(2)

    task, (first, second) = serve(world, scenario)
    base = {"taskId": task["taskId"], "title": "Read\nthis: data", "budget": credits_("5")}
    opened = {"change": "published", "status": "task_open", "at": task["createdAt"]}
    assert (first.name, first.data) == ("task", base | opened)
    assert (second.data["change"], second.data["status"]) == ("cancelled", "task_cancelled")
    assert first.id < second.id


def test_only_parties_hear_of_an_order(world: World) -> None:
    """The stranger and another account hear that the task was taken; the parties of the order."""
    members = [world.member() for _ in range(3)]
    buyer, worker, other = map(world.with_key, members)
    keys = [key_of(member) for member in members]

    async def scenario(live: Live) -> Any:
        task = await live.publishes(buyer)
        async with (
            live.listening() as stranger,
            live.listening(keys[2]) as third,
            live.listening(keys[0]) as buying,
            live.listening(keys[1]) as working,
        ):
            award = await live.hires(buyer, worker, task)
            await live.publishes(other, title="The end")
            heard = [[of(each) for each in await ear.events(2)] for ear in (stranger, third)]
            parties = [[of(each) for each in await ear.events(3)] for ear in (buying, working)]
            return task, award, heard, parties

    task, award, heard, parties = serve(world, scenario)
    taken = ("task", task["taskId"], "task_awarded")
    order = ("order", award["orderId"], "delivery_ready")
    assert [each[0] for each in heard] == [taken, taken]
    assert [[name for name, _, _ in each] for each in heard] == [["task", "task"]] * 2
    assert [each[:2] for each in parties] == [[taken, order], [taken, order]]


def test_a_stream_goes_on_where_it_broke_off(world: World) -> None:
    """Whatever id a listener comes back with: the rest, each once, then what happens next."""
    buyer = world.with_key(world.member())

    async def scenario(live: Live) -> Any:
        async with live.listening() as ear:
            for number in range(5):
                await live.publishes(buyer, title=f"Task {number}")
            first = await ear.events(5)
        later = []
        for told in first:
            async with live.listening(after=told.id) as ear:
                await live.publishes(buyer, title="Later")
                later.append([each.data["title"] for each in await ear.events(5)])
        return [each.data["title"] for each in first], later

    first, later = serve(world, scenario)
    titles = [f"Task {number}" for number in range(5)]
    assert first == titles
    rounds = [titles[number + 1 :] + ["Later"] * (number + 1) for number in range(5)]
    assert later == rounds
