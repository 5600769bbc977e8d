"""The page that checks a receipt in the browser; the file never leaves it."""

from starlette.responses import Response

from clawmarket.entry.web.visit import Visit


async def verify_page(visit: Visit) -> Response:
    """Show the page; `receipt.js` does the checks."""
    status = await visit.ask("web3.status.summary")
    return visit.page("verify.html", here="verify", vkey=status["vkey"])
