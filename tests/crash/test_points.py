"""Ten of all points at which `make test-crash` kills a market."""

from pathlib import Path

import pytest

from crash.watch import Point
from crash.workshop import Workshop
from postgres_server import PostgresServer

IN_A_FILE = (
    "lapse:sync:market.db-wal:1:before",
    "award:write:market.db-wal:30:torn",
    "file:rename:files/incoming:1:before",
    "accept:sync:market.db-wal:1:after",
    "start:sync:market.db:1:before",
    "stop:write:market.db:3:torn",
)
ON_A_SERVER = (
    "publish:commit:database:1:before",
    "award:commit:database:1:torn",
    "accept:commit:database:1:after",
    "submit:write:log.mark:1:after",
)


def killed(workshop: Workshop, texts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Kill a market at points and return what it was doing."""
    hits = workshop.kill_at([Point.parse(text) for text in texts])
    return [(hit.kind, hit.file) for hit in hits if hit is not None]


def expected(texts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return what a market does at points."""
    points = map(Point.parse, texts)
    return [(point.made.kind, point.made.file) for point in points]


def test_killed_at_six_points_a_market_in_a_file_is_whole(tmp_path: Path) -> None:
    """Each answer holds, each effect is there once, the log only grew, receipts and files hold."""
    workshop = Workshop.make(tmp_path, None)
    assert killed(workshop, IN_A_FILE) == expected(IN_A_FILE)


def test_killed_at_four_points_a_market_on_a_server_is_whole(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """The same with PostgreSQL, which learns of the end from its socket."""
    workshop = Workshop.make(tmp_path, postgres_server)
    assert killed(workshop, ON_A_SERVER) == expected(ON_A_SERVER)


@pytest.mark.parametrize("text", [*IN_A_FILE, *ON_A_SERVER])
def test_a_point_is_read_as_it_is_shown(text: str) -> None:
    """So a failing point can be pasted into the command that shows it again."""
    assert str(Point.parse(text)) == text
