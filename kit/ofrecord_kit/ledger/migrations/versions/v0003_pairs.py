"""Agreed values belong to a pair of systems."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CARRY = """
INSERT INTO agreed (link, field, system, other, value, at, run)
SELECT DISTINCT a.link, a.field, a.system, l.system, a.value, a.at, a.run
FROM agreed_before a JOIN link l ON l.link = a.link AND l.system <> a.system
"""

_CARRY_UNLINKED = """
INSERT INTO agreed (link, field, system, other, value, at, run)
SELECT DISTINCT a.link, a.field, a.system, b.system, a.value, a.at, a.run
FROM agreed_before a JOIN (SELECT DISTINCT link, system FROM agreed_before) b ON b.link = a.link AND b.system <> a.system
WHERE NOT EXISTS (SELECT 1 FROM link l WHERE l.link = a.link AND l.system <> a.system)
"""
"""What was agreed with a whole has no link of its own: its systems are those that agreed on anything about it."""


def upgrade() -> None:
    """Carry each value over to every pair its system makes with the others of its link."""
    op.rename_table("agreed", "agreed_before")
    op.create_table(
        "agreed",
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("other", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("run", sa.Text),
        sa.PrimaryKeyConstraint("link", "field", "system", "other", name="pk_agreed"),
    )
    op.execute(_CARRY)
    op.execute(_CARRY_UNLINKED)
    op.drop_table("agreed_before")
