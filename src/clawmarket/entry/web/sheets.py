"""The templates: one environment, everything escaped, and what every page is given."""

import hashlib
from collections.abc import Iterator
from functools import cache, partial
from importlib.resources import files
from importlib.resources.abc import Traversable

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined

from clawmarket.domain.market.order import OrderState
from clawmarket.entry.gateway import docs
from clawmarket.entry.web.telling.drawing import seal, strip
from clawmarket.entry.web.telling.refusing import told_refusal
from clawmarket.entry.web.telling.states import PILLS
from clawmarket.entry.web.words import figures
from clawmarket.entry.web.words.catalog import Words

_STATIC = files(__package__).joinpath("static")
_BUNDLE = "receipt"


def _modules(folder: Traversable, name: str) -> Iterator[str]:
    """Yield the scripts of a folder of modules, which import each other by their places."""
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            yield from _modules(entry, f"{name}/{entry.name}")
        elif entry.name.endswith(".mjs"):
            yield f"{name}/{entry.name}"


ASSETS = {
    "tokens.css": "text/css",
    "site.css": "text/css",
    "pages.css": "text/css",
    "app.js": "text/javascript",
    "wallet.js": "text/javascript",
    "mark.svg": "image/svg+xml",
    **dict.fromkeys(_modules(_STATIC.joinpath(_BUNDLE), _BUNDLE), "text/javascript"),
}

# The reference has the same colours and the same mark.
_SHARED = ("tokens.css", "mark.svg")


class Sheets:
    """The templates of one market."""

    def __init__(self, *, test_money: bool, fee_bps: int) -> None:
        self._templates = Environment(
            loader=PackageLoader(__package__, "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "amount": figures.amount,
            "change": figures.change,
            "prose": figures.prose,
            "size": figures.size,
            "short": figures.short_id,
        }
        self._templates.globals |= {
            "PILLS": PILLS,
            "asset": asset_path,
            "seal": seal,
            "strip": strip,
            "order_states": _order_states,
            "test_money": test_money,
            "fee_percent": f"{fee_bps / 100:g}",
        }

    def render(self, template: str, words: Words, now: int, /, **values: object) -> str:
        """Return a page as text, in the language of the words, as of a moment."""
        return self._templates.get_template(template).render(
            t=words,
            when=lambda moment: figures.when(moment, now, words),
            on=lambda day: figures.date(day, now, words),
            took=lambda ms: figures.span(ms, words),
            timed=lambda text: figures.timed(text, now, words),
            why=partial(told_refusal, words),
            **values,
        )


def _order_states(words: Words) -> str:
    """Return the words of an order's states as JSON, for what scripts tell."""
    return orjson.dumps({str(s): words(f"state.{s}") for s in OrderState}).decode()


@cache
def asset_data(name: str) -> bytes:
    """Return an asset of the pages."""
    if name in _SHARED:
        return docs.asset_data(name)
    return _STATIC.joinpath(*name.split("/")).read_bytes()


@cache
def asset_path(name: str) -> str:
    """Return an asset's address; it changes with its content, so that it may be kept for long.

    That of a module changes with every module, since each names the others by their places.
    """
    together = [each for each in ASSETS if each.startswith(f"{_BUNDLE}/")]
    parts = together if name in together else [name]
    digest = hashlib.sha256(b"".join(map(asset_data, parts))).hexdigest()
    return f"/web/{digest[:12]}/{name}"
