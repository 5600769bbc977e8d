"""Origins: which pages of a browser are the market's own."""

from urllib.parse import urlsplit

from clawmarket.domain.kernel.loopback import LOOPBACK


def hostname(address: str) -> str | None:
    """Return the host of an address, or None where it has none."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def is_own_origin(origin: str, base_url: str) -> bool:
    """Return whether an `Origin` is a page of the market that is reached at `base_url`.

    A market with a public address has exactly that origin. One on this machine goes by three
    names, and its pages may come through another port.
    """
    if hostname(base_url) in LOOPBACK:
        return hostname(origin) in LOOPBACK
    return origin == base_url
