"""What connections keep in memory of calls that have not come whole or are not answered."""

from collections.abc import Iterable
from typing import Any

from clawmarket.domain.kernel.errors import UnavailableError

# As much as a common call has; who keeps no more is never sent away.
FREE_BYTES = 64 * 1024


class BodiesFullError(UnavailableError):
    """As many bytes of large calls are on their way as the market keeps in memory."""

    advice = "Send it again when the answer says; large files go to `POST /files`."


def is_full(held: int, connections: Iterable[Any], most: int) -> bool:
    """Tell whether a connection that holds so many bytes holds too many beside all the others."""
    return held > FREE_BYTES and sum(each.held for each in connections) > most
