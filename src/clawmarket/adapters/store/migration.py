"""Migration: bringing the tables of a database to the schema that this version knows."""

import ast
import os
from dataclasses import dataclass
from pathlib import Path

import pysqlite3
from sqlalchemy import Engine, NullPool, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from clawmarket.adapters.store.connection import Connection as Driver
from clawmarket.adapters.store.connection import connect
from clawmarket.adapters.store.rows import refusal
from clawmarket.ports.store import SchemaNewerError

# The revisions under migrations/versions, oldest first. They stand here so that a start on a
# present schema need not load Alembic.
REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
)

SCRIPTS = Path(__file__).parent / "migrations"

_STORED = "SELECT version_num FROM alembic_version"
_HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a migration would do.

    Args:
        revision: The schema of the file; None while it has no tables.
        newest: The schema that this version knows.
        steps: The revisions between the two, oldest first, each with what it does.
    """

    revision: str | None
    newest: str
    steps: tuple[tuple[str, str], ...]


def plan_file(path: str | os.PathLike[str]) -> Plan:
    """Return what `migrate_file` would do. Raises SchemaNewerError, StoreLostError."""
    try:
        revision = stored_revision(path)
    except pysqlite3.Error as error:
        raise refusal(error) from error
    return plan_from(revision)


def plan_from(revision: str | None) -> Plan:
    """Return what a migration from a known revision would do; None for no tables."""
    done = 0 if revision is None else REVISIONS.index(revision) + 1
    return Plan(revision, REVISIONS[-1], tuple((each, _title(each)) for each in REVISIONS[done:]))


def _title(revision: str) -> str:
    """Return the first line of a script, read without running it."""
    script = next((SCRIPTS / "versions").glob(f"{revision}_*.py"))
    described = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or revision
    return described.splitlines()[0]


def migrate_file(path: str | os.PathLike[str], revision: str | None = None) -> None:
    """Make or migrate the tables of a SQLite file, all of it or nothing.

    Args:
        path: The file; it may be empty.
        revision: The schema that it gets; the newest unless an older one is asked for.

    Raises SchemaNewerError, StoreLostError, and the driver's errors for what is no database.
    """
    wanted = revision or REVISIONS[-1]
    if stored_revision(path) == wanted:
        return
    # `module` keeps SQLAlchemy from loading the interpreter's own SQLite.
    engine = create_engine(
        "sqlite://", module=pysqlite3, creator=lambda: connect(path), poolclass=NullPool
    )
    event.listen(engine, "begin", _begin)
    try:
        migrate(engine, wanted)
    except DBAPIError as error:
        raise refusal(error.orig) from error


def migrate(engine: Engine, revision: str) -> None:
    """Bring a database to a revision in one transaction."""
    with engine.begin() as connection:
        upgrade(connection, revision)


def upgrade(connection: Connection, revision: str) -> None:
    """Bring a database to a revision within the transaction that the caller began."""
    from alembic import command  # noqa: PLC0415 - half a second that most starts need not pay
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    command.upgrade(config, revision)


def stored_revision(path: str | os.PathLike[str]) -> str | None:
    """Return the revision of a file's tables, or None if it has none. Raises SchemaNewerError."""
    connection = connect(path)
    try:
        revision = revision_in(connection)
    finally:
        connection.close()
    return known(revision)


def known(revision: str | None) -> str | None:
    """Return a revision that this version knows, or None. Raises SchemaNewerError."""
    if revision is not None and revision not in REVISIONS:
        raise SchemaNewerError(
            f"The store has schema {revision}; this version knows {REVISIONS[-1]} at the latest."
        )
    return revision


def revision_in(connection: Driver) -> str | None:
    """Return the revision of an opened database, or None if it has none."""
    if connection.execute(_HAS_TABLE).fetchone() is None:
        return None
    found = connection.execute(_STORED).fetchone()
    return None if found is None else str(found[0])


def _begin(connection: Connection) -> None:
    # The driver would begin only at the first change, and never for CREATE TABLE.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
