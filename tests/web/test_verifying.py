"""The page that checks receipts, in a real browser: what it says, and that it does not freeze."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lies import FILE_LIES, STORY_LIES, honest
from receipts import by_package, outcomes
from web.market import Market

Opener = Callable[..., Any]
Said = Callable[..., Any]


@pytest.fixture(scope="module", autouse=True)
def _dealt() -> None:
    """Trade before the browser starts: its driver's loop and the market's cannot share a thread."""
    honest()


@pytest.fixture
def said(opened: Opener, tmp_path: Path) -> Said:
    """Drop files on one page and return it once the verdict is there."""
    pages: list[Any] = []

    def drop(content: bytes, key: str = "", name: str = "a.json", **how: Any) -> Any:
        if not pages:
            pages.append(opened(**how))
            pages[0].goto("/verify")
        page = pages[0]
        (tmp_path / name).write_bytes(content)
        page.fill("#key", key)
        page.set_input_files("#receipt", tmp_path / name)
        page.evaluate("document.querySelector('[data-verdict]').replaceChildren()")
        page.click("[data-receipt] button")
        page.wait_for_selector(".verdict h2")
        return page

    return drop


def _shown(page: Any) -> dict[str, str]:
    found: dict[str, str] = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('[data-check]')]"
        ".map((item) => [item.dataset.check, item.dataset.outcome]))"
    )
    return found


def test_an_honest_receipt_holds_in_the_browser(said: Said) -> None:
    """Signatures of wallets and the course of the order too; nothing was sent anywhere."""
    page = said(honest().text.encode(), honest().key)
    workers: list[str] = []
    page.on("worker", lambda worker: workers.append(worker.url.rpartition("/")[2]))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    page = said(honest().text.encode(), honest().key)

    assert page.inner_text(".verdict h2") == "Unchanged, and of the market that you know."
    assert _shown(page) == outcomes(by_package(honest().text, honest().key))
    assert [line for line in asked if not line.startswith("GET ") or "/web/" not in line] == []
    assert workers == ["worker.mjs"]
    assert "39.60 credits to the seller" in page.inner_text("[data-check=postings]")


def test_the_slip_tells_who_how_much_and_when(said: Said) -> None:
    """Parties, sums, moments and places stand beside a verdict that no check speaks against."""
    page = said(honest().text.encode(), honest().key)
    receipt = honest().document()["receipt"]
    parties = honest().document()["parties"]
    lines = page.inner_text("[data-slip]").splitlines()
    page.set_viewport_size({"width": 360, "height": 800})
    mark = page.locator("[data-slip] header > svg").bounding_box()

    assert [line for line in lines if line] == [
        "Receipt",
        "Paid",
        "Digest a document",
        *("Buyer", receipt["payer"], f"signed with {parties[0]['address']}"),
        *("Seller", receipt["payee"], f"signed with {parties[1]['address']}"),
        *("Agreed", "2026-09-21 14:13:20 UTC"),
        *("Delivered", "2026-09-21 14:13:20 UTC"),
        *("Paid", "2026-09-21 14:13:20 UTC"),
        *("To the seller\t39.60", "Fee to the market, 1 %\t0.40", "Back to the buyer\t0.00"),
        "Locked, credits\t40.00",
        *("Delivery", receipt["deliveryDigest"]),
        *("Log", "market.test/1, 9 records from 1 to 11"),
        *("Order", receipt["orderId"]),
        "Test market: its credits are worth nothing.",
    ]
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert (mark["width"], mark["height"]) == (40, 40)


def test_a_check_that_was_not_made_asks_and_states_nothing(said: Said) -> None:
    """Without a key nobody says that the market is known; a slip of a changed file is not shown."""
    page = said(honest().text.encode())
    unpinned = page.inner_text("[data-check=key]").splitlines()
    shown = page.is_visible("[data-slip]")
    changed = said(honest().text.replace('"fee": "400000"', '"fee": "400001"').encode())

    assert [line for line in unpinned if line][:2] == [
        "The market's key needs you",
        "Is the key in the file one that you know from elsewhere?",
    ]
    assert "Did somebody else record" in changed.inner_text("[data-check=anchors]")
    assert [shown, changed.is_visible("[data-slip]")] == [True, False]


@pytest.mark.parametrize("lie", ["a signature with a high s", "moves in another order", "no fee"])
def test_a_lie_of_the_market_is_named_in_the_browser(said: Said, lie: str) -> None:
    """The check that fails is the one that fails for the command."""
    made, records = honest(), honest().records()
    STORY_LIES[lie][0](records, made)
    text = made.told(records)
    page = said(text.encode(), made.key)

    assert _shown(page) == outcomes(by_package(text, made.key))
    assert page.inner_text(".verdict h2") == "Do not trust this file."


def test_the_first_thing_shown_is_what_failed(said: Said) -> None:
    """With what was expected and found, as text: markup from a file stays letters."""
    file = honest().document()
    FILE_LIES["another fee"][0](file)
    file["receipt"]["fee"] = "<img src=x onerror=alert(1)>\u202e"
    page = said(json.dumps(file).encode(), honest().key)
    first = page.locator("[data-check]").first

    assert first.get_attribute("data-check") == "summary"
    assert first.locator("dd").all_inner_texts() == ["400000", "<img src=x onerror=alert(1)>\ufffd"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"hello", "no receipt"),
        (b'{"a": 1}', "JSON, but no receipt"),
        (b"<!doctype html><title>x</title>", "web page"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "no text file"),
        (b" " * 20_000_001, "larger than 20 MB"),
        (b'{"format": "clawmarket-receipt/1", "a": ' + b"[" * 100_000, "nested deeper than 32"),
        (b'{"format": "clawmarket-receipt/1", ', "Not JSON, from character 35"),
    ],
    ids=["empty", "text", "json", "html", "binary", "large", "deep", "cut"],
)
def test_a_wrong_file_is_told_what_it_is(said: Said, content: bytes, words: str) -> None:
    """Plain words instead of a verdict, and no complaint on the console."""
    page = said(content)
    assert words in page.inner_text("[data-verdict]")
    assert page.locator("[data-outcome=passed]").count() == 0


def test_a_key_that_is_none_is_said_to_be_none(said: Said) -> None:
    """It is a slip of the reader and no verdict on the receipt."""
    page = said(honest().text.encode(), "garbage")
    assert "no market key" in page.inner_text("[data-verdict]")


def test_a_large_receipt_does_not_freeze_the_page(said: Said) -> None:
    """Over 4 MB are checked in a thread of their own, with progress; the page goes on drawing."""
    file = honest().document()
    file["records"] += [file["records"][-1] | {"record": _long()} for _ in range(4000)]
    text = json.dumps(file)
    page = said(b"hello")
    threads: list[str] = []
    page.on("worker", lambda worker: threads.append(worker.url))
    page.evaluate(
        "window.told = [];"
        "new MutationObserver(() => window.told.push("
        "document.querySelector('[data-busy] p').textContent))"
        ".observe(document.querySelector('[data-busy]'), {subtree: true, childList: true});"
    )
    assert len(text) > 4_000_000
    said(text.encode(), name="large.json")
    assert _shown(page)["records"] == "failed"
    assert [url.rpartition("/")[2] for url in threads] == ["worker.mjs"]
    assert page.evaluate("window.told.length") > 0


def _long() -> str:
    record: str = honest().document()["records"][-1]["record"]
    return record


def test_the_page_speaks_chinese(said: Said) -> None:
    """Each check and each gap has its sentence there, with nothing left to fill in."""
    page = said(honest().text.encode(), locale="zh-CN")
    told = page.inner_text("[data-verdict]")
    assert page.inner_text(".verdict h2").startswith("内容未被改动")
    assert "{" not in told
    assert "undefined" not in told
    assert "也不能证明的事" in told


def test_without_scripts_the_page_names_the_command(opened: Opener, market: Market) -> None:
    """There is no form that does nothing."""
    page = opened(java_script_enabled=False)
    page.goto(f"{market.url}/verify")
    assert page.locator("[data-receipt]").is_hidden()
    assert "clawmarket verify receipt.json" in page.inner_text("main")
