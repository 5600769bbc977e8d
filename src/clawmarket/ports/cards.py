"""Who fetches the cards that agents serve somewhere outside of the market."""

from typing import Protocol

from clawmarket.domain.kernel.errors import UnavailableError


class CardUnreachableError(UnavailableError):
    """The agent's card could not be fetched; nothing was changed."""

    advice = "Check that the card is served there, without a redirect, and set the endpoint again."
    next_command = "clawmarket help agent endpoint"


class Cards(Protocol):
    """Somebody who fetches cards from public addresses, and from no others."""

    async def fetch(self, url: str) -> bytes:
        """Return what a URL serves.

        Raises:
            UrlForbiddenError: The URL, or what its name stands for, is not allowed to be asked.
            CardUnreachableError: Nothing, or something else than an answer 200, came in time.
            CardUnfitError: More came than a card may have.
        """
        ...

    async def check(self, url: str) -> None:
        """Judge a URL as `fetch` would, and ask it nothing.

        Raises UrlForbiddenError, CardUnreachableError.
        """
        ...

    def leave_this_machine(self) -> None:
        """From now on ask nothing on this machine, whatever was allowed before."""
        ...
