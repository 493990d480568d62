"""What following code needs: lines of a file as anchors, and with each form what stood beside it in its file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns; forms from before have them empty, and are followed by name and exact body alone."""
    op.add_column("anchors", sa.Column("lines", sa.Text))
    # Made anew, so that the long texts still stand last: what is behind them could only be read through them.
    with op.batch_alter_table(
        "anchor_forms", recreate="always", table_kwargs={"sqlite_autoincrement": True}
    ) as anchor_forms:
        for column in (
            sa.Column("content_hash", sa.Text, nullable=False, server_default=""),
            sa.Column("excerpt", sa.Text, nullable=False, server_default=""),
            sa.Column("excerpt_line", sa.Integer, nullable=False, server_default="0"),
            sa.Column("marks", sa.JSON, nullable=False, server_default="[]"),
        ):
            anchor_forms.add_column(column, insert_before="code")
        for name in ("beside", "namesakes"):
            anchor_forms.add_column(sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.create_index("anchor_forms_by_path", "anchor_forms", ["path"])
