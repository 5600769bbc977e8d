"""Cookies that the market did not set: of other programs on this machine, or made to be slow."""

import pytest
from gateway.front import Front
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from clawmarket.entry.gateway.app import build_gateway
from world import World


@pytest.fixture
def front(world: World) -> Front:
    """A market with a route that tells which cookies it was sent."""

    async def told(request: Request) -> Response:
        return PlainTextResponse("|".join(request.headers.getlist("cookie")))

    made = Front(world)
    more = [Route("/told", told)]
    made.app = build_gateway(world.pipeline, max_file_bytes=1_000_000, more=more)
    return made


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("clawmarket_8787_lang=zh", "clawmarket_8787_lang=zh"),
        ("theirs=1; clawmarket_8787_session=cms_a-B_9;x=2", "clawmarket_8787_session=cms_a-B_9"),
        ("__Host-clawmarket_said=5b.0f", "__Host-clawmarket_said=5b.0f"),
        ("clawmarket_8787_lang=", "clawmarket_8787_lang="),
        ('clawmarket_8787_lang="zh"', ""),
        ('clawmarket_8787_lang="' + "\\" * 60_000 + '"', ""),
        ('other="' + "\\" * 60_000 + '"', ""),
        ("clawmarket_8787_lang=zh\\073", ""),
        ("clawmarket_8787_lang=\u00ff".encode("latin-1"), ""),
        ("clawmarket_", ""),
        ("; ;;=;", ""),
    ],
)
def test_only_plain_cookies_of_the_market_come_in(
    front: Front, sent: str | bytes, told: str
) -> None:
    """No code behind the border reads a cookie that the market cannot have set."""
    assert front.ask("GET", "/told", headers={"Cookie": sent}).text == told


def test_thousands_of_cookies_are_a_few(front: Front) -> None:
    """What is above the bound is left out, the first ones are read."""
    sent = "; ".join(f"clawmarket_{number}=x" for number in range(5_000))
    told = "; ".join(f"clawmarket_{number}=x" for number in range(32))
    assert front.ask("GET", "/told", headers={"Cookie": sent}).text == told
