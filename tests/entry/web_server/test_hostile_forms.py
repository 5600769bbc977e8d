"""Forms that no browser sends: spellings, charsets, marks and origins of others."""

import pytest

from clawmarket.entry.web.deeds.doing import DEEDS
from scene import Scene
from web_server.browser import Browser, Pages
from web_server.test_acts import fields_of
from world import World

FORM = "application/x-www-form-urlencoded"
PATHS = ("/sign-in/key", "/sign-in/challenge", "/sign-in/wallet", "/sign-out")
ELSEWHERE = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://127.0.0.1:8787.evil.example"},
    {"Origin": "https://127.0.0.1:8787"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]
KINDS = ("text/plain", "application/json", "", "text/html; application/x-www-form-urlencoded")


@pytest.fixture
def scene(world: World) -> Scene:
    """What a forged form would change."""
    return Scene(world)


@pytest.fixture
def buyer(pages: Pages, scene: Scene) -> Browser:
    """The browser that others send forms from."""
    return pages.signed_in(scene.buyer)


def forms_of(scene: Scene) -> list[tuple[str, dict[str, str]]]:
    """Return every form there is with fields that would be taken from its owner."""
    acts = [(f"/act/{deed}", fields_of(scene, deed)) for deed in DEEDS]
    confirmed = {"deed": "cancel", "params": f'{{"taskId":"{scene.open["taskId"]}"}}'}
    return [*acts, ("/confirm", confirmed), *((path, {"all": "1"}) for path in PATHS)]


def test_a_form_without_the_mark_of_its_session_does_nothing(
    pages: Pages, scene: Scene, buyer: Browser
) -> None:
    """None, another's, one of nobody, and one that is no mark at all: 403, and nothing changed."""
    others = pages.signed_in(scene.stranger).mark()
    marks = ("", "0" * 64, others, pages.browser().mark(), "\u00e9", "a" * 100_000)
    before = pages.stored()
    for path, fields in forms_of(scene):
        sent = fields | {"key": "ab" * 16}
        told = [buyer.ask("POST", path, data=sent | {"csrf": mark}) for mark in marks]
        assert [each.status_code for each in told] == [403] * len(marks), path

    assert pages.stored() == before


def test_a_form_from_elsewhere_does_nothing(pages: Pages, scene: Scene, buyer: Browser) -> None:
    """Even with the right mark: another origin, another site, a port or a scheme of our host."""
    mark, before = {"csrf": buyer.mark(), "key": "ab" * 16}, pages.stored()
    for path, fields in forms_of(scene):
        told = [buyer.ask("POST", path, data=mark | fields, headers=each) for each in ELSEWHERE]
        assert [each.status_code for each in told] == [403] * len(ELSEWHERE), path

    assert pages.stored() == before


def test_what_is_no_form_does_nothing(pages: Pages, scene: Scene, buyer: Browser) -> None:
    """A `fetch` of another page may send these without asking; none of them is read."""
    before, mark = pages.stored(), buyer.mark()
    for path, _ in forms_of(scene):
        for kind in KINDS:
            body = f"csrf={mark}&key={'ab' * 16}".encode()
            told = buyer.ask("POST", path, content=body, headers={"Content-Type": kind})
            assert told.status_code == 400, (path, kind)

    assert pages.stored() == before


CHARSETS = ("utf-7", "undefined", "unicode_escape", "punycode", "idna", "utf-16", "a\\\0b")


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_form_in_another_charset_is_refused(pages: Pages, charset: str) -> None:
    """A charset names a codec of ours: some are slow, some make characters that are none."""
    kind = f'multipart/form-data; boundary=b; charset="{charset}"'
    body = b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n+2AA-\\ud800\r\n--b--\r\n'
    told = pages.browser().ask("POST", "/sign-in/key", content=body, headers={"Content-Type": kind})

    assert told.status_code == 400
    assert "form_unreadable" in told.text


def test_a_form_that_says_utf_8_is_read(pages: Pages) -> None:
    """Some programs say what is meant anyway; that the mark is wrong is all that is wrong."""
    kind = "multipart/form-data; boundary=b; charset=UTF-8"
    body = b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n0\r\n--b--\r\n'
    told = pages.browser().ask("POST", "/sign-in/key", content=body, headers={"Content-Type": kind})

    assert told.status_code == 403
