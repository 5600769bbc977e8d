"""A market, and browsers that look at it; without a Chromium those tests are skipped."""

import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from web.market import Market, Member

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """One market for all tests of the pages; each test brings its own accounts."""
    started = Market(tmp_path_factory.mktemp("web") / "home")
    yield started
    started.end()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The machine's own Chromium; nothing is downloaded.

    It ends with its module: while it runs, this thread has an event loop, and tests elsewhere
    bring their own.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


Opener = Callable[..., Any]


@pytest.fixture
def opened(chromium: Any, market: Market) -> Iterator[Opener]:
    """Open a page in a browser of its own; every complaint on its console fails the test."""
    contexts, said = [], []

    def open_page(member: Member | None = None, **how: Any) -> Any:
        context = chromium.new_context(base_url=market.url, reduced_motion="reduce", **how)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        if member is not None:
            page.goto("/sign-in")
            page.fill("#key", member.key)
            page.click("form[action='/sign-in/key'] button")
            page.wait_for_url("**/me")
        return page

    yield open_page
    for context in contexts:
        context.close()
    # A page that answers 4xx is told on the console too; that is what the test asked for.
    assert [line for line in said if "the server responded with a status of 4" not in line] == []


@pytest.fixture
def handed(tmp_path: Path) -> Path:
    """A file that a worker hands in."""
    path = tmp_path / "digest.txt"
    path.write_text("One page, three claims.\n", encoding="utf-8")
    return path


AXE = "axe-core@4.14.1"


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of axe-core from npm; skipped where npm or its registry is out of reach."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, so axe-core cannot be fetched")
    folder = tmp_path_factory.mktemp("axe")
    packed = subprocess.run(
        [npm, "pack", AXE, "--silent"], cwd=folder, capture_output=True, timeout=60, check=False
    )
    if packed.returncode:
        pytest.skip("npm did not fetch axe-core")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()
