"""The page that checks a receipt in the browser; the file never leaves it."""

import orjson
from starlette.responses import Response

from clawmarket.entry.web.visit import Visit
from clawmarket.entry.web.words.catalog import catalog

_OWN = "receipt.js."


async def verify_page(visit: Visit) -> Response:
    """Show the page; its scripts do the checks and say what they found by these sentences."""
    status = await visit.ask("web3.status.summary")
    said = {
        key.removeprefix(_OWN): text
        for key, text in catalog(visit.words.lang).items()
        if key.startswith(_OWN)
    }
    return visit.page(
        "verify.html", here="verify", vkey=status["vkey"], sentences=orjson.dumps(said).decode()
    )
