"""The border: strangers' pages, endless heads, refusals that repeat what was sent."""

import asyncio

import pytest
from gateway.front import Front
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from world import World

LONG = 500_000


@pytest.mark.parametrize(
    ("origin", "is_let_in"),
    [
        ("http://evil.example", False),
        ("https://127.0.0.1.evil.example", False),
        ("null", False),
        ("http://127.0.0.1:8787", True),
        (None, True),
    ],
)
def test_a_stranger_s_page_gets_no_socket(
    world: World, origin: str | None, *, is_let_in: bool
) -> None:
    """A browser opens WebSockets for any page and says for which; programs say nothing."""
    front = Front(world)
    headers = {} if origin is None else {"Origin": origin}

    async def try_to_connect() -> bool:
        async with front.served() as place:
            try:
                uri = f"ws://{place}/ws"
                async with connect(uri, additional_headers=headers, proxy=None):
                    return True
            except InvalidStatus:
                return False

    assert world.run(try_to_connect()) is is_let_in


def test_a_refusal_repeats_little_of_what_was_sent(world: World) -> None:
    """A name of half a megabyte does not come back, to a caller who is nobody."""
    answer = Front(world).call("web3.status.ping", f'{{"{"a" * LONG}":1}}')
    assert answer.status_code == 400
    assert len(answer.content) < 1_000


def test_a_faulty_frame_is_answered_shortly(world: World) -> None:
    """So it is over a WebSocket."""
    front = Front(world)

    async def send() -> int:
        async with (
            front.served() as place,
            connect(f"ws://{place}/ws", proxy=None) as client,
        ):
            await client.send(f'{{"type":"req","id":1,"method":"m","{"a" * LONG}":1}}')
            return len(await client.recv())

    assert world.run(send()) < 1_000


@pytest.mark.parametrize(
    "body",
    [
        '{"group":"web3","group":"market"}',
        '{"group":"web3.","gr\\u006fup":"market."}',
        '{"group":' + "[" * 40 + "]" * 40 + "}",
        '{"group":1e400}',
        '{"group":' + "9" * 5_000 + "}",
        '{"group":"\\ud800"}',
        "\ufeff{}",
        "[]",
        "null",
    ],
)
def test_what_two_readers_understand_differently_is_refused(world: World, body: str) -> None:
    """Doubled names, deep nesting, huge numbers, lone surrogates: one answer, no defect."""
    answer = Front(world).call("web3.capabilities.list", body)
    assert (answer.status_code, answer.json()["details"]["cause"]) == (400, "body_invalid")


def test_many_unknown_names_are_one_refusal(world: World) -> None:
    """Fifty thousand faults in one call make one short answer."""
    body = "{" + ",".join(f'"{number:x}":1' for number in range(50_000)) + "}"
    answer = Front(world).call("web3.status.ping", body)
    assert (answer.status_code, len(answer.content) < 1_000) == (400, True)


def test_a_flood_of_sign_ins_passes(world: World) -> None:
    """Callers who are nobody are slowed down; a member trades on, and soon others sign in."""
    front, member = Front(world), world.member()

    async def flood() -> set[int]:
        calls = (
            front._ask(
                "POST", "/rpc/web3.siwe.verify", {"json": {"message": "m", "signature": "s"}}
            )
            for _ in range(100)
        )
        return {answer.status_code for answer in await asyncio.gather(*calls)}

    assert world.run(flood()) == {401, 429}
    assert member.publishes()["status"] == "task_open"
    world.pass_time(seconds=1)
    assert world.member().publishes()["status"] == "task_open"
