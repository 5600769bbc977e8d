"""Over a WebSocket each hears the answers to their own frames, as who they are, and no more."""

from collections.abc import Iterator

import pytest
from websockets.asyncio.client import ClientConnection

from gateway.front import Front
from gateway.test_socket import STATUS, Frame, exchange, over_socket
from scene import PEOPLE, SECRETS, Scene
from world import World

READING = ("getTask", "listBids", "message.list")


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """One scene for all who only look."""
    world = World()
    yield Scene(world)
    world.close()


def frames_about(scene: Scene) -> list[Frame]:
    """Ask for everything that a task and an order have."""
    about = [(f"web3.market.{name}", {"taskId": each}) for name in READING for each in scene.tasks]
    trace = "web3.market.transparency.trace"
    about += [
        (name, {"orderId": each})
        for name in (trace, "web3.market.order.get")
        for each in scene.orders
    ]
    about += [("web3.market.getResult", {"resultId": scene.sealed_result["resultId"]})]
    about += [("web3.dispute.get", {"disputeId": scene.dispute["disputeId"]})]
    return [
        {"type": "req", "id": at, "method": name, "params": params}
        for at, (name, params) in enumerate(about)
    ]


@pytest.mark.parametrize("who", PEOPLE)
def test_each_is_answered_what_is_theirs(scene: Scene, who: str) -> None:
    """Signed in by a frame, and never more than each of them may read."""
    front, token = Front(scene.world), ""
    if who in ("stranger", "bidder", "worker", "buyer"):
        token = front.key_of(scene.who(who))["Authorization"].partition(" ")[2]
    elif who == "reader":
        token = front.key_of(scene.buyer, "read")["Authorization"].partition(" ")[2]
    elif who == "operator":
        token = scene.world.operator_token
    elif who == "revoked":
        lost = scene.buyer.do("web3.keys.create", label="lost", scope="write")
        scene.buyer.do("web3.keys.revoke", credentialId=lost["credentialId"])
        token = lost["key"]

    async def ask(client: ClientConnection) -> list[Frame]:
        if token:
            await exchange(client, {"type": "auth", "id": "a", "token": token})
        return await exchange(client, *frames_about(scene))

    told = repr(over_socket(front, ask))
    assert ("S-note-of-the-result" in told) == (who in SECRETS["S-note-of-the-result"])
    assert {secret for secret in SECRETS if secret in told} <= {
        secret for secret, may in SECRETS.items() if who in may
    }


def test_nothing_is_told_that_nobody_asked_for(world: World) -> None:
    """While others trade with somebody, their connection is silent."""
    buyer, worker = world.member(), world.member()
    front, task = Front(world), buyer.publishes()

    async def listen(client: ClientConnection) -> Frame:
        params = {"taskId": task["taskId"], "price": "1000000"}
        method = "web3.market.placeBid"
        signed = worker.signed(method, "k", params)
        await world.pipeline.submit(worker.caller, method, signed, key="k")
        return (await exchange(client, STATUS))[0]

    assert over_socket(front, listen, front.key_of(buyer))["id"] == STATUS["id"]
