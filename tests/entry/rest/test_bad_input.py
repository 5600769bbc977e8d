"""Bad input to `/v1`: a clear answer, and nothing broken."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from rest.shop import MAX_FILE_BYTES, POSTED, Agent, Shop

SCRIPT = "<script>alert('x')</script><img src=x onerror=alert(1)>"
HOSTILE_NAMES = (
    "..",
    "../../etc/passwd",
    "..\\..\\windows\\system32",
    "/etc/passwd",
    "a\x00b.txt",
    "line\nbreak.txt",
    "",
    "x" * 201,
)
STRANGE_NAMES = ("con", "😀.txt", 'q"uote.txt', "a;b=c.txt", SCRIPT.replace("/", ""))


def _claimed(shop: Shop, **terms: object) -> tuple[Agent, Agent, Any]:
    buyer, worker = shop.registers("Employer"), shop.registers("Worker")
    task = buyer.posts(**terms)
    worker.post(f"/v1/tasks/{task['id']}/claim")
    return buyer, worker, task


def _form(task: Any, name: str, content: bytes = b"x") -> dict[str, Any]:
    """Return a form as bytes, since a client would correct such a name."""
    return _parts(
        ('name="task_id"', task["id"].encode()),
        ('name="file"; filename="' + name.replace('"', '\\"') + '"', content),
    )


def _parts(*parts: tuple[str, bytes]) -> dict[str, Any]:
    """Return a form of these parts as bytes."""
    lines = [
        b"--edge\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (head.encode(), body)
        for head, body in parts
    ]
    kind = {"Content-Type": "multipart/form-data; boundary=edge"}
    return {"content": b"".join(lines) + b"--edge--\r\n", "headers": kind}


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_that_leads_elsewhere_is_refused(shop: Shop, name: str) -> None:
    """A path, a control character, nothing at all: no file is stored under it."""
    _, worker, task = _claimed(shop)
    answer = worker.ask("POST", "/v1/submissions", **_form(task, name))
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["success"] is False
    assert worker.get(f"/v1/tasks/{task['id']}/submissions")["items"] == []


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_a_strange_name_stays_a_name(shop: Shop, name: str) -> None:
    """It is shown as it was sent, and its download's header holds nothing but one name."""
    buyer, worker, task = _claimed(shop, inspect=False)
    sent = worker.ask("POST", "/v1/submissions", **_form(task, name))
    assert sent.status_code == 201, sent.text
    row = sent.json()["data"]
    answer = buyer.ask("GET", f"/v1/submissions/{row['id']}/download")
    said = answer.headers["content-disposition"]
    assert row["file_name"] == name
    assert said.count('"') == 2
    assert said.isascii()
    assert "<" not in said


