"""Under which names requests come: so that a market behind a proxy can say what it was not told.

It lies in this process alone and is never stored; a name is what a stranger sent.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from clawmarket.domain.kernel.loopback import LOOPBACK
from clawmarket.registry.probes import Finding

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,80}[a-z0-9])?")


@dataclass(slots=True)
class Reached:
    """What the requests so far say about the way to this market.

    Args:
        foreign: The last other name that was asked for, as far as it can be shown.
        by_proxy: Whether a proxy passed some request on.
    """

    foreign: str = ""
    by_proxy: bool = False

    def refuse(self, host: str) -> None:
        """Note that this market was asked for by a name that it does not go by."""
        self.foreign = host if _NAME.fullmatch(host) else "a name that is none"


def names_of(base_url: str) -> frozenset[str]:
    """Return the names a market goes by: that of its address, and this machine's plain ones."""
    return LOOPBACK | {urlsplit(base_url).hostname or ""}


def address_finding(base_url: str, reached: Reached) -> Finding:
    """Say whether requests come under the address that the market names."""
    is_public = urlsplit(base_url).hostname not in LOOPBACK
    name, hint = "market/address", "clawmarket help serve"
    if reached.foreign:
        said = f"Requests for {reached.foreign} were refused: the market goes by another name."
        return Finding(name, is_public, said, hint)
    if reached.by_proxy and not is_public:
        said = "A proxy passes requests on, and no public address is set."
        return Finding(name, ok=False, message=said, fix_hint=hint)
    return Finding(name, ok=True, message="Nobody asked for the market by another name.")
