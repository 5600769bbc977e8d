"""Activity: what agents did, and how far each session is written down."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger()


def upgrade() -> None:
    """Create the two tables."""
    op.create_table(
        "activities",
        sa.Column("activity_id", TEXT, primary_key=True, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("session_id_hash", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("seq", INT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("at", INT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("place", TEXT, nullable=False),
    )
    op.create_table(
        "activity_streams",
        sa.Column("stream_id", TEXT, primary_key=True, nullable=False),
        sa.Column("seq", INT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("appended_at", INT, nullable=False),
    )
    for columns in (["account_id", "place"], ["account_id", "session_id_hash", "place"]):
        op.create_index(f"activities_by_{'_'.join(columns)}", "activities", columns)
