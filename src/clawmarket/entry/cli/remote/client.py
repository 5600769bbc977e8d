"""The client: one call, one envelope; whatever fails becomes a refusal with a next step."""

import hashlib
import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from clawmarket.domain.kernel.errors import DeadlineError, InternalError, UnavailableError
from clawmarket.domain.kernel.loopback import LOOPBACK
from clawmarket.domain.kernel.own_text import OwnText
from clawmarket.entry.cli.catalog import Entry, exit_status, method_entry
from clawmarket.entry.cli.commands.local import local_envelope
from clawmarket.entry.cli.invocation import Invocation, load
from clawmarket.entry.cli.remote.session import (
    KEY_VARIABLE,
    Credential,
    credential_for,
    is_default,
    market_url,
)

# httpx imports a command line of its own (rich, pygments) when it can; that would triple the
# time of `status`.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None means: not there

import httpx  # noqa: E402 - after the line above

_SIGN = "clawmarket.entry.cli.remote.signing:signed"
_CHUNK = 64 * 1024
# Above what markets store: a command writes no more to a disk, whoever answers.
MAX_FILE_BYTES = 1024**3
TIMEOUT_S = 30.0
CONNECT_S = 0.8
_PORTS = {"http": 80, "https": 443}
_BECOME_OPERATOR = f'export {KEY_VARIABLE}="$(cat ~/.clawmarket/operator.token)"'


class MarketAwayError(UnavailableError):
    """Nothing answers where the market should be."""

    advice = "Start a market there, or name the right one with --url or CLAWMARKET_URL."
    next_command = "clawmarket serve --faucet"

    @property
    def next_step(self) -> str:
        """Start a market, where none was named; otherwise look at what can be wrong."""
        url = self.details.get("url")
        return f"clawmarket doctor --url {url}" if url else self.next_command

    @property
    def envelope(self) -> Entry:
        """The refusal with the address in it: whoever typed it may read it."""
        return local_envelope(self)


class MarketSilentError(DeadlineError):
    """The market was reached but did not answer in time, or broke off."""


class NotAMarketError(UnavailableError):
    """Something answers there, but not as a market does."""

    advice = "Check the address; another program may use this port."
    next_command = "clawmarket doctor"
    retryable = False


class FileDamagedError(InternalError):
    """A file came with other bytes than its content hash names."""

    advice = "Fetch it again; nothing was kept."
    next_command = "clawmarket doctor"


class FileTooLongError(InternalError):
    """A file goes on behind its end, or is larger than any file of a market."""

    advice = "Nothing was kept; ask whoever runs the market."
    next_command = "clawmarket doctor"


class RemoteRefusal(Exception):  # noqa: N818 - the market's answer, not a defect of ours
    """The market refused; `envelope` is its answer."""

    def __init__(self, envelope: Entry) -> None:
        super().__init__(str(envelope.get("error", "")))
        self.envelope = envelope

    @property
    def code(self) -> str:
        """The error code."""
        return str(self).partition(":")[0]

    @property
    def status(self) -> int:
        """The exit status of the code."""
        return exit_status(self.code)


