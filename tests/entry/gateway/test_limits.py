"""Limits at the border: whose address counts, and when a held back client may go on."""

from collections.abc import Iterator

import httpx
import pytest

from clawmarket.entry.a2a.card import cards_routes
from clawmarket.entry.gateway.app import build_gateway
from clawmarket.entry.live.hub import Hub
from clawmarket.entry.live.route import events_route
from clawmarket.entry.mcp.http import mcp_route
from clawmarket.entry.rest.app import rest_routes
from clawmarket.entry.web.routes import lost_page, web_routes
from clawmarket.services.limits import STRANGER
from gateway.front import Front
from world import World

VERIFY = "web3.siwe.verify"
NONSENSE = '{"message":"m","signature":"s"}'


@pytest.fixture
def slow() -> Iterator[World]:
    """A market that lets an account make one call a second, four at once."""
    market = World(calls_per_s=1)
    yield market
    market.close()


def flood(front: Front, **how: object) -> httpx.Response:
    """Send nonsense from an address until it is held back."""
    for _ in range(STRANGER.burst + 1):
        answer = front.call(VERIFY, NONSENSE, **how)
    return answer


def test_a_held_back_client_is_told_how_long(front: Front, world: World) -> None:
    """A 429 carries Retry-After, and a client that waits that long succeeds."""
    answer = flood(front)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert answer.json()["details"]["retryAfterSec"] == 1
    world.pass_time(seconds=int(answer.headers["Retry-After"]))
    assert front.call(VERIFY, NONSENSE).status_code == 401


def test_a_stranger_who_reads_too_often_is_held_back(slow: World) -> None:
    """Four at once from an address, then a 429 with the wait, and another address reads on."""
    front = Front(slow)
    answers = [front.call("web3.status.ping", peer="203.0.113.7") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert answers[4].headers["Retry-After"] == "1"
    assert answers[4].json()["details"]["cause"] == "too_many_calls"
    assert front.call("web3.status.ping", peer="203.0.113.8").status_code == 200
    slow.pass_time(seconds=1)
    assert front.call("web3.status.ping", peer="203.0.113.7").status_code == 200


def test_a_page_says_so_too(slow: World) -> None:
    """A page asks several methods; the one that tells of the refusal has the header as well."""
    front = Front(slow)
    front.app = build_gateway(
        slow.pipeline, max_file_bytes=1_000_000, more=web_routes(slow.pipeline, 1_000_000)
    )
    pages = [front.ask("GET", "/tasks", peer="203.0.113.7") for _ in range(5)]
    assert (pages[0].status_code, pages[4].status_code) == (200, 429)
    assert pages[4].headers["Retry-After"] == "1"
    assert pages[4].headers["Content-Type"].startswith("text/html")


def test_an_account_s_429_carries_it_too(slow: World) -> None:
    """Whoever waits as long as the header says goes on."""
    front, member = Front(slow), slow.member()
    headers = front.key_of(member)
    answers = [front.call("web3.wallet.show", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json()["details"]["cause"] == "calls_too_fast"
    slow.pass_time(seconds=int(answers[3].headers["Retry-After"]))
    assert front.call("web3.wallet.show", headers=headers).status_code == 200


def test_files_count_as_calls(slow: World) -> None:
    """Uploads and downloads come out of the same bucket."""
    front, member = Front(slow), slow.member()
    headers = front.key_of(member)
    for _ in range(3):
        stored = front.ask("POST", "/files?name=a", content=b"x", headers=headers)
    assert stored.status_code == 200
    place = f"/files/{stored.json()['file']['digest']}"
    assert front.ask("GET", place, headers=headers).status_code == 429


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_no_header_makes_another_address(front: Front, world: World, header: str) -> None:
    """Over a real connection the peer is whoever opened it, not whom a header names."""

    async def play() -> list[int]:
        async with front.served() as place, httpx.AsyncClient(trust_env=False) as client:
            asked = f"http://{place}/rpc/{VERIFY}"
            return [
                (
                    await client.post(
                        asked, content=NONSENSE, headers={header: f"203.0.113.{number}"}
                    )
                ).status_code
                for number in range(STRANGER.burst + 1)
            ]

    assert world.run(play()) == [401] * STRANGER.burst + [429]


def test_another_address_is_not_held_back(front: Front) -> None:
    """The limit of one caller is not the limit of the next."""
    assert flood(front).status_code == 429
    assert front.call(VERIFY, NONSENSE, peer="203.0.113.9").status_code == 401


@pytest.mark.parametrize(
    "path", ["/log/checkpoint", "/log/tile/0/000.p/1", "/log/tile/entries/000.p/1"]
)
def test_parts_of_the_log_count_as_calls(slow: World, path: str) -> None:
    """Whoever reads the log asks the store; an address does so as often as it may call."""
    slow.member().publishes()
    slow.log()
    front = Front(slow)
    answers = [front.ask("GET", path, peer="203.0.113.7") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert answers[4].headers["Retry-After"] == "1"
    assert front.ask("GET", path, peer="203.0.113.8").status_code == 200


@pytest.mark.parametrize(("path", "status"), [("/sign-in", 200), ("/nowhere", 404)])
def test_pages_that_ask_nothing_count_too(slow: World, path: str, status: int) -> None:
    """Each is made anew for whoever asks, also the page that says that nothing is there."""
    front, pipeline = Front(slow), slow.pipeline
    front.app = build_gateway(
        pipeline,
        max_file_bytes=1_000_000,
        more=web_routes(pipeline, 1_000_000),
        lost=lost_page(pipeline),
    )
    how = {"headers": {"Accept": "text/html"}, "peer": "203.0.113.7"}
    answers = [front.ask("GET", path, **how) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [status] * 4 + [429]


def test_a_stream_of_events_counts_as_a_call(slow: World) -> None:
    """It begins with a look at all that was missed, so nobody begins it again and again."""
    front, pipeline = Front(slow), slow.pipeline
    front.app = build_gateway(
        pipeline, max_file_bytes=1_000_000, more=[events_route(pipeline, Hub(slow.store))]
    )
    answers = [front.ask("HEAD", "/events", peer="203.0.113.7") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]


def test_every_request_to_mcp_counts(slow: World) -> None:
    """Also what the protocol answers without asking the market."""
    front = Front(slow)
    more = [mcp_route(slow.pipeline)]
    front.app = build_gateway(slow.pipeline, max_file_bytes=1_000, more=more)
    sent = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    ask = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
    answers = [
        front.ask("POST", "/mcp", content=ask, headers=sent, peer="203.0.113.7") for _ in range(5)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert answers[4].json()["details"]["cause"] == "too_many_calls"


@pytest.mark.parametrize(
    "path",
    [
        *("/docs", "/docs/web3.status.ping", "/docs/style.css", "/openapi.json"),
        *("/v1/openapi.json", "/.well-known/agent-card.json"),
    ],
)
def test_what_lasts_is_sent_once(world: World, path: str) -> None:
    """It has a tag, comes from memory, and is not sent again to who names the tag."""
    front, pipeline = Front(world), world.pipeline
    more = [*rest_routes(pipeline, max_file_bytes=1_000), *cards_routes(world.terms)]
    front.app = build_gateway(pipeline, max_file_bytes=1_000, more=more)
    first = front.ask("GET", path)
    assert first.headers["Cache-Control"] in ("no-cache", "public, max-age=300")
    tag = first.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = front.ask("GET", path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    other = front.ask("GET", path, headers={"If-None-Match": '"x"'})
    assert (other.status_code, other.content) == (200, first.content)
