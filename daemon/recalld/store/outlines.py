"""What is known of the code in each tree, and what it says of the anchors. All of it can be derived again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import structs
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert as upsert

from recalld.outline import SKIPPED, Outline, Symbol
from recalld.store import schema
from recalld.store.rows import VerdictRow
from recalld.store.statements import in_batches

_files = schema.files
_symbols = schema.symbols
_verdicts = schema.verdicts
_quarantine = schema.quarantine

_OUTLINE = (
    _files.c.path,
    _files.c.status,
    _files.c.language,
    _files.c.content_hash,
    _files.c.stamp,
    _files.c.lines,
    _files.c.symbols,
    _files.c.note,
)
_NUMBER = re.compile(r"#\d+$")

_encode = msgspec.json.Encoder().encode
_decode_symbols = msgspec.json.Decoder(list[Symbol]).decode

# --- outlines ------------------------------------------------------------------------------------


def save(connection: Connection, tree_id: str, outlines: Sequence[Outline]) -> None:
    """Keep the outlines of files, each in place of the one its file had."""
    if not outlines:
        return
    remove(connection, tree_id, [outline.path for outline in outlines])
    first: int = connection.execute(sa.select(sa.func.coalesce(sa.func.max(_files.c.id), 0))).scalar_one() + 1
    numbered = list(enumerate(outlines, first))
    connection.execute(sa.insert(_files), [_file(file_id, tree_id, outline) for file_id, outline in numbered])
    found = [
        {
            "file_id": file_id,
            "position": position,
            "tree_id": tree_id,
            "last_name": last_name(symbol.name),
            "fingerprint": symbol.fingerprint,
        }
        for file_id, outline in numbered
        for position, symbol in enumerate(outline.symbols)
    ]
    if found:
        connection.execute(sa.insert(_symbols), found)


def remove(connection: Connection, tree_id: str, paths: Sequence[str]) -> None:
    """Forget the outlines of files."""
    for batch in in_batches(paths):
        connection.execute(sa.delete(_files).where(_files.c.tree_id == tree_id, _files.c.path.in_(batch)))


def drop_tree(connection: Connection, tree_id: str) -> None:
    """Forget all that is known of a tree's code and what it says of anchors."""
    for table in (_symbols, _files, _verdicts):
        connection.execute(sa.delete(table).where(table.c.tree_id == tree_id))


def stamps(connection: Connection, tree_id: str) -> dict[str, str]:
    """The stamp under which each file of a tree is known, by path."""
    query = sa.select(_files.c.path, _files.c.stamp).where(_files.c.tree_id == tree_id)
    return {row.path: row.stamp for row in connection.execute(query)}


def get(connection: Connection, tree_id: str, path: str) -> Outline | None:
    """The outline of a file, if it is known."""
    return get_many(connection, tree_id, [path]).get(path)


def get_many(connection: Connection, tree_id: str, paths: Sequence[str]) -> dict[str, Outline]:
    """The outlines of those of these files that are known, by path."""
    found: dict[str, Outline] = {}
    for batch in in_batches(paths):
        query = sa.select(*_OUTLINE).where(_files.c.tree_id == tree_id, _files.c.path.in_(batch))
        for row in connection.execute(query).mappings():
            found[row["path"]] = Outline(**(dict(row) | {"symbols": _decode_symbols(row["symbols"])}))
    return found


def counts(connection: Connection, tree_id: str) -> tuple[int, int, dict[str, int]]:
    """How many files of a tree were read, how many symbols they have, and how many were left out, by reason."""
    query = (
        sa.select(_files.c.status, sa.func.count(), sa.func.sum(_files.c.symbol_count))
        .where(_files.c.tree_id == tree_id)
        .group_by(_files.c.status)
    )
    read, found, skipped = 0, 0, {}
    for status, its_files, its_symbols in connection.execute(query):
        if status in SKIPPED:
            skipped[status] = its_files
        else:
            read, found = read + its_files, found + its_symbols
    return read, found, skipped


def files_under(connection: Connection, tree_id: str, folder: str) -> list[str]:
    """The files below a folder at any depth, sorted.

    Args:
        folder: ends in `/`; `./` is the tree's root.
    """
    query = sa.select(_files.c.path).where(_files.c.tree_id == tree_id)
    if folder != "./":
        query = query.where(_files.c.path >= folder, _files.c.path < folder[:-1] + chr(ord("/") + 1))
    return list(connection.scalars(query.order_by(_files.c.path)))