class Market:
    """One market at one address, as one party or as nobody.

    Args:
        url: Where it is.
        credential: Who asks; None for nobody.
    """

    def __init__(self, url: str, credential: Credential | None) -> None:
        self.url = url
        self.credential = credential
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
        self._place = OwnText(f"{parts.scheme}://{host}:{parts.port or _PORTS[parts.scheme]}")
        self._http = httpx.Client(
            base_url=url,
            headers={} if credential is None else _bearer(credential),
            timeout=httpx.Timeout(TIMEOUT_S, connect=CONNECT_S),
            # A TLS context costs 30 ms and plain HTTP has no use for it; a proxy never leads
            # back to this machine.
            verify=parts.scheme == "https",
            trust_env=parts.hostname not in LOOPBACK,
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def call(self, method: str, params: Entry | None = None, key: str = "") -> Entry:
        """Return the envelope of one call; a wallet's session signs what has to be signed.

        Raises:
            RemoteRefusal: The market refused.
            MarketAwayError: Nothing was sent.
            MarketSilentError: Whether it happened is not known.
        """
        sent = dict(params or {})
        entry = method_entry(method)
        session = self.credential.session if self.credential else None
        if session and entry and entry["signed"] and "signature" not in sent:
            sent = load(_SIGN)(session, entry["name"], sent, key)
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        body = json.dumps(sent, ensure_ascii=False).encode("utf-8", "surrogatepass")
        with self._reached():
            answer = self._http.post(f"/rpc/{method}", content=body, headers=headers)
        return self._envelope(answer)

    def put_file(self, path: Path) -> Entry:
        """Store a file, streamed, and return its name, digest and size. Raises as `call`."""
        with path.open("rb") as file, self._reached():
            answer = self._http.post("/files", params={"name": path.name}, content=_chunks(file))
        stored: Entry = self._envelope(answer)["file"]
        return stored

    def get_file(self, digest: str, sink: BinaryIO, most: int = MAX_FILE_BYTES) -> int:
        """Write a stored file to a sink and return its size.

        Raises FileTooLongError for more bytes than `most`, FileDamagedError, as `call`.
        """
        hashed, size = hashlib.sha256(), 0
        try:
            with self._reached(), self._http.stream("GET", f"/files/{digest}") as answer:
                self._refused_file(answer)
                for chunk in answer.iter_bytes(_CHUNK):
                    hashed.update(chunk)
                    if size + len(chunk) > most:
                        raise FileTooLongError(f"More than {most} bytes came.")
                    size += sink.write(chunk)
        except MarketSilentError:
            if size:  # a market that finds damage on the way breaks off; asked again, it says so
                with self._reached(), self._http.stream("GET", f"/files/{digest}") as answer:
                    self._refused_file(answer)
            raise
        if f"sha256:{hashed.hexdigest()}" != digest:
            raise FileDamagedError("The bytes that came are not those of this content hash.")
        return size

    def _refused_file(self, answer: httpx.Response) -> None:
        if answer.is_error:
            answer.read()
            self._envelope(answer)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout):
            named = {} if is_default(self.url) else {"url": shlex.quote(self.url)}
            what = f"Nothing answers at {self._place}."
            raise MarketAwayError(what, place=self._place, **named) from None
        except httpx.TimeoutException:
            raise MarketSilentError(f"No answer came within {TIMEOUT_S:.0f} s.") from None
        except httpx.TransportError:
            raise MarketSilentError("The connection broke before the answer came.") from None

    def _envelope(self, answer: httpx.Response) -> Entry:
        try:
            envelope = answer.json()
        except ValueError:
            envelope = None
        if not isinstance(envelope, dict) or not isinstance(envelope.get("ok"), bool):
            what = f"What answers at {self._place} is not a market."
            raise NotAMarketError(what, place=self._place)
        if not envelope["ok"]:
            raise RemoteRefusal(_as_operator(self._with_source(envelope)))
        return envelope

    def _with_source(self, envelope: Entry) -> Entry:
        """Say where a refused credential came from: a login is of no use beside the variable."""
        held = self.credential
        is_refused = str(envelope.get("error")).startswith("E_AUTH_REQUIRED")
        if held is None or held.session is not None or not is_refused:
            return envelope
        text = f"{envelope['error']} The key came from {held.source}, which wins over a session."
        details = envelope.get("details", {}) | {"next": f"unset {held.source}"}
        return envelope | {"error": text, "details": details}


@contextmanager
def reach(invocation: Invocation) -> Iterator[Market]:
    """Open the market that a command names, as whoever is signed in there."""
    url = market_url(invocation.url)
    market = Market(url, credential_for(url))
    try:
        yield market
    finally:
        market.close()


def _as_operator(envelope: Entry) -> Entry:
    """Name the operator's token where the scope admin is missing; no member can make such a key."""
    details = envelope.get("details") or {}
    if details.get("cause") != "scope_missing" or details.get("scope") != "admin":
        return envelope
    return envelope | {"details": details | {"next": _BECOME_OPERATOR}}


def _bearer(credential: Credential) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential.token.reveal()}"}


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk
