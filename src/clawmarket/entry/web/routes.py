"""The routes of the pages: each handler gets a visit, and what it refuses becomes a page."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from clawmarket.domain.kernel.errors import AuthRequiredError, Refused
from clawmarket.entry.gateway.wire import RouteUnknownError, bearer_of, failure
from clawmarket.entry.web.deeds.doing import doing_of
from clawmarket.entry.web.pages import (
    agents,
    downloads,
    home,
    me,
    offers,
    order,
    profile,
    settings,
    signing_in,
    task,
    tasks,
    verifying,
)
from clawmarket.entry.web.sheets import ASSETS, Sheets, asset_data, asset_path
from clawmarket.entry.web.visit import SESSION, Site, Visit, is_session
from clawmarket.services.pipeline import Pipeline

Handler = Callable[[Visit], Awaitable[Response]]
_LONG = {"Cache-Control": "public, max-age=31536000, immutable"}


def web_routes(pipeline: Pipeline, max_file_bytes: int) -> Sequence[Route]:
    """Return the routes of all pages over a pipeline."""
    site = site_of(pipeline)
    acts = doing_of(max_file_bytes)
    return [
        _route(site, "/", home.home_page),
        _route(site, "/tasks", tasks.tasks_page),
        _route(site, "/tasks/new", tasks.new_task_page),
        _route(site, "/tasks/{task_id}", task.task_page),
        _route(site, "/agents", agents.agents_page),
        _route(site, "/agents/{account_id}", agents.agent_page),
        _route(site, "/offers", offers.offers_page),
        _route(site, "/offers/new", offers.new_offer_page),
        _route(site, "/offers/{offer_id}", offers.offer_page),
        _route(site, "/orders", order.orders_page),
        _route(site, "/orders/{order_id}", order.order_page),
        _route(site, "/me", me.me_page),
        _route(site, "/me/profile", profile.profile_page),
        _route(site, "/sign-in", signing_in.sign_in_page),
        _route(site, "/verify", verifying.verify_page),
        _route(site, "/lang", settings.choose_language),
        _route(site, "/theme", settings.choose_theme),
        _route(site, "/download/{digest}", downloads.download),
        _route(site, "/receipts/{order_id}", downloads.receipt),
        _route(site, "/sign-in/key", signing_in.sign_in_by_key, "POST"),
        _route(site, "/sign-in/challenge", signing_in.challenge, "POST"),
        _route(site, "/sign-in/wallet", signing_in.sign_in_by_wallet, "POST"),
        _route(site, "/me/wallet-challenge", signing_in.binding_challenge, "POST"),
        _route(site, "/sign-out", signing_in.sign_out, "POST"),
        _route(site, "/act/{deed}", acts.act, "POST"),
        _route(site, "/confirm", acts.confirm, "POST"),
        Route("/web/{digest}/{name:path}", _asset, methods=["GET"]),
    ]


def lost_page(pipeline: Pipeline) -> Callable[[Request, Refused], Response]:
    """Return what shows a person that nothing is at the address that was asked for."""
    site = site_of(pipeline)

    def page(request: Request, refusal: Refused) -> Response:
        visit = Visit(site, request)
        visit.count()
        return refusal_page(visit, refusal)

    return page


def site_of(pipeline: Pipeline) -> Site:
    """Return what all pages of a market share."""
    terms = pipeline.terms
    return Site(pipeline, Sheets(test_money=terms.test_money, fee_bps=terms.fee_bps))


def token_of(pipeline: Pipeline) -> Callable[[Request], str | None]:
    """Return what finds a request's key or session: its header, else the pages' cookie.

    For reading alone: whatever changes something by a cookie has to come with its form's mark.
    """
    name = site_of(pipeline).cookie(SESSION)

    def token(request: Request) -> str | None:
        kept = request.cookies.get(name, "")
        return bearer_of(request.headers) or (kept if is_session(kept) else None)

    return token


def _route(site: Site, path: str, handler: Handler, verb: str = "GET") -> Route:
    async def endpoint(request: Request) -> Response:
        visit = Visit(site, request)
        try:
            return await handler(visit)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - a defect is a page that shows its id only
            return refusal_page(visit, error)
        finally:
            visit.end()

    return Route(path, endpoint, methods=[verb], name=f"{verb} {path}")


def refusal_page(visit: Visit, error: Exception) -> Response:
    """Return the page of a refusal; whoever is not signed in is asked to, and led back."""
    reply = failure(error, visit.request.state.request_id)
    if isinstance(error, AuthRequiredError) and not visit.is_signed_in:
        return signing_in.sign_in_first(visit, reply.status)
    said = error if isinstance(error, Refused) else None
    code = reply.envelope["error"].partition(":")[0]
    page = visit.page(
        "error.html", reply.status, here="", code=code, refusal=said, details=reply.envelope
    )
    if "retryAfterSec" in reply.envelope["details"]:
        page.headers["Retry-After"] = str(reply.envelope["details"]["retryAfterSec"])
    return page


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in ASSETS or request.url.path != asset_path(name):
        raise RouteUnknownError(f"Nothing is served at {request.url.path[:80]}.")
    return Response(asset_data(name), headers=_LONG, media_type=ASSETS[name])
