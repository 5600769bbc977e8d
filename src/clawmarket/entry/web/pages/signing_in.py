"""Signing in and out: by a wallet's signature (EIP-4361) or by an API key."""

from starlette.responses import JSONResponse, Response

from clawmarket.domain.kernel.errors import AuthRequiredError, Refused
from clawmarket.entry.gateway.wire import MAX_BODY_BYTES, failure, peer_of
from clawmarket.entry.web.deeds.forms import read_form
from clawmarket.entry.web.telling.refusing import told_refusal
from clawmarket.entry.web.visit import Visit
from clawmarket.services.trust.identity import identify

KEY_PREFIXES = ("cmk_", "cmo_")


async def sign_in_page(visit: Visit) -> Response:
    """Show both ways to sign in."""
    visit.count()
    return _page(visit, visit.back(visit.request.query_params.get("back", "/me")))


def sign_in_first(visit: Visit, status: int) -> Response:
    """Ask somebody to sign in who wanted a page that needs it, and lead back there after it."""
    wanted = visit.request.url.path if visit.request.method == "GET" else "/me"
    return _page(visit, visit.back(wanted), status, first=True)


async def sign_in_by_key(visit: Visit) -> Response:
    """Open a session of an API key; the browser keeps its token, and never the key."""
    form = await read_form(visit, MAX_BODY_BYTES)
    key, back, ports = form.get("key"), visit.back(form.get("back")), visit.site.pipeline.ports
    try:
        if not key.startswith(KEY_PREFIXES):
            raise AuthRequiredError("This is no API key.")
        by_key = identify(ports.store, ports.clock, key, peer_of(visit.request))
        opened = await visit.site.pipeline.submit(by_key, "web3.sessions.open", {})
    except Refused as error:
        return _refused(visit, back, error)
    visit.sign_in(opened["token"])
    return visit.to(back)


async def challenge(visit: Visit) -> Response:
    """Give a wallet its message to sign; asked for by `wallet.js`."""
    return await _challenge(visit, "web3.siwe.challenge")


async def _challenge(visit: Visit, method: str) -> Response:
    form = await read_form(visit, MAX_BODY_BYTES)
    try:
        given = await visit.ask(method, address=form.get("address"))
    except Refused as error:
        reply = failure(error, visit.request.state.request_id)
        said = told_refusal(visit.words, error.cause, error.what, error.advice)
        return JSONResponse(reply.envelope | {"said": said}, reply.status)
    return visit.sent(JSONResponse({"message": given["message"]}))


async def binding_challenge(visit: Visit) -> Response:
    """Give another wallet its message, by which it agrees to stand for this account."""
    visit.demand_account()
    return await _challenge(visit, "web3.wallet.challenge")


async def sign_in_by_wallet(visit: Visit) -> Response:
    """Open a session for the wallet that signed the message."""
    form = await read_form(visit, MAX_BODY_BYTES)
    back = visit.back(form.get("back"))
    # Browsers send the lines of a field with CR LF; the message has LF alone.
    message, signature = form.text("message"), form.get("signature")
    try:
        opened = await visit.ask("web3.siwe.verify", message=message, signature=signature)
    except Refused as error:
        return _refused(visit, back, error)
    visit.sign_in(opened["token"])
    return visit.to(back)


async def sign_out(visit: Visit) -> Response:
    """End the session, or all of the account; a key that opened one stays good."""
    form = await read_form(visit, MAX_BODY_BYTES)
    if visit.is_signed_in:
        await visit.act("web3.siwe.logout", {"all": form.has("all")}, visit.new_key())
    visit.sign_out()
    return visit.to("/")


def _refused(visit: Visit, back: str, error: Refused) -> Response:
    status = failure(error, visit.request.state.request_id).status
    return _page(visit, back, status, refusal=error)


def _page(
    visit: Visit,
    back: str,
    status: int = 200,
    *,
    first: bool = False,
    refusal: Refused | None = None,
) -> Response:
    return visit.page(
        "sign_in.html",
        status,
        here="sign-in",
        back=back,
        first=first,
        refusal=refusal,
        csrf=visit.csrf,
        market=visit.site.pipeline.terms.base_url,
    )
