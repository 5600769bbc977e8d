"""The catalogs of the pages: the same keys in every language, filled in with values.

What the market itself says, its refusals and findings, it says in English; every other language has
a catalog of that beside its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = {"en": "en", "zh": "zh-Hans"}
FALLBACK = "en"


@cache
def catalog(lang: str) -> Mapping[str, str]:
    """Return the sentences of a language by key."""
    texts: Mapping[str, str] = json.loads(
        files(__package__).joinpath(f"{lang}.json").read_text(encoding="utf-8")
    )
    return texts


@cache
def market_catalog(lang: str) -> Mapping[str, str]:
    """Return what the market itself says, in a language, by key; nothing for English."""
    if lang == FALLBACK:
        return {}
    file = files(__package__).joinpath(f"market.{lang}.json")
    texts: Mapping[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return texts


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language."""

    lang: str

    def __call__(self, key: str, /, **values: object) -> str:
        """Return a sentence with its values; a key that is missing is a defect (KeyError)."""
        return catalog(self.lang)[key].format(**values)

    def has(self, key: str) -> bool:
        """Return whether there is such a sentence."""
        return key in catalog(self.lang)

    def of_market(self, key: str) -> str | None:
        """Return in this language what the market itself says; None for what it says in English."""
        return market_catalog(self.lang).get(key)

    @property
    def html(self) -> str:
        """The language's tag for documents (BCP 47)."""
        return LANGUAGES[self.lang]

    @property
    def other(self) -> str:
        """The language that this one is switched to."""
        return next(lang for lang in LANGUAGES if lang != self.lang)


def preferred(cookie: str | None, accepted: str) -> str:
    """Return the language of a visitor: what was chosen, else what the browser asks for first.

    Weights (RFC 9110, 12.5.4) are left out: browsers name what they like best first.
    """
    if cookie in LANGUAGES:
        return cookie
    for wish in accepted[:200].split(","):
        lang = wish.partition(";")[0].strip().partition("-")[0].lower()
        if lang in LANGUAGES:
            return lang
    return FALLBACK
