"""What memories learn of each other by being recalled together, and the way from a session to its memories."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table, and the index."""
    memory = "memories.id"
    op.create_table(
        "associations",
        sa.Column("one_id", sa.Text, sa.ForeignKey(memory, ondelete="CASCADE"), nullable=False),
        sa.Column("other_id", sa.Text, sa.ForeignKey(memory, ondelete="CASCADE"), nullable=False),
        sa.Column("weight", sa.Float, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("one_id", "other_id"),
    )
    op.create_index("associations_by_other", "associations", ["other_id"])
    op.create_index("memories_by_session", "memories", ["workspace_id", "session_id"])
