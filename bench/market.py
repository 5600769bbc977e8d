"""A real market in this process, with accounts that hold keys, and whole paid lifecycles."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.domain.kernel.money import CREDITS
from clawmarket.domain.kernel.secret import Secret
from clawmarket.domain.trust.file import FileRight, right_id
from clawmarket.domain.trust.session import CredentialKind, Role
from clawmarket.ports.clock import Clock
from clawmarket.runtime.app import Market, open_app
from clawmarket.runtime.config import Config
from clawmarket.services.call import THE_MARKET, Caller
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.treasury.moves import grant
from clawmarket.services.trust.identity import open_wallet_account
from clawmarket.services.work import Work

ARTIFACT = {"name": "result.md", "digest": "sha256:" + "ab" * 32, "size": 10}
PLENTY = 10**12

_keys = itertools.count()


@dataclass(frozen=True)
class Pair:
    """A buyer and a worker."""

    buyer: Caller
    worker: Caller


class MovableClock:
    """The machine's clock, set forward as far as it was told."""

    def __init__(self) -> None:
        self._clock, self._ahead = SystemClock(), 0

    def now(self) -> int:
        """Return the moment."""
        return self._clock.now() + self._ahead

    def advance(self, ms: int) -> None:
        """Let so many milliseconds pass at once."""
        self._ahead += ms


def _config(home: Path, database: Secret | None) -> Config:
    """Return a configuration that limits nobody: what is measured is the market."""
    return Config(
        home,
        port=0,
        faucet=True,
        database=database,
        calls_per_s=0,
        open_tasks=0,
        accounts_per_day=0,
    )


@asynccontextmanager
async def open_market(
    home: Path,
    *,
    commit_delay_s: float = 0.0,
    clock: Clock | None = None,
    database: Secret | None = None,
) -> AsyncIterator[Market]:
    """Open a market with its workers running."""
    market = open_app(_config(home, database))
    if commit_delay_s:
        market.pipeline.ports.store.close()
        store = open_sqlite(market.home.database, commit_delay_s=commit_delay_s)
        market.pipeline = Pipeline(
            replace(market.pipeline.ports, store=store), market.pipeline.terms
        )
    if clock is not None:
        ports = replace(market.pipeline.ports, clock=clock)
        market.pipeline = Pipeline(ports, market.pipeline.terms)
    await market.start()
    try:
        yield market
    finally:
        await market.stop()


async def pairs(pipeline: Pipeline, count: int) -> list[Pair]:
    """Return pairs of rich accounts that use keys."""
    return [Pair(await _rich(pipeline), await _rich(pipeline)) for _ in range(count)]


async def _rich(pipeline: Pipeline) -> Caller:
    address = f"0x{next(_keys):040x}"

    def change(work: Work) -> str:
        account_id = open_wallet_account(work, address).account_id
        grant(work, account_id, PLENTY, account_id, CREDITS)
        right = right_id(ARTIFACT["digest"], account_id)  # type: ignore[arg-type]  # it is text
        work.add(FileRight(right, str(ARTIFACT["digest"]), account_id, 10, work.now))
        return account_id

    account_id = await pipeline.write(pipeline.call(THE_MARKET, "bench.open"), change)
    return Caller(account_id, Role.MEMBER, CredentialKind.KEY, "", "write")


async def lifecycle(pipeline: Pipeline, pair: Pair) -> str:
    """Publish funded, bid, award, submit, accept; return the order's id."""
    task_id = await publish(pipeline, pair)
    return await trade(pipeline, pair, await bid(pipeline, pair, task_id))


async def publish(pipeline: Pipeline, pair: Pair) -> str:
    """Publish a funded task; return its id."""
    task = await _do(pipeline, pair.buyer, "publishTask", title="Bench", budget="1000")
    return str(task["taskId"])


async def bid(pipeline: Pipeline, pair: Pair, task_id: str) -> str:
    """Bid on a task; return the bid's id."""
    placed = await _do(pipeline, pair.worker, "placeBid", taskId=task_id, price="900")
    return str(placed["bidId"])


async def trade(pipeline: Pipeline, pair: Pair, bid_id: str) -> str:
    """Award a bid, submit, accept; return the order's id."""
    result = await hand_in(pipeline, pair, bid_id)
    accepted = await _do(
        pipeline, pair.buyer, "reviewResult", resultId=result["resultId"], decision="accept"
    )
    if accepted["status"] != "result_accepted":
        raise AssertionError(accepted)
    return str(result["orderId"])


async def hand_in(pipeline: Pipeline, pair: Pair, bid_id: str) -> dict[str, Any]:
    """Award a bid and submit; return the result."""
    award = await _do(pipeline, pair.buyer, "awardBid", bidId=bid_id)
    asked = {"orderId": award["orderId"], "artifacts": [ARTIFACT]}
    return await _do(pipeline, pair.worker, "submitResult", **asked)


async def _do(pipeline: Pipeline, who: Caller, verb: str, **params: object) -> dict[str, Any]:
    return await pipeline.submit(who, f"web3.market.{verb}", params, key=f"k{next(_keys)}")


T = TypeVar("T")


async def all_at_once(callers: Sequence[Pair], act: Callable[[Pair], Awaitable[T]]) -> list[T]:
    """Let every pair act, all pairs at once."""
    return await asyncio.gather(*(act(pair) for pair in callers))


async def lifecycles(pipeline: Pipeline, callers: Sequence[Pair], each: int) -> None:
    """Let every pair go through `each` lifecycles, all pairs at once."""

    async def one(pair: Pair) -> None:
        for _ in range(each):
            await lifecycle(pipeline, pair)

    await all_at_once(callers, one)
