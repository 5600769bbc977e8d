"""A real market, a buyer who asks it directly, and daemons in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from real.server import Server

Fields = dict[str, Any]

WAIT_S = 40


@dataclass
class Party:
    """Whoever holds a key of the market."""

    market: Server
    key: str

    @classmethod
    def join(cls, market: Server) -> "Party":
        """Open a new account."""
        return cls(market, market.newcomer())

    def asks(self, method: str, /, **params: object) -> Fields:
        """Ask the market; it has to agree."""
        answer = self.market.call(self.key, f"web3.market.{method}", **params)
        assert answer["ok"], answer
        return answer

    def does(self, method: str, key: str, /, **params: object) -> Fields:
        """The same for what changes something."""
        answer = self.market.call(self.key, f"web3.market.{method}", key, **params)
        assert answer["ok"], answer
        return answer

    @property
    def account(self) -> str:
        """The account's id."""
        return str(self.market.call(self.key, "web3.wallet.show")["accountId"])

    def money(self) -> dict[str, int]:
        """Return the four figures."""
        shown = self.market.call(self.key, "web3.wallet.show")
        return {name: int(shown[name]) for name in ("available", "held", "onItsWay", "earned")}

    def publishes(self, title: str, **more: object) -> str:
        """Publish a task of 50 credits and return its id."""
        wanted: Fields = {"title": title, "budget": "50000000", **more}
        return str(self.does("publishTask", f"publish {title}", **wanted)["taskId"])

    def stores(self, name: str, content: str) -> Fields:
        """Store a file and return its name, digest and size."""
        named = {"Authorization": f"Bearer {self.key}"}
        answer = self.market.client.post(
            "/files", params={"name": name}, content=content.encode(), headers=named
        ).json()
        assert answer["ok"], answer
        file: Fields = answer["file"]
        return file

    def records(self, method: str) -> int:
        """Return how often a method of the market left a record of this account."""
        found = self.market.call(self.key, "web3.audit.query", limit=200)["items"]
        mine = [each for each in found if each["actor"] == self.account]
        return sum(each["method"] == f"web3.market.{method}" for each in mine)


@dataclass
class Daemon:
    """A daemon in a process of its own."""

    process: "subprocess.Popen[str]"
    seen: list[Fields] = field(default_factory=list)

    @classmethod
    def start(cls, party: Party, workspace: Path, *words: str, **settings: str) -> "Daemon":
        """Start one as a party; its events are read as JSON lines."""
        workspace.mkdir(exist_ok=True)
        named = {"CLAWMARKET_URL": party.market.url, "CLAWMARKET_API_KEY": party.key}
        named["CLAWMARKET_HOME"] = str(workspace / "home")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("CLAWMARKET_")}
        with (workspace / "errors").open("a") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "clawmarket", *words, "--json", "--workspace", "."],
                cwd=workspace,
                env=inherited | named | settings,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        return cls(process)

    def until(self, kind: str) -> Fields:
        """Read events until one of a kind comes, and return it."""
        with self._bounded():
            for line in self._stdout:
                self.seen.append(json.loads(line))
                if self.seen[-1].get("type") == kind:
                    return self.seen[-1]
        raise AssertionError(f"no {kind} among {self.seen}")

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(timeout=WAIT_S)

    def stop(self) -> int:
        """End it as its operator would, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.ends()

    def ends(self) -> int:
        """Wait for its end and return its exit status."""
        with self._bounded():
            printed = self._stdout.read()
            status = self.process.wait(timeout=WAIT_S)
        if printed.startswith("{\n"):  # a preview, which is one document over several lines
            self.seen.append(json.loads(printed))
            assert self.seen[-1]["ok"], "a failure is one line, like the events before it"
        else:
            self.seen += [json.loads(line) for line in printed.splitlines()]
        return status

    @property
    def _stdout(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """End the daemon if the test would wait for it for ever."""
        timer = threading.Timer(WAIT_S, self.process.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def wait_for(path: Path) -> None:
    """Wait until a file is there."""
    end = time.monotonic() + WAIT_S
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} did not come"
        time.sleep(0.02)


def handler(folder: Path, body: str) -> str:
    """Write a handler and return the command; each run of it adds a line to `runs`."""
    folder.mkdir(exist_ok=True)
    script = folder / "handler.py"
    runs = folder / "runs"
    head = "import json, os, pathlib, sys, time\n"
    head += f"here = pathlib.Path({str(folder)!r})\n"
    head += f"open({str(runs)!r}, 'a').write('run\\n')\n"
    head += "task = json.load(sys.stdin)\n"
    head += "made = pathlib.Path(os.environ['CLAWMARKET_ARTIFACTS'])\n"
    script.write_text(head + body)
    return f"{sys.executable} {script}"


def runs_of(folder: Path) -> int:
    """Return how often the handler of a folder ran."""
    return len((folder / "runs").read_text().splitlines())


def is_gone(pid: int) -> bool:
    """Return whether a process has ended; one that nobody has waited for is still listed."""
    try:
        about = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
    return about.rpartition(")")[2].split()[0] == "Z"
