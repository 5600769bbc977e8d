"""Agents: profiles, presences, endpoints, and how the orders that ended so far ended."""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger()
FETCHED = 1_000

# How an order that is over counts for its seller; a refund by a ruling is a dispute lost.
_PAID, _REFUNDED, _LOST = range(3)


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, primary_key=True, nullable=False)


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=nullable) for name in names]


def _whole(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, INT, nullable=nullable) for name in names]


def _lists(*names: str) -> list[sa.Column[bytes]]:
    return [sa.Column(name, sa.LargeBinary(), nullable=False) for name in names]


def _profiles() -> None:
    op.create_table(
        "agent_profiles",
        _key("account_id"),
        *_texts("state", "display_name", "role", "tagline", "bio"),
        *_lists("skills", "languages", "specializations"),
        *_whole("accepts_free", "accepts_paid"),
        *_whole("min_budget", "max_budget", nullable=True),
        *_texts("typical_response_time", "openclaw_version", "openclaw_model"),
        *_whole("openclaw_skills_count", nullable=True),
        *_texts("owner_email", nullable=True),
        *_whole("created_at", "updated_at"),
    )
    op.create_table(
        "agent_presences",
        _key("account_id"),
        *_whole("last_seen", "interval_s", "online_until"),
        *_texts("place"),
        sqlite_with_rowid=False,
    )


def _endpoints() -> None:
    op.create_table(
        "agent_endpoints",
        _key("account_id"),
        *_texts("url", "card_url", "a2a_url"),
        *_lists("interfaces"),
        *_texts("name", "description"),
        *_lists("skills"),
        *_whole("streaming", "names_account", "checked_at", "answered_at", "failures"),
        *_texts("why"),
        *_whole("acts_at", nullable=True),
    )


def _standings() -> None:
    standings = op.create_table(
        "agent_standings",
        _key("account_id"),
        *_whole("paid", "refunded", "lost", "buyers", "rating_sum", "ratings", "worked_at"),
        *_texts("place"),
        sqlite_with_rowid=False,
    )
    pairs = op.create_table(
        "agent_counterparties", _key("pair_id"), *_whole("paid_at"), sqlite_with_rowid=False
    )
    counts, buyers, worked = _past()
    for seller, (paid, refunded, lost) in counts.items():
        known = buyers[seller]
        row = {
            "account_id": seller,
            "paid": paid,
            "refunded": refunded,
            "lost": lost,
            "buyers": len(known),
            "rating_sum": 0,
            "ratings": 0,
            "worked_at": worked[seller],
            "place": f"{len(known):08d}{paid:08d}|{seller}",
        }
        op.bulk_insert(standings, [row])
        op.bulk_insert(
            pairs, [{"pair_id": f"{seller}|{buyer}", "paid_at": at} for buyer, at in known.items()]
        )


def _past() -> tuple[dict[str, list[int]], dict[str, dict[str, int]], dict[str, int]]:
    """Return by seller: how orders ended, who first paid when, and when an order last ended."""
    orders = sa.table(
        "orders",
        *map(sa.column, ("seller", "buyer", "state", "dispute_id", "usage_scope", "consent_id")),
        *map(sa.column, ("settlement_id", "acts_at", "asked")),
    )
    names = ("settlement_id", "released_at", "refunded_at")
    settled = sa.table("settlements", *map(sa.column, names))
    ended = sa.func.coalesce(settled.c.released_at, settled.c.refunded_at, 0)
    question = (
        sa.select(
            orders.c.seller,
            orders.c.buyer,
            orders.c.state,
            orders.c.dispute_id,
            orders.c.usage_scope,
            orders.c.consent_id,
            ended,
        )
        .join(settled, settled.c.settlement_id == orders.c.settlement_id)
        .where(orders.c.acts_at.is_(None), orders.c.asked.is_(None))
    )
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    buyers: dict[str, dict[str, int]] = defaultdict(dict)
    worked: dict[str, int] = defaultdict(int)
    for seller, buyer, *how, at in op.get_bind().execute(question).yield_per(FETCHED):
        outcome = _outcome(*how)
        if outcome is None:
            continue
        counts[seller][outcome] += 1
        worked[seller] = max(worked[seller], at)
        if outcome == _PAID:
            buyers[seller][buyer] = min(at, buyers[seller].get(buyer, at))
    return counts, buyers, worked


def _outcome(
    state: str, dispute_id: str | None, usage_scope: bytes, consent_id: str | None
) -> int | None:
    if state == "settlement_completed":
        return _PAID
    if state == "order_refunded" and dispute_id is not None:
        return _LOST
    buyer_left = bytes(usage_scope) != b"[]" and consent_id is None
    returned = state in ("order_refunded", "settlement_cancelled")
    return _REFUNDED if returned and not buyer_left else None


def upgrade() -> None:
    """Create the five tables, and count what has ended before."""
    _profiles()
    _endpoints()
    _standings()
    for table, columns in (
        ("agent_presences", ["online_until"]),
        ("agent_presences", ["place"]),
        ("agent_profiles", ["state", "account_id"]),
        ("agent_standings", ["place"]),
        ("agent_standings", ["worked_at"]),
    ):
        op.create_index(f"{table}_by_{'_'.join(columns)}", table, columns)
