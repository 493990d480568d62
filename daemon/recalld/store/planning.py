"""What SQLite's query planner is to expect of the tables, said once and for all.

Left alone, it takes ten memories to be in a workspace, and begins with all of them where an id was given. Counting
(`ANALYZE`) would help only until the tables have grown. So the table it counts into, `sqlite_stat1`, is filled by hand:
for each index the rows of its table, then how many share its first column, its first two, and so on. They need not be
true, only in proportion.
"""

from __future__ import annotations

from sqlalchemy import Connection

_EXPECTED = {
    ("memories", "sqlite_autoindex_memories_1"): "100000 1",
    ("memories", "memories_by_text"): "100000 10000 1",
    ("memories", "memories_by_session"): "100000 10000 20",
    ("memories", "memories_by_importance"): "100000 10000 9000 100",
    ("memory_versions", "sqlite_autoindex_memory_versions_1"): "150000 2 1",
    ("memory_importance", None): "100000",
    ("memory_labels", "memory_labels"): "1000000 10 4 1",
    ("memory_labels", "memory_labels_by_key"): "1000000 100000 50 20",
    ("memory_readings", None): "100000",
    ("memory_links", "sqlite_autoindex_memory_links_1"): "20000 2 1 1",
    ("memory_links", "memory_links_by_target"): "20000 2",
    ("associations", "sqlite_autoindex_associations_1"): "20000 5 1",
    ("associations", "associations_by_other"): "20000 5",
    ("ratings", "ratings_by_memory"): "20000 3",
    ("audit_checks", None): "100000",
    ("audit_answers", "sqlite_autoindex_audit_answers_1"): "2000 2 1 1",
    ("audit_open", "sqlite_autoindex_audit_open_1"): "1000 1",
    ("audit_open", "audit_open_by_workspace"): "1000 100",
    ("anchors", "anchors_by_memory"): "100000 2",
    ("anchors", "anchors_by_path"): "100000 10",
    ("anchor_forms", "anchor_forms_by_anchor"): "150000 2",
    ("anchor_forms", "anchor_forms_by_path"): "150000 10",
    ("sessions", "sqlite_autoindex_sessions_1"): "2000 200 1",
    ("sessions", "sessions_by_start"): "2000 200 1",
    ("sessions", "sessions_by_status"): "2000 1000 1",
    ("observations", "observations_by_session"): "2000 200 200",
    ("observations", "observations_by_job"): "2000 200",
    ("session_given", "sqlite_autoindex_session_given_1"): "40000 20 1",
    ("session_given", "session_given_by_memory"): "40000 10",
    ("extraction_jobs", "sqlite_autoindex_extraction_jobs_1"): "2000 1",
    ("extraction_jobs", "extraction_jobs_by_session"): "2000 1",
    ("extraction_jobs", "extraction_jobs_by_status"): "2000 500",
    ("extractions", "sqlite_autoindex_extractions_1"): "10000 5 1",
    ("extractions", "extractions_by_memory"): "10000 2",
}
_KNOWN = "SELECT tbl, idx, stat FROM sqlite_stat1"


def expect(connection: Connection) -> None:
    """Have connections that are made from now on plan by what is expected of `memory.db`."""
    if connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'").first() is None:
        connection.exec_driver_sql("ANALYZE alembic_version")  # makes the table
    if {(table, index): stat for table, index, stat in connection.exec_driver_sql(_KNOWN)} == _EXPECTED:
        return
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    rows = [(table, index, stat) for (table, index), stat in _EXPECTED.items()]
    connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", rows)
