"""Sessions: what was observed in them, what they were given, and what was extracted from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


_SESSION = "sessions.seq"


def upgrade() -> None:
    """Make the tables, and their indices."""
    _make_sessions()
    _make_observations()
    _make_jobs()


def _make_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("workspace_id", sa.Text, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("tree_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("started_at", sa.Text, nullable=False),
        sa.Column("active_at", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Text),
        sa.Column("branch", sa.Text),
        sa.Column("observed", sa.Integer, nullable=False),
        sa.Column("observed_bytes", sa.Integer, nullable=False),
        sa.Column("dropped", sa.Integer, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.UniqueConstraint("workspace_id", "id"),
        sqlite_autoincrement=True,
    )
    op.create_index("sessions_by_start", "sessions", ["workspace_id", "started_at"])
    op.create_index("sessions_by_status", "sessions", ["status", "active_at"])


def _make_observations() -> None:
    op.create_table(
        "observations",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("session_seq", sa.Integer, sa.ForeignKey(_SESSION, ondelete="CASCADE"), nullable=False),
        sa.Column("job_id", sa.Text),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("source_files", sa.JSON, nullable=False),
        sa.Column("symbols", sa.JSON, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("observations_by_session", "observations", ["session_seq", "job_id"])
    op.create_index("observations_by_job", "observations", ["job_id"])
    op.create_table(
        "session_given",
        sa.Column("session_seq", sa.Integer, sa.ForeignKey(_SESSION, ondelete="CASCADE"), nullable=False),
        sa.Column("memory_id", sa.Text, sa.ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("session_seq", "memory_id"),
    )
    op.create_index("session_given_by_memory", "session_given", ["memory_id"])


def _make_jobs() -> None:
    op.create_table(
        "extraction_jobs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("session_seq", sa.Integer, sa.ForeignKey(_SESSION, ondelete="CASCADE"), nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("queued_at", sa.Text, nullable=False),
        sa.Column("finished_at", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("estimated", sa.Integer, nullable=False),
        sa.Column("drafted_by", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
    )
    op.create_index("extraction_jobs_by_session", "extraction_jobs", ["session_seq"])
    op.create_index("extraction_jobs_by_status", "extraction_jobs", ["status"])
    op.create_table(
        "extractions",
        sa.Column("job_id", sa.Text, sa.ForeignKey("extraction_jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("memory_id", sa.Text, sa.ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "position"),
    )
    op.create_index("extractions_by_memory", "extractions", ["memory_id"])
