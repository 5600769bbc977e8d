"""What others send: foreign forms and addresses, script in every text, odd files and numbers."""

import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from clawmarket.entry.web.visit import POLICY
from clawmarket.entry.web.words.catalog import LANGUAGES, catalog
from web.conftest import Opener
from web.market import Market, Member

SCRIPT = "<script>document.title='owned'</script><img src=x onerror=alert(1)>\"'{{7*7}}"
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
DEEDS = ("publish", "cancel", "bid", "award", "accept", "send_back", "dispute", "revoke_key")


@pytest.fixture(scope="module")
def member(market: Market) -> Member:
    """An account whose browser is attacked."""
    return market.member()


def _post(
    member: Member, path: str, headers: dict[str, str] | None = None, **fields: str
) -> tuple[int, dict[str, str], bytes]:
    sent = {"Cookie": member.cookie(), **URLENCODED, **(headers or {})}
    return member.market.http("POST", path, urlencode(fields).encode(), sent)


def _mark(member: Member) -> str:
    _, _, body = member.market.http("GET", "/me", headers={"Cookie": member.cookie()})
    found = re.search(rb'name="csrf" value="([0-9a-f]{64})"', body)
    assert found is not None
    return found[1].decode()


@pytest.mark.parametrize("path", [*(f"/act/{deed}" for deed in DEEDS), "/confirm", "/sign-out"])
def test_a_form_without_its_mark_does_nothing(member: Member, path: str) -> None:
    """Each form of another site, which sends the cookie and cannot know the mark, is refused."""
    marks = ("", "0" * 64, _mark(member.market.member()))

    assert [_post(member, path, csrf=mark, label="x")[0] for mark in marks] == [403] * 3


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_a_form_from_another_site_is_refused_even_with_its_mark(
    member: Member, headers: dict[str, str]
) -> None:
    """Whoever learned the mark still cannot send it from elsewhere."""
    assert _post(member, "/sign-out", headers, csrf=_mark(member))[0] == 403


@pytest.mark.parametrize(
    "back",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/%0d\r\nX: y", "javascript:1"],
)
def test_no_redirect_leaves_the_market(market: Market, back: str) -> None:
    """Whatever stands in `back`, the answer stays here."""
    for path in ("/lang?to=zh", "/theme?to=dark"):
        status, headers, _ = market.http("GET", f"{path}&back={quote(back)}")
        assert (status, headers["location"]) == (303, "/")


def test_the_session_is_out_of_reach_of_scripts_and_bound_to_the_market(
    market: Market, member: Member
) -> None:
    """The cookie is HttpOnly and SameSite=Lax, and its name has the market's port."""
    page, headers, body = market.http("GET", "/sign-in")
    found = re.search(rb'name="csrf" value="([0-9a-f]{64})"', body)
    assert (page, found is not None) == (200, True)
    sent = {"csrf": found[1].decode() if found else "", "key": member.key, "back": "//evil.example"}
    visit = {"Cookie": headers["set-cookie"].partition(";")[0], **URLENCODED}
    status, headers, _ = market.http("POST", "/sign-in/key", urlencode(sent).encode(), visit)

    assert (status, headers["location"]) == (303, "/")
    name, *rest = headers["set-cookie"].split("; ")
    assert re.fullmatch(f"clawmarket_{market.port}_session=cms_[A-Za-z0-9_-]{{43}}", name)
    assert set(rest) == {"HttpOnly", "Max-Age=43200", "Path=/", "SameSite=lax"}


@pytest.mark.parametrize("path", ["/", "/tasks", "/agents", "/sign-in", "/verify", "/me"])
def test_no_page_has_script_or_style_in_it(market: Market, member: Member, path: str) -> None:
    """The policy allows neither, and no page has any."""
    _, headers, body = market.http("GET", path, headers={"Cookie": member.cookie()})
    text = body.decode()

    assert headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert re.search(r"<[^>]+\s(style|on[a-z]+)=|<style|<script(?! src=)|javascript:", text) is None


