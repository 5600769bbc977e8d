"""The border: headers on every answer, host names, defects that show nothing but an id."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from clawmarket.domain.kernel.errors import REFUSALS
from clawmarket.domain.trust.redaction import redact_text
from clawmarket.entry.gateway.wire import failure
from clawmarket.ports.store import Place, Snapshot, Transaction
from clawmarket.registry.codes import CODES
from gateway.front import Front
from world import World

T = TypeVar("T")


class BrokenStore:
    """A store with a defect whose message holds what nobody may see."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def read(self, ask: Callable[[Snapshot], T]) -> T:
        """Fail."""
        raise RuntimeError(f"cannot read {ask} for {self.secret}")

    async def write(self, command: Callable[[Transaction], T], *, seeks: Sequence[Place] = ()) -> T:
        """Fail."""
        raise RuntimeError(f"cannot write {command} at {seeks} for {self.secret}")

    def on_group(self, _look: Callable[[Snapshot], None]) -> None:
        """Nothing is ever written."""

    async def checkpoint(self) -> None:
        """Nothing is put off."""

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def broken(world: World) -> Front:
    """A gateway over a store that fails at everything."""
    secret = "cmk_" + world.entropy.draw(24).hex()
    world.pipeline.ports = replace(world.pipeline.ports, store=BrokenStore(secret))
    return Front(world)


def test_defect_shows_its_id_only(broken: Front) -> None:
    """An unknown exception is E_INTERNAL with the id under which the log has the rest."""
    with capture_logs() as logs:
        answer = broken.call("web3.market.listTasks")
    body = answer.json()
    assert (answer.status_code, body["details"]["cause"]) == (500, "internal")
    assert body["error"].startswith(
        f"E_INTERNAL: The market failed at this request, {body['requestId']}."
    )
    assert "RuntimeError" not in answer.text
    assert [(log["event"], log["request_id"]) for log in logs] == [("defect", body["requestId"])]


def test_logged_defect_is_redacted(broken: Front) -> None:
    """The traceback in the log names the error but neither the token nor the folders."""
    with capture_logs() as logs:
        broken.call("web3.market.listTasks")
    [log] = logs
    assert "RuntimeError: cannot read" in log["traceback"]
    assert "for [TOKEN]" in log["traceback"]
    assert 'File "gateway/rpc.py", line ' in log["traceback"]
    assert redact_text(log["traceback"]) == log["traceback"]


def test_health_and_readiness_differ(broken: Front) -> None:
    """A process whose store is gone lives but is not ready."""
    health, ready = broken.ask("GET", "/healthz"), broken.ask("GET", "/readyz")
    assert (health.status_code, ready.status_code) == (200, 503)
    assert ready.json()["details"]["cause"] == "not_ready"


def test_ready_market_says_so(front: Front) -> None:
    """A market whose store answers is ready."""
    answer = front.ask("GET", "/readyz")
    assert (answer.status_code, answer.json()["ok"]) == (200, True)


def test_security_headers_everywhere(front: Front) -> None:
    """Answers, pages, refusals and unknown addresses carry the same headers."""
    for path in ("/healthz", "/docs", "/openapi.json", "/nowhere", "/rpc/web3.market.listTasks"):
        headers = front.ask("GET", path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert headers["X-Request-Id"].startswith("req_")
        assert "Access-Control-Allow-Origin" not in headers


def test_calls_are_never_cached(front: Front) -> None:
    """What a call answered is kept by no proxy."""
    assert front.call("web3.market.listTasks").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8787", 200),
        ("localhost", 200),
        ("[::1]:8787", 200),
        ("market.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost@evil.example", 403),
        ("[::1", 403),
        ("", 403),
    ],
)
def test_rebound_names_are_refused(front: Front, host: str, status: int) -> None:
    """A market on this machine answers under this machine's names only."""
    assert front.ask("GET", "/healthz", headers={"Host": host}).status_code == status


def test_every_name_of_a_request_counts(front: Front) -> None:
    """One that is ours hides no other."""
    names = [("Host", "127.0.0.1"), ("Host", "market.example")]
    assert front.ask("GET", "/healthz", headers=names).status_code == 403


