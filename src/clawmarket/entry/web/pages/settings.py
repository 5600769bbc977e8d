"""Choices of a visitor that cookies keep: the language and the theme."""

from starlette.responses import Response

from clawmarket.entry.web.visit import THEMES, Visit
from clawmarket.entry.web.words.catalog import LANGUAGES


async def choose_language(visit: Visit) -> Response:
    """Keep a language and go back."""
    return _choose(visit, "lang", tuple(LANGUAGES))


async def choose_theme(visit: Visit) -> Response:
    """Keep a theme, or the system's for anything else, and go back."""
    return _choose(visit, "theme", THEMES)


def _choose(visit: Visit, name: str, known: tuple[str, ...]) -> Response:
    query = visit.request.query_params
    chosen = query.get("to", "")
    visit.remember(name, chosen if chosen in known else "")
    return visit.to(visit.back(query.get("back", "/")))
