"""Names in addresses: one that a route does not have is a slip, and is never passed over."""

from collections.abc import Collection

from fastapi import Request
from fastapi.dependencies.models import Dependant

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.registry.suggestions import nearest, said

# What clients put behind an address so that no cache answers.
FRESH = "_"
_SHOWN = 64


class QueryUnknownError(InvalidArgumentError):
    """An address has a name behind its `?` that this route does not know."""

    advice = "Correct the name, or leave it out; only `_` is passed over, which keeps caches away."
    next_command = "clawmarket explain query_unknown"


def names_of_query(route: Dependant) -> frozenset[str]:
    """Return the names that a route and what it depends on take behind `?`."""
    own = frozenset(field.alias for field in route.query_params)
    return own.union(*map(names_of_query, route.dependencies))


def check_query(request: Request, known: Collection[str]) -> None:
    """Raise QueryUnknownError unless a route knows every name behind `?`."""
    unknown = [name for name in request.query_params if name not in known and name != FRESH]
    if not unknown:
        return
    first = unknown[0][:_SHOWN]
    near = said(nearest(first, known))
    takes = "" if near else _takes(known)
    raise QueryUnknownError(f"This address takes no {first!r}.{near}{takes}", path=first)


def _takes(known: Collection[str]) -> str:
    return f" It takes {', '.join(sorted(known))}." if known else " It takes nothing behind `?`."
