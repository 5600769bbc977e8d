"""The official Python client completes a paid task over real HTTP, in each form of the protocol."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from a2a.client import A2ACardResolver, Client, ClientConfig, ClientFactory
from a2a.client.errors import A2AClientError
from a2a.helpers import new_data_part, new_message
from a2a.types import a2a_pb2 as new
from google.protobuf.json_format import MessageToDict

from real.server import Server

Fields = dict[str, Any]

CARDS = {
    "JSONRPC": "/.well-known/agent-card.json",
    "HTTP+JSON": "/.well-known/agent-card.json",
    "JSONRPC, 0.3": "/.well-known/agent.json",
}


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real market in a process of its own."""
    server = Server.start(tmp_path_factory.mktemp("a2a") / "home")
    yield server
    server.stop()


@asynccontextmanager
async def connected(
    market: Server, way: str, key: str, *, streaming: bool = False
) -> AsyncIterator[Client]:
    """Return a client that found the market by its card."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(headers=headers, timeout=20) as http:
        bindings = [way.partition(",")[0]]
        factory = ClientFactory(
            ClientConfig(
                httpx_client=http, streaming=streaming, supported_protocol_bindings=bindings
            )
        )
        resolver = A2ACardResolver(http, market.url, CARDS[way])
        yield factory.create(await resolver.get_agent_card())


async def does(client: Client, skill: str, **data: Any) -> Fields:
    """Use a skill and return the task or the facts."""
    message = new_message([new_data_part({"skill": skill, **data})], role=new.ROLE_USER)
    async for event in client.send_message(new.SendMessageRequest(message=message)):
        told = MessageToDict(event)
        found: Fields = told["task"] if "task" in told else told["message"]["parts"][0]["data"]
        return found
    raise AssertionError("nothing was answered")


@pytest.mark.parametrize("way", list(CARDS))
def test_two_clients_complete_a_paid_task(market: Server, way: str) -> None:
    """Post, claim, submit, accept: the official client reads every answer on the way."""

    async def story() -> Fields:
        async with (
            connected(market, way, market.newcomer()) as buyer,
            connected(market, way, market.newcomer()) as worker,
        ):
            task = await does(buyer, "post-task", title="Digest a document", budget="50.00")
            await does(worker, "claim-task", task_id=task["id"])
            await does(worker, "submit-result", task_id=task["id"], text="One page.")
            await does(buyer, "review-result", task_id=task["id"], decision="accept")
            seen = await buyer.get_task(new.GetTaskRequest(id=task["id"]))
            told: Fields = MessageToDict(seen)
            return told | {"balance": await does(worker, "balance")}

    told = asyncio.run(story())

    assert told["status"]["state"] == "TASK_STATE_COMPLETED"
    assert told["balance"]["earned"] == "49.50"
    part = told["artifacts"][0]["parts"][0]
    assert (part["filename"], part["url"].startswith(market.url.rstrip("/"))) == ("result.md", True)


@pytest.mark.parametrize("way", list(CARDS))
def test_a_client_watches_a_task(market: Server, way: str) -> None:
    """A subscription brings the task and its end."""

    async def story() -> list[Fields]:
        async with connected(market, way, market.newcomer()) as buyer:
            task = await does(buyer, "post-task", title="Digest a document", budget="1")
            async with connected(market, way, "", streaming=True) as stranger:
                events = []
                async for event in stranger.subscribe(new.SubscribeToTaskRequest(id=task["id"])):
                    events.append(MessageToDict(event))
                    if len(events) == 1:
                        await buyer.cancel_task(new.CancelTaskRequest(id=task["id"]))
                return events

    events = asyncio.run(story())

    assert events[0]["task"]["status"]["state"] == "TASK_STATE_SUBMITTED"
    assert events[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_CANCELED"


@pytest.mark.parametrize("way", list(CARDS))
def test_a_client_is_refused(market: Server, way: str) -> None:
    """Without a key the client raises, and a task that is not there is named so."""

    async def story() -> list[str]:
        said = []
        async with connected(market, way, "") as stranger:
            with pytest.raises(A2AClientError) as refused:
                await does(stranger, "balance")
            said.append(str(refused.value))
            with pytest.raises(Exception, match="no task") as missing:
                await stranger.get_task(new.GetTaskRequest(id="task_x"))
            said.append(type(missing.value).__name__)
        return said

    refused, missing = asyncio.run(story())

    assert "401" in refused
    assert missing == "TaskNotFoundError"
