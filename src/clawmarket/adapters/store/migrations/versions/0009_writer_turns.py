"""Writer turns: a process of several on one PostgreSQL database knows when others wrote."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the counter of turns; a SQLite file has one writer and needs none."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE writer_turns")
