"""The program in a process of its own: started, asked over HTTP, killed, started again."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.runtime.program import as_started
from statements import signed

Fields = dict[str, Any]

Start = Callable[..., "Server"]

# How a program that was started by its module is written in its hints.
STARTED = as_started("clawmarket", [str(Path("clawmarket") / "__main__.py")])
ADDRESS = re.compile(r"^\s*(?:market|listens)\s+(http://\S+)$")


def command(home: Path, flags: str = "", **settings: str) -> tuple[list[str], dict[str, str]]:
    """Return the command line and the environment of a market in a home."""
    named = {f"CLAWMARKET_{name.upper()}": value for name, value in settings.items()}
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("CLAWMARKET_")}
    env = inherited | {"CLAWMARKET_HOME": str(home), "CLAWMARKET_PORT": "0"} | named
    program = ["-m", "clawmarket", "serve", "--faucet"]
    if "CLAWMARKET_RAIL" in env:
        program = [str(Path(__file__).parent / "railed_market.py"), env.pop("CLAWMARKET_RAIL")]
    return [sys.executable, *program, *flags.split()], env


def refused_start(home: Path, **settings: str) -> tuple[int, str, str]:
    """Start a market that cannot start; return its exit status and what it said."""
    line, env = command(home, **settings)
    ended = subprocess.run(line, env=env, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout, ended.stderr


@dataclass
class Server:
    """A running market."""

    process: "subprocess.Popen[str]"
    client: httpx.Client

    @classmethod
    def start(cls, home: Path, **settings: str) -> "Server":
        """Start a market on a free port and wait until it says that it is open."""
        line, env = command(home, **settings)
        with (home.parent / f"{home.name}.err").open("a") as errors:
            process = subprocess.Popen(
                line, env=env, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert process.stdout is not None
        found = next(filter(None, map(ADDRESS.match, process.stdout)), None)
        assert found is not None, (home.parent / f"{home.name}.err").read_text()
        return cls(process, httpx.Client(base_url=found.group(1), timeout=30))

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self.client.base_url)

    def call(self, token: str, method: str, key: str = "", /, **params: object) -> Fields:
        """Call a method and return the envelope without its request id."""
        named = headers(token, key)
        return envelope(self.client.post(f"/rpc/{method}", json=params, headers=named))

    def newcomer(self, scope: str = "write") -> str:
        """Let a new wallet sign in and return an API key of its account."""
        wallet = Wallet.create(SystemEntropy())
        message = self.call("", "web3.siwe.challenge", address=wallet.address)["message"]
        answer = {"message": message, "signature": wallet.sign_message(message)}
        session = self.call("", "web3.siwe.verify", **answer)
        origin, method = self.call("", "web3.status.summary")["origin"], "web3.keys.create"
        asked = signed(wallet, origin, method, session["accountId"], "first key", scope=scope)
        return str(self.call(session["token"], method, "first key", **asked)["key"])

    def checkpoint(self) -> str:
        """Return the log's signed head."""
        return self.client.get("/log/checkpoint").text

    def kill(self) -> None:
        """End the process as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the process as its operator would, and return its exit status."""
        return self._end(how)

    def _end(self, how: signal.Signals) -> int:
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(timeout=30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status


def headers(token: str, key: str) -> dict[str, str]:
    """Return what a call says about who asks and under which idempotency key."""
    named = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return {name: value for name, value in named.items() if value not in ("", "Bearer ")}


def envelope(answer: httpx.Response) -> Fields:
    """Return an answer's fields but the one that is new each time."""
    fields: Fields = answer.json()
    return {name: value for name, value in fields.items() if name != "requestId"}
