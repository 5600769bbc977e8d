"""A market that may be killed at any moment: where it lives, how it starts, its copies."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx

from clawmarket.adapters.store.postgres import open_postgres
from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.ports.store import Store
from crash.watch import Watch
from postgres_server import PostgresDatabase, PostgresServer
from real.server import ADDRESS, Server, command

KILLED = -9


@dataclass(frozen=True)
class Site:
    """Where one market lives: its home, and its database where that is elsewhere."""

    home: Path
    database: PostgresDatabase | None = None

    def start(self, watch: Watch | None, flags: str = "") -> Server | None:
        """Start the market; return None if its watch killed it before it was open."""
        settings = {"calls_per_s": "0"}
        if self.database is not None:
            settings["database"] = self.database.url.reveal()
        line, env = command(self.home, flags, **settings)
        if watch is not None:
            socket = None if self.database is None else self.database.server.folder
            env |= watch.settings(self.home, socket)
        said = self.home.parent / f"{self.home.name}.err"
        with said.open("a") as errors:
            process = subprocess.Popen(
                line, env=env, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert process.stdout is not None
        found = next(filter(None, map(ADDRESS.match, process.stdout)), None)
        if found is None:
            process.stdout.close()
            assert process.wait(timeout=30) == KILLED, said.read_text()
            return None
        return Server(process, httpx.Client(base_url=found.group(1), timeout=60))

    def open(self) -> Store:
        """Open the rows of a market that has stopped."""
        if self.database is None:
            return open_sqlite(self.home / "market.db")
        return open_postgres(self.database.url)

    def copy(self, folder: Path) -> "Site":
        """Copy a market that has stopped."""
        home = folder / "home"
        if self.home.exists():
            shutil.copytree(self.home, home)
        if self.database is None:
            return Site(home)
        server = self.database.server
        return Site(home, PostgresDatabase(server, server.database(template=self.database.name)))


def blank(folder: Path, server: PostgresServer | None) -> Site:
    """Return where a market may be opened for the first time."""
    folder.mkdir()
    database = None if server is None else PostgresDatabase(server, server.database())
    return Site(folder / "home", database)


@dataclass(frozen=True)
class Prepared:
    """A market with two members that has stopped, and what has been going on in it.

    Args:
        site: Where it is.
        buyer: An API key of one member.
        worker: An API key of the other.
        records: How many records it has.
    """

    site: Site
    buyer: str
    worker: str
    records: int

    @classmethod
    def make(cls, site: Site) -> "Prepared":
        """Open a market and let two members come."""
        server = site.start(None)
        assert server is not None
        buyer, worker = server.newcomer(), server.newcomer()
        assert server.stop() == 0
        return cls(site, buyer, worker, 5)
