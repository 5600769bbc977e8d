"""What a form does: its fields become a method's parameters, a wallet signs, a page follows."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import orjson
from starlette.responses import Response

from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.kernel.errors import InvalidArgumentError, Refused
from clawmarket.domain.kernel.ids import id_pattern
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.statement import statement, statement_digest
from clawmarket.entry.gateway.wire import RouteUnknownError, failure
from clawmarket.entry.web.deeds.forms import Form, FormUnreadableError, read_form
from clawmarket.entry.web.deeds.quotes import quote_of
from clawmarket.entry.web.visit import Fields, Visit
from clawmarket.entry.web.words.figures import amount
from clawmarket.registry.methods import method_named

Making = Callable[[Visit, Form], Awaitable[Fields]]

_TASK = re.compile(id_pattern("task"))
_KEY = re.compile(r"[0-9a-f]{32}")
_PATH = re.compile(r"\$\.([A-Za-z]+)")


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
        page: Where it was done: a task's page, or the account's.
        asks: Whether a page asks once more before it is done.
        fields: The form's fields by the method's parameters, where they are called otherwise.
    """

    method: str
    params: Making
    page: str = "task"
    asks: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)


class Doing:
    """Does what forms ask for.

    Args:
        deeds: By name.
        pages: How a page is shown again, with what was wrong, by the deed's `page`.
        max_file_bytes: The largest file that a form may bring.
    """

    def __init__(
        self,
        deeds: Mapping[str, Deed],
        pages: Mapping[str, Callable[[Visit, Form, Wrong], Awaitable[Response]]],
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
            return await self._again(visit, name, form, error)

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
        quote = await quote_of(visit, name, params, _task(form))
        go = visit.words(f"go.{name}", amount=amount(quote.amount) if quote else "")
        return visit.page(
            "confirm.html",
            here="me" if deed.page == "me" else "tasks",
            deed=name,
            task=_task(form),
            params=params,
            sent=orjson.dumps(params).decode(),
            key=key,
            signed_at=signed_at,
            quote=quote,
            go=visit.words("confirm.go_signed", go=go) if said else go,
            statement=canonical_bytes(said).decode() if said else None,
            digest=statement_digest(said).hex() if said else None,
            back=_page_of(deed, form),
        )

    async def _do(self, visit: Visit, name: str, params: Fields, form: Form) -> Response:
        deed = self._deeds[name]
        done = await visit.act(deed.method, params, _key(form))
        visit.say(name)
        if name == "publish":
            return visit.to(f"/tasks/{done['taskId']}")
        if name == "new_key":
            return visit.page("new_key.html", here="me", made=done)
        return visit.to(_page_of(deed, form))

    async def _again(self, visit: Visit, name: str, form: Form, error: Refused) -> Response:
        deed = self._deeds[name]
        path = _PATH.match(str(error.details.get("path", "")))
        said = deed.fields.get(path[1], path[1]) if path else None
        status = failure(error, visit.request.state.request_id).status
        wrong = Wrong(name, error.what, error.advice, said, status, form, error.cause)
        return await self._pages[deed.page](visit, form, wrong)


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


def _task(form: Form) -> str:
    return form.get("task") if _TASK.fullmatch(form.get("task")) else ""


def _page_of(deed: Deed, form: Form) -> str:
    task = _task(form)
    return {"me": "/me", "new": "/tasks/new"}.get(deed.page) or (
        f"/tasks/{task}" if task else "/tasks"
    )


class NumberInvalidError(InvalidArgumentError):
    """A field of a form is no whole number where one is needed."""

    advice = "Write a whole number, such as 24."
    next_command = "clawmarket explain number_invalid"
