"""The yardstick: bare SQLite with the same durability, nothing of ours."""

import os
from pathlib import Path

from pysqlite3 import dbapi2

_SCHEMA = """
CREATE TABLE balances (owner TEXT PRIMARY KEY, amount INTEGER NOT NULL);
CREATE TABLE entries (entry TEXT PRIMARY KEY, reason TEXT, at INTEGER);
CREATE TABLE postings (entry TEXT, owner TEXT, amount INTEGER);
CREATE TABLE lines (line TEXT PRIMARY KEY, body BLOB, salt BLOB);
"""


class RawSqlite:
    """One connection in WAL mode with synchronous=FULL."""

    def __init__(self, path: Path) -> None:
        self._rows = dbapi2.connect(str(path), isolation_level=None)
        self._rows.execute("PRAGMA journal_mode=WAL")
        self._rows.execute("PRAGMA synchronous=FULL")
        self._rows.executescript(_SCHEMA)
        for owner in range(200):
            self._rows.execute("INSERT INTO balances VALUES (?, 1000000)", (f"owner{owner}",))
        self._count = 0

    async def double_entries(self, count: int) -> None:
        """Make durable transactions of two updates and three inserts each."""
        run = self._rows.execute
        for number in range(count):
            self._count += 1
            entry, payer, payee = f"e{self._count}", f"owner{number % 200}", "owner7"
            run("BEGIN IMMEDIATE")
            run("UPDATE balances SET amount = amount - 1 WHERE owner = ?", (payer,))
            run("UPDATE balances SET amount = amount + 1 WHERE owner = ?", (payee,))
            run("INSERT INTO entries VALUES (?, 'pay', ?)", (entry, number))
            run("INSERT INTO postings VALUES (?, ?, -1)", (entry, payer))
            run("INSERT INTO postings VALUES (?, ?, 1)", (entry, payee))
            run("COMMIT")

    async def appends(self, count: int, batch: int, body: bytes) -> None:
        """Append lines durably, `batch` of them in one transaction."""
        run = self._rows.execute
        for _ in range(count // batch):
            run("BEGIN IMMEDIATE")
            for _ in range(batch):
                self._count += 1
                run("INSERT INTO lines VALUES (?, ?, ?)", (f"l{self._count}", body, os.urandom(32)))
            run("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._rows.close()
