"""The board: tiles, columns and places of the index over all tasks.

The tables begin empty. The board follows the records from the first one on, so that the tasks of
an older market are in it a moment after its first start.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger()
BYTES = sa.LargeBinary()


def upgrade() -> None:
    """Create the four tables."""
    op.create_table(
        "board_columns",
        sa.Column("column_id", TEXT, primary_key=True, nullable=False),
        sa.Column("cells", BYTES, nullable=False),
    )
    op.create_table(
        "board_heads",
        sa.Column("name", TEXT, primary_key=True, nullable=False),
        sa.Column("last_record_id", TEXT, nullable=False),
        sa.Column("size", INT, nullable=False),
    )
    op.create_table(
        "board_places",
        sa.Column("task_id", TEXT, primary_key=True, nullable=False),
        sa.Column("number", INT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "board_tiles",
        sa.Column("tile_id", TEXT, primary_key=True, nullable=False),
        sa.Column("bits", BYTES, nullable=False),
        sqlite_with_rowid=False,
    )
