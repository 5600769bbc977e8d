"""`python -m pictures.serving serve --faucet`: the market itself, by the pictures' clock."""

from unittest.mock import patch

from starlette.responses import Response

from clawmarket.entry.cli.main import main
from clawmarket.entry.web.pages import verifying
from clawmarket.entry.web.visit import Visit
from clawmarket.runtime import app
from clawmarket.services.limits import CallsTooFastError
from pictures.days import MovedClock

verify_page = verifying.verify_page


async def broken_page(visit: Visit) -> Response:
    """Show the page, or refuse or fail as it is asked to, so that what is said then can be seen."""
    broken = visit.request.query_params.get("broken")
    if broken == "often":
        raise CallsTooFastError("The account calls too fast.", retryAfterSec=2)
    if broken:
        raise RuntimeError("A defect of the pictures.")
    return await verify_page(visit)


if __name__ == "__main__":
    with (
        patch.object(app, "SystemClock", MovedClock),
        patch.object(verifying, "verify_page", broken_page),
    ):
        main()
