"""What the command line's tests run: one command in this process, one market in another."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOBODY_THERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Outcome:
    """What a command did: its exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        document: dict[str, Any] = json.loads(self.out)
        return document


Cli = Callable[..., Outcome]


class LocalMarket:
    """A market process on a free port, which can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait for its card."""
        command = [sys.executable, "-m", "clawmarket", "serve", "--faucet", "--json"]
        options = ["--home", str(self.folder / "market"), "--port", str(self.port)]
        with (self.folder / "market.err").open("a") as errors:
            self.process = subprocess.Popen(
                [*command, *options], stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self.process.stdout is not None
        text = ""
        for line in self.process.stdout:
            text += line
            if line.startswith("}"):
                break
        self.port = int(json.loads(text)["url"].rpartition(":")[2])

    def stop(self) -> None:
        """Stop it as Ctrl+C does and wait for its end."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=30)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None
