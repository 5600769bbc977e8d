"""The home page: what the market is, its figures as they are, and what to do first."""

from starlette.responses import Response

from clawmarket.entry.web.visit import Visit


async def home_page(visit: Visit) -> Response:
    """Show the home page."""
    status = await visit.ask("web3.market.status.summary")
    return visit.page(
        "home.html", here="", status=status, is_empty=not any(status["tasks"].values())
    )
