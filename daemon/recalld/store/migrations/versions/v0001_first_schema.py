"""The first schema: workspaces, memories with their versions and ratings, anchors with their forms, runs of jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    _make_workspaces()
    _make_memories()
    _make_anchors()
    _make_job_runs()


def _make_workspaces() -> None:
    op.create_table(
        "workspaces",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
    )
    op.create_table(
        "workspace_keys",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("workspace_id", sa.Text, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    )
    op.create_table(
        "trees",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("workspace_id", sa.Text, sa.ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("active_at", sa.Text, nullable=False),
        sa.Column("followed", sa.Boolean, nullable=False),
    )


def _make_job_runs() -> None:
    op.create_table(
        "job_runs",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
    )


def _make_memories() -> None:
    op.create_table(
        "memories",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("workspace_id", sa.Text, sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("memory_type", sa.Text, nullable=False),
        sa.Column("importance_score", sa.Float, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("provenance", sa.Text, nullable=False),
        sa.Column("session_id", sa.Text),
        sa.Column("text_hash", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("updated_at", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("pinned", sa.Boolean, nullable=False),
        sa.Column("unpinned_importance", sa.Float),
        sa.Column("useful", sa.Integer, nullable=False),
        sa.Column("not_useful", sa.Integer, nullable=False),
        sa.Column("last_used_at", sa.Text),
        sa.Column("forgotten_at", sa.Text),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("concepts", sa.JSON, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("evidence", sa.Text),
        sa.Column("narrative", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("memories_by_text", "memories", ["workspace_id", "text_hash"])
    op.create_index("memories_by_importance", "memories", ["workspace_id", "forgotten_at", "importance_score"])
    op.create_table(
        "memory_versions",
        sa.Column("memory_id", sa.Text, sa.ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("snapshot", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("memory_id", "version"),
    )
    op.create_table(
        "ratings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("memory_id", sa.Text, sa.ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("useful", sa.Boolean, nullable=False),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("previous", sa.Float, nullable=False),
        sa.Column("updated", sa.Float, nullable=False),
        sa.Column("session_id", sa.Text),
    )
    op.create_index("ratings_by_memory", "ratings", ["memory_id"])


def _make_anchors() -> None:
    op.create_table(
        "anchors",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("memory_id", sa.Text, sa.ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("symbol", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("anchors_by_memory", "anchors", ["memory_id"])
    op.create_index("anchors_by_path", "anchors", ["path"])
    op.create_table(
        "anchor_forms",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("anchor_id", sa.Integer, sa.ForeignKey("anchors.id", ondelete="CASCADE"), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("symbol", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("header", sa.Text, nullable=False),
        sa.Column("fingerprint_version", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("accepted_at", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("anchor_forms_by_anchor", "anchor_forms", ["anchor_id"])
