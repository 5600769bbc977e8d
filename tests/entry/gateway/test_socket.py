"""Calls over a WebSocket: several in flight, identity per call, faulty frames."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect

from clawmarket.adapters.blobs.memory import MemoryBlobs
from clawmarket.domain.trust.file import FileRight
from clawmarket.entry.gateway.socket import MAX_IN_FLIGHT, MAX_IN_FLIGHT_BYTES
from clawmarket.ports.blobs import Blob
from gateway.front import Front
from world import World

Frame = dict[str, Any]
Scenario = Callable[[ClientConnection], Awaitable[Any]]

STATUS = {"type": "req", "id": "s", "method": "web3.status.summary"}


class GatedBlobs(MemoryBlobs):
    """Files that are not kept before the gate opens; counts who waits."""

    def __init__(self) -> None:
        super().__init__(1_000_000)
        self.gate = asyncio.Event()
        self.full = asyncio.Event()
        self.waiting = 0
        self.most = 0

    async def keep(self, chunks: AsyncIterable[bytes]) -> Blob:
        """Wait, then keep."""
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        if self.waiting == MAX_IN_FLIGHT:
            self.full.set()
        await self.gate.wait()
        self.waiting -= 1
        return await super().keep(chunks)


def over_socket(front: Front, scenario: Scenario, headers: dict[str, str] | None = None) -> Any:
    """Serve the gateway, connect and play a scenario."""

    async def play() -> Any:
        async with front.served() as place, _connected(place, headers or {}) as client:
            return await scenario(client)

    return front.world.run(play())


def _connected(place: str, headers: dict[str, str]) -> connect:
    return connect(f"ws://{place}/ws", additional_headers=headers, proxy=None)


async def exchange(client: ClientConnection, *frames: Frame) -> list[Frame]:
    """Send frames and return as many answers, in the order in which they come."""
    for frame in frames:
        await client.send(orjson.dumps(frame).decode())
    return [orjson.loads(await client.recv()) for _ in frames]


def put(frame_id: object, content: bytes) -> Frame:
    """Return the frame that stores a small file."""
    params = {"name": "f", "dataBase64": b64encode(content).decode()}
    return {"type": "req", "id": frame_id, "method": "web3.files.put", "params": params}


@pytest.fixture
def gated(world: World) -> GatedBlobs:
    """A market whose files wait at a gate."""
    blobs = GatedBlobs()
    world.pipeline.ports = replace(world.pipeline.ports, blobs=blobs)
    return blobs


def test_answer_frame(front: Front) -> None:
    """A res frame repeats the id and keeps the answer's fields in its payload."""
    [frame] = over_socket(
        front, lambda client: exchange(client, STATUS | {"method": "market.listTasks", "id": 7})
    )
    assert frame.pop("requestId").startswith("req_")
    assert frame == {
        "type": "res",
        "id": 7,
        "ok": True,
        "testMoney": True,
        "payload": {"items": [], "nextCursor": None, "total": 0, "totalIsCapped": False},
    }


def test_answers_come_as_they_are_done(front: Front, world: World, gated: GatedBlobs) -> None:
    """A call that has to wait does not hold up the next one on the same connection."""

    async def scenario(client: ClientConnection) -> list[object]:
        await client.send(orjson.dumps(put("slow", b"x")).decode())
        [quick] = await exchange(client, STATUS | {"id": "quick"})
        gated.gate.set()
        return [quick["id"], orjson.loads(await client.recv())["id"]]

    headers = front.key_of(world.member())
    assert over_socket(front, scenario, headers) == ["quick", "slow"]


def test_calls_in_flight_are_bounded(front: Front, world: World, gated: GatedBlobs) -> None:
    """More calls than that wait unread; each is answered in the end."""
    asked = [put(number, b"%d" % number) for number in range(MAX_IN_FLIGHT + 20)]

    async def scenario(client: ClientConnection) -> set[object]:
        for frame in asked:
            await client.send(orjson.dumps(frame).decode())
        await gated.full.wait()
        gated.gate.set()
        return {orjson.loads(await client.recv())["id"] for _ in asked}

    headers = front.key_of(world.member())
    assert over_socket(front, scenario, headers) == {frame["id"] for frame in asked}
    assert gated.most == MAX_IN_FLIGHT


def test_bytes_in_flight_are_bounded(front: Front, world: World, gated: GatedBlobs) -> None:
    """Calls with large frames wait sooner; all of them are answered in the end."""
    headers = front.key_of(world.member())
    most = MAX_IN_FLIGHT_BYTES // 700_000

    async def scenario(client: ClientConnection) -> int:
        for number in range(6):
            content = b64encode(bytes([number]) * 500_000).decode()
            params = {"name": "a", "dataBase64": content}
            await client.send(
                orjson.dumps(
                    {"type": "req", "id": number, "method": "web3.files.put", "params": params}
                )
            )
            while gated.waiting < min(number + 1, most):  # noqa: ASYNC110 - a count has no event
                await asyncio.sleep(0.01)
        gated.gate.set()
        answers = [orjson.loads(await client.recv()) for _ in range(6)]
        return sum(answer["ok"] for answer in answers)

    assert (over_socket(front, scenario, headers), gated.most) == (6, most)


