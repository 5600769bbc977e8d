"""A market in a process of its own, and accounts that trade in it over HTTP."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from statements import signed

Fields = dict[str, Any]


@dataclass
class Market:
    """One process that serves a market with test money."""

    home: Path
    module: str = "clawmarket"

    def __post_init__(self) -> None:
        settings = {"CLAWMARKET_HOME": str(self.home), "CLAWMARKET_PORT": "0"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.module, "serve", "--faucet"],
            env={**os.environ, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = 0
        for line in self.process.stdout:
            found = re.search(r"market +http://127\.0\.0\.1:(\d+)", line)
            self.port = int(found[1]) if found else self.port
            if line.strip().startswith("stop"):
                break
        assert self.port

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def end(self) -> None:
        """End the process."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate()

    def call(self, method: str, token: str = "", key: str = "", **params: Any) -> Fields:
        """Call a method, which has to answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        status, _, body = self.http("POST", f"/rpc/{method}", json.dumps(params).encode(), headers)
        answer: Fields = json.loads(body)
        assert status == 200, answer
        return answer

    def http(
        self, verb: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request, follow nothing, and return status, headers and body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(verb, path, body, headers or {})
        answer = connection.getresponse()
        several: dict[str, list[str]] = {}
        for name, value in answer.getheaders():
            several.setdefault(name, []).append(value)
        joined = {name: ", ".join(values) for name, values in several.items()}
        got = answer.status, joined, answer.read()
        connection.close()
        return got

    def member(self) -> "Member":
        """Open an account by a new wallet, with an API key."""
        wallet = Wallet.create(SystemEntropy())
        message = self.call("web3.siwe.challenge", address=wallet.address)["message"]
        answer = {"message": message, "signature": wallet.sign_message(message)}
        session = self.call("web3.siwe.verify", **answer)
        origin = self.call("web3.status.summary")["origin"]
        method, account = "web3.keys.create", session["accountId"]
        asked = signed(wallet, origin, method, account, "first", label="web", scope="write")
        made = self.call(method, session["token"], "first", **asked)
        opened = self.call("web3.sessions.open", made["key"])
        return Member(self, wallet, account, made["key"], opened["token"])

    @property
    def operator(self) -> str:
        """The operator's token."""
        return (self.home / "operator.token").read_text(encoding="ascii").strip()


@dataclass(frozen=True)
class Member:
    """An account with its wallet, an API key, and a session of that key."""

    market: Market
    wallet: Wallet
    account_id: str
    key: str
    token: str

    def do(self, method: str, **params: Any) -> Fields:
        """Call a method as this account."""
        return self.market.call(method, self.key, SystemEntropy().draw(8).hex(), **params)

    def publish(self, title: str, budget: str = "50000000", **params: Any) -> str:
        """Publish a task and return its id."""
        made = self.do("web3.market.publishTask", title=title, budget=budget, **params)
        return str(made["taskId"])

    def cookie(self) -> str:
        """Return the header of a browser that signed in by this account's key."""
        return f"clawmarket_{self.market.port}_session={self.token}"

    def form(self, page: str, path: str, **fields: str) -> tuple[int, dict[str, str], bytes]:
        """Send a form of a page as a browser without scripts would."""
        headers = {"Cookie": self.cookie()}
        _, _, body = self.market.http("GET", page, headers=headers)
        mark = re.search(rb'name="csrf" value="([0-9a-f]{64})"', body)
        key = SystemEntropy().draw(16).hex()
        sent = urlencode({"csrf": mark[1].decode() if mark else "", "key": key} | fields)
        headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        return self.market.http("POST", path, sent.encode(), headers)
