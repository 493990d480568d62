"""The tables.

`memory.db` is the truth: it changes by the migrations in `migrations/`, and what stands here is what they
lead to. Its derived tables and all of `code.db` are made anew instead.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    column,
    table,
)

from recalld.outline import FINGERPRINT_VERSION

HEAD = "0007"
"""The newest migration, said here so that a start that has nothing to migrate need not load Alembic."""

DERIVED_VERSION = 9
"""Raised when full-text rows, labels or readings are to be made in another way."""

CODE_VERSION = 1_000 * 3 + FINGERPRINT_VERSION
"""Of `code.db`; the first factor is raised when its tables change."""

truth = MetaData()
derived = MetaData()
code = MetaData()

# --- memory.db: the truth -------------------------------------------------------------------------

workspaces = Table(
    "workspaces",
    truth,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("days_worked", Integer, nullable=False, server_default="0"),
    Column("worked_on", Text),
)

workspace_keys = Table(
    "workspace_keys",
    truth,
    Column("key", Text, primary_key=True),
    Column("workspace_id", ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
)

job_runs = Table(
    "job_runs",
    truth,
    Column("name", Text, primary_key=True),
    Column("at", Text, nullable=False),
)

trees = Table(
    "trees",
    truth,
    Column("id", Text, primary_key=True),
    Column("workspace_id", ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    Column("path", Text, nullable=False),
    Column("active_at", Text, nullable=False),
    Column("followed", Boolean, nullable=False),
)

# The long texts stand last, so that filters and sorting need not read past them.
memories = Table(
    "memories",
    truth,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("workspace_id", ForeignKey("workspaces.id"), nullable=False),
    Column("memory_type", Text, nullable=False),
    Column("importance_score", Float, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("provenance", Text, nullable=False),
    Column("session_id", Text),
    Column("text_hash", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("unpinned_importance", Float),
    Column("useful", Integer, nullable=False),
    Column("not_useful", Integer, nullable=False),
    Column("last_used_at", Text),
    Column("forgotten_at", Text),
    Column("title", Text, nullable=False),
    Column("concepts", JSON, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("evidence", Text),
    Column("narrative", Text, nullable=False),
    Index("memories_by_text", "workspace_id", "text_hash"),
    Index("memories_by_session", "workspace_id", "session_id"),
    Index("memories_by_importance", "workspace_id", "forgotten_at", "importance_score"),
    sqlite_autoincrement=True,
)

# What ranks, and what it is computed from. Apart from the memories, because it changes without making a version of one,
# and because decay rewrites all of these rows, which therefore are short.
memory_importance = Table(
    "memory_importance",
    truth,
    Column("memory_seq", ForeignKey("memories.seq", ondelete="CASCADE"), primary_key=True),
    Column("present", Float, nullable=False),
    Column("reinforced_on", Integer, nullable=False),
    Column("recalls", Integer, nullable=False),
    Column("recalled_at", Text),
    Column("unused", Integer, nullable=False),
)

memory_versions = Table(
    "memory_versions",
    truth,
    Column("memory_id", ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("snapshot", JSON, nullable=False),
    PrimaryKeyConstraint("memory_id", "version"),
)

# The ids of anchors and forms are never given twice: verdicts, in another file, go by them.
anchors = Table(
    "anchors",
    truth,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("memory_id", ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("symbol", Text),
    Column("lines", Text),
    Index("anchors_by_memory", "memory_id"),
    Index("anchors_by_path", "path"),
    sqlite_autoincrement=True,
)

anchor_forms = Table(
    "anchor_forms",
    truth,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("anchor_id", ForeignKey("anchors.id", ondelete="CASCADE"), nullable=False),
    Column("path", Text, nullable=False),
    Column("symbol", Text),
    Column("kind", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("header", Text, nullable=False),
    Column("fingerprint_version", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("language", Text),
    Column("source", Text, nullable=False),
    Column("accepted_at", Text, nullable=False),
    Column("content_hash", Text, nullable=False, server_default=""),
    Column("excerpt", Text, nullable=False, server_default=""),
    Column("excerpt_line", Integer, nullable=False, server_default="0"),
    Column("marks", JSON, nullable=False, server_default="[]"),
    Column("code", Text, nullable=False),
    Column("beside", Text, nullable=False, server_default=""),
    Column("namesakes", Text, nullable=False, server_default=""),
    Index("anchor_forms_by_anchor", "anchor_id"),
    Index("anchor_forms_by_path", "path"),
    sqlite_autoincrement=True,
)

ratings = Table(
    "ratings",
    truth,
    Column("id", Integer, primary_key=True),
    Column("memory_id", ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
    Column("at", Text, nullable=False),
    Column("useful", Boolean, nullable=False),
    Column("context", Text, nullable=False),
    Column("previous", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("session_id", Text),
    Index("ratings_by_memory", "memory_id"),
)

# One row a pair, the smaller id first.
associations = Table(
    "associations",
    truth,
    Column("one_id", ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
    Column("other_id", ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
    Column("weight", Float, nullable=False),
    Column("at", Text, nullable=False),
    PrimaryKeyConstraint("one_id", "other_id"),
    Index("associations_by_other", "other_id"),
)

memory_links = Table(
    "memory_links",
    truth,
    Column("source_id", ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
    Column("target_id", ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("at", Text, nullable=False),
    PrimaryKeyConstraint("source_id", "target_id", "kind"),
    Index("memory_links_by_target", "target_id"),
)

# A session that was started here; an id that memories merely name is none. `seq` is never given twice.
sessions = Table(
    "sessions",
    truth,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("workspace_id", ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    Column("id", Text, nullable=False),
    Column("tree_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("active_at", Text, nullable=False),
    Column("ended_at", Text),
    Column("branch", Text),
    Column("observed", Integer, nullable=False),
    Column("observed_bytes", Integer, nullable=False),
    Column("dropped", Integer, nullable=False),
    Column("task", Text, nullable=False),
    Column("summary", Text, nullable=False),
    UniqueConstraint("workspace_id", "id"),
    Index("sessions_by_start", "workspace_id", "started_at"),
    Index("sessions_by_status", "status", "active_at"),
    sqlite_autoincrement=True,
)

# Kept until they are extracted: the end of a session gives its observations to a job, and the job erases them.
observations = Table(
    "observations",
    truth,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("session_seq", ForeignKey("sessions.seq", ondelete="CASCADE"), nullable=False),
    Column("job_id", Text),
    Column("at", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("source_files", JSON, nullable=False),
    Column("symbols", JSON, nullable=False),
    Column("content", Text, nullable=False),
    Index("observations_by_session", "session_seq", "job_id"),
    Index("observations_by_job", "job_id"),
    sqlite_autoincrement=True,
)

# In which state a memory was given to a session, so that it is given again only in another.
session_given = Table(
    "session_given",
    truth,
    Column("session_seq", ForeignKey("sessions.seq", ondelete="CASCADE"), nullable=False),
    Column("memory_id", ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("verdict", Text, nullable=False),
    PrimaryKeyConstraint("session_seq", "memory_id"),
    Index("session_given_by_memory", "memory_id"),
)

extraction_jobs = Table(
    "extraction_jobs",
    truth,
    Column("id", Text, primary_key=True),
    Column("session_seq", ForeignKey("sessions.seq", ondelete="CASCADE"), nullable=False),
    Column("status", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("queued_at", Text, nullable=False),
    Column("finished_at", Text),
    Column("attempts", Integer, nullable=False),
    Column("estimated", Integer, nullable=False),
    Column("drafted_by", Text),
    Column("note", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Index("extraction_jobs_by_session", "session_seq"),
    Index("extraction_jobs_by_status", "status"),
)

# What a job made of what was said: the result of the job, and where a memory comes from.
extractions = Table(
    "extractions",
    truth,
    Column("job_id", ForeignKey("extraction_jobs.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("memory_id", ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
    Column("action", Text, nullable=False),
    Column("said", Text, nullable=False),
    PrimaryKeyConstraint("job_id", "position"),
    Index("extractions_by_memory", "memory_id"),
)

# What long looks at memories found: taken once, until the text, or what is looked for, is another. The next audit would
# find it again, but not soon: to compare 100,000 memories with each other takes minutes.
audit_checks = Table(
    "audit_checks",
    truth,
    Column("memory_seq", ForeignKey("memories.seq", ondelete="CASCADE"), primary_key=True),
    Column("text_hash", Text, nullable=False),
    Column("scheme", Integer, nullable=False),
    Column("secret", Text),
    Column("compared", Boolean, nullable=False),
    Column("double_id", Text),
    Column("double_hash", Text),
    Column("similarity", Float),
)

# What was said to findings of audits: each stays quiet until its state is another.
audit_answers = Table(
    "audit_answers",
    truth,
    Column("memory_id", ForeignKey("memories.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("at", Text, nullable=False),
    PrimaryKeyConstraint("memory_id", "kind", "about"),
)

# The memories that the last audit of a workspace wants looked at, as they were then.
audit_open = Table(
    "audit_open",
    truth,
    Column("memory_id", ForeignKey("memories.id", ondelete="CASCADE"), primary_key=True),
    Column("workspace_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Index("audit_open_by_workspace", "workspace_id"),
)

# --- memory.db: derived ---------------------------------------------------------------------------

# What memories may have in common, by key: `concept`, `subject`, `tag`, `rule`, `session`; of anchors `file`, `symbol`,
# `folder`, and the folder that one is `inside` and those that it is further `below`.
memory_labels = Table(
    "memory_labels",
    derived,
    Column("memory_seq", Integer, nullable=False),
    Column("workspace_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("label", Text, nullable=False),
    PrimaryKeyConstraint("memory_seq", "kind", "key"),
    Index("memory_labels_by_key", "kind", "key", "workspace_id"),
    sqlite_with_rowid=False,
)

# The words stand last, because they are long.
memory_readings = Table(
    "memory_readings",
    derived,
    Column("memory_seq", Integer, primary_key=True),
    Column("voice", Text),
    Column("asks", Boolean, nullable=False),
    Column("words", Text, nullable=False),
)

CREATE_MEMORY_WORDS = """
    CREATE VIRTUAL TABLE memory_words
    USING fts5(title, narrative, labels, paths, tokenize = 'porter unicode61 remove_diacritics 2')
