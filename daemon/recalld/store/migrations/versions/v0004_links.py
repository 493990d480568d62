"""Links between memories that were stated, or recognised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table, and the index."""
    memory = "memories.id"
    op.create_table(
        "memory_links",
        sa.Column("source_id", sa.Text, sa.ForeignKey(memory, ondelete="CASCADE"), nullable=False),
        sa.Column("target_id", sa.Text, sa.ForeignKey(memory, ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("source_id", "target_id", "kind"),
    )
    op.create_index("memory_links_by_target", "memory_links", ["target_id"])
