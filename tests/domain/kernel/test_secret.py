"""A Secret shows itself nowhere but through its one door."""

import copy
import dataclasses
import json
import pickle
import secrets
import traceback

import orjson
import pytest

from clawmarket.domain.kernel.secret import Secret

SHOWN = "Secret(***)"


@pytest.fixture
def plain() -> str:
    """Make a text that no file holds."""
    return secrets.token_urlsafe(24)


def test_reveal_is_the_door(plain: str) -> None:
    """The plain text comes back unchanged."""
    assert Secret(plain).reveal() == plain


def test_every_way_of_writing_it_shows_stars(plain: str) -> None:
    """Repr, str, format with and without a spec and containers show nothing."""
    secret = Secret(plain)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>5}",
        f"{secret:.3}",
        f"{secret!s}",
        f"{secret!a}",
    ]
    assert shown == [SHOWN] * 7
    assert f"{[secret]}" == f"[{SHOWN}]"


def test_secrets_compare_by_content(plain: str) -> None:
    """Equal texts are equal secrets, others are not, whatever characters they hold."""
    assert Secret(plain) == Secret(plain)
    assert Secret(plain) != Secret(plain + "x")
    assert Secret("pä\ud800") == Secret("pä\ud800")


def test_a_secret_never_equals_its_text(plain: str) -> None:
    """A plain compare with the text is False in both directions."""
    secret: object = Secret(plain)
    assert (secret == plain, plain == secret, secret != plain) == (False, False, True)


def test_a_secret_has_no_hash(plain: str) -> None:
    """It can't be a key or a member of a set."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(Secret(plain))


def test_a_secret_is_not_copied_or_stored(plain: str) -> None:
    """Pickle, copy and deepcopy refuse, and so does reading its state."""
    secret = Secret(plain)
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not copied or stored"):
            attempt(secret)
    with pytest.raises(TypeError, match="does not show its state"):
        secret.__getstate__()


def test_no_encoder_takes_a_secret(plain: str) -> None:
    """Json and orjson raise, and neither error tells the text."""
    for encode in (json.dumps, orjson.dumps):
        with pytest.raises(TypeError) as refusal:
            encode({"key": Secret(plain)})
        assert plain not in "".join(traceback.format_exception(refusal.value))


def test_a_secret_has_no_parts(plain: str) -> None:
    """It can't be iterated, measured, indexed or searched, and carries no dict."""
    secret: object = Secret(plain)
    for name in ("__iter__", "__len__", "__getitem__", "__contains__", "__dict__"):
        assert not hasattr(secret, name)


def test_a_dataclass_with_a_secret_shows_stars(plain: str) -> None:
    """The usual place, a frozen configuration, prints no secret."""

    @dataclasses.dataclass(frozen=True)
    class Config:
        key: Secret

    assert repr(Config(Secret(plain))).endswith(f"Config(key={SHOWN})")


@pytest.mark.parametrize("wrong", [None, 5, b"bytes", Secret("x")])
def test_only_text_becomes_a_secret(wrong: object) -> None:
    """Anything but a str is refused without being shown."""
    with pytest.raises(TypeError) as refusal:
        Secret(wrong)  # type: ignore[arg-type]  # the wrong type is the point
    assert str(refusal.value) == "a Secret wraps a str"