# --- symbols -------------------------------------------------------------------------------------


def last_name(qualified: str) -> str:
    """A symbol's own name: without what encloses it, its parameter types and its number."""
    return _NUMBER.sub("", qualified.partition("(")[0]).rpartition(".")[2]


def symbols_named(connection: Connection, tree_id: str, name: str, limit: int) -> list[tuple[str, Symbol]]:
    """Path and symbol of those whose own name is this, sorted by path."""
    return _find(connection, _symbols.c.last_name == name, tree_id, limit)


def by_fingerprint(connection: Connection, tree_id: str, fingerprint: str, limit: int) -> list[tuple[str, Symbol]]:
    """Path and symbol of those whose code is this, sorted by path."""
    return _find(connection, _symbols.c.fingerprint == fingerprint, tree_id, limit)


def _find(
    connection: Connection, condition: sa.ColumnElement[bool], tree_id: str, limit: int
) -> list[tuple[str, Symbol]]:
    found = (
        sa.select(_symbols.c.file_id, _symbols.c.position, _files.c.path)
        .join(_files)
        .where(_symbols.c.tree_id == tree_id, condition)
        .order_by(_files.c.path, _symbols.c.position)
        .limit(limit)
        .subquery()
    )
    query = (
        sa.select(found.c.path, found.c.position, _files.c.symbols)
        .join(_files, _files.c.id == found.c.file_id)
        .order_by(found.c.path, found.c.position)
    )
    decoded: dict[str, list[Symbol]] = {}
    results = []
    for path, position, encoded in connection.execute(query):
        if path not in decoded:
            decoded[path] = _decode_symbols(encoded)
        results.append((path, decoded[path][position]))
    return results


def _file(file_id: int, tree_id: str, outline: Outline) -> dict[str, Any]:
    return {
        "id": file_id,
        "tree_id": tree_id,
        "path": outline.path,
        "status": outline.status,
        "language": outline.language,
        "content_hash": outline.content_hash,
        "stamp": outline.stamp,
        "lines": outline.lines,
        "note": outline.note,
        "symbol_count": len(outline.symbols),
        "symbols": _encode(outline.symbols).decode(),
    }


# --- verdicts ------------------------------------------------------------------------------------


def save_verdicts(connection: Connection, tree_id: str, rows: Iterable[VerdictRow]) -> None:
    """Keep what a tree says of anchors, each in place of what it said before."""
    values = [structs.asdict(row) | {"tree_id": tree_id} for row in rows]
    if values:
        connection.execute(sa.insert(_verdicts).prefix_with("OR REPLACE"), values)


def verdicts(connection: Connection, tree_id: str) -> dict[int, VerdictRow]:
    """What a tree says of each anchor, by the anchor's id."""
    columns = [column for column in _verdicts.c if column is not _verdicts.c.tree_id]
    query = sa.select(*columns).where(_verdicts.c.tree_id == tree_id)
    return {row["anchor_id"]: VerdictRow(**row) for row in connection.execute(query).mappings()}


def drop_verdicts(connection: Connection, anchor_ids: Sequence[int]) -> None:
    """Forget what any tree says of these anchors."""
    for batch in in_batches(anchor_ids):
        connection.execute(sa.delete(_verdicts).where(_verdicts.c.anchor_id.in_(batch)))


# --- quarantine ----------------------------------------------------------------------------------


def quarantined(connection: Connection) -> dict[str, tuple[str, str]]:
    """Path and reason of each content that is not to be parsed again, by its hash."""
    query = sa.select(_quarantine).order_by(_quarantine.c.at)
    return {row.content_hash: (row.path, row.reason) for row in connection.execute(query)}


def quarantine(connection: Connection, content_hash: str, path: str, reason: str, at: str) -> None:
    """Note that some content crashed or hung its parser."""
    values = {"content_hash": content_hash, "path": path, "reason": reason, "at": at}
    connection.execute(
        upsert(_quarantine).values(values).on_conflict_do_update(index_elements=["content_hash"], set_=values)
    )
