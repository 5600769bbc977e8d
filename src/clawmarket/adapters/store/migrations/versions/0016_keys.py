"""Keys and caps: which key replaced another, and how many tasks of an account are open."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Let a replaced key name its successor; count the open tasks of each account."""
    op.add_column("credentials", sa.Column("successor", TEXT, nullable=True))
    op.create_table(
        "open_tasks",
        sa.Column("buyer", TEXT, primary_key=True, nullable=False),
        sa.Column("tasks", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO open_tasks (buyer, tasks) SELECT buyer, COUNT(*) FROM tasks "
        "WHERE state = 'task_open' GROUP BY buyer"
    )
