"""Billing: plans, what sessions used of them, reservations, runs and bills."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger()


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, primary_key=True, nullable=False)


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=nullable) for name in names]


def _whole(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, INT, nullable=nullable) for name in names]


def _plans_and_meters() -> None:
    op.create_table(
        "plans",
        _key("plan_id"),
        *_texts("owner"),
        *_whole("per_session", "per_day", "per_account", nullable=True),
        sa.Column("tool_prices", sa.LargeBinary(), nullable=False),
        *_whole("call_price", "input_price", "output_price", "cached_price", "per_tokens"),
        *_texts("payee", nullable=True),
        *_whole("set_at"),
    )
    op.create_table(
        "spends",
        _key("spend_id"),
        *_whole("charged", "reserved", "traded"),
        *_whole("day", "day_charged", "day_reserved", "day_traded", "debts"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "running_periods",
        _key("session_key"),
        *_texts("period_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "periods",
        _key("period_id"),
        *_texts("owner", "session", "state"),
        *_whole("charged", "reserved", "traded", "billed", "unbilled"),
        *_whole("llm_calls", "tool_calls", "input_tokens", "output_tokens", "cached_tokens"),
        *_texts("bill_id", nullable=True),
        *_whole("opened_at", "active_at"),
        *_whole("acts_at", "capped_at", "ended_at", nullable=True),
        *_texts("why"),
    )


def _uses_and_bills() -> None:
    op.create_table(
        "reservations",
        _key("reservation_id"),
        *_texts("owner", "period_id", "tool"),
        *_whole("amount", "charged", "unbilled", "day"),
        *_texts("state"),
        *_whole("made_at"),
        *_whole("acts_at", "ended_at", nullable=True),
        *_texts("why"),
    )
    op.create_table(
        "charges",
        _key("charge_id"),
        *_texts("owner", "period_id", "model"),
        *_whole("input_tokens", "output_tokens", "cached_tokens", "cost", "charged", "charged_at"),
    )
    op.create_table(
        "bills",
        _key("bill_id"),
        *_texts("period_id", "payer", "payee", "asset"),
        *_whole("amount", "fee_bps"),
        *_texts("hold_id", nullable=True),
        *_whole("seller_amount", "fee", "tries"),
        *_texts("state"),
        *_whole("made_at"),
        *_whole("acts_at", "locked_at", "ended_at", nullable=True),
        *_texts("why"),
    )


def upgrade() -> None:
    """Create the seven tables."""
    _plans_and_meters()
    _uses_and_bills()
    for table, columns in (
        ("bills", ["acts_at"]),
        ("bills", ["payee", "bill_id"]),
        ("bills", ["payer", "bill_id"]),
        ("charges", ["period_id"]),
        ("periods", ["acts_at"]),
        ("reservations", ["acts_at"]),
        ("reservations", ["period_id"]),
    ):
        op.create_index(f"{table}_by_{'_'.join(columns)}", table, columns)
