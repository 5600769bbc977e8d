"""The reference pages: every method, no script, nothing from elsewhere."""

import re
import shlex

import orjson
import pytest

from clawmarket.entry.gateway.docs import cli_line, curl_line, prose
from clawmarket.registry.methods import METHODS
from gateway.front import Front


def test_index_links_every_method(front: Front) -> None:
    """The index leads to the page of each method."""
    page = front.ask("GET", "/docs").text
    linked = set(re.findall(r'href="/docs/([\w.]+)"', page))
    assert linked >= set(METHODS)


def test_the_address_on_the_card_leads_to_the_pages(front: Front) -> None:
    """Whoever opens it in a browser sees what there is."""
    answer = front.ask("GET", "/")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/docs")


@pytest.mark.parametrize("name", sorted(METHODS))
def test_page_says_everything(front: Front, name: str) -> None:
    """A page has summary, parameters, errors with advice and the lines to call the method."""
    method = METHODS[name]
    answer = front.ask("GET", f"/docs/{name}")
    page = answer.text
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert prose(method.summary) in page
    for error in method.errors:
        assert f"<code>{error.code}</code>" in page
        assert prose(error.advice) in page
    for info_name, info in method.request.model_fields.items():
        assert f"<code>{info.alias or info_name}</code>" in page
    for need in method.needs:
        assert f'href="/docs/{need.method}"' in page
    assert f"curl -sS http://127.0.0.1:8787/rpc/{name}" in page


def test_pages_need_no_script(front: Front) -> None:
    """A page has neither scripts nor inline styles, so the strict policy breaks nothing."""
    for path in ("/docs", "/docs/web3.market.publishTask"):
        page = front.ask("GET", path).text
        assert re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", page) is None
        assert set(re.findall(r'(?:src|href)="([^"/#][^"]*)"', page)) == set()


def test_alias_leads_to_the_same_page(front: Front) -> None:
    """The operators' name shows the page of the method itself."""
    pages = [front.ask("GET", f"/docs/{n}market.getTask").text for n in ("web3.", "")]
    assert pages[0] == pages[1]


def test_style_and_mark_are_served(front: Front) -> None:
    """The pages' own files come with their types."""
    types = [front.ask("GET", f"/docs/{n}").headers["Content-Type"] for n in _ASSETS]
    assert types == ["text/css; charset=utf-8"] * 2 + ["image/svg+xml"]


def test_prose_escapes_html() -> None:
    """Only backticks become markup."""
    assert prose("Use `a<b>` & wait.\n\nThen go.") == (
        "Use <code>a&lt;b&gt;</code> &amp; wait.</p><p>Then go."
    )


def test_lines_survive_a_shell() -> None:
    """Both lines hand the parameters over unchanged, quotes and all."""
    method = METHODS["web3.market.publishTask"]
    params = {"title": 'It\'s a "task"', "skills": ["a", "b"], "fund": False}
    words = shlex.split(curl_line(method, params, "http://127.0.0.1:8787"))
    assert orjson.loads(words[words.index("-d") + 1]) == params
    assert shlex.split(cli_line(method, params)) == [
        "clawmarket",
        "call",
        "web3.market.publishTask",
        'title=It\'s a "task"',
        'skills:=["a", "b"]',
        "fund:=false",
    ]


_ASSETS = ("tokens.css", "style.css", "mark.svg")