def test_a_file_too_large_is_refused_before_it_is_kept(shop: Shop) -> None:
    """The answer says how much is taken; announced or not."""
    _, worker, task = _claimed(shop)
    whole = _form(task, "a.bin", bytes(MAX_FILE_BYTES + 1))
    announced = worker.ask("POST", "/v1/submissions", **whole)
    assert (announced.status_code, announced.json()["details"]["cause"]) == (413, "blob_too_large")
    assert str(MAX_FILE_BYTES) in announced.json()["error"].replace(",", "")

    async def streamed() -> AsyncIterator[bytes]:
        content = whole["content"]
        for start in range(0, len(content), 50_000):
            yield content[start : start + 50_000]

    late = worker.ask("POST", "/v1/submissions", headers=whole["headers"], content=streamed())
    assert (late.status_code, late.json()["code"]) == (413, "E_INVALID_ARGUMENT")
    assert worker.get(f"/v1/tasks/{task['id']}/submissions")["items"] == []


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "multipart/form-data; boundary=edge"),
        (b"--edge\r\n", "multipart/form-data; boundary=edge"),
        (
            b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n--edge--",
            "multipart/form-data; boundary=edge",
        ),
        (
            b'--edge\r\nContent-Disposition: form-data; name="f"; filename="\xff"\r\n\r\n',
            "multipart/form-data; boundary=edge",
        ),
        (b"--edge--\r\n", "multipart/form-data"),
        (b"--edge--\r\n", "multipart/form-data; boundary=" + "x" * 500),
        (b'{"task_id":"x"}', "application/json"),
        (b"\xff\xfe\x00", "multipart/form-data; boundary=edge"),
    ],
)
def test_a_form_that_is_none_is_refused(shop: Shop, content: bytes, kind: str) -> None:
    """Cut off, without a boundary, of another type."""
    worker = shop.registers("Worker")
    headers = {"Content-Type": kind}
    answer = worker.ask("POST", "/v1/submissions", content=content, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.json()["details"]["cause"] in ("form_invalid", "form_field")


FILE, UNNAMED = ('name="file"; filename="a.txt"', b"x"), ('name="file"', b"x")
NOTE = ('name="notes"', b"x")


@pytest.mark.parametrize(
    ("parts", "cause"),
    [
        ((FILE,) * 11, "form_field"),
        ((UNNAMED,), "form_field"),
        ((), "form_field"),
        ((NOTE, NOTE, FILE), "form_field"),
        (((NOTE[0].replace("notes", "rating"), b"5"), FILE), "form_field"),
        (((NOTE[0] + '; filename="a.txt"', b"x"), FILE), "form_invalid"),
        (((NOTE[0], b"\xff"), FILE), "form_invalid"),
        (((NOTE[0], b"x" * (64 * 1024 + 1)), FILE), "form_invalid"),
        ((NOTE,) * 32, "form_invalid"),
    ],
    ids=[
        *("eleven files", "no file name", "no file", "twice", "unknown", "a file for a text"),
        *("no UTF-8", "a long text", "33 parts"),
    ],
)
def test_a_field_that_the_form_has_not_is_refused(
    shop: Shop, parts: tuple[tuple[str, bytes], ...], cause: str
) -> None:
    """Too many files, a file without a name, a text twice, a field that is none: nothing is in."""
    _, worker, task = _claimed(shop, inspect=False)
    named = ('name="task_id"', task["id"].encode())
    answer = worker.ask("POST", "/v1/submissions", **_parts(named, *parts))
    assert (answer.status_code // 100, answer.json()["details"]["cause"]) == (4, cause)
    assert worker.get(f"/v1/tasks/{task['id']}/submissions")["items"] == []


def test_ten_files_and_a_long_note_are_taken(shop: Shop) -> None:
    """The last one that is allowed is allowed."""
    _, worker, task = _claimed(shop, inspect=False)
    files = [(f'name="file"; filename="{n}.txt"', b"%d" % n) for n in range(10)]
    texts = [('name="task_id"', task["id"].encode()), ('name="notes"', b"n" * 2_000)]
    sent = worker.ask("POST", "/v1/submissions", **_parts(*texts, *files))
    assert sent.status_code == 201, sent.text
    assert [file["name"] for file in sent.json()["data"]["files"]] == [
        f"{n}.txt" for n in range(10)
    ]


def test_of_fifty_workers_one_gets_the_task(shop: Shop) -> None:
    """All at once: one answer is 200, 49 are 409, and the money is held once."""
    buyer = shop.registers("Employer")
    task = buyer.posts()
    workers = [shop.agent() for _ in range(50)]

    async def race() -> list[httpx.Response]:
        path = f"/v1/tasks/{task['id']}/claim"
        asks = (shop.asking("POST", path, headers=each.headers, json={}) for each in workers)
        return await asyncio.gather(*asks)

    answers = shop.world.run(race())
    assert sorted(each.status_code for each in answers) == [200, *[409] * 49]
    assert {each.json().get("code") for each in answers} == {None, "E_CONFLICT"}
    assert buyer.get("/v1/auth/me")["balance"]["held"] == 50


@pytest.mark.parametrize(
    "deadline",
    [
        "2020-01-01T00:00:00Z",
        "3000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "2026-12-31",
        "2026-12-31T00:00:00",
        "tomorrow",
        "",
    ],
)
def test_a_deadline_that_cannot_be_met_is_refused(shop: Shop, deadline: str) -> None:
    """Past, a thousand years off, without a zone, no moment at all."""
    buyer = shop.registers("Employer")
    answer = buyer.ask("POST", "/v1/tasks", json={**POSTED, "deadline": deadline})
    assert (answer.status_code, answer.json()["code"]) == (422, "E_INVALID_ARGUMENT")
    assert "deadline" in answer.json()["error"].lower()


def test_markup_is_text_everywhere(shop: Shop) -> None:
    """What was written comes back to the letter, as JSON, with a policy that runs no script."""
    buyer, worker = shop.registers(SCRIPT), shop.registers("Worker")
    task = buyer.posts(title=SCRIPT, description=SCRIPT)
    worker.post("/v1/agents/profile", {"tagline": SCRIPT, "bio": SCRIPT})
    worker.post(f"/v1/tasks/{task['id']}/claim")
    buyer.post(f"/v1/tasks/{task['id']}/messages", {"text": SCRIPT})
    answer = worker.ask("GET", f"/v1/tasks/{task['id']}")
    assert answer.json()["data"]["title"] == SCRIPT
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert buyer.get("/v1/auth/me")["name"] == SCRIPT


@pytest.mark.parametrize(
    "body", [b"[", b"[]", b"null", b"\xff", b'"x"', b"{" * 500, b"[" * 100_000]
)
def test_a_body_that_is_no_object_is_a_400_or_a_422(shop: Shop, body: bytes) -> None:
    """Also one that is nested without end."""
    buyer = shop.registers("Employer")
    answer = buyer.ask("POST", "/v1/tasks", content=body)
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] == "E_INVALID_ARGUMENT"


def test_a_body_too_large_is_a_413(shop: Shop) -> None:
    """A mebibyte is enough for a task."""
    buyer = shop.registers("Employer")
    answer = buyer.ask("POST", "/v1/tasks", content=b" " * (2**20 + 1))
    assert (answer.status_code, answer.json()["details"]["cause"]) == (413, "body_too_large")


def test_other_sites_are_told_nothing(shop: Shop) -> None:
    """Nothing is shared across origins: no header allows it, and a preflight is a 405."""
    headers = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    for answer in (
        shop.ask("GET", "/v1/tasks", headers=headers),
        shop.ask("OPTIONS", "/v1/tasks", headers=headers),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.status_code == 405


@pytest.mark.parametrize("field", ["unknown", "Budget", "payment_status"])
def test_an_unknown_field_is_named(shop: Shop, field: str) -> None:
    """A misspelt field is not dropped in silence."""
    buyer = shop.registers("Employer")
    answer = buyer.ask(
        "POST", "/v1/tasks", json={**POSTED, "deadline": shop.in_days(1), field: "x"}
    )
    assert (answer.status_code, answer.json()["details"]["path"]) == (422, field)


@pytest.mark.parametrize("body", ["1.5", "1e-9", "7", '"x"', "[]", "null", "true"])
def test_a_body_is_an_object(shop: Shop, body: str) -> None:
    """Nothing else is taken for one, also where every field may be left out."""
    worker = shop.registers("Worker")
    answer = worker.ask("POST", "/v1/agents/heartbeat", content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "E_INVALID_ARGUMENT")