def test_script_in_every_text_is_shown_as_text(market: Market, opened: Opener) -> None:
    """Titles, texts, notes, names, messages and reasons of others are words on every page."""
    buyer, worker = market.member(), market.member()
    profile = {"displayName": SCRIPT[:60], "tagline": SCRIPT[:60], "bio": SCRIPT}
    worker.do("web3.agents.profile.set", **profile, isListed=True)
    task = buyer.publish(SCRIPT, summary=SCRIPT, requirements=SCRIPT)
    bid = worker.do("web3.market.placeBid", taskId=task, price="1000000", note=SCRIPT)["bidId"]
    worker.do("web3.market.message.send", taskId=task, text=SCRIPT)
    page = opened(buyer)
    paths = ("/tasks", f"/tasks/{task}", "/agents", f"/agents/{worker.account_id}", "/me")
    for path in paths:
        page.goto(path)
        assert page.title() != "owned"
        assert page.locator("main img, main script").count() == 0
    order = buyer.do("web3.market.awardBid", bidId=bid)["orderId"]
    file = worker.do("web3.files.put", name='a".<b>.txt', dataBase64="AA==")["file"]
    worker.do("web3.market.submitResult", orderId=order, artifacts=[file], note=SCRIPT)
    buyer.do("web3.dispute.open", orderId=order, reason=SCRIPT)
    page.goto(f"/tasks/{task}")

    assert page.inner_text("h1") == SCRIPT
    assert page.locator("main img, main script").count() == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"budget": "-5"},
        {"budget": "1e9"},
        {"budget": "0"},
        {"budget": "99999999999"},
        {"open_for": "-1"},
        {"open_for": "9" * 30},
        {"skills": "Bad Skill!"},
        {"title": ""},
        {"title": "x" * 201},
    ],
    ids=str,
)
def test_a_field_that_is_wrong_is_named_and_what_was_typed_is_kept(
    member: Member, fields: dict[str, str]
) -> None:
    """Nothing is held, the page says which field, and the other fields are as they were."""
    given = {"title": "Kept words", "budget": "5", "skills": "", "open_for": "168"}
    given |= {"deliver_in": "24", "review_in": "10", "summary": "Kept summary"}
    before = member.do("web3.wallet.show")["held"]
    status, _, body = member.form("/tasks/new", "/act/publish", **(given | fields))
    text = body.decode()
    if status == 200:  # Only the registry knows; it is asked when the quote is confirmed.
        sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', text))
        sent = {name: value.replace("&#34;", '"') for name, value in sent.items()}
        status, _, body = _post(member, "/confirm", **sent)
        text = body.decode()

    assert status in (400, 402, 409)
    assert 'class="mistakes"' in text
    assert member.do("web3.wallet.show")["held"] == before


def test_a_form_sent_twice_acts_once(member: Member) -> None:
    """The key in the form makes the second sending the answer of the first."""
    task = member.publish("Wanted once")
    worker = member.market.member()
    fields = {"task": task, "price": "1", "eta": "1", "note": "", "key": "ab" * 16}
    fields["csrf"] = _mark(worker)
    answers = [_post(worker, "/act/bid", None, **fields)[0] for _ in range(2)]

    assert answers == [303, 303]
    assert member.do("web3.market.getTask", taskId=task)["bids"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "/tasks?cursor=%00",
        "/tasks?min=-1",
        "/tasks?status=nothing",
        "/tasks?sort=nothing",
        "/agents?cursor=x%27--",
        "/agents?max=abc",
        "/tasks/..%2f..%2fetc",
        "/agents/nobody",
        "/download/sha256:0",
        "/web/0/app.js",
        "/act/nothing",
    ],
)
def test_an_address_that_makes_no_sense_gets_a_page_and_no_defect(
    member: Member, path: str
) -> None:
    """Each is answered with a 4xx."""
    status, _, _ = member.market.http("GET", path, headers={"Cookie": member.cookie()})

    assert 400 <= status < 500


@pytest.mark.parametrize("name", ["../../x", "a\nb.txt", "x" * 300, ""])
def test_a_file_name_that_is_a_path_is_refused(member: Member, name: str) -> None:
    """Names with folders or control characters, empty and endless ones: nothing is handed in."""
    escaped = name.replace("\n", "%0A")
    form = (
        f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{_mark(member)}\r\n'
        f'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\n{"cd" * 16}\r\n'
        f'--b\r\nContent-Disposition: form-data; name="files"; filename="{escaped}"\r\n\r\nx\r\n'
        "--b--\r\n"
    )
    headers = {"Cookie": member.cookie(), "Content-Type": "multipart/form-data; boundary=b"}
    status, _, _ = member.market.http("POST", "/act/hand_in", form.encode(), headers)

    assert 400 <= status < 500


def test_a_broken_form_is_refused(member: Member) -> None:
    """No boundary, no form at all, a thousand fields: a 4xx each."""
    kinds = ("multipart/form-data", "multipart/form-data; boundary=b", "text/plain", "")
    bodies = [(kind, b"--x") for kind in kinds]
    bodies.append((URLENCODED["Content-Type"], b"&".join(b"a=1" for _ in range(1000))))
    answers = [
        member.market.http("POST", "/act/bid", body, {"Cookie": member.cookie(), "Content-Type": k})
        for k, body in bodies
    ]

    assert [status for status, _, _ in answers] == [400] * 5


@pytest.mark.parametrize("path", ["/act/publish", "/confirm"])
def test_a_stranger_has_no_file_kept_while_his_form_comes_in(market: Market, path: str) -> None:
    """Whoever is not signed in is told so before the form is read, however long it says it is."""
    form = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
    said = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": str(40_000_000)}

    assert market.http("POST", path, form, said)[0] == 401


def test_a_session_that_ended_is_forgotten(market: Market) -> None:
    """The cookie of a session that is none is taken back, and its page asks to sign in."""
    headers = {"Cookie": f"clawmarket_{market.port}_session=cms_unknown"}
    status, answered, body = market.http("GET", "/me", headers=headers)

    assert status == 401
    assert "Max-Age=0" in answered["set-cookie"]
    assert b"Your session has ended" in body


def test_all_catalogs_have_the_same_keys_and_places() -> None:
    """What one language says, every other says too, with the same values in it."""

    def places(text: str) -> list[str]:
        return sorted(set(re.findall(r"\{(\w+)\}", text)))

    said: dict[str, Any] = {
        lang: {key: places(text) for key, text in catalog(lang).items()} for lang in LANGUAGES
    }

    assert json.dumps(said["en"], sort_keys=True) == json.dumps(said["zh"], sort_keys=True)
