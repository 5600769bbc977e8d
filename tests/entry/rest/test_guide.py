"""The guide's commands run as they stand, in their order."""

import asyncio
import json
import os
import re
import shutil
import socket
from pathlib import Path

import pytest

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.runtime.serving.http import build_server
from rest.shop import Shop

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "rest.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide's commands are curl")
def test_the_guides_commands_close_a_paid_loop(shop: Shop, tmp_path: Path) -> None:
    """Over a loopback port, with a real curl; the worker has 49.50 at the end."""
    commands = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    script = "\n".join(["set -euo pipefail", *commands])
    said = shop.world.run(_run(shop, script, tmp_path))

    answers = [json.loads(line) for line in re.findall(r"\{\"success.*?\}(?=\{\"success|$)", said)]
    assert answers[-2]["data"]["balance"]["earned"] == 49.5
    assert answers[-1]["data"]["platform_fee"] == 0.5


async def _run(shop: Shop, script: str, folder: Path) -> str:
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    # The guide computes its deadline from the machine's clock.
    shop.world.clock.advance(_real_now() - shop.world.clock.now())
    server = build_server(shop.app)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0)
        market = f"http://127.0.0.1:{listener.getsockname()[1]}"
        shell = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            script,
            cwd=folder,
            env={**os.environ, "MARKET": market},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complaints = await shell.communicate()
        assert shell.returncode == 0, complaints.decode() + said.decode()
        return said.decode()
    finally:
        server.should_exit = True
        await serving


def _real_now() -> int:
    return SystemClock().now()
