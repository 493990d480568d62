"""What a plain full-text index finds, to compare with."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence


def bm25(turns: Mapping[str, str], queries: Sequence[str], n: int) -> list[list[str]]:
    """The ids of the n turns that SQLite's own BM25 ranks highest for each query, any word of it counting."""
    ids = list(turns)
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE VIRTUAL TABLE turn USING fts5(text, tokenize = 'porter unicode61')")
        connection.executemany("INSERT INTO turn(rowid, text) VALUES (?, ?)", enumerate(turns.values()))
        found = []
        for query in queries:
            match = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", query))
            rows = connection.execute("SELECT rowid FROM turn WHERE turn MATCH ? ORDER BY rank LIMIT ?", (match, n))
            found.append([ids[row] for (row,) in rows])
    return found
