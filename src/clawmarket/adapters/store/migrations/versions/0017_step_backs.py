"""Step backs: claims that workers left undelivered within the last day."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table; what was left before counts for nobody."""
    op.create_table(
        "step_backs",
        sa.Column("order_id", TEXT, primary_key=True, nullable=False),
        sa.Column("worker", TEXT, nullable=False),
        sa.Column("stepped_back_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("step_backs_by_worker", "step_backs", ["worker"])
