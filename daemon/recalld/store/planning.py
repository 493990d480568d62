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
    ("anchors", "anchors_by_memory"): "100000 2",
    ("anchors", "anchors_by_path"): "100000 10",
    ("anchor_forms", "anchor_forms_by_anchor"): "150000 2",
    ("anchor_forms", "anchor_forms_by_path"): "150000 10",
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
