"""Changes that were begun are written down before they are sent, as creations are."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What an older ledger intends are creations."""
    op.add_column("intent", sa.Column("value", sa.Text))
