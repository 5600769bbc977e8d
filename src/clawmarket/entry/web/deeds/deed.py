"""What a form does: its fields become a method's parameters, a wallet signs, a page follows."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

import orjson
from starlette.responses import Response

from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.ids import id_pattern
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.statement import statement, statement_digest
from clawmarket.entry.gateway.wire import RouteUnknownError, failure
from clawmarket.entry.web.deeds.forms import Form, FormUnreadableError, read_form
from clawmarket.entry.web.deeds.quotes import quote_of
from clawmarket.entry.web.deeds.reading import Making
from clawmarket.entry.web.visit import Fields, Visit
from clawmarket.entry.web.words.figures import amount
from clawmarket.registry.methods import method_named

Following = Callable[[Visit, Fields], Response]

# What has a page of its own where forms stand; its id comes in a field that is called so.
THINGS = ("task", "order", "offer")
_IDS = {noun: re.compile(id_pattern(noun)) for noun in THINGS}
# What a form says that it is about, for people; the market is told by the form's ids alone.
MAX_ABOUT_CHARS = 200
_KEY = re.compile(r"[0-9a-f]{32}")
_PATH = re.compile(r"\$\.([A-Za-z_]+)")


@dataclass(frozen=True, slots=True)
class Wrong:
    """What was wrong with a form, so that its page shows it again with what was typed."""

    deed: str
    what: str
    advice: str
    field: str | None
    status: int
    form: Form
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that a form does.

    Args:
        method: The registry's method.
        params: Makes its parameters of the form; may store files on the way.
        page: Where it was done, by the name of a page that has forms.
        asks: Whether a page asks once more before it is done.
        fields: The form's fields by the method's parameters, where they are called otherwise.
        then: Makes the answer of what was done; None leads back to the page.
    """

    method: str
    params: Making
    page: str = "thing"
    asks: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    then: Following | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page that has forms.

    Args:
        here: The entry of the navigation that it is under.
        path: Where it is, by a form of it.
        show: Shows it again with what was wrong.
    """

    here: str
    path: Callable[[Form], str]
    show: Callable[[Visit, Form, Wrong], Awaitable[Response]]


class Doing:
    """Does what forms ask for.

    Args:
        deeds: By name.
        pages: By the name that deeds have for them.
        max_file_bytes: The largest file that a form may bring.
    """

    def __init__(
        self,
        deeds: Mapping[str, Deed],
        pages: Mapping[str, Page],
        max_file_bytes: int,
    ) -> None:
        self._deeds = deeds
        self._pages = pages
        self._max_file_bytes = max_file_bytes

    async def act(self, visit: Visit) -> Response:
        """Take a form; do it, or show what has to be confirmed or signed."""
        name = visit.request.path_params["deed"]
        deed = self._deed(name)
        # First, so that no stranger has files kept here while their form comes in.
        visit.demand_account()
        form = await read_form(visit, self._max_file_bytes)
        try:
            params = await deed.params(visit, form)
            if deed.asks or self._is_signed(visit, deed):
                return await self._ask(visit, name, params, form)
            return await self._do(visit, name, params, form)
        except Refused as error:
            return await self._again(visit, name, form, error)

    async def confirm(self, visit: Visit) -> Response:
        """Do what was confirmed, with the wallet's signature if there has to be one."""
        # First, so that no stranger has files kept here while their form comes in.
        visit.demand_account()
        form = await read_form(visit, self._max_file_bytes)
        name = form.get("deed")
        deed = self._deed(name)
        try:
            params = _params(form)
            if self._is_signed(visit, deed):
                signed = {"signature": form.get("signature"), "signedAt": form.get("signedAt")}
                params = params | signed
            return await self._do(visit, name, params, form)
        except Refused as error:
            return await self._again(visit, name, _typed(form), error)

    def _deed(self, name: str) -> Deed:
        if name not in self._deeds:
            raise RouteUnknownError(f"No form does {name[:40]!r}.")
        return self._deeds[name]

    def _is_signed(self, visit: Visit, deed: Deed) -> bool:
        method = method_named(deed.method)
        return visit.by_wallet and method is not None and method.signed

    async def _ask(self, visit: Visit, name: str, params: Fields, form: Form) -> Response:
        """Show what would be done, with the statement that a wallet signs for it."""
        deed, key, signed_at = self._deeds[name], _key(form), iso(visit.now)
        said = None
        if self._is_signed(visit, deed):
            said = statement(
                market=visit.site.pipeline.terms.origin,
                method=deed.method,
                actor=visit.caller.account_id,
                key=key,
                signed_at=signed_at,
                params=params,
            )
        quote = await quote_of(visit, name, params, thing_of(form))
        go = visit.words(f"go.{name}", amount=amount(quote.amount) if quote else "")
        page = self._pages[deed.page]
        return visit.page(
            "confirm.html",
            here=_here(page, form),
            deed=name,
            at=thing_of(form),
            about=form.get("about")[:MAX_ABOUT_CHARS],
            params=params,
            sent=orjson.dumps(params).decode(),
            typed=orjson.dumps(_kept(form)).decode(),
            key=key,
            signed_at=signed_at,
            quote=quote,
            go=visit.words("confirm.go_signed", go=go) if said else go,
            statement=canonical_bytes(said).decode() if said else None,
            digest=statement_digest(said).hex() if said else None,
            signers=(await visit.ask("web3.wallet.show"))["addresses"] if said else [],
            back=page.path(form),
        )

    async def _do(self, visit: Visit, name: str, params: Fields, form: Form) -> Response:
        deed = self._deeds[name]
        done = await visit.act(deed.method, params, _key(form))
        if deed.then is not None:
            return deed.then(visit, done)
        visit.say(name)
        return visit.to(self._pages[deed.page].path(form))

    async def _again(self, visit: Visit, name: str, form: Form, error: Refused) -> Response:
        deed = self._deeds[name]
        path = _PATH.match(str(error.details.get("path", "")))
        said = deed.fields.get(path[1], path[1]) if path else None
        status = failure(error, visit.request.state.request_id).status
        wrong = Wrong(name, error.what, error.advice, said, status, form, error.cause)
        return await self._pages[deed.page].show(visit, form, wrong)


