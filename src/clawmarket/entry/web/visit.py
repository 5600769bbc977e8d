"""One visit: who asks, in which language, with which session; and how its page goes out."""

import hashlib
import hmac
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from clawmarket.domain.kernel.errors import (
    AuthRequiredError,
    ForbiddenError,
    NotFoundError,
    RevokedError,
)
from clawmarket.domain.kernel.loopback import LOOPBACK
from clawmarket.domain.trust.session import CredentialKind
from clawmarket.entry.gateway.origins import hostname
from clawmarket.entry.gateway.wire import peer_of
from clawmarket.entry.web.sheets import Sheets
from clawmarket.entry.web.words.catalog import Words, preferred
from clawmarket.entry.web.words.figures import short_id
from clawmarket.services.call import Caller
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.access.sessions import SESSION_MS
from clawmarket.services.trust.identity import identify

Fields = dict[str, Any]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
THEMES = ("light", "dark")
SESSION = "session"
SESSION_PREFIX = "cms_"
YEAR_S = 365 * 86_400
FLASH_S = 60
MAX_BACK_CHARS = 500


class FormForeignError(ForbiddenError):
    """A form came from another site, or from a page of another session."""

    advice = "Load the page anew and send the form from there."
    next_command = "clawmarket explain form_foreign"