"""
"""The rows of a workspace have numbers that follow each other, see `derived`."""

memory_words = table(
    "memory_words",
    column("rowid", Integer),
    column("title", Text),
    column("narrative", Text),
    column("labels", Text),
    column("paths", Text),
)

# --- code.db --------------------------------------------------------------------------------------

# An outline is written and read whole, so its symbols are one text; the table below only finds them.
files = Table(
    "files",
    code,
    Column("id", Integer, primary_key=True),
    Column("tree_id", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("language", Text),
    Column("content_hash", Text, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("symbol_count", Integer, nullable=False),
    Column("symbols", Text, nullable=False),
    Column("imports", Text, nullable=False),
    Column("module", Text, nullable=False),
    UniqueConstraint("tree_id", "path"),
    Index("ix_files_module", "tree_id", "module"),
)

# Keys are short hashes: three indices over all symbols of all trees are what a first scan has to write. Whoever finds
# something by them looks at the symbol itself.
symbols = Table(
    "symbols",
    code,
    Column("file_id", ForeignKey("files.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("name_key", Integer, nullable=False),
    Column("body_key", Integer, nullable=False),
    Column("mark", Integer),
    Column("second_mark", Integer),
    Column("size", Integer, nullable=False),
    Column("name", Text, nullable=False),
    PrimaryKeyConstraint("file_id", "position"),
    Index("symbols_by_name", "name_key"),
    Index("symbols_by_body", "body_key"),
    Index("symbols_by_mark", "mark", sqlite_where=column("mark").is_not(None)),
    Index("symbols_by_second_mark", "second_mark", sqlite_where=column("second_mark").is_not(None)),
    sqlite_with_rowid=False,
)

verdicts = Table(
    "verdicts",
    code,
    Column("tree_id", Text, nullable=False),
    Column("anchor_id", Integer, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("symbol", Text),
    Column("line", Integer),
    Column("end_line", Integer),
    Column("evidence", Text, nullable=False),
    Column("likeness", Float),
    Column("candidates", JSON, nullable=False),
    Column("trail", JSON, nullable=False),
    Column("fingerprint", Text, nullable=False),
    PrimaryKeyConstraint("tree_id", "anchor_id"),
    Index("verdicts_by_anchor", "anchor_id"),
    sqlite_with_rowid=False,
)

sightings = Table(
    "sightings",
    code,
    Column("tree_id", Text, nullable=False),
    Column("anchor_id", Integer, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("followed", Boolean, nullable=False),
    Column("form", Text, nullable=False),
    PrimaryKeyConstraint("tree_id", "anchor_id"),
    Index("sightings_by_anchor", "anchor_id"),
)

quarantine = Table(
    "quarantine",
    code,
    Column("content_hash", Text, primary_key=True),
    Column("path", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Text, nullable=False),
)
