"""Pages: `page` and `per_page` as the original has them, and `cursor` beside."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from clawmarket.domain.kernel.errors import InvalidArgumentError

DEFAULT = 20
MOST = 100
ACCEPTED = 1_000
# Further down a list only its cursor leads: counting from the top again costs more each page.
MAX_DEPTH = 1_000
_ABOUT = f"Items a page; above {MOST} it counts as {MOST}, above {ACCEPTED} it is refused."


class PageDeepError(InvalidArgumentError):
    """A page lies deeper in a list than pages by number go."""

    advice = "Send `cursor` with the `next_cursor` of the page before instead of `page`."
    next_command = "clawmarket explain page_deep"


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list: by number, or on from a cursor."""

    page: int
    per_page: int
    cursor: str | None

    @property
    def skipped(self) -> int:
        """How many items come before the page."""
        return 0 if self.cursor else (self.page - 1) * self.per_page


def paging(
    page: Annotated[int, Query(ge=1, le=10**9, description="From 1.")] = 1,
    per_page: Annotated[int | None, Query(ge=1, le=ACCEPTED, description=_ABOUT)] = None,
    limit: Annotated[int | None, Query(ge=1, le=ACCEPTED, description="As `per_page`.")] = None,
    cursor: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=200,
            pattern=r"^[A-Za-z0-9_.|-]+$",
            description="`next_cursor` of the page before; `page` is not looked at then.",
        ),
    ] = None,
) -> Paging:
    """Read what every list takes. Raises PageDeepError."""
    wanted = per_page if per_page is not None else limit if limit is not None else DEFAULT
    read = Paging(page, min(wanted, MOST), cursor)
    if read.skipped > MAX_DEPTH:
        raise PageDeepError(
            f"Pages by number end after {MAX_DEPTH} items; page {page} begins after {read.skipped}."
        )
    return read


Part = Annotated[Paging, Depends(paging)]
