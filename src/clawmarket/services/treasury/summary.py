"""The market's own books: what lies in all ledger accounts, recorded and stored."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.money import CREDITS
from clawmarket.domain.treasury.account import FEES, Balance
from clawmarket.domain.treasury.statement import EMPTY, Pockets
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    AccountId,
    Answer,
    AssetId,
    Change,
    Cursor,
    Figure,
    Request,
    Verbatim,
)
from clawmarket.registry.methods import Scope, read
from clawmarket.services.call import Call
from clawmarket.services.trust.log import BATCH, log_head, unlogged
from clawmarket.services.trust.tallies import changes_of, pockets_of, states_of

# How many stored balances one page adds up.
MAX_ACCOUNTS = 1_000

Counts = Annotated[
    dict[str, int],
    Field(description="How many stand in each state, as of the log's head."),
    Verbatim,
]


class TreasurySummaryRequest(Request):
    """From which account on the stored balances are added up."""

    cursor: AccountId | None = None


class StoredSums(Answer):
    """The stored balances of one page of accounts, added up."""

    accounts: int
    available: Figure
    held: Figure


class TreasurySummary(Answer):
    """All ledger accounts, as the records have them and as they are stored."""

    asset: AssetId
    available: Annotated[Change, Field(description="Free to spend, of all accounts.")]
    held: Annotated[Change, Field(description="Set aside, of all accounts.")]
    fees: Annotated[Change, Field(description="What the market took.")]
    rail: Annotated[Change, Field(description="What came in from outside, below zero.")]
    sums_to_zero: bool
    holds: Counts
    settlements: Counts
    as_of_records: Annotated[int, Field(description="How many records the figures cover.")]
    stored: StoredSums
    agrees: Annotated[
        bool | None,
        Field(
            description="Whether the stored balances are what the records say; null where one "
            "page does not hold all accounts (`clawmarket backup verify` checks any size)."
        ),
    ]
    next_cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class _Stored:
    accounts: int
    pockets: Pockets
    last: str | None


@read("market.treasury.summary", scope=Scope.ADMIN)
def treasury_summary(
    _call: Call, rows: Snapshot, request: TreasurySummaryRequest
) -> TreasurySummary:
    """Add up all ledger accounts; money only moves between them, so the sum is nothing.

    The recorded figures come from the log's tallies and the few records that the log lacks;
    the stored balances are added up a page at a time.
    """
    head, recorded = log_head(rows), pockets_of(rows, CREDITS)
    waiting = unlogged(rows, head, limit=BATCH)
    for tally_id, change in changes_of(waiting).items():
        pocket, _, asset = tally_id.partition("|")
        if asset == CREDITS and pocket in recorded:
            recorded[pocket] += change
    stored = _stored(rows, request.cursor)
    whole = request.cursor is None and stored.last is None and len(waiting) < BATCH
    return TreasurySummary(
        asset="credits",
        available=str(recorded["available"]),
        held=str(recorded["held"]),
        fees=str(recorded[FEES]),
        rail=str(recorded["rail"]),
        sums_to_zero=sum(recorded.values()) == 0,
        holds=states_of(rows, "hold"),
        settlements=states_of(rows, "settlement"),
        as_of_records=(head.size if head else 0) + len(waiting),
        stored=StoredSums(
            accounts=stored.accounts,
            available=str(stored.pockets.available),
            held=str(stored.pockets.held),
        ),
        agrees=stored.pockets == Pockets(recorded["available"], recorded["held"])
        if whole
        else None,
        next_cursor=stored.last,
    )


def _stored(rows: Snapshot, cursor: str | None) -> _Stored:
    """Add up the balances of a page of accounts, in the order of their ids."""
    after = None if cursor is None else f"{cursor}|{CREDITS}"
    found = rows.find(Query(Balance, after=after, limit=MAX_ACCOUNTS + 1))
    page = found[:MAX_ACCOUNTS]
    pockets = EMPTY
    for balance in page:
        pockets += Pockets(balance.available, balance.held)
    last = page[-1].balance_id.partition("|")[0] if len(found) > MAX_ACCOUNTS else None
    return _Stored(len(page), pockets, last)
