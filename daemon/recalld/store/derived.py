"""What `memory.db` derives from its memories: full-text rows, labels, readings; made anew where they are not whole."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal

from sqlalchemy import Connection, Select, delete, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from recalld.store import anchors
from recalld.store.concepts import concept_key, subjects
from recalld.store.planning import expect
from recalld.store.readings import taken_apart
from recalld.store.rows import AnchorRow, MemoryRow
from recalld.store.rules import rule_keys
from recalld.store.schema import (
    CREATE_MEMORY_WORDS,
    DERIVED_VERSION,
    memories,
    memory_labels,
    memory_readings,
    memory_words,
    ratings,
)
from recalld.store.statements import MAX_VALUES, in_batches
from recalld.store.words import expand

_SEQ_BITS = 40
_LAST_SEQ = (1 << _SEQ_BITS) - 1
# One statement for all words, the numbers of each as one text: a statement for each takes twice as long.
_HOLDING = """
    SELECT asked.key, (
        SELECT group_concat(seq) FROM (
            SELECT rowid & :last_seq AS seq FROM memory_words
            WHERE memory_words MATCH asked.value AND rowid BETWEEN scope.value AND scope.value + :last_seq {}
            ORDER BY rowid DESC LIMIT :limit
        )
    ) FROM json_each(:matches) AS asked CROSS JOIN json_each(:scope) AS scope
