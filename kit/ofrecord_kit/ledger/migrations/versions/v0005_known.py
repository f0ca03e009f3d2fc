"""As of when a record is known to hold what was agreed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is known of the records of an older ledger: each is read before it is written next."""
    op.add_column("link", sa.Column("known", sa.Text))
