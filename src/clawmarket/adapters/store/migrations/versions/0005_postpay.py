"""Post-pay: whom a provider trusts, what is used on a tab, each use by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger()


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def _whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, INT, nullable=False) for name in names]


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "trusts",
        sa.Column("trust_id", TEXT, primary_key=True, nullable=False),
        *_texts("provider", "consumer", "asset", "unit"),
        *_whole("price", "per_units", "units_per_minute", "cap", "prepaid"),
        sa.Column("tab_id", TEXT, nullable=True),
        *_texts("state"),
        *_whole("created_at"),
    )
    op.create_table(
        "tabs",
        sa.Column("tab_id", TEXT, primary_key=True, nullable=False),
        *_texts("trust_id", "provider", "consumer", "asset", "unit"),
        *_whole("price", "per_units", "units_per_minute", "cap"),
        sa.Column("hold_id", TEXT, nullable=True),
        *_whole("fee_bps"),
        *_whole("quantity", "owed", "entries", "pace", "paced_at"),
        *_texts("state"),
        *_whole("opened_at", "expires_at"),
        sa.Column("acts_at", INT, nullable=True),
        sa.Column("closed_at", INT, nullable=True),
        *_whole("tries", "seller_amount", "fee"),
        sa.Column("ended_at", INT, nullable=True),
        *_texts("why"),
    )
    op.create_table(
        "usages",
        sa.Column("usage_id", TEXT, primary_key=True, nullable=False),
        *_texts("tab_id"),
        *_whole("quantity", "cost", "owed"),
        *_texts("reference"),
        *_whole("appended_at"),
        *_texts("record_id"),
    )
    for table, columns in (
        ("tabs", ["acts_at"]),
        ("tabs", ["consumer", "state"]),
        ("tabs", ["consumer", "tab_id"]),
        ("tabs", ["provider", "tab_id"]),
        ("trusts", ["consumer", "trust_id"]),
        ("trusts", ["provider", "trust_id"]),
        ("usages", ["tab_id", "usage_id"]),
    ):
        op.create_index(f"{table}_by_{'_'.join(columns)}", table, columns)