"""
_ALL_HOLDING = text(_HOLDING.format(""))
_SOME_HOLDING = text(_HOLDING.format("AND rowid & :last_seq IN (SELECT value FROM json_each(:seqs))"))
_PROBE = text("SELECT title, bm25(memory_words) FROM memory_words WHERE memory_words MATCH :match AND rowid = :row")

MOST_CONTEXTS = 10
"""A memory is found by what it was rated for the last so many times."""
MAX_CONTEXT = 500
"""Characters of each that it is found by."""
MERGED_AT_ONCE = 16
"""Pages of the full-text index that are rewritten in one step: some milliseconds."""

Stored = Sequence[tuple[MemoryRow, Sequence[AnchorRow]]]
"""Memories, each with its anchors."""

log = logging.getLogger(__name__)


def holding(
    connection: Connection,
    workspace_ids: Sequence[str],
    words: Iterable[Sequence[str]],
    limit: int,
    seqs: Collection[int] | None = None,
) -> dict[str, list[int]]:
    """The memories of these workspaces that have a word, or any of several, in whatever form.

    Args:
        words: each with others that are as good.
        limit: of each workspace and word at most so many, the newest.
        seqs: look at these alone.

    Returns:
        Their `seq` by the first word of each, those of one workspace newest first.
    """
    matches = {some[0]: " OR ".join(f'"{word}"' for word in some) for some in words}
    scope = {_first_row(each) for each in workspace_ids}
    asked = {"matches": json.dumps(matches), "scope": json.dumps(list(scope)), "limit": limit, "last_seq": _LAST_SEQ}
    if seqs is None:
        found = connection.execute(_ALL_HOLDING, asked)
    else:
        found = connection.execute(_SOME_HOLDING, asked | {"seqs": json.dumps(list(seqs))})
    holding: dict[str, list[int]] = {word: [] for word in matches}
    for word, held in found:
        if held:
            holding[word] += map(int, held.split(","))
    return holding


def labelled(kind: Literal["concept", "tag"], label: str) -> Select[tuple[int]]:
    """A query for the `seq` of the memories with this concept, however spelled, or tag, whatever its case.

    Forgotten ones too.
    """
    labels = memory_labels.c
    key = concept_key(label) if kind == "concept" else _label_key(label)
    return select(labels.memory_seq).where(labels.kind == kind, labels.key == key)


def index(connection: Connection, stored: Stored) -> None:
    """Make memories that are not indexed findable: by labels, and by their words unless they are forgotten."""
    live = [(row, bound) for row, bound in stored if row.forgotten_at is None]
    labels = [label for row, bound in stored for label in _labels(row, bound)]
    if live:
        rated = _contexts(connection, [row.id for row, _ in live if row.useful or row.not_useful])
        words = [_words(row, bound, rated.get(row.id, ())) for row, bound in live]
        connection.execute(insert(memory_words), words)
        connection.execute(insert(memory_readings), [taken_apart(row, rated.get(row.id, ())) for row, _ in live])
    if labels:
        connection.execute(insert(memory_labels), labels)


def unindex(connection: Connection, seqs: Sequence[int]) -> None:
    """Make memories, which are still there, not findable any more."""
    for batch in in_batches(seqs):
        known = connection.execute(select(memories.c.workspace_id, memories.c.seq).where(memories.c.seq.in_(batch)))
        rows = [_row(workspace_id, seq) for workspace_id, seq in known]
        connection.execute(delete(memory_words).where(memory_words.c.rowid.in_(rows)))
        connection.execute(delete(memory_readings).where(memory_readings.c.memory_seq.in_(batch)))
        connection.execute(delete(memory_labels).where(memory_labels.c.memory_seq.in_(batch)))


def erase_traces(connection: Connection) -> None:
    """Rewrite the index without the words of what was removed; until then they are only marked as gone."""
    connection.execute(text("INSERT INTO memory_words(memory_words) VALUES ('optimize')"))


def begin_erasing_traces(connection: Connection) -> None:
    """Begin what `erase_traces` does, to go on with it a little at a time."""
    _merge(connection, -MERGED_AT_ONCE)


def go_on_erasing_traces(connection: Connection) -> bool:
    """Go on with it; False once there is nothing more to do."""
    return _merge(connection, MERGED_AT_ONCE)


def _merge(connection: Connection, pages: int) -> bool:
    changes = text("SELECT total_changes()")
    before: int = connection.execute(changes).scalar_one()
    connection.execute(text("INSERT INTO memory_words(memory_words, rank) VALUES ('merge', :pages)"), {"pages": pages})
    # As SQLite's documentation has it: fewer than two, and it found nothing to merge.
    return bool(connection.execute(changes).scalar_one() - before >= 2)


def repair(connection: Connection) -> None:
    """Make all of it anew if something is missing, not whole, or made in an older way."""
    version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if version != DERIVED_VERSION or not _whole(connection):
        rebuild(connection)


def rebuild(connection: Connection) -> None:
    """Make full-text rows, labels and readings anew."""
    _drop_words(connection)
    connection.exec_driver_sql(CREATE_MEMORY_WORDS)
    for each in (memory_labels, memory_readings):
        each.drop(connection, checkfirst=True)
        each.create(connection)
    count, after = 0, 0
    while rows := _next_memories(connection, after):
        bound = anchors.anchors_of(connection, [row.id for row in rows])
        index(connection, [(row, bound.get(row.id, [])) for row in rows])
        count, after = count + len(rows), rows[-1].seq
    connection.exec_driver_sql(f"PRAGMA user_version = {DERIVED_VERSION}")
    expect(connection)  # dropped tables took theirs along
    if count:
        log.warning("what %d memories are found by was made anew", count)


def _whole(connection: Connection) -> bool:
    live = memories.c.forgotten_at.is_(None)
    labelled = (func.length(memories.c.concepts) > 2) | (func.length(memories.c.tags) > 2)  # more than `[]`
    try:
        # Of the tables behind the index this has a row for each memory too, and the shortest.
        indexed = connection.exec_driver_sql("SELECT count(*) FROM memory_words_docsize").scalar_one()
        read = connection.execute(select(func.count()).select_from(memory_readings)).scalar_one()
        if {indexed, read} != {connection.execute(select(func.count()).select_from(memories).where(live)).scalar_one()}:
            return False
        sample = select(memories.c.workspace_id, memories.c.seq, memories.c.memory_type).where(live).limit(1)
        for workspace_id, seq, memory_type in connection.execute(sample):
            asked = {"match": f'"{memory_type}"', "row": _row(workspace_id, seq)}
            if connection.execute(_PROBE, asked).first() is None:
                return False
        labels = connection.execute(select(memory_labels.c.label).limit(1)).first()
    except DBAPIError:
        return False  # a table is missing, or the index cannot be read
    return labels is not None or connection.execute(select(memories.c.seq).where(labelled).limit(1)).first() is None


def _drop_words(connection: Connection) -> None:
    try:
        connection.exec_driver_sql("DROP TABLE IF EXISTS memory_words")
    except DBAPIError:
        # An index that cannot be read cannot be dropped either: take it out of the schema by hand.
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        connection.exec_driver_sql("DELETE FROM sqlite_master WHERE name = 'memory_words'")
        connection.exec_driver_sql("PRAGMA writable_schema = RESET")
        for part in ("data", "idx", "content", "docsize", "config"):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS memory_words_{part}")


def _next_memories(connection: Connection, after: int) -> list[MemoryRow]:
    query = select(memories).where(memories.c.seq > after).order_by(memories.c.seq).limit(MAX_VALUES)
    return [MemoryRow(**row) for row in connection.execute(query).mappings()]


def _contexts(connection: Connection, ids: Sequence[str]) -> dict[str, list[str]]:
    """What memories were rated for, by id, the newest first."""
    found: dict[str, list[str]] = {}
    for batch in in_batches(ids):
        query = select(ratings.c.memory_id, func.substr(ratings.c.context, 1, MAX_CONTEXT).label("context"))
        query = query.where(ratings.c.memory_id.in_(batch), ratings.c.context != "").order_by(ratings.c.id.desc())
        for memory_id, context in connection.execute(query):
            kept = found.setdefault(memory_id, [])
            if len(kept) < MOST_CONTEXTS:
                kept.append(context)
    return found


def _words(row: MemoryRow, bound: Sequence[AnchorRow], contexts: Sequence[str]) -> dict[str, object]:
    return {
        "rowid": _row(row.workspace_id, row.seq),
        "title": expand(row.title),
        "narrative": expand(row.narrative),
        "labels": expand("\n".join([row.memory_type, *row.concepts, *row.tags, *contexts])),
        "paths": expand("\n".join(f"{anchor.path} {anchor.symbol or ''}" for anchor in bound)),
    }


def _row(workspace_id: str, seq: int) -> int:
    """The number of a memory in full text.

    Those of a workspace follow each other, so that the index leaves all others out by itself: a word that stood for the
    workspace would have to be looked up for each of its memories, at 100,000 of them 0.3 ms for each word asked for.
    """
    return _first_row(workspace_id) + seq


def _first_row(workspace_id: str) -> int:
    digest = hashlib.blake2b(workspace_id.encode(), digest_size=3).digest()
    return int.from_bytes(digest) >> 2 << _SEQ_BITS  # 22 bits and 40 are what a number may have, without its sign


def _label_key(label: str) -> str:
    return " ".join(label.split()).casefold()


def _labels(row: MemoryRow, bound: Sequence[AnchorRow]) -> list[dict[str, object]]:
    concepts = {concept_key(label): label for label in reversed(row.concepts)}
    found = {("concept", key): label for key, label in concepts.items()}
    found |= {("tag", _label_key(label)): label for label in reversed(row.tags)}
    found |= {("subject", key): label for key, label in subjects(row.title, row.tags).items() if key not in concepts}
    found |= {("rule", key): key for key in rule_keys(row.title, row.narrative, row.memory_type)}
    found |= {(kind, place): place for anchor in bound for kind, place in _places(anchor)}
    if row.session_id is not None:
        found["session", row.session_id] = row.session_id
    return [
        {"memory_seq": row.seq, "workspace_id": row.workspace_id, "kind": kind, "key": key, "label": label}
        for (kind, key), label in found.items()
    ]


def _places(anchor: AnchorRow) -> Iterator[tuple[str, str]]:
    """What a memory hangs on by an anchor: the code itself, the folder it is in, those further up but for the root."""
    yield ("folder" if anchor.kind == "folder" else "file"), anchor.path
    if anchor.symbol is not None:
        yield "symbol", f"{anchor.path}::{anchor.symbol}"
    *above, _ = anchor.path.rstrip("/").split("/")
    for depth in range(len(above), 0, -1):
        yield ("inside" if depth == len(above) else "below"), f"{'/'.join(above[:depth])}/"
