"""How fast the plugin for OpenClaw is: its own modules in Node, a real market, no host around."""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from socket import create_server
from typing import Any

from bench.figures import ROUNDS, Figure, percentile
from bench.wire import Line, serve, sign_in

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "openclaw-plugin"
WARM, LOOKS, HUNG_LOOKS = 50, 400, 20
HUNG_BUDGET_MS = 250
WARM_CALLS, CALLS = 1_000, 5_000
PLAN = {"perSession": "1000000", "perDay": "9000000", "toolPrices": {"web_search": "10000"}}
NODE_S, FETCH_S = 300, 900

_LOOKS = """
import { Service } from "./src/service.js";
import { Status } from "./src/status.js";
import { statusOptions } from "./src/options.js";
const [config, asked, warm, looks, errors] = given;
const status = new Status(new Service(config));
const options = statusOptions(asked);
const tookMs = [];
for (let look = -warm; look < looks; look++) {
  const began = performance.now();
  const found = await status.look(options);
  if (look >= 0) tookMs.push(performance.now() - began);
  if (found.errors.length !== errors) throw new Error(JSON.stringify(found.errors));
}
console.log(JSON.stringify(tookMs));
process.exit();
"""

_DECISIONS = """
import { Connection } from "./src/connection.js";
const [config, asked, warm, decisions] = given;
const connection = new Connection(config);
const up = new Promise((resolve) => connection.onUp(resolve));
connection.start();
await up;
const tookMs = [];
for (let decision = -warm; decision < decisions; decision++) {
  const began = performance.now();
  const { paid, allowed } = await connection.call("web3.billing.check", asked);
  if (decision >= 0) tookMs.push(performance.now() - began);
  if (!paid || !allowed) throw new Error("a paid tool should be allowed");
}
connection.stop();
console.log(JSON.stringify(tookMs));
"""


@cache
def node() -> str:
    """Return Node's path; the tests of the plugin keep it, and fetch it the first time."""
    line = [sys.executable, "-m", "openclaw.programs"]
    found = subprocess.run(  # noqa: S603 - a module of our tests
        line, cwd=ROOT / "tests", capture_output=True, text=True, timeout=FETCH_S, check=False
    )
    if found.returncode:
        raise AssertionError(found.stderr)
    return found.stdout.strip()


def in_node(script: str, *given: Any) -> Any:  # noqa: ANN401 - any JSON values
    """Run a module in the plugin's folder; it reads `given` and prints one JSON value."""
    module = f"const given = JSON.parse(process.argv[1]);\n{script}"
    line = [node(), "--input-type=module", "--eval", module, json.dumps(given)]
    done = subprocess.run(  # noqa: S603 - Node with a module of ours
        line, cwd=PLUGIN, capture_output=True, text=True, timeout=NODE_S, check=False
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


async def status_figures() -> AsyncIterator[Figure]:
    """Yield status_fast_warm and status_hung: how long a fast status takes.

    The first against a market that answers, over connections that are open, as 95 % of 400 do; the
    second against one that never answers, with a budget of 250 ms, the median of 20.
    """
    with tempfile.TemporaryDirectory() as folder:
        server, port = serve(Path(folder))
        try:
            config = {"serviceUrl": f"http://127.0.0.1:{port}"}
            config["keyFile"] = str(await _key_file(Path(folder), port))
            took = in_node(_LOOKS, config, {}, WARM, LOOKS, 0)
        finally:
            server.terminate()
            server.wait(timeout=20)
        yield Figure("status_fast_warm", percentile(took, 0.95), "ms p95", 50, better="lower")
        # Connections are taken by the system, and nobody ever reads from them.
        with create_server(("127.0.0.1", 0), backlog=128) as silent:
            config["serviceUrl"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
            asked = {"timeoutMs": HUNG_BUDGET_MS}
            took = in_node(_LOOKS, config, asked, 0, HUNG_LOOKS, 3)
        yield Figure("status_hung", percentile(took, 0.5), "ms median", 300, better="lower")


async def guard_figures() -> AsyncIterator[Figure]:
    """Yield guard_socket_p99: what the guard adds to a call of a paid tool.

    From Node over the plugin's open connection to a market of its own process: may this tool be
    called? 99 % of 5,000, the median of five rounds.
    """
    with tempfile.TemporaryDirectory() as folder:
        server, port = serve(Path(folder))
        try:
            config = {"serviceUrl": f"http://127.0.0.1:{port}"}
            config["keyFile"] = str(await _key_file(Path(folder), port, PLAN))
            asked = {"sessionIdHash": "0" * 64, "tool": "web_search"}
            rounds = [in_node(_DECISIONS, config, asked, WARM_CALLS, CALLS) for _ in range(ROUNDS)]
        finally:
            server.terminate()
            server.wait(timeout=20)
        slowest = statistics.median(percentile(took, 0.99) for took in rounds)
        yield Figure("guard_socket_p99", slowest, "ms", 1, better="lower")


async def _key_file(folder: Path, port: int, plan: dict[str, Any] | None = None) -> Path:
    line = Line(*await asyncio.open_connection("127.0.0.1", port))
    await sign_in(line, plan)
    line.close()
    file = folder / "key"
    file.write_text(line.token)
    return file
