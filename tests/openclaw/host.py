"""The real OpenClaw: a gateway with a home of its own, and its command."""

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from socket import create_server
from typing import Any

import httpx

from openclaw.programs import CACHE, Programs

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "openclaw-plugin"
COMPILED = CACHE / "compiled"
READY_S, STOP_S = 240, 15

Config = dict[str, Any]

# The model is shown every tool; out of the box it has to search for those of plugins.
DIRECT: Config = {"toolSearch": False}


def free_port() -> int:
    """Return a port on which nobody listens at the moment."""
    with create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@dataclass
class Host:
    """A gateway with a home of its own."""

    programs: Programs
    home: Path
    port: int
    token: str
    process: "subprocess.Popen[bytes] | None" = None

    @classmethod
    def prepare(
        cls,
        programs: Programs,
        home: Path,
        model_url: str,
        plugins: Config,
        tools: Config = DIRECT,
    ) -> "Host":
        """Write the configuration of a host that talks to a model of ours and loads `plugins`.

        `tools` is what it says of tools; where that is nothing, the host is as out of the box.
        """
        host = cls(programs, home, free_port(), token_hex(16))
        for name in ("home", "tmp", "workspace"):
            (home / name).mkdir(parents=True)
        # What Node compiled for one host is good for all; by itself each keeps 40 MB of its own.
        COMPILED.mkdir(parents=True, exist_ok=True)
        (home / "tmp" / "node-compile-cache").symlink_to(COMPILED)
        config = host.configuration(model_url, plugins) | ({"tools": tools} if tools else {})
        host.config_path.write_text(json.dumps(config, indent=2))
        return host

    @property
    def config_path(self) -> Path:
        """The host's own configuration file."""
        return self.home / "openclaw.json"

    @property
    def log(self) -> str:
        """What the gateway printed."""
        return (self.home / "gateway.out").read_text(errors="replace")

    @property
    def url(self) -> str:
        """Where its clients find it."""
        return f"ws://127.0.0.1:{self.port}"

    def configuration(self, model_url: str, plugins: Config) -> Config:
        """Return the least that the host wants, with everything off that we do not use."""
        model = {
            "id": "mock-1",
            "name": "Mock",
            "reasoning": False,
            "input": ["text"],
            "contextWindow": 200_000,
            "maxTokens": 8192,
            "cost": {"input": 1, "output": 2, "cacheRead": 0, "cacheWrite": 0},
        }
        provider = {
            "baseUrl": f"{model_url}/v1",
            "apiKey": "none",
            "api": "openai-completions",
            "models": [model],
        }
        defaults = {
            "model": {"primary": "mock/mock-1"},
            "workspace": str(self.home / "workspace"),
            "skipBootstrap": True,
            "heartbeat": {"every": "0m"},
        }
        return {
            "gateway": {
                "mode": "local",
                "bind": "loopback",
                "port": self.port,
                "auth": {"mode": "token", "token": self.token},
                "controlUi": {"enabled": False},
            },
            "update": {"checkOnStart": False},
            "logging": {"file": str(self.home / "gateway.log")},
            "agents": {"defaults": defaults},
            "models": {"mode": "replace", "providers": {"mock": provider}},
            "plugins": plugins,
        }

    def environment(self) -> dict[str, str]:
        """Return the environment of the gateway and of the host's command."""
        return {
            "PATH": f"{self.programs.node.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home / "home"),
            "TMPDIR": str(self.home / "tmp"),
            "OPENCLAW_STATE_DIR": str(self.home),
            "OPENCLAW_CONFIG_PATH": str(self.config_path),
            **dict.fromkeys(("OPENCLAW_DISABLE_BONJOUR", "OPENCLAW_NO_RESPAWN", "CI"), "1"),
            "OPENCLAW_EXEC_SHELL_SNAPSHOT": "0",
            "NO_COLOR": "1",
            "LANG": "C.UTF-8",
        }

    def start(self) -> None:
        """Start the gateway and wait until it says that it is ready."""
        line = [str(self.programs.node), str(self.programs.openclaw), "gateway", "run"]
        with (self.home / "gateway.out").open("ab") as out:
            self.process = subprocess.Popen(
                line, env=self.environment(), cwd=self.home, stdout=out, stderr=out
            )
        end = time.monotonic() + READY_S
        while not self._ready():
            alive = self.process.poll() is None and time.monotonic() < end
            assert alive, f"the gateway did not come up:\n{self.log[-4000:]}"
            time.sleep(0.1)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run the host's own command."""
        line = [str(self.programs.node), str(self.programs.openclaw), *words]
        return subprocess.run(
            line,
            env=self.environment(),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=READY_S,
            check=False,
        )

    def kill(self) -> None:
        """End the gateway as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=STOP_S)

    def stop(self) -> int:
        """End the gateway as its owner would, and return its exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(timeout=STOP_S)

    def left_behind(self) -> list[int]:
        """Return the processes that still live in this home, where the system tells them."""
        mark = f"OPENCLAW_STATE_DIR={self.home}".encode()
        return [
            int(each.parent.name)
            for each in Path("/proc").glob("[0-9]*/environ")
            if mark in _read(each)
        ]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
