"""How fast eight callers trade on PostgreSQL, against TPC-B on the same server."""

import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from bench.figures import Figure, ratio
from bench.market import open_market, pairs
from bench.trading import lifecycle_rate, paid_rate

# The tests have the server that is started from a package.
sys.path.append(str(Path(__file__).parents[1] / "tests"))
from postgres_server import PostgresDatabase, PostgresServer

CALLERS = 8
EACH = 25
SCALE = 10
SECONDS = 4
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


async def postgres_figures() -> AsyncIterator[Figure]:
    """Yield postgres_lifecycle_8: lifecycles of eight callers over pgbench's own transaction.

    Both on one server that syncs each COMMIT to the disk, pgbench with eight clients and
    prepared statements at a scale of ten.
    """
    server = PostgresServer.start(fsync="on", full_page_writes="on")
    try:
        theirs = server.database()
        _pgbench(server, theirs, "-i", "-s", str(SCALE))
        ours = PostgresDatabase.make(server)
        with tempfile.TemporaryDirectory() as folder:
            async with open_market(Path(folder) / "home", database=ours.url) as market:
                crowd = await pairs(market.pipeline, CALLERS)
                for measure, suffix, floor in (
                    (paid_rate, "", 0.08),
                    (lifecycle_rate, "_with_bid", 0.06),
                ):
                    value = await ratio(
                        partial(measure, market.pipeline, crowd, EACH),
                        lambda: _tpc_b(server, theirs),
                    )
                    name = f"postgres_lifecycle_8{suffix}"
                    yield Figure(name, value, "lifecycles per TPC-B transaction", floor)
    finally:
        server.stop()


async def _tpc_b(server: PostgresServer, database: str) -> float:
    how = ("-c", str(CALLERS), "-j", "2", "-M", "prepared", "-n", "-T", str(SECONDS))
    found = _TPS.search(_pgbench(server, database, *how))
    if found is None:
        raise AssertionError("pgbench named no rate")
    return float(found.group(1))


def _pgbench(server: PostgresServer, database: str, *how: str) -> str:
    line = [str(server.programs / "pgbench"), "-h", str(server.folder), "-U", "postgres", *how]
    ended = subprocess.run([*line, database], capture_output=True, text=True, check=True)  # noqa: S603 - the server's own program
    return ended.stdout