def thing_of(form: Form) -> str:
    """Return the id of the thing on whose page a form stood, a task's before its order's."""
    return next((form.get(n) for n in THINGS if _IDS[n].fullmatch(form.get(n))), "")


def thing_path(form: Form) -> str:
    """Return the address of the page that a form stood on; the board's for nothing known."""
    thing = thing_of(form)
    return f"/{thing.partition('_')[0]}s/{thing}" if thing else "/tasks"


def _here(page: Page, form: Form) -> str:
    """Return the entry of the navigation: an offer and its orders have one of their own."""
    return "offers" if thing_of(form).startswith(("offer_", "order_")) else page.here


_OWN_FIELDS = frozenset({"csrf", "key", "deed", "params", "typed", "signature", "signedAt"})


def _kept(form: Form) -> Fields:
    return {name: text for name, text in form.fields.items() if name not in _OWN_FIELDS}


def _typed(form: Form) -> Form:
    """Return a confirmation as the form before it, so that its page shows what was typed."""
    try:
        typed = orjson.loads(form.get("typed"))
    except orjson.JSONDecodeError:
        return form
    kept = typed.items() if isinstance(typed, dict) else ()
    return replace(form, fields={n: t for n, t in kept if isinstance(t, str)} | dict(form.fields))


def _params(form: Form) -> Fields:
    try:
        params = orjson.loads(form.get("params"))
    except orjson.JSONDecodeError:
        params = None
    if not isinstance(params, dict):
        raise FormUnreadableError("What was confirmed cannot be read.")
    return params


def _key(form: Form) -> str:
    if not _KEY.fullmatch(form.get("key")):
        raise FormUnreadableError("The form lacks its key.")
    return form.get("key")
