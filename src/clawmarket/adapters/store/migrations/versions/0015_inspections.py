"""Inspections: what the market found in files, and what a task asks of them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger()
BLOB = sa.LargeBinary()


def upgrade() -> None:
    """Let tasks name checks and results their inspection; create the table."""
    none, empty, no = sa.text("'[]'"), sa.text("''"), sa.text("0")
    op.add_column("tasks", sa.Column("checks", BLOB, nullable=False, server_default=none))
    op.add_column("tasks", sa.Column("inspect", INT, nullable=False, server_default=no))
    op.add_column("results", sa.Column("inspection_id", TEXT, nullable=True))
    op.add_column("results", sa.Column("appeal", TEXT, nullable=False, server_default=empty))
    op.create_table(
        "inspections",
        sa.Column("inspection_id", TEXT, primary_key=True, nullable=False),
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("task_id", TEXT, nullable=False),
        sa.Column("seller", TEXT, nullable=False),
        sa.Column("artifacts", BLOB, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("verdict", TEXT, nullable=False),
        sa.Column("findings", BLOB, nullable=False),
        sa.Column("inspected_at", INT, nullable=False),
    )