def is_session(token: str) -> bool:
    """Return whether a cookie holds a session's token: a key has no business in a browser."""
    return token.startswith(SESSION_PREFIX)


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages of one market share."""

    pipeline: Pipeline
    sheets: Sheets

    def cookie(self, name: str) -> str:
        """Return a cookie's full name.

        Browsers keep cookies by host and not by port, so the name says which market of this
        machine it is for; over HTTPS the prefix binds it to the host (RFC 6265bis, 4.1.3.2).
        """
        base = urlsplit(self.pipeline.terms.base_url)
        if base.scheme == "https":
            return f"__Host-clawmarket_{name}"
        return f"clawmarket_{base.port or 80}_{name}"

    @property
    def is_secure(self) -> bool:
        """Whether the market is reached over HTTPS."""
        return self.pipeline.terms.base_url.startswith("https:")


class Visit:
    """One request of a page and everything that its handler needs.

    Args:
        site: The market's pages.
        request: The request as it came.
    """

    def __init__(self, site: Site, request: Request) -> None:
        self.site = site
        self.request = request
        self.words = Words(
            preferred(self._cookie("lang"), request.headers.get("accept-language", ""))
        )
        self.now = site.pipeline.ports.clock.now()
        self.token = self._cookie(SESSION)
        self.ended = False
        self.until_end = ExitStack()
        self._names: dict[str, str] = {}
        self._new_cookies: list[tuple[str, str, int]] = []
        self.caller = self._identified()

    @property
    def theme(self) -> str | None:
        """The theme that was chosen, or None for the system's."""
        chosen = self._cookie("theme")
        return chosen if chosen in THEMES else None

    @property
    def is_signed_in(self) -> bool:
        """Whether an account is behind this visit."""
        return bool(self.caller.account_id)

    @property
    def by_wallet(self) -> bool:
        """Whether a wallet opened the session, which then signs what is to be recorded."""
        return self.caller.kind is CredentialKind.WALLET

    def count(self) -> None:
        """Take one call for a page that asks no method. Raises CallsTooFastError or for readers."""
        caller = self.caller
        self.site.pipeline.limits.check_caller(caller.account_id, caller.peer, self.now)

    async def ask(self, method: str, /, **params: object) -> Fields:
        """Call a method as this visitor. Raises Refused."""
        return await self.act(method, params, "")

    async def act(self, method: str, params: Mapping[str, object], key: str) -> Fields:
        """Call a method as this visitor under an idempotency key. Raises Refused."""
        return await self.site.pipeline.submit(self.caller, method, params, key=key)

    async def card(self, account_id: str) -> Fields | None:
        """Return an account's public card, or None, and call it by its name from now on."""
        try:
            card = await self.ask("web3.agents.card", accountId=account_id)
        except NotFoundError:
            return None
        self._names[account_id] = card["displayName"]
        return card

    def name(self, account_id: str) -> str:
        """Return what an account is called on this page: its own name, else its id, shortened."""
        return self._names.get(account_id) or short_id(account_id)

    def demand_account(self) -> None:
        """Raise AuthRequiredError unless somebody is signed in."""
        if not self.is_signed_in:
            raise AuthRequiredError("This page is for a signed-in account.")

    @cached_property
    def csrf(self) -> str:
        """The mark that forms of this session carry; others cannot know it."""
        secret = self.token if self.is_signed_in else self._visitor()
        return self._mark("form", secret or "")

    def check_form(self, mark: str) -> None:
        """Raise FormForeignError unless a form comes from a page of this session."""
        headers = self.request.headers
        origin = headers.get("origin")
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise FormForeignError("This form came from another site; nothing was done.")
        if origin is not None and not self._is_ours(origin):
            raise FormForeignError("This form came from another site; nothing was done.")
        if not hmac.compare_digest(mark.encode(), self.csrf.encode()):
            raise FormForeignError("This form is of another session; nothing was done.")

    def _is_ours(self, origin: str) -> bool:
        """Whether a form's page is of the market's address, or of the loopback name asked for."""
        asked_for = f"{self.request.url.scheme}://{self.request.headers.get('host')}"
        local = hostname(asked_for) in LOOPBACK and origin == asked_for
        return local or origin == self.site.pipeline.terms.base_url

    def new_key(self) -> str:
        """Return a fresh idempotency key for a form, so that sending it twice acts once."""
        return self.site.pipeline.ports.entropy.draw(16).hex()

    def sign_in(self, token: str) -> None:
        """Let the answer keep a session's token in the browser, out of every script's reach."""
        self._new_cookies.append((SESSION, token, SESSION_MS // 1000))

    def sign_out(self) -> None:
        """Let the answer take the token back."""
        self._new_cookies.append((SESSION, "", 0))

    def remember(self, name: str, value: str) -> None:
        """Let the answer keep a choice for a year."""
        self._new_cookies.append((name, value, YEAR_S))

    def say(self, name: str, **values: str) -> None:
        """Let the next page say that something was done, once, as `toast.<name>`."""
        told = orjson.dumps([name, values]).hex()
        self._new_cookies.append(("said", f"{told}.{self._mark('said', told)}", FLASH_S))

    def page(self, template: str, status: int = 200, /, **values: object) -> Response:
        """Return a page."""
        said = self._said()
        shown = {"visit": self, "said": said, **values}
        text = self.site.sheets.render(template, self.words, self.now, **shown)
        return self._sent(HTMLResponse(text, status))

    def to(self, path: str) -> Response:
        """Return a redirect to a page of ours, to be asked for with GET."""
        return self._sent(RedirectResponse(path, 303))

    def back(self, path: str) -> str:
        """Return where a visitor came from if that is a page of ours, else the home page.

        Backslashes and control characters count as slashes or nothing to browsers, so they are
        no path; neither are two slashes, which begin a host (WHATWG URL, 4.4).
        """
        plain = path.isascii() and path.isprintable() and "\\" not in path
        local = path.startswith("/") and not path.startswith("//")
        return path if plain and local and len(path) <= MAX_BACK_CHARS else "/"

    def end(self) -> None:
        """Let go of the files that came with a form; those that were handed in are stored."""
        self.until_end.close()

    def sent(self, response: Response) -> Response:
        """Give an answer the cookies that this visit sets."""
        return self._sent(response)

    def _identified(self) -> Caller:
        ports, peer = self.site.pipeline.ports, peer_of(self.request)
        if self.token is not None and not is_session(self.token):
            return self._forgotten(peer)
        try:
            return identify(ports.store, ports.clock, self.token, peer)
        except (AuthRequiredError, RevokedError):
            return self._forgotten(peer)

    def _forgotten(self, peer: str) -> Caller:
        self.ended = True
        self.token = None
        self.sign_out()
        return identify(self.site.pipeline.ports.store, self.site.pipeline.ports.clock, None, peer)

    def _visitor(self) -> str | None:
        known = self._cookie("visit")
        if known is None:
            known = self.new_key()
            self._new_cookies.append(("visit", known, SESSION_MS // 1000))
        return known

    def _said(self) -> tuple[str, Mapping[str, str]] | None:
        told, _, mark = (self._cookie("said") or "").partition(".")
        if not told:
            return None
        self._new_cookies.append(("said", "", 0))
        if not hmac.compare_digest(mark.encode(), self._mark("said", told).encode()):
            return None
        name, values = orjson.loads(bytes.fromhex(told))
        return name, values

    def _mark(self, use: str, text: str) -> str:
        key = self.site.pipeline.terms.challenge_key.reveal().encode()
        return hmac.new(key, f"web|{use}|{text}".encode(), hashlib.sha256).hexdigest()

    def _cookie(self, name: str) -> str | None:
        return self.request.cookies.get(self.site.cookie(name)) or None

    def _sent(self, response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        # With no referrer at all, browsers send forms with the origin `null` (Fetch, 3.2).
        response.headers["Referrer-Policy"] = "same-origin"
        for name, value, lasts_s in self._new_cookies:
            response.set_cookie(
                self.site.cookie(name),
                value,
                max_age=lasts_s,
                path="/",
                secure=self.site.is_secure,
                httponly=True,
                samesite="lax",
            )
        return response
