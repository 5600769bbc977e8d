"""Consents: offers and orders with a usage scope, what was permitted, notices of its end."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger()
BLOB = sa.LargeBinary()


def upgrade() -> None:
    """Let offers and orders name a usage scope, and orders their consent; create the tables."""
    none = sa.text("'[]'")
    for table in ("offers", "orders"):
        op.add_column(table, sa.Column("usage_scope", BLOB, nullable=False, server_default=none))
    op.add_column("orders", sa.Column("consent_id", TEXT, nullable=True))
    op.create_table(
        "consents",
        sa.Column("consent_id", TEXT, primary_key=True, nullable=False),
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("offer_id", TEXT, nullable=False),
        sa.Column("buyer", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("duration_days", INT, nullable=True),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("granted_at", INT, nullable=False),
        sa.Column("expires_at", INT, nullable=True),
        sa.Column("revoked_at", INT, nullable=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("revoke_digest", TEXT, nullable=True),
    )
    op.create_table(
        "revocations",
        sa.Column("revocation_id", TEXT, primary_key=True, nullable=False),
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("body", BLOB, nullable=False),
        sa.Column("created_at", INT, nullable=False),
    )
