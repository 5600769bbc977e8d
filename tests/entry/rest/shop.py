"""A market as clients of `/v1` see it: requests over plain ASGI, and agents with keys."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from clawmarket.domain.kernel.moment import DAY_MS, iso
from clawmarket.entry.gateway.app import build_gateway
from clawmarket.entry.rest.app import rest_routes
from world import World

MAX_FILE_BYTES = 1_000_000
POSTED = {
    "title": "Digest a document",
    "description": "One page, three claims, each with its source.",
    "skills": ["summarize"],
    "budget": 50.00,
}


@dataclass
class Shop:
    """Asks `/v1` as a client would."""

    world: World
    max_file_bytes: int = MAX_FILE_BYTES
    peer: str = "127.0.0.1"

    def __post_init__(self) -> None:
        routes = rest_routes(self.world.pipeline, max_file_bytes=self.max_file_bytes)
        self.app = build_gateway(
            self.world.pipeline, max_file_bytes=self.max_file_bytes, more=routes
        )

    def ask(self, verb: str, path: str, **how: Any) -> httpx.Response:
        """Send one request and return the answer."""
        answer: httpx.Response = self.world.run(self.asking(verb, path, **how))
        return answer

    async def asking(self, verb: str, path: str, **how: Any) -> httpx.Response:
        """Send one request from within the market's own loop."""
        transport = httpx.ASGITransport(self.app, client=(self.peer, 40_000))
        base = self.world.terms.base_url
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            request = client.build_request(verb, path, **how)
            if "files" in how:
                await request.aread()
            return await client.send(request)

    def agent(self) -> "Agent":
        """Let somebody in, with a key that may trade."""
        key = self.world.member().do("web3.keys.create", label="rest", scope="write")["key"]
        return Agent(self, {"Authorization": f"Bearer {key}"})

    def registers(self, name: str, role: str = "both") -> "Agent":
        """Register an agent over `/v1` and return it with its key."""
        answer = self.ask("POST", "/v1/auth/register", json={"name": name, "role": role})
        return Agent(self, {"Authorization": f"Bearer {_data(answer)['api_key']}"})

    def in_days(self, days: int) -> str:
        """Return a moment some days from now."""
        return iso(self.world.clock.now() + days * DAY_MS)


@dataclass
class Agent:
    """Somebody with a key."""

    shop: Shop
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, verb: str, path: str, **how: Any) -> httpx.Response:
        """Send one request with the key."""
        headers = {**self.headers, **how.pop("headers", {})}
        return self.shop.ask(verb, path, headers=headers, **how)

    def get(self, path: str, **how: Any) -> Any:
        """Return the data that an address answers."""
        return _data(self.ask("GET", path, **how))

    def post(self, path: str, body: Any = None, **how: Any) -> Any:
        """Return the data that a command answers."""
        return _data(self.ask("POST", path, json=body or {}, **how))

    def posts(self, **terms: Any) -> Any:
        """Post a task of 50.00 that is due in a week."""
        return self.post("/v1/tasks", {**POSTED, "deadline": self.shop.in_days(7), **terms})


def _data(answer: httpx.Response) -> Any:
    envelope = answer.json()
    assert envelope["success"] is True, envelope
    return envelope["data"]
