"""The yardstick: bare SQLite with the same durability, nothing of ours."""

import os
from pathlib import Path

from pysqlite3 import dbapi2

OWNERS = 200

_SCHEMA = """
CREATE TABLE balances (owner TEXT PRIMARY KEY, amount INTEGER NOT NULL);
CREATE TABLE entries (entry TEXT PRIMARY KEY, reason TEXT, at INTEGER);
CREATE TABLE postings (entry TEXT, owner TEXT, amount INTEGER);
CREATE TABLE lines (line TEXT PRIMARY KEY, body BLOB, salt BLOB);
CREATE TABLE jobs (job TEXT PRIMARY KEY, state TEXT, attempts INTEGER, acts_at INTEGER);
CREATE INDEX jobs_due ON jobs (acts_at);
"""


class RawSqlite:
    """One connection in WAL mode with synchronous=FULL."""

    def __init__(self, path: Path) -> None:
        self._rows = dbapi2.connect(str(path), isolation_level=None)
        self._rows.execute("PRAGMA journal_mode=WAL")
        self._rows.execute("PRAGMA synchronous=FULL")
        self._rows.executescript(_SCHEMA)
        for owner in range(OWNERS):
            self._rows.execute("INSERT INTO balances VALUES (?, 1000000)", (f"owner{owner}",))
        self._count = 0

    async def double_entries(self, count: int, batch: int = 1) -> None:
        """Make transfers of two updates and three inserts, `batch` in a durable transaction."""
        for start in range(0, count, batch):
            self._rows.execute("BEGIN IMMEDIATE")
            for number in range(start, start + batch):
                self._transfer(number)
            self._rows.execute("COMMIT")

    def _transfer(self, number: int) -> None:
        run = self._rows.execute
        self._count += 1
        entry, payer, payee = f"e{self._count}", f"owner{number % OWNERS}", "owner7"
        run("UPDATE balances SET amount = amount - 1 WHERE owner = ?", (payer,))
        run("UPDATE balances SET amount = amount + 1 WHERE owner = ?", (payee,))
        run("INSERT INTO entries VALUES (?, 'pay', ?)", (entry, number))
        run("INSERT INTO postings VALUES (?, ?, -1)", (entry, payer))
        run("INSERT INTO postings VALUES (?, ?, 1)", (entry, payee))

    async def waiting_jobs(self, count: int) -> None:
        """Add jobs that are due."""
        run = self._rows.execute
        run("BEGIN IMMEDIATE")
        for number in range(count):
            self._count += 1
            run("INSERT INTO jobs VALUES (?, 'waiting', 0, ?)", (f"j{self._count}", number))
        run("COMMIT")

    async def job_loop(self, count: int) -> None:
        """Take each due job durably, then make a transfer and end the job durably."""
        run = self._rows.execute
        due = "SELECT job FROM jobs WHERE acts_at <= ? ORDER BY acts_at LIMIT 1"
        take = "UPDATE jobs SET state = 'running', attempts = attempts + 1 WHERE job = ?"
        for number in range(count):
            (job,) = run(due, (count,)).fetchone()
            run("BEGIN IMMEDIATE")
            run(take, (job,))
            run("COMMIT")
            run("BEGIN IMMEDIATE")
            self._transfer(number)
            run("UPDATE jobs SET state = 'done', acts_at = NULL WHERE job = ?", (job,))
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
