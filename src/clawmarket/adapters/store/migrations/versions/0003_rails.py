"""Rails: what outside rails were asked, and which orders wait for an answer."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger()


def upgrade() -> None:
    """Let orders name the step that their rail has not answered; create the table of steps."""
    op.add_column("orders", sa.Column("asked", TEXT, nullable=True))
    op.create_table(
        "rail_steps",
        sa.Column("key", TEXT, primary_key=True, nullable=False),
        sa.Column("settlement_id", TEXT, nullable=False),
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("rail", TEXT, nullable=False),
        sa.Column("step", TEXT, nullable=False),
        sa.Column("payer", TEXT, nullable=False),
        sa.Column("payee", TEXT, nullable=False),
        sa.Column("asset", TEXT, nullable=False),
        sa.Column("locked", INT, nullable=False),
        sa.Column("seller_amount", INT, nullable=False),
        sa.Column("fee", INT, nullable=False),
        sa.Column("refund_amount", INT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("share", INT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("record_id", TEXT, nullable=False),
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("asked_at", INT, nullable=False),
        sa.Column("answered_at", INT, nullable=True),
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("found", INT, nullable=True),
    )
    for columns in (["order_id", "key"], ["state", "key"]):
        op.create_index(f"rail_steps_by_{'_'.join(columns)}", "rail_steps", columns)
