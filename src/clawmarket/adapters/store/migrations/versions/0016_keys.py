"""Keys: which one replaced a key."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Let a replaced key name its successor."""
    op.add_column("credentials", sa.Column("successor", TEXT, nullable=True))
