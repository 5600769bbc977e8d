"""An agent's way to the market: a wallet, a session, HTTP and nothing else.

Every call carries an idempotency key that was made before its first try, so that a try whose
answer got lost can be repeated without anything happening twice. Loads neither web3 nor
eth_account, which take a second each.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, TypeVar
from urllib.parse import urlsplit

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.canonical import sha256_digest
from clawmarket.domain.kernel.loopback import LOOPBACK
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.kernel.secret import Secret
from clawmarket.domain.trust.statement import statement, statement_digest

# httpx imports a command line of its own (rich, pygments) when it can; no agent needs that.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None means: not there

import httpx  # noqa: E402 - after the line above

Fields = dict[str, Any]
T = TypeVar("T")

MAX_ANSWER_BYTES = 32 * 1024 * 1024
TIMEOUT_S = 20.0
PAUSES_S = (0.1, 0.2, 0.4, 0.8, 1.6)

_AGAIN = frozenset({"E_UNAVAILABLE", "E_TIMEOUT"})


class AgentError(Exception):
    """An agent cannot go on.

    Args:
        what: What happened, in a sentence, and what can be done.
        code: The error code.
        cause: The cause below the code.
        next_step: The command to run next.
        again: Whether the same try, with the same key, may go well later.
    """

    def __init__(
        self,
        what: str,
        *,
        code: str = "E_INTERNAL",
        cause: str = "",
        next_step: str = "clawmarket doctor",
        again: bool = False,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.code = code
        self.cause = cause
        self.next_step = next_step
        self.again = again


class Agent:
    """One party of the market, as it would run on a machine of its own.

    Args:
        url: Where the market is.
        wallet: The key pair that the account stands on.
        pauses_s: How long to wait before each further try.
    """

    def __init__(self, url: str, wallet: Wallet, pauses_s: Sequence[float] = PAUSES_S) -> None:
        self.wallet = wallet
        self.account_id = ""
        self.origin = ""
        self._signed: frozenset[str] = frozenset()
        self._pauses_s = pauses_s
        parts = urlsplit(url)
        self._http = httpx.Client(
            base_url=url,
            timeout=httpx.Timeout(TIMEOUT_S, connect=2.0),
            # Plain HTTP has no use for a TLS context, and no proxy leads back to this machine.
            verify=parts.scheme == "https",
            trust_env=parts.hostname not in LOOPBACK,
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def sign_in(self) -> None:
        """Open a session with the wallet, and learn what of this market has to be signed."""
        self.origin = self.call("web3.status.summary")["origin"]
        items = self.call("web3.capabilities.list")["items"]
        self._signed = frozenset(item["name"] for item in items if item["signed"])
        session = self._patiently(self._open_session)
        self.account_id = session["accountId"]
        token = Secret(session["token"])
        self._http.headers["Authorization"] = f"Bearer {token.reveal()}"

    def call(self, method: str, **params: object) -> Fields:
        """Return the answer of one call; the wallet signs what parties sign.

        Raises:
            AgentError: The market refused, or gave no answer in any of the tries.
        """
        request = self._request(method, params)
        return self._patiently(lambda: self._answer(request))

    def upload(self, name: str, data: bytes) -> Fields:
        """Store a file and return its name, digest and size. Raises AgentError."""
        request = self._http.build_request("POST", "/files", params={"name": name}, content=data)
        stored: Fields = self._patiently(lambda: self._answer(request))["file"]
        if stored["digest"] != sha256_digest(data):
            raise AgentError(f"The market stored {name} under a wrong content hash.")
        return stored

    def download(self, digest: str) -> bytes:
        """Return a stored file. Raises AgentError, also for bytes that are not of this hash."""
        request = self._http.build_request("GET", f"/files/{digest}")
        return self._patiently(lambda: self._file(request, digest))

    def _open_session(self) -> Fields:
        # A challenge opens one session. When the answer to `verify` got lost, only a new
        # challenge helps, so the two are tried again together.
        address = self.wallet.address
        challenge = self._answer(self._request("web3.siwe.challenge", {"address": address}))
        message = challenge["message"]
        signature = self.wallet.sign_message(message)
        proof = {"message": message, "signature": signature}
        return self._answer(self._request("web3.siwe.verify", proof))

    def _request(self, method: str, params: Fields) -> httpx.Request:
        key = SystemEntropy().draw(16).hex()
        if method in self._signed:
            params = params | self._proof(method, params, key)
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        body = json.dumps(params).encode()
        return self._http.build_request("POST", f"/rpc/{method}", content=body, headers=headers)

    def _proof(self, method: str, params: Fields, key: str) -> Fields:
        signed_at = iso(SystemClock().now())
        said = statement(
            market=self.origin,
            method=method,
            actor=self.account_id,
            key=key,
            signed_at=signed_at,
            params=params,
        )
        signature = self.wallet.sign_digest(statement_digest(said))
        return {"signature": signature, "signedAt": signed_at}

    def _patiently(self, attempt: Callable[[], T]) -> T:
        for pause_s in self._pauses_s:
            try:
                return attempt()
            except AgentError as error:
                if not error.again:
                    raise
            time.sleep(pause_s)
        return attempt()

    def _answer(self, request: httpx.Request) -> Fields:
        status, body = self._send(request)
        return _envelope(status, body)

    def _file(self, request: httpx.Request, digest: str) -> bytes:
        status, body = self._send(request)
        if status != httpx.codes.OK:
            _envelope(status, body)
        if sha256_digest(body) != digest:
            raise AgentError(f"The bytes that came are not those of {digest}.")
        return body

    def _send(self, request: httpx.Request) -> tuple[int, bytes]:
        """Return status and body of one try; raises AgentError, `again` if it got lost."""
        try:
            with closing(self._http.send(request, stream=True)) as answer:
                return answer.status_code, _body(answer)
        except httpx.TransportError as error:
            where = f"{request.url.host}:{request.url.port}"
            raise AgentError(
                f"No answer came from {where} ({type(error).__name__}).",
                code="E_UNAVAILABLE",
                cause="market_away",
                next_step="clawmarket status",
                again=True,
            ) from None


def _body(answer: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise AgentError(f"The answer has more than {MAX_ANSWER_BYTES} bytes.")
    return bytes(body)


def _envelope(status: int, body: bytes) -> Fields:
    try:
        envelope = json.loads(body)
    except ValueError:
        envelope = None
    if not isinstance(envelope, dict) or not isinstance(envelope.get("ok"), bool):
        raise AgentError(f"What answers there (HTTP {status}) is not a market.")
    if not envelope["ok"]:
        raise _refusal(envelope)
    return envelope


def _refusal(envelope: Fields) -> AgentError:
    code, _, text = str(envelope.get("error", "")).partition(": ")
    details = envelope.get("details", {})
    return AgentError(
        text,
        code=code,
        cause=str(details.get("cause", "")),
        next_step=str(details.get("next", "clawmarket doctor")),
        again=code in _AGAIN and details.get("retryable") is not False,
    )
