"""What is known of the code in each tree, and what it says of the anchors. All of it can be derived again."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from zlib import crc32

import msgspec
import sqlalchemy as sa
from msgspec import structs
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert as upsert

from recalld.outline import SKIPPED, Outline, Symbol, bare, last_name, module_path, plain
from recalld.store import schema
from recalld.store.rows import FormRow, SightingRow, VerdictRow
from recalld.store.statements import in_batches

_files = schema.files
_symbols = schema.symbols
_verdicts = schema.verdicts
_sightings = schema.sightings
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
    _files.c.imports,
)

MAX_TREES_ALIKE = 4
"""So many worktrees of one project may be followed before a common name is looked for in fewer places of each."""

_encode = msgspec.json.Encoder().encode
_decode_form = msgspec.json.Decoder(FormRow).decode
_decode_symbols = msgspec.json.Decoder(list[Symbol]).decode
_decode_imports = msgspec.json.Decoder(list[str]).decode

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
            "name_key": _name_key(symbol.name),
            "body_key": _body_key(symbol.fingerprint),
            "name": bare(symbol.name),
            "size": symbol.size,
            "mark": symbol.marks[0] if symbol.marks else None,
            "second_mark": symbol.marks[1] if symbol.marks else None,
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
    for table in (_files, _verdicts):  # sightings stay: what was there before is not told by what is now
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
            found[row["path"]] = Outline(
                **(dict(row) | {"symbols": _decode_symbols(row["symbols"]), "imports": _decode_imports(row["imports"])})
            )
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


def _name_key(qualified: str) -> int:
    return crc32(plain(last_name(qualified)).encode())


def _body_key(fingerprint: str) -> int:
    return crc32(fingerprint.encode())


def with_fingerprints(connection: Connection, tree_id: str, fingerprints: Sequence[str], limit: int) -> list[str]:
    """The files that have symbols with just this code.

    Args:
        limit: of symbols to look at, for each fingerprint on average.
    """
    keys = list({_body_key(each) for each in fingerprints})
    return _with_keys(connection, tree_id, _symbols.c.body_key, keys, limit)


def with_marks(connection: Connection, tree_id: str, marks: Sequence[int], limit: int) -> list[str]:
    """The files that have symbols with one of these marks.

    Args:
        limit: of symbols to look at, for each mark on average.
    """
    found = [
        path
        for column in (_symbols.c.mark, _symbols.c.second_mark)
        for path in _with_keys(connection, tree_id, column, marks, limit)
    ]
    return list(dict.fromkeys(found))


def _with_keys(
    connection: Connection, tree_id: str, column: sa.Column[Any], keys: Sequence[int], limit: int
) -> list[str]:
    file_ids: set[int] = set()
    for batch in in_batches(keys):
        query = sa.select(_symbols.c.file_id).where(column.in_(batch), column.is_not(None)).limit(limit * len(batch))
        file_ids.update(connection.scalars(query))
    return sorted(_paths(connection, tree_id, file_ids).values())


def _paths(connection: Connection, tree_id: str, file_ids: Iterable[int]) -> dict[int, str]:
    """The paths of those of these files that are of this tree, by id."""
    paths: dict[int, str] = {}
    for batch in in_batches(list(file_ids)):
        query = sa.select(_files.c.id, _files.c.path).where(_files.c.tree_id == tree_id, _files.c.id.in_(batch))
        paths |= {row.id: row.path for row in connection.execute(query)}
    return paths


def with_names(connection: Connection, tree_id: str, sizes: Mapping[str, int], limit: int) -> list[str]:
    """The files that have symbols of these names, whatever their case and underscores.

    Args:
        sizes: in tokens, by qualified names without parameter types and numbers.
        limit: of symbols to look at for each name: those that have the same qualified name come first, then those that
            are nearest in size.
    """
    return list(dict.fromkeys(path for path, _ in namesakes(connection, tree_id, sizes, limit)))


def namesakes(connection: Connection, tree_id: str, sizes: Mapping[str, int], limit: int) -> list[tuple[str, str]]:
    """Path and name, without parameter types, of the symbols that `with_names` looks at."""
    named: defaultdict[int, list[tuple[int, str, int]]] = defaultdict(list)
    for batch in in_batches(list({_name_key(name) for name in sizes})):
        query = sa.select(_symbols.c.name_key, _symbols.c.file_id, _symbols.c.name, _symbols.c.size)
        for key, *row in connection.execute(query.where(_symbols.c.name_key.in_(batch))):
            named[key].append(tuple(row))
    nearest = {
        name: heapq.nsmallest(limit * MAX_TREES_ALIKE, named[_name_key(name)], key=_distance(name, size))
        for name, size in sizes.items()
    }
    # Files are looked up for the nearest alone: some names are those of thousands.
    paths = _paths(connection, tree_id, {file_id for rows in nearest.values() for file_id, _, _ in rows})
    found: list[tuple[str, str]] = []
    for rows in nearest.values():
        found += [(paths[file_id], name) for file_id, name, _ in rows if file_id in paths][:limit]
    return found


def _distance(name: str, size: int) -> Callable[[tuple[int, str, int]], tuple[bool, int, int]]:
    return lambda row: (row[1] != name, abs(row[2] - size), row[0])


def with_content(connection: Connection, tree_id: str, content_hashes: Sequence[str]) -> list[str]:
    """The files with just these bytes, sorted."""
    found: list[str] = []
    for batch in in_batches(content_hashes):
        query = sa.select(_files.c.path).where(_files.c.tree_id == tree_id, _files.c.content_hash.in_(batch))
        found += connection.scalars(query)
    return sorted(found)


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
        "imports": _encode(outline.imports).decode(),
        "module": module_path(outline.path).rpartition("/")[2],
    }


def imports_of(connection: Connection, tree_id: str, path: str) -> tuple[str | None, list[str]]:
    """The language of a file and what it imports, as it is written there."""
    query = sa.select(_files.c.language, _files.c.imports).where(_files.c.tree_id == tree_id, _files.c.path == path)
    row = connection.execute(query).one_or_none()
    return (row.language, _decode_imports(row.imports)) if row else (None, [])


def importable(connection: Connection, tree_id: str, names: AbstractSet[str]) -> list[tuple[str, str | None]]:
    """Path and language of the files that others import by one of these names, sorted."""
    found: list[tuple[str, str | None]] = []
    for batch in in_batches(sorted(names)):
        query = sa.select(_files.c.path, _files.c.language)
        found += [
            tuple(row)
            for row in connection.execute(query.where(_files.c.tree_id == tree_id, _files.c.module.in_(batch)))
        ]
    return sorted(found)


def called(connection: Connection, tree_id: str, names: AbstractSet[str]) -> list[str]:
    """The files of a tree with one of these names, whatever their folder, sorted."""
    if not names:
        return []
    paths = connection.scalars(sa.select(_files.c.path).where(_files.c.tree_id == tree_id))
    return sorted(path for path in paths if path.rpartition("/")[2] in names)


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
        for table in (_verdicts, _sightings):
            connection.execute(sa.delete(table).where(table.c.anchor_id.in_(batch)))


def save_sightings(connection: Connection, tree_id: str, rows: Sequence[SightingRow], gone: Sequence[int]) -> None:
    """Keep what a tree has at anchors' places, each in place of what it had there before.

    Args:
        gone: ids of anchors at whose place it has nothing that is not a form.
    """
    for batch in in_batches(gone):
        at = (_sightings.c.tree_id == tree_id) & _sightings.c.anchor_id.in_(batch)
        connection.execute(sa.delete(_sightings).where(at))
    values = [structs.asdict(row) | {"tree_id": tree_id, "form": _encode(row.form).decode()} for row in rows]
    if values:
        connection.execute(sa.insert(_sightings).prefix_with("OR REPLACE"), values)


def sightings(connection: Connection, tree_id: str) -> dict[int, SightingRow]:
    """What a tree has at anchors' places that is none of their forms, by the anchor's id."""
    columns = [column for column in _sightings.c if column is not _sightings.c.tree_id]
    rows = connection.execute(sa.select(*columns).where(_sightings.c.tree_id == tree_id)).mappings()
    return {row["anchor_id"]: SightingRow(**(dict(row) | {"form": _decode_form(row["form"])})) for row in rows}


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