def first_line(front: Front, *lines: str) -> bytes:
    """Send these lines over loopback and return the first line of the answer."""

    async def play() -> bytes:
        async with front.served() as place:
            reader, writer = await asyncio.open_connection(*place.split(":"))
            writer.write("\r\n".join([*lines, "", ""]).encode())
            status = await reader.readline()
            writer.close()
            return status

    answered: bytes = front.world.run(play())
    return answered


def test_a_request_under_no_name_is_refused(front: Front) -> None:
    """HTTP/1.0 may leave it out; then nobody knows whose page asked."""
    assert first_line(front, "GET /healthz HTTP/1.0").startswith(b"HTTP/1.1 403 ")


@pytest.fixture
def public(world: World) -> Front:
    """A gateway of a market that others reach at https://market.example."""
    world.pipeline.terms = replace(world.terms, base_url="https://market.example")
    return Front(world)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("market.example", 200),
        ("MARKET.example:443", 200),
        ("127.0.0.1:8787", 200),
        ("evil.example", 403),
        ("market.example.evil.example", 403),
        ("", 403),
    ],
)
def test_a_public_market_goes_by_one_name_more(public: Front, host: str, status: int) -> None:
    """Its own, beside those of the machine that it runs on; any other may have been rebound."""
    assert public.ask("GET", "/healthz", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (["https://market.example"], 101),
        ([], 101),
        (["http://market.example"], 403),
        (["https://market.example:8443"], 403),
        (["http://localhost:8787"], 403),
    ],
)
def test_only_pages_of_the_public_address_get_a_socket(
    public: Front, origin: list[str], status: int
) -> None:
    """To the letter: neither plain HTTP nor another port of it, nor this machine's pages."""
    assert opened(public, "market.example", origin) == status


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("market.example", [], 403),
        ("market.example", ["http://localhost:8787"], 403),
        ("127.0.0.1", ["https://market.example"], 403),
        ("127.0.0.1", ["null"], 403),
        ("127.0.0.1", ["http://localhost:8787"], 101),
        ("127.0.0.1", [], 101),
    ],
)
def test_rebound_names_and_pages_of_strangers_get_no_socket(
    front: Front, host: str, origin: list[str], status: int
) -> None:
    """A WebSocket under a stranger's name or from a stranger's page is refused as it opens."""
    assert opened(front, host, origin) == status


def opened(front: Front, host: str, origin: list[str]) -> int:
    """Ask for a WebSocket and return the status of the answer."""
    answered = first_line(
        front,
        "GET /ws HTTP/1.1",
        f"Host: {host}",
        *(f"Origin: {each}" for each in origin),
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    )
    return int(answered.split()[1])


def test_public_market_takes_any_name(world: World) -> None:
    """A market with a public address stands behind proxies that choose the name."""
    world.pipeline.terms = replace(world.terms, base_url="https://market.example")
    answer = Front(world).ask("GET", "/healthz", headers={"Host": "market.example"})
    assert answer.status_code == 200


def served() -> list[str]:
    """Return the causes a market can answer with; the command line's own never cross a wire."""
    return [
        c for c, kind in REFUSALS.items() if not kind.__module__.startswith("clawmarket.entry.cli")
    ]


@pytest.mark.parametrize("cause", sorted(served()))
def test_every_refusal_has_its_envelope(cause: str) -> None:
    """Code and status come from the one table, and the next step survives the redactor."""
    refusal = REFUSALS[cause]("What happened.")
    reply = failure(refusal, "req_1")
    more_exact = {
        "body_too_large": 413,
        "blob_too_large": 413,
        "request_late": 408,
        "verb_not_allowed": 405,
    }
    assert reply.status == more_exact.get(cause, CODES[refusal.code].http)
    assert reply.envelope == {
        "ok": False,
        "error": f"{refusal.code}: What happened. {refusal.advice}",
        "details": {
            "cause": cause,
            "next": refusal.next_step,
            "retryable": refusal.retryable,
        },
        "requestId": "req_1",
    }


def test_refusals_are_redacted(front: Front, world: World) -> None:
    """A token that was sent in the wrong place does not come back."""
    token = "cmk_" + world.entropy.draw(24).hex()
    for answer in (
        front.call(token),
        front.call("web3.market.listTasks", b'{"%s":1}' % token.encode()),
        front.call("web3.market.listTasks", b'{"%s":1,"%s":1}' % ((token.encode(),) * 2)),
        front.ask("GET", f"/{token}"),
    ):
        assert answer.status_code in {400, 404}
        assert token not in answer.text
