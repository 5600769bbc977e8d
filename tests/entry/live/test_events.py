"""What a stream tells: to whom, in which order, and from where on."""

from collections.abc import Iterator
from typing import Any

import pytest

from clawmarket.services.market.board.news import newest_record
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
            task = await live.publishes(buyer, title="Read this: data")
            await live.do(buyer, "cancelTask", taskId=task["taskId"])
            return task, await ear.events(2)

    task, (first, second) = serve(world, scenario)
    base = {"taskId": task["taskId"], "title": "Read this: data", "budget": credits_("5")}
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
            parties = [await ear.events(3) for ear in (buying, working)]
            return task, award, heard, parties

    task, award, heard, told = serve(world, scenario)
    parties = [[of(each) for each in three] for three in told]
    same = {"orderId": award["orderId"], "taskId": task["taskId"], "status": "delivery_ready"}
    for begun, told_of_it, _ in told:
        assert told_of_it.data == same | {"at": begun.data["at"]}
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


def test_a_taken_task_that_is_given_back_is_told_as_reopened(world: World) -> None:
    """The claim takes it, the step back opens it again."""
    buyer, worker = (world.with_key(world.member()) for _ in range(2))

    async def scenario(live: Live) -> list[Told]:
        async with live.listening() as ear:
            task = await live.publishes(buyer, claims=True)
            await live.do(worker, "claimTask", taskId=task["taskId"])
            await live.do(worker, "unclaimTask", taskId=task["taskId"])
            return await ear.events(3)

    told = serve(world, scenario)
    assert [(each.data["change"], each.data["status"]) for each in told] == [
        ("published", "task_open"),
        ("taken", "task_awarded"),
        ("reopened", "task_open"),
    ]


def test_a_stream_tells_of_the_skills_that_were_named(world: World) -> None:
    """Any of them, of up to twelve; a task without them is left out."""
    unheard = [f"s{number}" for number in range(10)]
    buyer = world.with_key(world.member())

    async def scenario(live: Live) -> list[str]:
        async with live.listening(skills=",".join(["python", "c++", *unheard])) as ear:
            for skill in ("python", "seo", "c", "c++"):
                await live.publishes(buyer, title=skill, skills=[skill])
            return [each.data["title"] for each in await ear.events(2)]

    assert serve(world, scenario) == ["python", "c++"]


def test_a_stream_of_ones_own_leaves_the_tasks_of_others_out(world: World) -> None:
    """The buyer's and the worker's tasks, nobody else's."""
    members = [world.member() for _ in range(3)]
    buyer, worker, other = map(world.with_key, members)
    keys = [key_of(member) for member in members]

    async def scenario(live: Live) -> Any:
        async with (
            live.listening(keys[0], mine="1") as buying,
            live.listening(keys[1], mine="1") as working,
        ):
            await live.publishes(other)
            task = await live.publishes(buyer)
            await live.hires(buyer, worker, task)
            await live.publishes(worker, title="The end")
            heard = [await buying.events(3), await working.events(3)]
            return task["taskId"], [[of(told)[::2] for told in each] for each in heard]

    _, (buying, working) = serve(world, scenario)
    taken = [("task", "task_awarded"), ("order", "delivery_ready")]
    assert buying == [("task", "task_open"), *taken]
    assert working == [*taken, ("task", "task_open")]


def test_private_news_are_told_again_to_their_parties_alone(world: World) -> None:
    """Whoever comes back with an id hears what they may hear, and no stranger's order."""
    members = [world.member() for _ in range(3)]
    buyer, worker, _ = map(world.with_key, members)
    keys = [key_of(member) for member in members]

    async def scenario(live: Live) -> Any:
        first = world.store.read(newest_record)
        await live.hires(buyer, worker, await live.publishes(buyer))
        await live.publishes(buyer, title="The end")
        heard = []
        for key, count in ((keys[0], 4), (keys[1], 4), (keys[2], 3), ("", 3)):
            async with live.listening(key, after=first) as ear:
                heard.append([told.name for told in await ear.events(count)])
        return heard

    party, stranger = ["task", "task", "order", "task"], ["task", "task", "task"]
    assert serve(world, scenario) == [party, party, stranger, stranger]


@pytest.mark.parametrize(
    ("how", "status", "cause"),
    [
        ({"params": {"mine": "1"}}, 401, "auth_needed"),
        ({"params": {"mine": "yes"}}, 400, "event_filter_invalid"),
        ({"params": {"skills": "Python"}}, 400, "event_filter_invalid"),
        ({"params": {"skills": "a\nid: rec_1"}}, 400, "event_filter_invalid"),
        ({"params": {"skills": ",".join(f"s{n}" for n in range(13))}}, 400, "event_filter_invalid"),
        ({"headers": {"Last-Event-ID": "rec_1"}}, 400, "event_id_invalid"),
        ({"headers": {"Last-Event-ID": "task_" + "0" * 26}}, 400, "event_id_invalid"),
        ({"headers": {"Authorization": "Bearer cmk_unknown"}}, 401, "session_unknown"),
        ({"headers": {"Authorization": "Basic x"}}, 401, "bearer_invalid"),
    ],
)
def test_what_cannot_be_listened_to_is_refused(
    world: World, how: Fields, status: int, cause: str
) -> None:
    """With the market's own envelope, before a stream begins."""

    async def scenario(live: Live) -> Any:
        answer = await live.client.get("/events", **how)
        return answer.status_code, answer.json()["details"]["cause"], len(live.hub)

    assert serve(world, scenario) == (status, cause, 0)
