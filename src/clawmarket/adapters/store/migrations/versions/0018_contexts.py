"""Contexts of tasks, and when a task ended that nobody was awarded."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger()


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("tasks", sa.Column("ended_at", INT, nullable=True))
    op.create_table(
        "task_contexts",
        sa.Column("context_key", TEXT, primary_key=True, nullable=False),
        sa.Column("context_id", TEXT, nullable=False),
        sqlite_with_rowid=False,
    )
