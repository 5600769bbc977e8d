"""Three of all points at which `make test-crash` kills a backup, a restore and a migration."""

import pytest

from crash.copying import Archive
from crash.watch import Point
from crash.workshop import Workshop


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """A market that has lived, its backup, and its home with the oldest schema."""
    return Archive.make(Workshop.make(tmp_path_factory.mktemp("copying"), None))


@pytest.mark.parametrize(
    "text",
    [
        "create:rename:.partial/backup.json.new:1:before",
        "restore:write:.partial/operator.token:1:before",
        "migrate:sync:home/market.db-wal:2:before",
    ],
)
def test_a_killed_command_leaves_all_or_nothing_and_can_be_given_again(
    archive: Archive, text: str
) -> None:
    """No half backup verifies, no half home serves, no half migration is there; then it is done."""
    point = Point.parse(text)
    assert archive.kill_at([point]) == [point.made]
