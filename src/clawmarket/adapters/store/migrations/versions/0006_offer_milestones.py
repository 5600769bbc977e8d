"""Milestones of offers: the parts in which an order from an offer is delivered and paid."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BLOB = sa.LargeBinary()


def upgrade() -> None:
    """Let offers name milestones; those from before have none."""
    none = sa.text("'[]'")
    op.add_column("offers", sa.Column("milestones", BLOB, nullable=False, server_default=none))
