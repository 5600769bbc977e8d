"""Disputes: contested orders and the evidence of both sides; sessions by account."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger()
BLOB = sa.LargeBinary()


def upgrade() -> None:
    """Let orders name dispute and milestones; create both tables."""
    op.add_column("orders", sa.Column("dispute_id", TEXT, nullable=True))
    none = sa.text("'[]'")
    for table in ("tasks", "orders"):
        op.add_column(table, sa.Column("milestones", BLOB, nullable=False, server_default=none))
    op.add_column(
        "orders", sa.Column("milestone", INT, nullable=False, server_default=sa.text("0"))
    )
    op.create_table(
        "disputes",
        sa.Column("dispute_id", TEXT, primary_key=True, nullable=False),
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("initiator", TEXT, nullable=False),
        sa.Column("respondent", TEXT, nullable=False),
        sa.Column("claim", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("initiator_evidence", INT, nullable=False),
        sa.Column("respondent_evidence", INT, nullable=False),
        sa.Column("opened_at", INT, nullable=False),
        sa.Column("due_at", INT, nullable=False),
        sa.Column("arbiter", TEXT, nullable=True),
        sa.Column("resolution", TEXT, nullable=True),
        sa.Column("share", INT, nullable=True),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("resolved_at", INT, nullable=True),
    )
    for columns in (
        ["initiator", "dispute_id"],
        ["order_id", "dispute_id"],
        ["respondent", "dispute_id"],
        ["state", "dispute_id"],
    ):
        op.create_index(f"disputes_by_{'_'.join(columns)}", "disputes", columns)
    op.create_table(
        "evidence",
        sa.Column("evidence_id", TEXT, primary_key=True, nullable=False),
        sa.Column("dispute_id", TEXT, nullable=False),
        sa.Column("submitter", TEXT, nullable=False),
        sa.Column("summary", TEXT, nullable=False),
        sa.Column("artifacts", BLOB, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("submitted_at", INT, nullable=False),
    )
    op.create_index("evidence_by_dispute_id_evidence_id", "evidence", ["dispute_id", "evidence_id"])
    op.create_index("sessions_by_account_id", "sessions", ["account_id"])
