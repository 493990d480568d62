"""What following code needs: lines of a file as anchors, and with each form what stood beside it in its file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns; forms from before have them empty, and are followed by name and exact body alone."""
    op.add_column("anchors", sa.Column("lines", sa.Text))
    for name in ("content_hash", "excerpt", "beside", "namesakes"):
        op.add_column("anchor_forms", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("anchor_forms", sa.Column("excerpt_line", sa.Integer, nullable=False, server_default="0"))
    op.add_column("anchor_forms", sa.Column("marks", sa.JSON, nullable=False, server_default="[]"))
    op.create_index("anchor_forms_by_path", "anchor_forms", ["path"])
