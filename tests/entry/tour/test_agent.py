import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.eip191 import recover
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.canonical import canonical_bytes, sha256_digest
from clawmarket.entry.tour.agent import Agent, AgentError

Answer = dict[str, Any] | bytes | None
LOST: Answer = None
NOW = (0.0, 0.0, 0.0)


@dataclass
class Peer:
    """What a small market heard, and how it answers: with an envelope, bytes, or not at all."""

    answer: Callable[[str, int], Answer]
    heard: list[tuple[str, str, bytes]] = field(default_factory=list)

    def reply(self, path: str, key: str, body: bytes) -> Answer:
        """Note a request and return the answer to its path's n-th try."""
        self.heard.append((path, key, body))
        return self.answer(path, sum(1 for seen, _, _ in self.heard if seen == path))


@contextmanager
def peer(answer: Callable[[str, int], Answer]) -> Iterator[tuple[Peer, Agent]]:
    """Run a market that may lose its replies, and an agent that talks to it."""
    talk = Peer(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", "0"))
            key = self.headers.get("Idempotency-Key", "")
            reply = talk.reply(self.path, key, self.rfile.read(size))
            if reply is LOST:
                self.close_connection = True
                return
            data = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            failed = isinstance(reply, dict) and not reply["ok"]
            self.send_response(503 if failed else 200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST  # noqa: N815 - the server's own name

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    agent = Agent(url, Wallet.create(SystemEntropy()), NOW)
    try:
        yield talk, agent
    finally:
        agent.close()
        server.shutdown()
        thread.join()
        server.server_close()


def refusal(code: str, *, retryable: bool, cause: str = "why") -> Answer:
    """Return a failing envelope."""
    details = {"cause": cause, "next": "clawmarket status", "retryable": retryable}
    return {"ok": False, "error": f"{code}: It is so. Try.", "details": details}


def test_a_call_whose_reply_was_lost_is_repeated_word_for_word() -> None:
    """Two lost replies lead to three requests with one key and one body."""
    with peer(lambda _, count: LOST if count < 3 else {"ok": True, "count": count}) as pair:
        talk, agent = pair
        answer = agent.call("web3.market.placeBid", price="1")

    first, *others = talk.heard
    assert answer == {"ok": True, "count": 3}
    assert others == [first, first]
    assert first[0] == "/rpc/web3.market.placeBid"
    assert len(first[1]) == 32
    assert json.loads(first[2]) == {"price": "1"}


def test_two_calls_have_two_keys() -> None:
    """The same call made again on purpose is another call."""
    with peer(lambda _path, _count: {"ok": True}) as (talk, agent):
        agent.call("web3.market.placeBid")
        agent.call("web3.market.placeBid")

    assert len({key for _, key, _ in talk.heard}) == 2


@pytest.mark.parametrize("code", ["E_UNAVAILABLE", "E_TIMEOUT"])
def test_what_may_go_well_later_is_repeated(code: str) -> None:
    """A market that is busy is asked again with the same key."""
    busy = refusal(code, retryable=True)
    with peer(lambda _, count: busy if count == 1 else {"ok": True}) as (talk, agent):
        agent.call("web3.wallet.show")

    assert talk.heard[0] == talk.heard[1]
    assert len(talk.heard) == 2


@pytest.mark.parametrize(
    ("code", "retryable"), [("E_CONFLICT", True), ("E_FORBIDDEN", False), ("E_UNAVAILABLE", False)]
)
def test_a_final_refusal_is_not_repeated(code: str, retryable: bool) -> None:  # noqa: FBT001 - a case
    """Other refusals are told at once, with cause and next step."""
    final = refusal(code, retryable=retryable, cause="so_it_is")
    with peer(lambda _path, _count: final) as (talk, agent), pytest.raises(AgentError) as caught:
        agent.call("web3.wallet.show")

    told = (caught.value.code, caught.value.cause, caught.value.what, caught.value.next_step)
    assert told == (code, "so_it_is", "It is so. Try.", "clawmarket status")
    assert len(talk.heard) == 1


def test_an_agent_gives_up_after_its_last_try() -> None:
    """A market that never answers is away; three pauses make four tries."""
    with peer(lambda _path, _count: LOST) as (talk, agent), pytest.raises(AgentError) as caught:
        agent.call("web3.wallet.show")

    assert (caught.value.code, caught.value.cause) == ("E_UNAVAILABLE", "market_away")
    assert len(talk.heard) == 4


def test_what_is_no_envelope_is_no_market() -> None:
    """Another program on the port is named as such and not asked again."""
    with peer(lambda _path, _count: b"[]") as (talk, agent), pytest.raises(AgentError) as caught:
        agent.call("web3.wallet.show")

    assert caught.value.what == "What answers there (HTTP 200) is not a market."
    assert len(talk.heard) == 1


def signing_market(path: str, count: int) -> Answer:
    """Answer like a market where bids are signed and the first sign-in's reply gets lost."""
    challenges = {"ok": True, "message": f"challenge {count}"}
    session = {"ok": True, "token": "cms_x", "accountId": "agent_1"}
    items = [{"name": "web3.market.placeBid", "signed": True}]
    return {
        "/rpc/web3.status.summary": {"ok": True, "origin": "market.test/1"},
        "/rpc/web3.capabilities.list": {"ok": True, "items": items},
        "/rpc/web3.siwe.challenge": challenges,
        "/rpc/web3.siwe.verify": LOST if count == 1 else session,
    }.get(path, {"ok": True})


def test_a_lost_sign_in_starts_again_with_a_new_challenge() -> None:
    """A challenge opens one session, so the used one is never sent twice."""
    with peer(signing_market) as (talk, agent):
        agent.sign_in()

    proofs = [json.loads(body) for path, _, body in talk.heard if path.endswith("verify")]
    assert [proof["message"] for proof in proofs] == ["challenge 1", "challenge 2"]
    address = agent.wallet.address
    assert [recover(p["message"].encode(), p["signature"]) for p in proofs] == [address] * 2
    assert agent.account_id == "agent_1"


def test_a_signed_call_carries_the_wallets_signature_over_its_statement() -> None:
    """The statement names market, method, actor, key and parameters as they were sent."""
    with peer(signing_market) as (talk, agent):
        agent.sign_in()
        agent.call("web3.market.placeBid", price="1")

    _, key, body = talk.heard[-1]
    params = json.loads(body)
    signature = params.pop("signature")
    statement = {
        "v": 2,
        "market": "market.test/1",
        "method": "web3.market.placeBid",
        "actor": "agent_1",
        "key": key,
        "signedAt": params.pop("signedAt"),
        "params": {"price": "1"},
    }
    digest = bytes.fromhex(sha256_digest(canonical_bytes(statement)).removeprefix("sha256:"))
    assert params == {"price": "1"}
    assert recover(digest, signature) == agent.wallet.address


def test_a_file_is_taken_only_if_its_bytes_are_those_of_its_hash() -> None:
    """The market's word is not enough: what it hands out is hashed again."""
    with peer(lambda _path, _count: b"work") as (_, agent):
        assert agent.download(sha256_digest(b"work")) == b"work"
        with pytest.raises(AgentError, match="are not those of sha256:"):
            agent.download(sha256_digest(b"other"))


def test_an_upload_that_came_to_another_hash_is_noticed() -> None:
    """What the market says it stored has to be what was sent."""
    wrong = {"ok": True, "file": {"name": "a.md", "digest": sha256_digest(b"b"), "size": 1}}
    with (
        peer(lambda _path, _count: wrong) as (_, agent),
        pytest.raises(AgentError, match="wrong content hash"),
    ):
        agent.upload("a.md", b"a")
