"""What long looks at memories found, what was said to findings, and what is to be looked at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables; nothing was looked at yet."""
    op.create_table(
        "audit_checks",
        sa.Column("memory_seq", sa.Integer, sa.ForeignKey("memories.seq", ondelete="CASCADE"), primary_key=True),
        sa.Column("text_hash", sa.Text, nullable=False),
        sa.Column("scheme", sa.Integer, nullable=False),
        sa.Column("secret", sa.Text),
        sa.Column("compared", sa.Boolean, nullable=False),
        sa.Column("double_id", sa.Text),
        sa.Column("double_hash", sa.Text),
        sa.Column("similarity", sa.Float),
    )
    memory_id = "memories.id"
    op.create_table(
        "audit_answers",
        sa.Column("memory_id", sa.Text, sa.ForeignKey(memory_id, ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("memory_id", "kind", "about"),
    )
    op.create_table(
        "audit_open",
        sa.Column("memory_id", sa.Text, sa.ForeignKey(memory_id, ondelete="CASCADE"), primary_key=True),
        sa.Column("workspace_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("audit_open_by_workspace", "audit_open", ["workspace_id"])
