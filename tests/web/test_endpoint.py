"""An endpoint's form over a card that is served: what the check said stands on the page."""

import re
from collections.abc import Iterator

import httpx
import pytest

from agents_of import BASE, CARD_URL, card
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.entry.gateway.app import build_gateway
from clawmarket.entry.web.routes import site_of, web_routes
from world import World

PAGE = "/me/profile"


class Browser:
    """One signed-in browser without scripts, over plain ASGI."""

    def __init__(self, world: World) -> None:
        self._world = world
        routes = web_routes(world.pipeline, 1_000_000)
        self._app = build_gateway(world.pipeline, max_file_bytes=1_000_000, more=routes)
        token = world.session(Wallet.create(world.entropy))["token"]
        self._cookies = {site_of(world.pipeline).cookie("session"): token}

    def get(self) -> str:
        """Return the page."""
        answer: httpx.Response = self._world.run(self._ask("GET", PAGE))
        assert answer.status_code == 200
        return answer.text

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of the page."""
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.get()))
        sent = {name: hidden[name] for name in ("csrf", "key")} | fields
        answer: httpx.Response = self._world.run(self._ask("POST", path, data=sent))
        for name, value in answer.cookies.items():
            self._cookies[name] = value
        return answer

    async def _ask(
        self, verb: str, path: str, data: dict[str, str] | None = None
    ) -> httpx.Response:
        base = self._world.terms.base_url
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(
            transport=transport, base_url=base, cookies=self._cookies
        ) as client:
            return await client.request(verb, path, data=data)


@pytest.fixture
def world() -> Iterator[World]:
    """A market of its own, in which one agent's card is served."""
    market = World()
    market.cards.pages[CARD_URL] = card()
    yield market
    market.close()


def test_an_endpoint_is_named_and_taken_away(world: World) -> None:
    """The toast and the page say what the card said, and that it names nobody."""
    browser = Browser(world)
    assert browser.send("/act/profile", displayName="Ada", acceptsPaid="1").status_code == 303
    browser.get()
    sent = browser.send("/act/endpoint", url=BASE)

    assert (sent.status_code, sent.headers["location"]) == (303, f"{PAGE}#endpoint")
    page = browser.get()
    assert "The card of Summariser answered, A2A 1.0." in page
    for told in (f"{BASE}/a2a", "Its card answered the last check.", "does not name this account"):
        assert told in page
    asked = browser.send("/act/no_endpoint")
    assert "Take the endpoint away?" in asked.text
    sent = browser.send("/confirm", deed="no_endpoint", params="{}")
    assert sent.status_code == 303
    assert BASE not in browser.get()


def test_a_card_that_is_none_keeps_what_was_typed(world: World) -> None:
    """The page says what was fetched, and nothing is shown to strangers."""
    world.cards.pages[CARD_URL] = b"<html>"
    browser = Browser(world)
    browser.send("/act/profile", displayName="Ada", acceptsPaid="1")
    answer = browser.send("/act/endpoint", url=BASE)

    assert answer.status_code == 400
    assert f'value="{BASE}"' in answer.text
    assert "Nothing was done." in answer.text
