"""What many rows at once need: lists in bounded parts, and ids that are known beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Connection, Table, column, select, table

T = TypeVar("T")

MAX_VALUES = 1_000
"""SQLite takes at least 32,766 values in a statement; fewer keep it small."""

_sequences = table("sqlite_sequence", column("name"), column("seq"))


def in_batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in order, at most `MAX_VALUES` at a time."""
    for start in range(0, len(values), MAX_VALUES):
        yield values[start : start + MAX_VALUES]


def last_id(connection: Connection, of: Table) -> int:
    """The highest id that an autoincrementing table has ever had; 0 before the first.

    With it, many rows that refer to each other go in by one statement a table. Only good inside a write.
    """
    found: int | None = connection.execute(select(_sequences.c.seq).where(_sequences.c.name == of.name)).scalar()
    return found or 0
