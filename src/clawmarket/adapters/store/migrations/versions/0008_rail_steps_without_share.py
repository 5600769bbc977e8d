"""Rail steps without a share: what a step moves says already what a ruling gave."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let go of a column that nobody reads."""
    op.drop_column("rail_steps", "share")
