"""Claims: tasks that may be taken at once, deadlines, sealed results, ratings, messages."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger()

_WORKERS = (
    "UPDATE tasks SET worker = "
    "(SELECT seller FROM orders WHERE orders.order_id = tasks.order_id) "
    "WHERE order_id IS NOT NULL"
)


def _flag(table: str, name: str, default: str = "0") -> None:
    op.add_column(table, sa.Column(name, INT, nullable=False, server_default=sa.text(default)))


def upgrade() -> None:
    """Add the columns and the two tables; awarded tasks learn who has them."""
    op.add_column("tasks", sa.Column("deadline_at", INT, nullable=True))
    _flag("tasks", "claims")
    _flag("tasks", "sealed")
    op.add_column("tasks", sa.Column("worker", TEXT, nullable=True))
    op.execute(_WORKERS)
    _flag("orders", "sealed")
    op.add_column("results", sa.Column("rating", INT, nullable=True))
    _flag("results", "attempt", "1")
    op.create_table(
        "live_claims",
        sa.Column("order_id", TEXT, primary_key=True, nullable=False),
        sa.Column("worker", TEXT, nullable=False),
    )
    op.create_index("live_claims_by_worker", "live_claims", ["worker"])
    _messages()


def _messages() -> None:
    texts = ("task_id", "peer", "sender", "text")
    op.create_table(
        "messages",
        sa.Column("message_id", TEXT, primary_key=True, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in texts),
        sa.Column("sent_at", INT, nullable=False),
    )
    for columns in (["task_id", "message_id"], ["task_id", "peer", "message_id"]):
        op.create_index(f"messages_by_{'_'.join(columns)}", "messages", columns)
