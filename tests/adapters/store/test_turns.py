"""Turns to a real server: several statements are sent together, and one failure ends the turn."""

from collections.abc import Iterator

import psycopg
import pytest

from clawmarket.adapters.store.postgresql import turns as postgres_turns
from clawmarket.adapters.store.postgresql.connection import connect
from clawmarket.adapters.store.postgresql.turns import Step, Turns
from postgres_server import PostgresDatabase

BEGIN, COMMIT, ROLLBACK = (Step(sql, lasts=False) for sql in ("BEGIN", "COMMIT", "ROLLBACK"))
COUNT = Step("SELECT count(*) FROM tallies")
PREPARED = Step("SELECT count(*) FROM pg_prepared_statements", lasts=False)


def adding(key: str, amount: int) -> Step:
    """Return what adds a row; a taken key makes it fail."""
    return Step("INSERT INTO tallies (tally_id, amount) VALUES ($1, $2)", (key, amount))


@pytest.fixture
def turns(database: PostgresDatabase) -> Iterator[Turns]:
    """Turns of a connection to a database with the market's tables."""
    with connect(database.url) as connection:
        yield Turns(connection)


def one(turns: Turns, step: Step) -> object:
    """Return the one value that a statement gives."""
    (given,) = turns.take([step])
    ((value,),) = given.fetchall()
    return value


def test_each_statement_gives_what_it_gave(turns: Turns) -> None:
    """Rows as the store's adapters read them, how many it touched, and what it says it did."""
    text = "\0 é \1 '\";-- $1"
    look = Step("SELECT tally_id, amount FROM tallies WHERE tally_id = $1", (text,))
    given = turns.take([BEGIN, adding(text, 2**63 - 1), look, COUNT, COMMIT])
    said = [each.said for each in given]
    assert said == ["BEGIN", "INSERT 0 1", "SELECT 1", "SELECT 1", "COMMIT"]
    assert (given[1].rowcount, given[2].fetchall()) == (1, [(text, 2**63 - 1)])
    assert (given[2].fetchone(), given[3].fetchone()) == ((text, 2**63 - 1), (1,))
    (missed,) = turns.take([Step(look.sql, ("nobody",))])
    assert (missed.fetchone(), missed.fetchall(), missed.rowcount) == (None, [], 0)


def test_nothing_is_done_behind_a_failure(turns: Turns) -> None:
    """Not the COMMIT either, so the transaction can only be taken back."""
    turns.take([adding("a", 1)])
    with pytest.raises(psycopg.errors.UniqueViolation):
        turns.take([BEGIN, adding("b", 1), adding("a", 2), adding("c", 1), COMMIT])
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        turns.take([COUNT])
    (ended,) = turns.take([COMMIT])
    assert (ended.said, one(turns, COUNT)) == ("ROLLBACK", 1)


def test_a_statement_that_comes_again_is_planned_once(turns: Turns) -> None:
    """Also if the turn in which it came first failed, before it or behind it."""
    fails = Step("SELECT 1 / $1::bigint", (0,))
    for _ in range(3):
        with pytest.raises(psycopg.errors.DivisionByZero):
            turns.take([COUNT, fails, Step("SELECT 2")])
        turns.take([COUNT, Step("SELECT 2")])
    before = one(turns, PREPARED)
    for number in range(5):
        turns.take([adding(f"{number}", number), COUNT, Step("SELECT 2")])
    after = one(turns, PREPARED)
    assert isinstance(before, int)
    assert (one(turns, COUNT), after) == (5, before + 1)


def test_no_more_are_kept_than_there_is_room_for(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All others are planned each time."""
    monkeypatch.setattr(postgres_turns, "PREPARED", 2)
    for number in (0, 1, 2, 3, 0, 1, 2, 3):
        assert one(turns, Step(f"SELECT {number}")) == number
    assert one(turns, PREPARED) == 2


def test_a_turn_on_a_broken_connection_is_no_answer(
    turns: Turns, database: PostgresDatabase
) -> None:
    """It raises, and the connection is known to be broken."""
    pid = turns.connection.info.backend_pid
    with database.server.connect() as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))
    with pytest.raises(psycopg.OperationalError):
        turns.take([BEGIN, COUNT, ROLLBACK])
    assert turns.connection.broken


def test_nothing_is_done_behind_a_step_that_cannot_be_made(turns: Turns) -> None:
    """Those before it were sent already; whoever asked decides what becomes of them."""

    def steps() -> Iterator[Step]:
        yield BEGIN
        yield adding("a", 1)
        raise TypeError

    with pytest.raises(TypeError):
        turns.take(steps())
    with pytest.raises(OverflowError):
        turns.take([adding("b", 2**63), COMMIT])
    assert one(turns, COUNT) == 1
    turns.take([ROLLBACK])
    assert one(turns, COUNT) == 0


def test_many_large_values_go_at_once(turns: Turns) -> None:
    """More than the buffers between the two hold, in both directions."""
    text = "x" * 500_000
    given = turns.take([Step("SELECT $1::text || $2::text", (text, f"{n}")) for n in range(40)])
    assert [each.fetchone() for each in given] == [(f"{text}{n}",) for n in range(40)]


def test_what_nobody_read_is_no_answer_to_the_next(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn that ends in its midst takes its connection along, and another one is opened."""

    def stumbles(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(postgres_turns, "fetch_many", stumbles)
    with pytest.raises(MemoryError):
        turns.take([BEGIN, COUNT])
    with pytest.raises(psycopg.OperationalError):
        turns.take([COUNT])
    assert turns.connection.broken
