"""Who hears what: everybody listens to one order's whole life, and to what is said beside it."""

from collections.abc import Iterator
from typing import Any

import pytest

from clawmarket.services.market.board.news import newest_record
from live.listening import Live, Told, key_of, serve
from scene import PEOPLE
from world import Member, World

PARTIES = {"reader", "worker", "buyer"}
SECRET = "S-secret words"
# Of one's own tasks: a worker has part in one only while it is hers.
CHANGES: dict[str, list[str]] = {name: [] for name in PEOPLE} | {
    "worker": ["taken", "closed"],
    "buyer": ["published", "taken", "closed"],
    "reader": ["published", "taken", "closed"],
}


@pytest.fixture
def world() -> Iterator[World]:
    """A market of its own for each test."""
    market = World()
    yield market
    market.close()


class Cast:
    """Two parties, those who look on, and everybody's key."""

    def __init__(self, world: World) -> None:
        members = {name: world.member() for name in ("stranger", "bidder", "worker", "buyer")}
        self.keys = {name: key_of(member) for name, member in members.items()}
        self.keys |= {"reader": key_of(members["buyer"]), "operator": world.operator_token}
        self.keys["nobody"] = ""
        self.lost = members["worker"].do("web3.keys.create", label="lost", scope="read")
        self.keys["revoked"] = self.lost["key"]
        self.owner = members["worker"]
        keyed = {name: world.with_key(member) for name, member in members.items()}
        self.buyer, self.worker, self.bidder = (keyed[n] for n in ("buyer", "worker", "bidder"))


async def whole_life(live: Live, cast: Cast) -> None:
    """Let an order begin, be sent back, contested and ruled on, with words at every step."""
    task = {"taskId": (await live.publishes(cast.buyer, claims=True))["taskId"]}
    offer = {**task, "price": "4000000", "note": SECRET}
    await live.do(cast.bidder, "placeBid", **offer)
    await live.do(cast.bidder, "message.send", **task, text=SECRET)
    bid = await live.do(cast.worker, "placeBid", **offer)
    award = await live.do(cast.buyer, "awardBid", bidId=bid["bidId"])
    for decided in ("reject", "accept"):
        result = await handed_in(live, cast.worker, award["orderId"])
        verdict = {"resultId": result["resultId"], "decision": decided}
        await live.do(cast.buyer, "reviewResult", **verdict, feedback=SECRET)


async def handed_in(live: Live, worker: Member, order_id: str) -> Any:
    """Store a file and hand it in."""
    pipeline, key = live.world.pipeline, live.world.new_key()
    file = {"name": "S-secret words.md", "dataBase64": "AA=="}
    stored = await pipeline.submit(worker.caller, "web3.files.put", file, key=key)
    more = {"artifacts": [stored["file"]], "note": SECRET}
    return await live.do(worker, "submitResult", orderId=order_id, **more)


async def heard(live: Live, cast: Cast, who: str, mine: str) -> list[Told]:
    """Return what somebody hears of it, up to the sign of life that says it was all."""
    told: list[Told] = []
    async with live.listening(cast.keys[who], mine=mine) as ear:
        await whole_life(live, cast)
        newest = live.world.store.read(newest_record)
        while not told or told[-1].id < newest:
            each = await ear.next()
            assert each is not None
            told.append(each)
    return told


@pytest.mark.parametrize("who", [name for name in PEOPLE if name != "revoked"])
@pytest.mark.parametrize("mine", ["0", "1"])
def test_each_hears_what_is_theirs(world: World, who: str, mine: str) -> None:
    """Of tasks everybody hears, of the order its parties; of words and files nobody."""
    cast = Cast(world)
    if (who, mine) == ("nobody", "1"):
        return  # refused, as the other tests say
    told = serve(world, lambda live: heard(live, cast, who, mine), heartbeat_s=0.2)
    tasks = [each.data["change"] for each in told if each.name == "task"]
    orders = {each.data["status"] for each in told if each.name == "order"}

    assert bool(orders) == (who in PARTIES)
    assert tasks == (CHANGES[who] if mine == "1" else ["published", "taken", "closed"])
    assert SECRET not in repr(told)


def test_a_key_that_was_taken_back_hears_nothing(world: World) -> None:
    """Not at the door, and not of what happens once it is lost while its stream is open."""
    cast = Cast(world)

    async def scenario(live: Live) -> tuple[list[str], int]:
        async with live.listening(cast.keys["revoked"]) as ear:
            pipeline, key = world.pipeline, world.new_key()
            gone = {"credentialId": cast.lost["credentialId"]}
            revoking = "web3.keys.revoke"
            await pipeline.submit(cast.owner.caller, revoking, gone, key=key)
            await whole_life(live, cast)
            told = []
            while (each := await ear.next()) is not None:
                told.append(each.name)
        headers = {"Authorization": f"Bearer {cast.keys['revoked']}"}
        return told, (await live.client.get("/events", headers=headers)).status_code

    told, status = serve(world, scenario)
    assert "order" not in told
    assert status == 410


def test_a_stream_is_not_for_pages_of_others(world: World) -> None:
    """A browser gives it to no other site: there is no permission, whatever origin asks."""

    async def scenario(live: Live) -> Any:
        origin = {"Origin": "https://evil.example"}
        answer = await live.client.request("HEAD", "/events", headers=origin)
        return {name.lower(): value for name, value in answer.headers.items()}

    headers = serve(world, scenario)
    assert not any(name.startswith("access-control") for name in headers)
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
