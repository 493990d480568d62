"""What importance is now and what it comes from, and the days of work."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables; memories that there are begin with the importance they have."""
    op.add_column("workspaces", sa.Column("days_worked", sa.Integer, nullable=False, server_default="0"))
    op.add_column("workspaces", sa.Column("worked_on", sa.Text))
    seq = "memories.seq"
    op.create_table(
        "memory_importance",
        sa.Column("memory_seq", sa.Integer, sa.ForeignKey(seq, ondelete="CASCADE"), primary_key=True),
        sa.Column("present", sa.Float, nullable=False),
        sa.Column("reinforced_on", sa.Integer, nullable=False),
        sa.Column("recalls", sa.Integer, nullable=False),
        sa.Column("recalled_at", sa.Text),
        sa.Column("unused", sa.Integer, nullable=False),
    )
    op.execute("INSERT INTO memory_importance SELECT seq, importance_score, 0, 0, NULL, 0 FROM memories")
