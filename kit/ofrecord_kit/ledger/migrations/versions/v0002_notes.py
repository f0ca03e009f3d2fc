"""What a run has to say beside its counts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the notes of a run."""
    op.add_column("run", sa.Column("notes", sa.Text))
