"""A market with an outside rail that is a process of its own; its address is the argument."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx

from clawmarket.ports.payments import Declined, Move, Moved, RailSilentError, Unknown, Unseen
from clawmarket.runtime.config import Config
from clawmarket.runtime.serve import serve


class HttpRail:
    """A rail over HTTP; whatever goes wrong on the way is unknown, never a refusal."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def move(self, move: Move) -> Moved | Declined | Unknown:
        """Send a move; what comes back is as good as nothing."""
        await self._post("/move", asdict(move))
        return Unknown("Look it up.")

    async def look_up(self, key: str) -> Moved | Declined | Unseen | Unknown:
        """Return what the rail says of a key."""
        said = await self._post("/look-up", {"key": key})
        match said["is"]:
            case "moved":
                return Moved(Move(**said["move"]), said["reference"])
            case "declined":
                return Declined(key, said["reason"])
            case _:
                return Unseen(key)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(base_url=self._url, timeout=2) as client:
                answer: dict[str, Any] = (await client.post(path, json=body)).json()
        except (httpx.HTTPError, ValueError):
            raise RailSilentError("The rail cannot be reached.") from None
        return answer


def main() -> None:
    """Run the market of the environment's home on a free port."""
    home = Path(os.environ["CLAWMARKET_HOME"])
    serve(Config(home, port=0, faucet=True), rails={"http": HttpRail(sys.argv[1])})


if __name__ == "__main__":
    main()
