"""The reference as pages: made on the server from the list of methods, without any script."""

import json
import re
import shlex
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clawmarket.entry.gateway.lasting import Lasting
from clawmarket.entry.gateway.openapi import COMMON, SIGNED_IN, noun_of_method
from clawmarket.entry.gateway.shapes import (
    Schema,
    Shapes,
    nested_in,
    rows_of,
    sample,
    shapes_of,
)
from clawmarket.registry.codes import CODES
from clawmarket.registry.methods import Manner, Method, Scope, method_named
from clawmarket.services.call import Terms
from clawmarket.services.pipeline import MethodUnknownError

_CODE = re.compile(r"`([^`]+)`")
_ASSETS = {"tokens.css": "text/css", "style.css": "text/css", "mark.svg": "image/svg+xml"}


def docs_routes(methods: Mapping[str, Method], terms: Terms) -> list[Route]:
    """Return the routes of the reference and of its style sheet and mark."""
    pages = _Pages(methods, terms)

    @cache
    def made(name: str) -> Lasting:
        text = pages.method(methods[name]) if name else pages.index()
        return Lasting(text.encode(), "text/html")

    async def index(request: Request) -> Response:
        return made("").answer(request)

    async def page(request: Request) -> Response:
        method = method_named(request.path_params["method"])
        if method is None:
            raise MethodUnknownError(f"There is no method {request.path_params['method'][:80]!r}.")
        return made(method.name).answer(request)

    return [
        Route("/docs", index, methods=["GET"]),
        *(_asset_route(name, kind) for name, kind in _ASSETS.items()),
        Route("/docs/{method}", page, methods=["GET"]),
    ]


def front_route() -> Route:
    """Return the route of a market without pages: its reference stands in front."""

    async def front(_request: Request) -> Response:
        return RedirectResponse("/docs")

    return Route("/", front, methods=["GET"])


def asset_data(name: str) -> bytes:
    """Return an asset of the reference; the market's pages share tokens and mark with it."""
    return files(__package__).joinpath("pages", name).read_bytes()


def _asset_route(name: str, kind: str) -> Route:
    lasting = Lasting(asset_data(name), kind)

    async def asset(request: Request) -> Response:
        return lasting.answer(request)

    return Route(f"/docs/{name}", asset, methods=["GET"])


class _Pages:
    """The pages of one market."""

    def __init__(self, methods: Mapping[str, Method], terms: Terms) -> None:
        self._methods = methods
        self._terms = terms
        self._templates = Environment(
            loader=PackageLoader(__package__, "pages"), autoescape=True, undefined=StrictUndefined
        )
        self._templates.filters["prose"] = prose

    @cached_property
    def _shapes(self) -> Shapes:
        return shapes_of(self._methods.values())

    def index(self) -> str:
        """Return the page that lists all methods by noun."""
        nouns: dict[str, list[Method]] = {}
        for method in self._methods.values():
            nouns.setdefault(noun_of_method(method), []).append(method)
        return self._render(
            "index.html", nouns=dict(sorted(nouns.items())), count=len(self._methods)
        )

    def method(self, method: Method) -> str:
        """Return the page of one method."""
        shapes = self._shapes
        params, answer = shapes.of[method.request], shapes.of[method.answer]
        return self._render(
            "method.html",
            method=method,
            takes=rows_of(shapes, params),
            gives=rows_of(shapes, answer),
            parts=self._parts(params, answer),
            curl=curl_line(method, sample(method, shapes), self._terms.base_url),
            cli=cli_line(method, sample(method, shapes)),
            codes=CODES,
            common=(*COMMON, *(() if method.scope is Scope.PUBLIC else SIGNED_IN)),
        )

    def _parts(self, *schemas: Schema) -> dict[str, object]:
        found: dict[str, Schema] = {}
        for schema in schemas:
            found |= nested_in(self._shapes, schema)
        return {name: rows_of(self._shapes, part) for name, part in found.items()}

    def _render(self, page: str, **values: object) -> str:
        return self._templates.get_template(page).render(terms=self._terms, **values)


def prose(text: str) -> Markup:
    """Return a docstring's words as safe HTML: `code` is marked, empty lines part paragraphs."""
    marked = _CODE.sub(r"<code>\1</code>", str(escape(text.strip())))
    return Markup("</p><p>").join(Markup(part) for part in marked.split("\n\n"))  # noqa: S704 - escaped


def curl_line(method: Method, params: Mapping[str, object], base_url: str) -> str:
    """Return a shell line that calls a method; the token comes from the environment."""
    words = [f"curl -sS {base_url}/rpc/{method.name}"]
    if method.scope is not Scope.PUBLIC:
        words.append('-H "Authorization: Bearer $CLAWMARKET_API_KEY"')
    if method.manner is Manner.WRITE:
        words.append('-H "Idempotency-Key: $(uuidgen)"')
    words.append(f"-d {shlex.quote(_json(params))}")
    return " \\\n  ".join(words)


def cli_line(method: Method, params: Mapping[str, object]) -> str:
    """Return a shell line of the command line tool: `name=text` or `name:=json` per parameter."""
    words = [
        f"{name}={value}" if isinstance(value, str) else f"{name}:={_json(value)}"
        for name, value in params.items()
    ]
    return shlex.join(["clawmarket", "call", method.name, *words])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
