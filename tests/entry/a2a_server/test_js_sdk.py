"""The official JavaScript client completes a paid task; it comes from npm, if that can be asked."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from real.server import Server

CACHE = Path(__file__).parents[3] / ".openclaw"
SDK = "@a2a-js/sdk@1.3.0"
STORY = Path(__file__).with_name("story.mjs")
OLDEST_NODE = 20
FETCH_S = 120


@pytest.fixture(scope="module")
def folder() -> Path:
    """A folder that has the SDK, and the story beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        pytest.skip("there is no Node with npm on this machine")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(said.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        pytest.skip(f"the SDK needs Node {OLDEST_NODE}")
    place = CACHE / SDK.replace("/", "-")
    if not (place / "done").exists():
        _fetch(npm, place)
    shutil.copy(STORY, place / STORY.name)
    return place


def _fetch(npm: str, place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    (place / "package.json").write_text('{"private": true}')
    line = [npm, "install", SDK, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    env = os.environ | {"npm_config_cache": str(CACHE / "npm-cache")}
    try:
        done = subprocess.run(
            line, cwd=place, env=env, capture_output=True, text=True, timeout=FETCH_S, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm gave no SDK within {FETCH_S} s")
    if done.returncode:
        pytest.skip(f"npm could not give the SDK: {done.stderr[-200:]}")
    (place / "done").touch()


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real market in a process of its own."""
    server = Server.start(tmp_path_factory.mktemp("a2a-js") / "home")
    yield server
    server.stop()


@pytest.mark.parametrize("way", ["JSONRPC", "HTTP+JSON", "0.3"])
def test_two_clients_complete_a_paid_task(market: Server, folder: Path, way: str) -> None:
    """Post, claim, submit, accept: the official client reads every answer on the way."""
    line = ["node", STORY.name, market.url.rstrip("/"), way, market.newcomer(), market.newcomer()]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["state"], told["file"], told["earned"]) == (3, "result.md", "49.50")
    assert told["version"] == ("0.3" if way == "0.3" else "1.0")
