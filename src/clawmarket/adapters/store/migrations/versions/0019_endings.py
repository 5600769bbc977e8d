"""Endings: why an order's money went back stands in its settlement, and sellers answer for theirs.

What was said so far stands in the records; the standings of all sellers are counted anew.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
FETCHED = 1_000
# The words of this version for what a buyer did or left.
BY_BUYER = (
    *("the buyer gave the order up", "the buyer gave no consent"),
    *("the buyer revoked the consent", "the buyer's consent was shorter than the offer asks"),
)
ENDINGS = ("order_cancelled", "order_expired")
ENDED_BY = ("web3.market.order.cancel", "web3.market.expireSweep")

ORDERS = sa.table(
    "orders",
    *map(sa.column, ("order_id", "seller", "state", "dispute_id", "usage_scope", "consent_id")),
    *map(sa.column, ("settlement_id", "acts_at", "asked", "records")),
)
SETTLEMENTS = sa.table(
    "settlements", *map(sa.column, ("settlement_id", "released_at", "refunded_at", "why"))
)
RECORDS = sa.table("records", *map(sa.column, ("record_id", "method", "body")))
DISPUTES = sa.table(
    "disputes",
    *map(sa.column, ("dispute_id", "arbiter", "initiator_evidence", "respondent_evidence")),
)
STANDINGS = sa.table(
    "agent_standings", *map(sa.column, ("account_id", "refunded", "lost", "worked_at"))
)


def upgrade() -> None:
    """Add the column, fill it from the records, and count again what did not end in payment."""
    empty = sa.text("''")
    op.add_column("settlements", sa.Column("why", TEXT, nullable=False, server_default=empty))
    _fill_reasons()
    _fill_stories()
    _count_again()


def _fill_reasons() -> None:
    question = (
        sa.select(SETTLEMENTS.c.settlement_id, ORDERS.c.records)
        .join(ORDERS, ORDERS.c.settlement_id == SETTLEMENTS.c.settlement_id)
        .where(SETTLEMENTS.c.refunded_at.is_not(None))
    )
    found = op.get_bind().execute(question).all()
    for settlement_id, records in found:
        why = next((each["why"] for each in _refunds(records, settlement_id)), "")
        named = SETTLEMENTS.c.settlement_id == settlement_id
        op.execute(sa.update(SETTLEMENTS).where(named).values(why=why))


def _refunds(records: bytes, settlement_id: str) -> Iterator[dict[str, Any]]:
    """Yield what the records of an order say of its settlement's refund, the latest first."""
    for record_id in reversed(orjson.loads(bytes(records))):
        question = sa.select(RECORDS.c.body).where(RECORDS.c.record_id == record_id)
        for (body,) in op.get_bind().execute(question):
            for each in orjson.loads(bytes(body))["events"]:
                if each["kind"] == "settlement_refunded" and each["settlementId"] == settlement_id:
                    yield each


def _fill_stories() -> None:
    """Add the record that ended it to each order that was never paid."""
    unpaid = sa.select(ORDERS.c.order_id, ORDERS.c.records).where(ORDERS.c.state.in_(ENDINGS))
    told = {order_id: orjson.loads(bytes(ids)) for order_id, ids in op.get_bind().execute(unpaid)}
    if not told:
        return
    question = sa.select(RECORDS.c.record_id, RECORDS.c.body).where(RECORDS.c.method.in_(ENDED_BY))
    ended: dict[str, list[str]] = {}
    for record_id, body in op.get_bind().execute(question).yield_per(FETCHED):
        for each in orjson.loads(bytes(body))["events"]:
            known = told.get(each.get("orderId"), [record_id])
            if each["kind"] in ENDINGS and record_id not in known:
                ended[each["orderId"]] = [*known, record_id]
    for order_id, records in ended.items():
        named = ORDERS.c.order_id == order_id
        op.execute(sa.update(ORDERS).where(named).values(records=orjson.dumps(records)))


def _count_again() -> None:
    ended = sa.func.coalesce(SETTLEMENTS.c.released_at, SETTLEMENTS.c.refunded_at, 0)
    question = (
        sa.select(
            ORDERS.c.seller,
            ended,
            ORDERS.c.state,
            ORDERS.c.usage_scope,
            ORDERS.c.consent_id,
            SETTLEMENTS.c.why,
            ORDERS.c.dispute_id,
            DISPUTES.c.arbiter,
            DISPUTES.c.initiator_evidence,
            DISPUTES.c.respondent_evidence,
        )
        .join(SETTLEMENTS, SETTLEMENTS.c.settlement_id == ORDERS.c.settlement_id)
        .outerjoin(DISPUTES, DISPUTES.c.dispute_id == ORDERS.c.dispute_id)
        .where(ORDERS.c.acts_at.is_(None), ORDERS.c.asked.is_(None))
    )
    figures: dict[str, dict[str, int]] = defaultdict(
        lambda: {"refunded": 0, "lost": 0, "worked_at": 0}
    )
    for seller, at, *how in op.get_bind().execute(question).yield_per(FETCHED):
        counted, outcome = figures[seller], _outcome(*how)
        if outcome in counted:
            counted[outcome] += 1
        if outcome:
            counted["worked_at"] = max(counted["worked_at"], at)
    for seller, counts in figures.items():
        op.execute(sa.update(STANDINGS).where(STANDINGS.c.account_id == seller).values(**counts))


def _outcome(
    state: str,
    usage_scope: bytes,
    consent_id: str | None,
    why: str,
    dispute_id: str | None,
    arbiter: str | None,
    *heard: int | None,
) -> str:
    if state == "settlement_completed":
        return "paid"
    if state not in ("order_refunded", "settlement_cancelled"):
        return ""
    if dispute_id is not None:
        return "" if arbiter is None and all(heard) else "lost"
    never_began = bytes(usage_scope) != b"[]" and consent_id is None
    return "" if never_began or why in BY_BUYER else "refunded"