def test_auth_frame_signs_in(front: Front, world: World) -> None:
    """A token in the first frame makes the following calls the account's own."""
    member = world.member()
    token = front.key_of(member)["Authorization"].removeprefix("Bearer ")
    show = {"type": "req", "id": 1, "method": "web3.wallet.show"}
    signed_in, shown = over_socket(
        front, lambda client: exchange(client, {"type": "auth", "token": token}, show)
    )
    assert (signed_in["id"], signed_in["ok"]) == (None, True)
    assert signed_in["payload"] == {"accountId": member.id, "scope": "write"}
    assert shown["payload"]["accountId"] == member.id


def test_revoked_key_stops_at_once(front: Front, world: World) -> None:
    """A key is looked up for every call, not once per connection."""
    member = world.member()
    made = member.do("web3.keys.create", label="test", scope="write")
    show = {"type": "req", "id": 1, "method": "web3.wallet.show"}
    params = {"credentialId": made["credentialId"]}
    revoke = {"type": "req", "id": 2, "method": "web3.keys.revoke", "params": params}

    async def scenario(client: ClientConnection) -> list[Frame]:
        return [(await exchange(client, frame))[0] for frame in (show, revoke, show)]

    before, revoked, after = over_socket(
        front, scenario, {"Authorization": f"Bearer {made['key']}"}
    )
    assert (before["ok"], revoked["ok"], after["ok"]) == (True, True, False)
    assert after["details"]["cause"] == "key_revoked"


def test_wrong_token_keeps_the_connection(front: Front) -> None:
    """An auth frame with an unknown token is refused; public calls go on."""
    auth = {"type": "auth", "id": "a", "token": "cmk_unknown"}
    refused, status = over_socket(front, lambda client: exchange(client, auth, STATUS))
    assert (refused["id"], refused["ok"]) == ("a", False)
    assert refused["details"]["cause"] == "session_unknown"
    assert status["ok"] is True


@pytest.mark.parametrize(
    ("sent", "frame_id", "cause"),
    [
        ("{", None, "body_invalid"),
        ("[]", None, "body_invalid"),
        ('{"id":NaN}', None, "body_invalid"),
        (b"\xff\xfe", None, "body_invalid"),
        ("", None, "body_invalid"),
        ('{"type":"req","method":"web3.status.summary"}', None, "body_invalid"),
        ('{"type":"req","id":[1],"method":"web3.status.summary"}', None, "body_invalid"),
        ('{"type":"req","id":true,"method":"web3.status.summary"}', None, "body_invalid"),
        ('{"type":"req","id":3}', 3, "body_invalid"),
        ('{"type":"dance","id":3,"method":"web3.status.summary"}', 3, "body_invalid"),
        ('{"type":"req","id":3,"method":"m","params":[]}', 3, "body_invalid"),
        ('{"type":"req","id":3,"method":"m","more":1}', 3, "body_invalid"),
        ('{"type":"auth","id":3}', 3, "body_invalid"),
        ('{"type":"req","id":3,"method":"no.such"}', 3, "method_unknown"),
        ('{"id":"' + "x" * 2**20 + '"}', None, "body_too_large"),
    ],
)
def test_faulty_frames_are_answered(
    front: Front, sent: str | bytes, frame_id: object, cause: str
) -> None:
    """A faulty frame gets a refusal, with its id if it has one; the connection goes on."""

    async def scenario(client: ClientConnection) -> list[Frame]:
        await client.send(sent)
        return [orjson.loads(await client.recv()), *await exchange(client, STATUS)]

    refused, status = over_socket(front, scenario)
    assert (refused["type"], refused["id"], refused["ok"]) == ("res", frame_id, False)
    assert (refused["details"]["cause"], status["ok"]) == (cause, True)


def test_malformed_header_is_told(front: Front) -> None:
    """An Authorization header without a bearer token is refused before any call."""

    async def scenario(client: ClientConnection) -> tuple[Frame, int | None]:
        refused = orjson.loads(await client.recv())
        await client.wait_closed()
        return refused, client.close_code

    refused, code = over_socket(front, scenario, {"Authorization": "Basic YTpi"})
    assert (refused["id"], refused["ok"], code) == (None, False, 1008)


def test_gone_client_leaves_the_call_done(front: Front, world: World, gated: GatedBlobs) -> None:
    """Calls whose client went away are finished all the same."""
    headers = front.key_of(world.member())
    asked = [put(number, b"%d" % number) for number in range(MAX_IN_FLIGHT)]

    async def play() -> None:
        async with front.served() as place:
            async with _connected(place, headers) as client:
                for frame in asked:
                    await client.send(orjson.dumps(frame).decode())
                await gated.full.wait()
            gated.gate.set()

    world.run(play())
    assert len(world.all(FileRight)) == len(asked)
