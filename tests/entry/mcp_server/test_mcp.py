"""The MCP server, asked by the official client over both transports."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clawmarket.entry.tools.use import TOOLS
from mcp_server.conftest import Fields, Program, over_http, over_stdio, with_wallet
from real.server import Server

if TYPE_CHECKING:
    from mcp.client.client import Client
    from mcp.types import ListToolsResult

TASK = {"title": "A digest", "budget": "5.00"}


@pytest.fixture(params=["http", "http, older", "stdio"])
def program(request: pytest.FixtureRequest, market: Server, tmp_path: Path) -> Program:
    """A program with a key that may write, over each transport."""
    key = market.newcomer()
    if request.param == "stdio":
        return over_stdio(market, tmp_path, key)
    return over_http(market, key, "legacy" if "older" in request.param else "auto")


async def listed(client: "Client") -> "ListToolsResult":
    """Return the tools that a server offers."""
    return await client.list_tools()


def cause(envelope: Fields) -> str:
    """Return why a tool refused."""
    return str(envelope["details"]["cause"])


def test_every_tool_is_there_with_its_hints(program: Program) -> None:
    """Names, strict schemas and safety hints come from the same declarations as the plugin's."""
    tools = {tool.name: tool for tool in program.run(listed).tools}

    assert list(tools) == [tool.name for tool in TOOLS]
    for tool in TOOLS:
        hints = tools[tool.name].annotations
        assert hints is not None
        assert hints.read_only_hint == (not tool.writes)
        assert hints.destructive_hint == (bool(tool.amount) or tool.final)
        assert tools[tool.name].input_schema["additionalProperties"] is False
        assert ("idempotencyKey" in tools[tool.name].input_schema["properties"]) == tool.writes


def test_a_paid_deal_is_closed(program: Program, market: Server) -> None:
    """A program publishes, awards at the price it saw, reads the result and accepts it."""
    worker = market.newcomer()
    task_id = program.uses("publish_task", **TASK)["result"]["task"]["taskId"]
    bid = market.call(worker, "web3.market.placeBid", taskId=task_id, price="4000000")
    chosen = {"taskId": task_id, "bidId": bid["bidId"]}
    assert cause(program.uses("award_bid", **chosen)) == "tool_argument"
    assert cause(program.uses("award_bid", **chosen, price="3.00")) == "price_other"
    award = program.uses("award_bid", **chosen, price="4.00")["result"]["award"]

    done = market.call(worker, "web3.files.put", name="a.md", dataBase64="RG9uZS4=")["file"]
    market.call(worker, "web3.market.submitResult", orderId=award["orderId"], artifacts=[done])
    seen = program.uses("task_status", taskId=task_id)["result"]["result"]
    assert seen["said"]["texts"] == ["Done."]
    program.uses("review_result", resultId=seen["resultId"], decision="accept")
    assert market.call(worker, "web3.wallet.show")["earned"] == "3960000"


def test_one_key_does_it_once(program: Program) -> None:
    """The key may stand among the arguments, or in `_meta`; the second call does nothing anew."""
    first = program.uses("publish_task", **TASK, idempotencyKey="one")
    again = program.uses("publish_task", {"idempotencyKey": "one"}, **TASK)
    other = program.uses("publish_task", **TASK | {"budget": "6.00"}, idempotencyKey="one")

    assert first["result"] == again["result"]
    assert other["error"].startswith("E_CONFLICT: ")
    assert len(program.uses("list_tasks", mine=True)["result"]["items"]) == 1


def test_a_status_is_whole(program: Program) -> None:
    """The status tool looks at all sections of its profile."""
    result = program.uses("status", profile="deep")["result"]

    assert (list(result["sections"]), result["errors"]) == (
        ["web3", "market", "ledger", "tasks", "orders"],
        [],
    )


@pytest.mark.parametrize("way", ["http", "stdio"])
def test_without_a_key_only_public_things_are_seen(
    market: Server, tmp_path: Path, way: str
) -> None:
    """A program without a key lists tasks; what needs an account says so."""
    nobody = over_http(market, "") if way == "http" else over_stdio(market, tmp_path, "")

    assert nobody.uses("list_tasks")["ok"]
    assert nobody.uses("publish_task", **TASK)["error"].startswith("E_AUTH_REQUIRED: ")


def test_a_wallet_signs_what_is_done_over_stdio(market: Server, tmp_path: Path) -> None:
    """Without a key the command acts under its home's session, and repeats count once there too."""
    with_wallet(market, tmp_path)
    program = over_stdio(market, tmp_path, "")
    first, again = (program.uses("publish_task", **TASK, idempotencyKey="one") for _ in range(2))

    assert first["ok"], first
    assert first["result"] == again["result"]


def test_a_market_that_is_away_is_said_to_be(market: Server, tmp_path: Path) -> None:
    """Where nobody listens a tool answers what to do, and shows no address of this machine."""
    program = over_stdio(market, tmp_path, "", CLAWMARKET_URL="http://127.0.0.1:9")
    answer = program.uses("list_tasks")

    assert answer["error"].startswith("E_UNAVAILABLE: ")
    assert "127.0.0.1" not in str(answer)
    status = program.uses("status", include=["web3"])["result"]
    assert (status["sections"], status["errors"][0]["section"]) == ({}, "web3")


def test_a_key_that_may_only_read_changes_nothing(market: Server) -> None:
    """The scopes of a key hold here as everywhere."""
    program = over_http(market, market.newcomer(scope="read"))

    assert program.uses("publish_task", **TASK)["error"].startswith("E_FORBIDDEN: ")


def test_a_wrong_key_is_refused_at_the_door(market: Server) -> None:
    """Whoever comes with a key that is not good gets no further, in the market's own words."""
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"Authorization": "Bearer cmk_" + "x" * 43}
    answer = market.client.post("/mcp", json=asked, headers=headers)

    assert (answer.status_code, answer.json()["ok"]) == (401, False)


def test_a_page_of_a_stranger_is_refused(market: Server) -> None:
    """A browser says which page asks; a foreign one is not answered."""
    headers = {"Origin": "https://evil.example"}
    answer = market.client.post("/mcp", json={}, headers=headers)

    assert answer.json()["details"]["cause"] == "host_refused"


def test_there_is_nothing_to_get(market: Server) -> None:
    """No stream is opened and no session ended: each request stands alone."""
    assert market.client.get("/mcp").status_code == 405
    assert market.client.delete("/mcp").status_code == 405


@pytest.mark.parametrize("body", ["", "{", "[]", '{"jsonrpc": "2.0"}', "x" * 2_000_000])
def test_garbage_is_no_defect(market: Server, body: str) -> None:
    """What is no request of the protocol is a client's error, and the market goes on."""
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    answer = market.client.post("/mcp", content=body, headers=headers)

    assert 400 <= answer.status_code < 500
    assert json.loads(over_http(market, "").uses("status")["ok"] and "true")
