"""A market behind a proxy with TLS: it goes by its public address everywhere, and by no other."""

import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from real.proxy import Proxy, certificate
from real.server import Fields, Server, Start, envelope, refused_start

NAME = "market.example"
PUBLIC = f"https://{NAME}"
SIGN_IN = "/sign-in/key"


@pytest.fixture(params=[True, False], ids=["keeps the host", "names itself"])
def keeps_host(request: pytest.FixtureRequest) -> bool:
    """Whether the proxy passes on which name was asked for."""
    return bool(request.param)


@pytest.fixture
def server(home: Path, start: Start) -> Server:
    """A market that was told its public address."""
    return start(home, public_url=f"{PUBLIC.upper()}:443/")


@pytest.fixture
def outside(server: Server, tmp_path: Path, *, keeps_host: bool) -> Iterator[httpx.Client]:
    """What a stranger's browser or program reaches it by: TLS, and the public name."""
    chain, secret = certificate(tmp_path, NAME)
    proxy = Proxy(httpx.URL(server.url).port or 0, chain, secret, keeps_host).start()
    named = {"Host": NAME}
    with httpx.Client(
        base_url=f"https://127.0.0.1:{proxy.port}",
        verify=ssl.create_default_context(cafile=str(chain)),
        headers=named,
        timeout=30,
    ) as client:
        client.event_hooks["request"].append(_ask_by_name)
        yield client
    proxy.stop()


def _ask_by_name(request: httpx.Request) -> None:
    request.extensions["sni_hostname"] = NAME


def asked(client: httpx.Client, method: str, token: str = "", **params: object) -> Fields:
    """Call a method and return the envelope."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return envelope(client.post(f"/rpc/{method}", json=params, headers=headers))


def addresses(found: Any) -> set[str]:
    """Return every address of a market that a document names."""
    text = found if isinstance(found, str) else str(found)
    return set(re.findall(r"https?://(?:127\.0\.0\.1|localhost|market\.example)[:0-9]*", text))


def test_cards_and_documents_name_the_public_address(outside: httpx.Client) -> None:
    """A2A cards, OpenAPI, the reference's examples, the sign-in; nothing of this machine."""
    card = outside.get("/.well-known/agent-card.json").json()
    old = outside.get("/.well-known/agent.json").json()
    spec = outside.get("/openapi.json").json()
    shown = outside.get("/docs/web3.market.publishTask").text
    challenge = asked(outside, "web3.siwe.challenge", address="0x" + "1" * 40)

    assert {each["url"] for each in card["supportedInterfaces"]} <= {
        f"{PUBLIC}/a2a",
        f"{PUBLIC}/a2a/v1",
    }
    assert (old["url"], spec["servers"]) == (f"{PUBLIC}/a2a", [{"url": PUBLIC}])
    assert (challenge["domain"], challenge["uri"]) == (NAME, PUBLIC)
    for document in (card, old, spec, shown, challenge):
        assert addresses(document) == {PUBLIC}


def test_a_wallet_signs_in_for_exactly_that_name(outside: httpx.Client) -> None:
    """The same text for another site, or for this machine, opens nothing."""
    wallet = Wallet.create(SystemEntropy())
    message = asked(outside, "web3.siwe.challenge", address=wallet.address)["message"]
    for other in ("127.0.0.1:8787", "market.example:8443", "evil.example"):
        foreign = message.replace(f"{NAME} wants", f"{other} wants")
        refused = asked(
            outside, "web3.siwe.verify", message=foreign, signature=wallet.sign_message(foreign)
        )
        assert refused["details"]["cause"] == "challenge_unknown"

    opened = asked(
        outside, "web3.siwe.verify", message=message, signature=wallet.sign_message(message)
    )
    assert opened["ok"], opened
    assert asked(outside, "web3.wallet.show", opened["token"])["accountId"] == opened["accountId"]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (PUBLIC, 303),
        ("http://market.example", 403),
        ("https://market.example:8443", 403),
        ("https://evil.example", 403),
        ("null", 403),
    ],
)
def test_forms_come_from_pages_of_the_public_address(
    outside: httpx.Client, server: Server, origin: str, status: int
) -> None:
    """Its cookie is for that host and HTTPS alone, and the way on is an address without a host."""
    page = outside.get("/sign-in")
    marked = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)
    kept = page.headers["set-cookie"]
    assert marked
    assert kept.startswith("__Host-clawmarket_")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(kept.split("; "))
    answer = outside.post(
        SIGN_IN,
        data={"csrf": marked[1], "key": server.newcomer()},
        headers={"Origin": origin, "Cookie": kept.partition(";")[0]},
    )

    assert answer.status_code == status
    if status == 303:
        assert answer.headers["location"].startswith("/")
        assert "Secure" in answer.headers["set-cookie"]


def test_no_other_name_is_served(server: Server) -> None:
    """A stranger's name is refused with the address to use, and the probe says so."""
    answer = server.client.get("/healthz", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()["details"]["cause"]) == (403, "host_refused")
    assert server.client.get("/healthz").status_code == 200
    probes = server.call("", "web3.status.summary", deep=True)["probes"]
    (found,) = [each for each in probes if each["name"] == "market/address"]
    assert found["ok"]
    assert "evil.example" in found["message"]


def test_a_proxy_without_the_setting_is_told(
    home: Path, start: Start, tmp_path: Path, *, keeps_host: bool
) -> None:
    """Whether it passes the name on or not, `status --deep` and `doctor` call it not well."""
    server = start(home)
    chain, secret = certificate(tmp_path, NAME)
    proxy = Proxy(httpx.URL(server.url).port or 0, chain, secret, keeps_host).start()
    with httpx.Client(verify=ssl.create_default_context(cafile=str(chain))) as client:
        asking = client.build_request(
            "GET",
            f"https://127.0.0.1:{proxy.port}/healthz",
            headers={"Host": NAME},
            extensions={"sni_hostname": NAME},
        )
        assert client.send(asking).status_code == (403 if keeps_host else 200)
    proxy.stop()
    probes = server.call("", "web3.status.summary", deep=True)["probes"]
    (found,) = [each for each in probes if each["name"] == "market/address"]
    assert not found["ok"]
    assert found["fixHint"] == "clawmarket help serve"


@pytest.mark.parametrize(
    "address", ["http://market.example", "market.example", "https://market.example/here"]
)
def test_an_address_that_cannot_be_is_refused_before_anything_starts(
    home: Path, address: str
) -> None:
    """With the way to write it and a command that explains it."""
    status, said, wrong = refused_start(home, public_url=address)
    assert (status, said) == (2, "")
    assert wrong.startswith("error[E_INVALID_ARGUMENT]: The public address")
    assert "https://market.example" in wrong
