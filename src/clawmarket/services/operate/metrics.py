"""Metrics: what an account's agents did and used lately, as numbers to draw or to watch."""

from collections import Counter
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import SECOND_MS
from clawmarket.domain.treasury.budget import Spend, no_spend
from clawmarket.domain.trust.activity import Activity
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import Answer, Figure, Request, Verbatim
from clawmarket.registry.methods import read
from clawmarket.services.call import Call
from clawmarket.services.treasury.billing.budgets import plan_of
from clawmarket.services.trust.log import log_head, unlogged

# How many of the latest items are counted.
COUNTED = 500


class SnapshotMetrics(Request):
    """Nothing to choose."""


class AuditMetrics(Answer):
    """What was recorded of the account's agents."""

    counted: Annotated[int, Field(description=f"The latest items, at most {COUNTED}.")]
    by_kind: Annotated[dict[str, int], Field(description="Those items by their kind."), Verbatim]


class BillingMetrics(Answer):
    """What counts against the account's quota, since its first use."""

    enabled: Annotated[bool, Field(description="Whether the account has a plan.")]
    credits_used: Figure
    credits_reserved: Figure
    credits_traded: Figure
    bills_unpaid: int


class LogMetrics(Answer):
    """How far the market's log is."""

    size: int
    lag_sec: Annotated[int, Field(description="The age of its head while records wait, or 0.")]


class MetricsSnapshot(Answer):
    """Numbers of one moment."""

    audit: AuditMetrics
    billing: BillingMetrics
    log: LogMetrics


@read("web3.metrics.snapshot")
def snapshot_metrics(call: Call, rows: Snapshot, _request: SnapshotMetrics) -> MetricsSnapshot:
    """Count what your agents did and used, and how far the market's log is behind."""
    return MetricsSnapshot(
        audit=_audit(call, rows), billing=_billing(call, rows), log=_log(call, rows)
    )


def _audit(call: Call, rows: Snapshot) -> AuditMetrics:
    latest = Query(
        Activity,
        equal={"account_id": call.actor},
        order_by="place",
        newest_first=True,
        limit=COUNTED,
    )
    kinds = Counter(each.kind.value for each in rows.find(latest))
    return AuditMetrics(counted=kinds.total(), by_kind=dict(sorted(kinds.items())))


def _billing(call: Call, rows: Snapshot) -> BillingMetrics:
    spend = rows.get(Spend, call.actor) or no_spend(call.actor)
    return BillingMetrics(
        enabled=plan_of(rows, call.actor) is not None,
        credits_used=str(spend.charged),
        credits_reserved=str(spend.reserved),
        credits_traded=str(spend.traded),
        bills_unpaid=spend.debts,
    )


def _log(call: Call, rows: Snapshot) -> LogMetrics:
    head = log_head(rows)
    if head is None:
        return LogMetrics(size=0, lag_sec=0)
    waits = bool(unlogged(rows, head, limit=1))
    lag_ms = max(0, call.now - head.signed_at) if waits else 0
    return LogMetrics(size=head.size, lag_sec=lag_ms // SECOND_MS)
