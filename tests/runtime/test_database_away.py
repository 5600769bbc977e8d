"""A database that cannot be reached: whoever starts, migrates or backs up is told why."""

import asyncio
from pathlib import Path

import pytest

from clawmarket.domain.kernel.secret import Secret
from clawmarket.entry.cli.main import run
from clawmarket.runtime.app import open_app
from clawmarket.runtime.config import Config
from clawmarket.runtime.postgres import DatabaseAwayError, check_free
from postgres_server import PostgresServer


def test_a_start_says_why_the_database_does_not_answer(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """In the server's words, with the setting to look at; nobody is told to repeat a request."""
    config = Config(tmp_path / "home", database=postgres_server.url("nosuch"))
    with pytest.raises(DatabaseAwayError) as refused:
        open_app(config)
    words = 'FATAL:  database "nosuch" does not exist'
    assert refused.value.what == f"The database does not answer: {words}."
    assert "CLAWMARKET_DATABASE" in refused.value.advice
    assert refused.value.next_step == "clawmarket help environment"
    with pytest.raises(DatabaseAwayError, match="does not exist"):
        check_free(postgres_server.url("nosuch"))


def test_a_migration_says_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no server listens at all."""
    market = open_app(Config(tmp_path / "home"))
    asyncio.run(market.stop())
    monkeypatch.setenv("CLAWMARKET_DATABASE", "postgresql://market@127.0.0.1:1/market")
    assert run(["migrate", "--home", str(tmp_path / "home"), "--dry-run"]) == 4
    said = capsys.readouterr().err
    assert "The database does not answer: Connection refused." in said
    assert "next: clawmarket help environment" in said


@pytest.mark.parametrize("written", ["market:correct@horse@nowhere.invalid", "market:7/horse@x"])
def test_a_url_that_was_written_wrongly_shows_no_part_of_its_password(written: str) -> None:
    """The driver takes what stands behind the first sign for a host, and repeats it."""
    with pytest.raises(DatabaseAwayError) as refused:
        check_free(Secret(f"postgresql://{written}/market"))
    assert "horse" not in refused.value.what + str(refused.value.details)
