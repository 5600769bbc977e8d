"""The public address: as a browser writes an origin, or a refusal to start."""

import pytest

from clawmarket.runtime.config import Config
from clawmarket.runtime.public_url import PublicUrlError, public_url


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", None),
        ("https://market.example", "https://market.example"),
        ("HTTPS://Market.Example:443/", "https://market.example"),
        ("https://market.example:8443", "https://market.example:8443"),
        ("http://localhost:80", "http://localhost"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_an_address_is_kept_as_an_origin(written: str, meant: str | None) -> None:
    """Lower case, without the usual port and the slash; what pages send is compared with it."""
    assert public_url(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        *("market.example", "ftp://market.example", "https://", "https://:8443"),
        *("http://market.example", "http://127.0.0.1.evil.example", "http://10.0.0.1"),
        *("https://market.example/here", "https://market.example?x", "https://market.example#x"),
        *(
            "https://name@market.example",
            "https://market.example:0",
            "https://market.example:65536",
        ),
        *("https://market..example", "https://-market.example", "https://[::1", "https://m\n.x"),
        *("https://märket.example", "https://market.example ", " https://market.example"),
    ],
)
def test_anything_else_is_refused(written: str) -> None:
    """Another scheme, plain HTTP for others to read, a path, a user name, what is no host."""
    with pytest.raises(PublicUrlError):
        public_url(written)


def test_the_flag_wins_over_the_environment() -> None:
    """And without either the market goes by the address that it listens at."""
    named = {"CLAWMARKET_PUBLIC_URL": "https://one.example"}
    assert Config.load({}, port=9000).base_url == "http://127.0.0.1:9000"
    assert Config.load(named, port=9000).base_url == "https://one.example"
    chosen = Config.load(named, port=9000, public="https://two.example")
    assert (chosen.base_url, chosen.own_url) == ("https://two.example", "http://127.0.0.1:9000")
