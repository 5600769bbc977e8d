"""What a process that serves may open, for what it waits longer, and what it writes down."""

import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from clawmarket.entry import web
from clawmarket.runtime.logs import configure_logs
from clawmarket.runtime.serve import OPEN_FILES, allow_open_files
from clawmarket.runtime.serving.http import STREAMED_PATHS
from real.server import Server

if sys.platform != "win32":
    import resource

TEMPLATES = Path(web.__path__[0]) / "templates"


@pytest.fixture
def bounds() -> Iterator[tuple[int, int]]:
    """The bounds on open files, put back afterwards."""
    if sys.platform == "win32":
        pytest.skip("needs a limit on open files")
    found = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield found
    resource.setrlimit(resource.RLIMIT_NOFILE, found)


def test_a_process_may_open_what_its_connections_need(bounds: tuple[int, int]) -> None:
    """A common bound of 1,024 is raised, as far as the system lets it be."""
    hard = bounds[1]
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1_024, most), hard))
    allow_open_files()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, hard)


def test_a_market_that_serves_has_raised_its_bound(bounds: tuple[int, int], tmp_path: Path) -> None:
    """Whoever starts it need not have thought of it."""
    hard = bounds[1]
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1_024, most), hard))
    server = Server.start(tmp_path / "home")
    try:
        limits = Path(f"/proc/{server.process.pid}/limits").read_text(encoding="utf-8")
    finally:
        server.stop()
    (found,) = re.findall(r"^Max open files +(\d+)", limits, re.MULTILINE)
    assert int(found) == most


def test_a_higher_bound_stays(bounds: tuple[int, int]) -> None:
    """Whoever may open more keeps it."""
    hard = bounds[1]
    if hard != resource.RLIM_INFINITY and hard <= OPEN_FILES:
        pytest.skip("needs a higher limit on open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES + 1, hard))
    allow_open_files()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (OPEN_FILES + 1, hard)


def test_every_form_with_files_may_take_longer() -> None:
    """A slow line has the time of an upload for whatever form brings files, and for no other."""
    sources = [path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html")]
    forms = [form for source in sources for form in re.findall(r"<form [^>]*>", source)]
    with_files = {
        re.findall(r'action="([^"]+)"', form)[0] for form in forms if "multipart/form-data" in form
    }
    assert with_files == {path for path in STREAMED_PATHS if path.startswith("/act/")}
    assert len(with_files) == 4


def test_strangers_do_not_fill_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    """A request that is no HTTP is refused and leaves no line; what is a defect does."""
    root, theirs = logging.getLogger(), logging.getLogger("uvicorn.error")
    between = (logging.getLogger("uvicorn"), theirs)
    before = root.handlers[:], root.level, theirs.level
    ways = [(each.disabled, each.propagate) for each in between]
    try:
        # Another server in this process may have silenced them.
        for each in between:
            each.disabled, each.propagate = False, True
        configure_logs("warning")
        theirs.warning("Invalid HTTP request received.")
        theirs.error("Exception in ASGI application")
    finally:
        root.handlers[:], root.level, theirs.level = before
        for each, way in zip(between, ways, strict=True):
            each.disabled, each.propagate = way
        structlog.reset_defaults()
    told = capfd.readouterr().err
    assert ("Invalid HTTP" in told, told.count("Exception in ASGI application")) == (False, 1)
