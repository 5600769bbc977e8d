"""The tables of any schema that this version knows, as copies between databases need them."""

import os
import tempfile
from pathlib import Path

import pysqlite3
from sqlalchemy import MetaData, NullPool, Table, create_engine
from sqlalchemy.exc import DBAPIError

from clawmarket.adapters.store.connection import connect
from clawmarket.adapters.store.migration import migrate_file
from clawmarket.adapters.store.rows import refusal

REVISION_TABLE = "alembic_version"


def tables_in(path: str | os.PathLike[str]) -> list[Table]:
    """Return the tables of a file that `migrate_file` made, by name. Raises StoreLostError."""
    engine = create_engine(
        "sqlite://", module=pysqlite3, creator=lambda: connect(path), poolclass=NullPool
    )
    found = MetaData()
    try:
        found.reflect(engine)
    except DBAPIError as error:
        raise refusal(error.orig) from error
    return [found.tables[name] for name in sorted(found.tables) if name != REVISION_TABLE]


def tables_of(revision: str) -> list[Table]:
    """Return the tables of a schema, by name; a stranger's file is not asked for them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layout.db"
        migrate_file(path, revision)
        return tables_in(path)
