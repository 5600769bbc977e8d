"""A power cut in the middle of brisk trade: nothing that was answered is lost or done twice."""

import asyncio
import itertools
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from secrets import randbelow

import httpx

from books import Books
from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.domain.market.task import Task
from crash.checks import check_grown
from real.server import Fields, Server, Start, envelope, headers

ROUNDS = 3
PAIRS = 6


@dataclass
class Sent:
    """One request, and what was answered if anything was."""

    token: str
    method: str
    key: str
    params: Fields
    answer: Fields | None = None


@dataclass
class Trade:
    """Everything that was sent to a market, and when its power fails."""

    sent: list[Sent] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    fails_after: int = 0
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def ask(
        self, server: Server, client: httpx.AsyncClient, token: str, method: str, **params: object
    ) -> Fields:
        """Send a request under a key of its own; the power fails behind one of the answers."""
        request = Sent(token, method, f"key-{next(self.numbers)}", dict(params))
        self.sent.append(request)
        named = headers(token, request.key)
        answered = await client.post(f"/rpc/{method}", json=params, headers=named)
        request.answer = envelope(answered)
        assert request.answer["ok"], request
        self.fails_after -= 1
        if self.fails_after == 0:
            server.kill()
        return request.answer


async def deals(server: Server, trade: Trade, buyer: str, worker: str) -> None:
    """Close one deal after the other until the connection breaks."""
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:

        async def ask(token: str, method: str, **params: object) -> Fields:
            return await trade.ask(server, client, token, method, **params)

        for number in itertools.count():
            budget = {"title": f"Deal {number}", "budget": "1000001"}
            task = await ask(buyer, "web3.market.publishTask", **budget)
            price = {"taskId": task["taskId"], "price": "777777"}
            bid = await ask(worker, "web3.market.placeBid", **price)
            award = await ask(buyer, "web3.market.awardBid", bidId=bid["bidId"])
            data = b64encode(f"{trade.numbers}".encode()).decode()
            file = await ask(worker, "web3.files.put", name="a.txt", dataBase64=data)
            handed = {"orderId": award["orderId"], "artifacts": [file["file"]]}
            result = await ask(worker, "web3.market.submitResult", **handed)
            verdict = {"resultId": result["resultId"], "decision": "accept"}
            await ask(buyer, "web3.market.reviewResult", **verdict)


async def until_the_power_fails(server: Server, trade: Trade, pairs: list[list[str]]) -> None:
    """Let all pairs trade at once; a broken connection is what is waited for."""
    trade.fails_after = 40 + randbelow(160)
    ends = await asyncio.gather(
        *(deals(server, trade, *pair) for pair in pairs), return_exceptions=True
    )
    assert [end for end in ends if not isinstance(end, httpx.TransportError)] == []


def repeat_everything(server: Server, trade: Trade) -> None:
    """Send each request again with its key: the answer is the one that was given."""
    for request in trade.sent:
        again = server.call(request.token, request.method, request.key, **request.params)
        assert again["ok"], (request, again)
        assert request.answer in (None, again)
        request.answer = again


def test_a_power_cut_loses_nothing_and_doubles_nothing(start: Start, tmp_path: Path) -> None:
    """Three times killed in mid-trade: each answer holds, each effect is there once."""
    trade, home = Trade(), tmp_path / "home"
    server = start(home)
    pairs = [[server.newcomer(), server.newcomer()] for _ in range(PAIRS)]
    for _ in range(ROUNDS):
        trade.heads.append(server.checkpoint())
        asyncio.run(until_the_power_fails(server, trade, pairs))
        server = start(home)
        repeat_everything(server, trade)
    vkey = server.call("", "web3.status.summary")["vkey"]
    assert server.stop() == 0

    store = open_sqlite(home / "market.db")
    books = Books(store)
    books.check()
    published = [one for one in trade.sent if one.method == "web3.market.publishTask"]
    assert len(books.rows(Task)) == len(published)
    check_grown(vkey, trade.heads, books)
    store.close()
