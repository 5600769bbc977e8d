"""Addresses that lead elsewhere, names that end a header, texts that are no texts."""

import re
from urllib.parse import quote, urlsplit

import pytest

from scene import Scene
from web_server.browser import Browser, Pages
from world import Fields, World

ELSEWHERE = (
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "\t//evil.example",
    "/\t/evil.example",
    "/\r\nSet-Cookie: a=b",
    "/\x00/evil.example",
    "\u2028//evil.example",
    "//%65vil.example",
    " //evil.example",
    "/" * 600,
    "@evil.example",
    ".evil.example",
    "",
)
# A path to a browser as well: `%2f` begins no host, and neither do dots.
HERE = (
    "/%2f%2fevil.example",
    "/..//evil.example",
    "/tasks?back=//evil.example",
    "/%09/evil.example",
)
SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}${7*7}&lt;"


def host_of(place: str) -> str:
    """Return where a browser that is on the market's page would go (WHATWG URL, 4.4)."""
    plain = re.sub(r"[\t\r\n]", "", place).strip().replace("\\", "/")
    return urlsplit(plain).netloc if re.match(r"[a-z]+:|//", plain) else ""


@pytest.mark.parametrize("back", [*ELSEWHERE, *HERE])
def test_no_redirect_leaves_the_market(pages: Pages, world: World, back: str) -> None:
    """Of a choice, of a sign-in, and of the form that leads there."""
    key = world.member().do("web3.keys.create", label="x", scope="write")["key"]
    browser = pages.browser()
    places = [
        browser.get(f"{path}&back={quote(back)}").headers["location"]
        for path in ("/lang?to=zh", "/theme?to=dark")
    ]
    fields = {"csrf": browser.mark(), "key": key, "back": back}
    places.append(browser.ask("POST", "/sign-in/key", data=fields).headers["location"])
    form = browser.get(f"/sign-in?back={quote(back)}").text
    places += re.findall(r'name="back" value="([^"]*)"', form)

    assert [host_of(place) for place in places] == [""] * len(places)
    assert all(place.startswith("/") and place.isprintable() for place in places)


@pytest.mark.parametrize("path", ["//evil.example/x", "///evil.example", "//evil.example/%22%3E"])
def test_no_page_links_to_where_a_stranger_wants(pages: Pages, path: str) -> None:
    """An address that begins a host is no link to try again."""
    # Whole, as a browser sends it: a client would take such a path for a host of its own.
    whole = f"{pages.world.terms.base_url}{path}"
    told = pages.browser().ask("GET", whole, headers={"Accept": "text/html"})
    links = re.findall(r'(?:href|action|src)="([^"]*)"', told.text)

    assert told.status_code == 404
    assert [link for link in links if host_of(link)] == []


def test_a_session_is_a_new_one_after_signing_in(pages: Pages, world: World) -> None:
    """Whoever planted cookies before a sign-in knows neither session nor mark after it."""
    planted = {"clawmarket_8787_session": "cmk_planted", "clawmarket_8787_visit": "f" * 32}
    victim, thief = pages.browser(), pages.browser()
    for browser in (victim, thief):
        for name, value in planted.items():
            browser.cookies.set(name, value, domain="127.0.0.1")
    key = world.member().do("web3.keys.create", label="x", scope="write")["key"]
    before = victim.mark()
    victim.by_key(key)

    assert victim.mark() not in (before, thief.mark())
    assert thief.get("/me").status_code == 401
    assert victim.get("/me").status_code == 200


def test_a_name_of_a_file_stays_within_its_header(pages: Pages, world: World) -> None:
    """No quote, line or other script of a name ends the header or begins another one."""
    scene = Scene(world)
    browser = pages.signed_in(scene.buyer)
    path = f"/download/{scene.digest(b'S-bytes at once')}"
    for name in ('a"; filename="b.html', "a\r\nX-Evil: 1", "\u202egpj.exe", "a" * 5000, "%00", ""):
        headers = browser.get(f"{path}?name={quote(name)}").headers
        told = headers["content-disposition"]
        assert re.fullmatch(r"attachment; filename\*=UTF-8''[A-Za-z0-9._~%-]+", told), name
        assert "x-evil" not in headers
        assert headers["content-type"] == "application/octet-stream"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")


def test_files_are_fetched_no_faster_than_anything_else() -> None:
    """Whoever downloads counts against the calls of their account, here as at `/files`."""
    world = World(calls_per_s=5)
    pages, member = Pages(world), world.member()
    path = f"/download/{member.stores()['digest']}"
    browser = pages.signed_in(member)
    told = {browser.get(path).status_code for _ in range(200)}
    world.close()

    assert told == {200, 429}


def worded(world: World) -> tuple[Browser, list[str]]:
    """Fill every text of a market with script, and return a browser and the pages it is on."""
    pages, buyer, worker = Pages(world), world.member(), world.member()
    about: Fields = {
        "displayName": SCRIPT[:60],
        "tagline": SCRIPT[:60],
        "bio": SCRIPT,
        "isListed": True,
    }
    for member in (buyer, worker):
        member.do("web3.agents.profile.set", **about)
    words = {"title": SCRIPT, "summary": SCRIPT, "requirements": SCRIPT}
    task = buyer.publishes(**words, attachments=[buyer.stores(b"a", "<svg onload=alert(1)>.svg")])
    opened = buyer.publishes(**words)
    for each in (task, opened):
        offer = {"taskId": each["taskId"], "price": "1000000", "note": SCRIPT}
        bid = worker.do("web3.market.placeBid", **offer)
        worker.do("web3.market.message.send", taskId=each["taskId"], text=SCRIPT)
        if each is task:
            award = buyer.awards(bid)
    file = worker.stores(b"b", "'\"><script>.html")
    handed = {"orderId": award["orderId"], "artifacts": [file], "note": SCRIPT}
    result = worker.do("web3.market.submitResult", **handed)
    buyer.rejects(result, SCRIPT)
    worker.do("web3.market.submitResult", **handed)
    dispute = buyer.contests(award, SCRIPT)
    worker.shows(dispute, SCRIPT)
    buyer.do("web3.keys.create", label=SCRIPT[:60], scope="read")
    tasks = [f"/tasks/{each['taskId']}" for each in (task, opened)]
    people = [f"/agents/{each.id}" for each in (buyer, worker)]
    query = f"?q={quote(SCRIPT)}&skill={quote(SCRIPT)}&min={quote(SCRIPT)}"
    asked = ["/", "/me", "/tasks", "/agents", f"/tasks{query}", f"/agents{query}"]
    return pages.signed_in(buyer), [*asked, *tasks, *people, f"/tasks/{quote(SCRIPT, safe='')}"]


def test_script_in_every_text_stays_text(world: World) -> None:
    """In elements, in attributes and in JSON within them, on every page that has words."""
    browser, paths = worded(world)
    shown = 0
    for path in paths:
        page = browser.ask("GET", path, headers={"Accept": "text/html"}).text
        shown += "&lt;script&gt;" in page
        assert "<script>" not in page, path
        assert "<img" not in page, path
        assert "<svg onload" not in page, path
        # A value of an attribute ends with its own quote: nothing of a text follows it.
        tags = re.findall(r"<[a-zA-Z](?:[^>\"']|\"[^\"]*\"|'[^']*')*>", page)
        assert not any(re.search(r"\s(?:on\w+|style|srcdoc)\s*=", bare(tag)) for tag in tags), path

    assert shown >= len(paths) - 4


def bare(tag: str) -> str:
    """Return a tag without the values of its attributes."""
    return re.sub(r"\"[^\"]*\"|'[^']*'", '""', tag)
