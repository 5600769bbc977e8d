"""Who is told of revocations: the operator's endpoint and secret, or a refusal to start."""

from pathlib import Path

import pytest

from clawmarket.domain.kernel.secret import Secret
from clawmarket.runtime.config import Config, ConfigError, Receiver

URL, SECRET = "CLAWMARKET_REVOCATION_URL", "CLAWMARKET_REVOCATION_SECRET"
LONG = "x" * 16
HOOK = "https://hooks.example/revoked"


def load(**env: str) -> Receiver | None:
    """Return who is told under an environment."""
    return Config.load(env).receiver


def test_nobody_is_told_unless_it_is_asked_for() -> None:
    """Without an address a secret alone says nothing."""
    assert (load(), load(**{SECRET: LONG})) == (None, None)


def test_the_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    """And is shown nowhere."""
    path = tmp_path / "secret"
    path.write_text(f"{LONG}\n")
    wanted = Receiver(HOOK, Secret(LONG))
    assert load(**{URL: HOOK, SECRET: LONG}) == wanted
    assert load(**{URL: HOOK, f"{SECRET}_FILE": str(path)}) == wanted
    assert LONG not in repr(wanted)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a/b",
        "hooks.example",
        "http://",
        "https://u:p@a/b",
        "http://a:x/",
        "http://[::1",
        "http://☃.example/",
    ],
)
def test_an_address_is_an_http_url(url: str) -> None:
    """Without a user name or password in it."""
    with pytest.raises(ConfigError, match="is an http or https URL"):
        load(**{URL: url, SECRET: LONG})


@pytest.mark.parametrize("secret", ["", "x" * 15])
def test_a_notice_is_signed(secret: str) -> None:
    """A missing or short secret is refused."""
    with pytest.raises(ConfigError, match="at least 16 characters"):
        load(**{URL: HOOK, SECRET: secret})


def test_a_secret_s_file_has_to_be_there(tmp_path: Path) -> None:
    """A file that cannot be read is refused by the setting's name."""
    with pytest.raises(ConfigError, match="SECRET_FILE cannot be read"):
        load(**{URL: HOOK, f"{SECRET}_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize("host", ["127.0.0.1:9", "[::1]:9", "localhost"])
def test_in_production_plain_http_is_for_loopback_only(host: str) -> None:
    """Anywhere else the notice would be read on its way."""
    production = {"CLAWMARKET_PRODUCTION": "1", SECRET: LONG}
    assert load(**production, **{URL: f"http://{host}/x"}) is not None
    assert load(**production, **{URL: HOOK}) is not None
    with pytest.raises(ConfigError, match="is https in production"):
        load(**production, **{URL: "http://hooks.example/x"})
    assert load(**{URL: "http://hooks.example/x", SECRET: LONG}) is not None
