"""Jobs by kind: what is due of one kind is found without going through the others."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put the kind in front of the moment in the index of what is due."""
    op.drop_index("jobs_by_acts_at", "jobs")
    op.create_index("jobs_by_kind_acts_at", "jobs", ["kind", "acts_at"])
