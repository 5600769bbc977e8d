"""Who may see what on the pages: every page has a row, or the test fails.

A status is what a page answers, in the order of `PEOPLE`; and of what is secret in a scene nobody
gets a byte that is not theirs.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from scene import ACCEPTED, OPENED, PEOPLE, SEALED, SECRETS, Scene
from web_server.browser import Pages
from web_server.people import Crowd
from world import World

ALL = (200,) * 8
KNOWN = (401, 200, 200, 401, 200, 200, 200, 200)
# Of an address with somebody's object in it: the objects, and what each of PEOPLE is answered.
ROWS: dict[str, tuple[str, tuple[int, ...]]] = {
    "/": ("", ALL),
    "/tasks": ("", ALL),
    "/tasks/new": ("", KNOWN),
    "/tasks/{task_id}": ("tasks", ALL),
    "/agents": ("", ALL),
    "/agents/{account_id}": ("listed", ALL),
    "/offers": ("", ALL),
    "/offers/new": ("", KNOWN),
    "/offers/{offer_id}": ("open", ALL),
    "/orders": ("", KNOWN),
    "/orders/{order_id}": ("sold", (401, 404, 404, 401, 200, 200, 200, 200)),
    "/me": ("", KNOWN),
    "/me/profile": ("", KNOWN),
    "/sign-in": ("", ALL),
    "/verify": ("", ALL),
    "/lang": ("", (303,) * 8),
    "/theme": ("", (303,) * 8),
    "/download/{digest}": ("handed in", (401, 404, 404, 401, 200, 200, 200, 404)),
    "/receipts/{order_id}": ("done", (401, 404, 404, 401, 200, 200, 200, 404)),
    "/web/{digest}/{name:path}": ("none", (404,) * 8),
}
# A sealed file is its worker's alone until it is accepted.
SEALED_ROW = (401, 404, 404, 401, 404, 200, 404, 404)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Scene, Crowd]]:
    """One scene for all who only look."""
    world = World()
    scene = Scene(world)
    yield scene, Crowd(Pages(world), scene)
    world.close()


def paths_of(scene: Scene, route: str) -> list[str]:
    """Return the addresses of a route for everything that a scene has of its kind."""
    things: dict[str, list[dict[str, str]]] = {
        "": [{}],
        "tasks": [{"task_id": each} for each in scene.tasks],
        "listed": [{"account_id": each.id} for each in (scene.buyer, scene.worker)],
        "handed in": [{"digest": scene.digest(each)} for each in (OPENED, ACCEPTED)],
        "open": [{"offer_id": scene.offer["offerId"]}],
        "sold": [{"order_id": scene.begun["orderId"]}],
        "done": [{"order_id": scene.done_order["orderId"]}],
        "none": [{"digest": "0" * 12, "name": "app.js"}],
    }
    path = route.replace(":path", "")
    return [path.format(**each) for each in things[ROWS[route][0]]]


@pytest.mark.parametrize("route", ROWS)
def test_a_page_answers_each_as_its_row_says(shared: tuple[Scene, Crowd], route: str) -> None:
    """For each of the addresses that somebody could type."""
    scene, crowd = shared
    for path in paths_of(scene, route):
        told = tuple(browser.get(path).status_code for _, browser in crowd.all())
        assert told == ROWS[route][1], path


def test_a_sealed_file_is_its_workers_alone(shared: tuple[Scene, Crowd]) -> None:
    """Whoever knows its hash still gets the answer of a file that does not exist."""
    scene, crowd = shared
    path = f"/download/{scene.digest(SEALED)}"
    answers = {name: browser.get(path) for name, browser in crowd.all()}

    assert tuple(answers[name].status_code for name in PEOPLE) == SEALED_ROW
    assert [name for name, told in answers.items() if SEALED in told.content] == ["worker"]


@pytest.mark.parametrize("order", ["sealed_order", "contested_order", "claim"])
def test_an_order_that_is_not_done_has_no_receipt(shared: tuple[Scene, Crowd], order: str) -> None:
    """And an order of others answers as one that does not exist."""
    scene, crowd = shared
    path = f"/receipts/{getattr(scene, order)['orderId']}"
    told = [browser.get(path).status_code for _, browser in crowd.all()]

    assert set(told) <= {401, 404, 409}


def test_nobody_gets_a_byte_that_is_not_theirs(shared: tuple[Scene, Crowd]) -> None:
    """Every page for everybody: in all their bytes is nothing but what each of them may read."""
    scene, crowd = shared
    paths = [path for route in ROWS for path in paths_of(scene, route)]
    shown: set[str] = set()
    for name, browser in crowd.all():
        seen = "\n".join(browser.get(path).text for path in paths)
        told = {secret for secret in SECRETS if secret in seen}
        assert told <= {secret for secret, may in SECRETS.items() if name in may}, name
        shown |= told

    assert shown == {secret for secret, may in SECRETS.items() if may}


def test_no_page_shows_a_key_a_session_or_an_address(shared: tuple[Scene, Crowd]) -> None:
    """Neither one's own nor others'; a wallet is shown to its owner, and in its own receipts."""
    scene, crowd = shared
    routes = [route for route in ROWS if not route.startswith("/receipts")]
    paths = [path for route in routes for path in paths_of(scene, route)]
    wallets = {name: scene.who(name).known_wallet.address for name in ("buyer", "worker")}
    for name, browser in crowd.all():
        seen = "\n".join(browser.get(path).text for path in paths)
        assert not re.search(r"cm[kso]_[A-Za-z0-9_-]{8}", seen), name
        owner = "buyer" if name == "reader" else name
        for whose, address in wallets.items():
            assert (address.lower() in seen.lower()) <= (whose == owner), name


def test_what_is_not_there_and_what_is_not_yours_look_the_same(
    shared: tuple[Scene, Crowd],
) -> None:
    """Receipts and files of others answer word for word as those that never were."""
    scene, crowd = shared
    known = (f"/receipts/{scene.done_order['orderId']}", f"/download/{scene.digest(SEALED)}")
    never = (f"/receipts/order_{'7' + 'z' * 25}", f"/download/sha256:{'0' * 64}")
    browser = crowd.browser("stranger")
    for path, other in zip(known, never, strict=True):
        first, second = [shown(browser.get(each).text, each) for each in (path, other)]
        assert first == second


def shown(page: str, path: str) -> str:
    """Return a page without the id that was asked for, and without its request's own."""
    some_id = path.rpartition("/")[2]
    for spelling in (some_id, quote(some_id, safe="")):
        page = page.replace(spelling, "")
    return re.sub(r"req_[0-9a-z]{26}", "", page)


def test_private_pages_are_kept_by_nobody(shared: tuple[Scene, Crowd]) -> None:
    """No proxy and no history of a browser keeps what one session saw."""
    scene, crowd = shared
    paths = [path for route in ROWS for path in paths_of(scene, route)]
    for path in paths:
        headers = crowd.browser("buyer").get(path).headers
        assert headers["cache-control"] == "no-store", path
        assert headers["x-content-type-options"] == "nosniff", path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path


def test_every_page_has_a_row(pages: Pages) -> None:
    """A new page says who may see it."""
    assert {path for verb, path in pages.paths if verb == "GET"} == set(ROWS)
