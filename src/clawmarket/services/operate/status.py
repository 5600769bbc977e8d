"""Status: what stands where, as of the log's head; cheap at any size."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.job import RAIL_JOB, Job, JobState
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.kernel.money import CREDITS
from clawmarket.domain.market.consenting.revocation import REVOCATION_JOB
from clawmarket.domain.treasury.account import FEES
from clawmarket.domain.treasury.bill import BILL_JOB
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import Answer, Figure, Flag, Moment, Request, Verbatim, Word
from clawmarket.registry.methods import Scope, Verb, read
from clawmarket.registry.probes import Finding, run_probes
from clawmarket.services.call import Call
from clawmarket.services.reached import address_finding
from clawmarket.services.trust.log import log_head, unlogged
from clawmarket.services.trust.tallies import pockets_of, states_of

Counts = Annotated[dict[str, int], Field(description="How many stand in each state."), Verbatim]

# Kinds of jobs that are to be done at once; one that waits for a moment is no work yet.
OUTBOX = ("receipt", BILL_JOB, REVOCATION_JOB, RAIL_JOB)


class MarketStatusRequest(Request):
    """Nothing to choose."""


class MarketStatus(Answer):
    """Counts by state, as of the log's head."""

    tasks: Counts
    bids: Counts
    offers: Counts
    orders: Counts
    settlements: Counts
    deliveries: Counts
    results: Counts
    tabs: Counts
    bills: Counts
    fees: Annotated[Figure, Field(description="Fees the market took so far.")]
    as_of_records: Annotated[int, Field(description="How many records the figures cover.")]


@read("web3.market.status.summary", scope=Scope.PUBLIC)
def market_status(_call: Call, rows: Snapshot, _request: MarketStatusRequest) -> MarketStatus:
    """Count what stands in which state; one lookup per state, however large the market is."""
    head = log_head(rows)
    return MarketStatus(
        tasks=states_of(rows, "task"),
        bids=states_of(rows, "bid"),
        offers=states_of(rows, "offer"),
        orders=states_of(rows, "order"),
        settlements=states_of(rows, "settlement"),
        deliveries=states_of(rows, "delivery"),
        results=states_of(rows, "result"),
        tabs=states_of(rows, "tab"),
        bills=states_of(rows, "bill"),
        fees=str(pockets_of(rows, CREDITS)[FEES]),
        as_of_records=head.size if head else 0,
    )


class Ping(Request):
    """Nothing to choose."""


class Pong(Answer):
    """The market's clock."""

    now: Moment


@read("web3.status.ping", scope=Scope.PUBLIC)
def ping(call: Call, _rows: Snapshot, _request: Ping) -> Pong:
    """Answer with the market's clock and do nothing else."""
    return Pong(now=iso(call.now))


class StatusRequest(Request):
    """How closely to look."""

    deep: Annotated[Flag, Field(description="Run the probes too.")] = False


class ProbeView(Answer):
    """What a probe found."""

    name: Word
    ok: bool
    message: str
    fix_hint: str


class StatusView(Answer):
    """Who this market is and how it is."""

    version: Word
    origin: Word
    vkey: Word
    test_money: bool
    fee_bps: int
    now: Moment
    log_size: int
    log_signed_at: Moment | None
    records_waiting: Annotated[bool, Field(description="Whether records wait for the log.")]
    jobs_waiting: Annotated[bool, Field(description="Whether jobs wait to be run.")]
    jobs_dead: Annotated[bool, Field(description="Whether jobs were given up.")]
    probes: Annotated[
        list[ProbeView] | None, Field(description="Null: not checked; ask with `deep`.")
    ]


@read("web3.status.summary", scope=Scope.PUBLIC, example={"deep": True}, verb=Verb("status"))
def status(call: Call, rows: Snapshot, request: StatusRequest) -> StatusView:
    """Say who this market is, which key signs its log, and how it is."""
    head = log_head(rows)
    findings = [*run_probes(rows, call.now), _address(call)] if request.deep else None
    return StatusView(
        version=call.terms.version,
        origin=call.terms.origin,
        vkey=call.terms.vkey,
        test_money=call.terms.test_money,
        fee_bps=call.terms.fee_bps,
        now=iso(call.now),
        log_size=head.size if head else 0,
        log_signed_at=iso(head.signed_at) if head else None,
        records_waiting=bool(unlogged(rows, head, limit=1)),
        jobs_waiting=any(_waits(rows, kind) for kind in OUTBOX),
        jobs_dead=_any_dead(rows),
        probes=None if findings is None else [_probe_view(f) for f in findings],
    )


def _address(call: Call) -> Finding:
    return address_finding(call.terms.base_url, call.terms.reached)


def _waits(rows: Snapshot, kind: str) -> bool:
    equal, ever = {"kind": kind, "state": JobState.WAITING}, ("acts_at", 0)
    return bool(rows.find(Query(Job, equal, at_least=ever, order_by="acts_at", limit=1)))


def _any_dead(rows: Snapshot) -> bool:
    return bool(rows.find(Query(Job, equal={"state": JobState.DEAD}, limit=1)))


def _probe_view(finding: Finding) -> ProbeView:
    return ProbeView(
        name=finding.name, ok=finding.ok, message=finding.message, fix_hint=finding.fix_hint
    )
