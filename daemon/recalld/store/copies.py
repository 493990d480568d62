"""Copies of `memory.db`: made while it is in use, checked, and put in its place.

A copy holds the truth alone. What is derived is left out, and made anew from it by the start that finds it missing.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from recalld.store.engine import SUFFIXES, create_private, explained, remove
from recalld.store.errors import DiskUnusable, NotACopy, StoreDamaged, StoreError, StoreTooNew
from recalld.store.schema import HEAD, derived

STORE, CODE = "memory.db", "code.db"
ASIDE = "replaced"
MAX_ASIDE = 3
"""So many databases that were replaced are kept."""

_WORDS = "memory_words"


class Copy(NamedTuple):
    """What stands in a database of memories."""

    memories: int
    """Forgotten ones that can still be restored too."""
    workspaces: int
    revision: str


def write_copy(source: Path, to: Path, *, at_rest: bool = False) -> Copy:
    """Write all of one moment of `source` into `to`, and look whether it arrived; only then does `to` change.

    Args:
        source: may be in use.
        to: replaced where it is a copy already; readable by its owner alone.
        at_rest: nobody has `source` open, so that it is read without touching anything beside it.

    Raises:
        StoreDamaged: `source` cannot be read whole.
        NotACopy: `to` is there and is something else.
        DiskUnusable: `to` cannot be written.
    """
    _refuse_other(to)
    part = to.with_name(f".{to.name}.{secrets.token_hex(4)}.part")
    try:
        create_private(part)
        expected = _fill(source, part, at_rest=at_rest)
        if look_into(part) != expected:
            raise DiskUnusable(f"{to} did not arrive whole: check the disk, and try again")
        _sync(part)
        part.replace(to)
        _sync(to.parent)
    except OSError as error:
        raise DiskUnusable(f"{to} cannot be written ({error.strerror}): check the disk and the folder") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return expected


def look_into(file: Path, *, at_rest: bool = True) -> Copy:
    """Look through a copy, page by page.

    Args:
        at_rest: nobody has it open.

    Raises:
        NotACopy: there is no such file, or it is no database of ours.
        StoreTooNew: a newer version wrote it.
        StoreDamaged: it is not whole.
    """
    if not file.is_file():
        raise NotACopy(f"there is no file {file}: name a backup")
    try:
        address = address_at_rest(file) if at_rest else f"{file.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            found = _contents(connection, file)
            (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB":
            raise NotACopy(f"{file} is no copy of recalld's memories: name another file") from error
        raise explained(error, file) or StoreDamaged(f"{file} cannot be read ({error})") from error
    if said != "ok":
        raise StoreDamaged(f"{file} is damaged ({' '.join(said.split())}): take another copy")
    return found


def put_back(file: Path, store: Path, stamp: str) -> tuple[Copy, Path | None]:
    """Put a copy in the place of the store, which nobody has open; what was there is kept beside it.

    Args:
        file: looked through first.
        store: where `memory.db` is to be.
        stamp: the time, as part of a file's name.

    Returns:
        What stands there now, and where that is which stood there before, if something did.

    Raises:
        StoreError: as `look_into` and `write_copy`; then the store is as it was.
    """
    look_into(file)
    fresh = store.with_name(f"{store.name}.restoring")
    fresh.unlink(missing_ok=True)  # of a try that was killed
    found = write_copy(file, fresh, at_rest=True)
    try:
        aside = set_aside(store, stamp)
        fresh.replace(store)
        _sync(store.parent)
    except OSError as error:
        raise DiskUnusable(f"{store} cannot be replaced ({error.strerror}): check the disk and the folder") from error
    return found, aside


def set_aside(store: Path, stamp: str) -> Path | None:
    """Keep what stands in a store's place under another name too, with the log that belongs to it, which goes.

    The file itself stays until it is replaced: at no moment is there none, of which a start would make an empty one.

    Returns:
        The other name; None where nothing stands there.
    """
    if not store.exists():
        return None
    aside = store.with_name(f"{store.name}.{ASIDE}-{stamp}")
    for suffix in ("", "-wal"):
        with contextlib.suppress(FileNotFoundError):
            _link(store.with_name(store.name + suffix), aside.with_name(aside.name + suffix))
    for suffix in ("-wal", "-shm", "-journal"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)
    for old in sorted(file for file in asides(store) if not file.name.endswith(SUFFIXES))[:-MAX_ASIDE]:
        remove(old)
    return aside


def asides(store: Path) -> Iterator[Path]:
    """All files that hold what a store was before: before an upgrade, or before it was replaced."""
    for kind in ("before", ASIDE):
        yield from store.parent.glob(f"{store.name}.{kind}-*")


def _refuse_other(to: Path) -> None:
    if not to.exists():
        return
    try:
        look_into(to)
    except NotACopy:
        raise NotACopy(f"{to} is there, and is no copy of recalld's memories: name another file") from None
    except StoreError:
        return  # a copy that is worth nothing any more


def _fill(source: Path, part: Path, *, at_rest: bool) -> Copy:
    address = address_at_rest(source) if at_rest else f"{source.as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(part.as_uri(), uri=True, isolation_level=None)) as connection:
            # Made anew after any fault, so it needs neither a journal nor to wait for the disk at each step.
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("ATTACH ? AS source", (address,))
            connection.execute("BEGIN")  # all that is read from here on is of one moment
            found = _contents(connection, source, schema="source")
            _take_over(connection)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        damaged = explained(error, source)
        raise (damaged if isinstance(damaged, StoreDamaged) else explained(error, part)) or error from error
    return found


def _take_over(connection: sqlite3.Connection) -> None:
    """Copy the tables that are no derived ones, with their indices and the ids that were given last."""
    made = connection.execute("SELECT type, tbl_name, sql FROM source.sqlite_master WHERE sql IS NOT NULL").fetchall()
    kept = [(kind, table, sql) for kind, table, sql in made if is_truth(table)]
    for kind, table, sql in kept:
        if kind == "table":
            connection.execute(sql)
            connection.execute(f'INSERT INTO main."{table}" SELECT * FROM source."{table}"')  # noqa: S608  # a name out of the schema
    if connection.execute("SELECT 1 FROM source.sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
        connection.execute("DELETE FROM main.sqlite_sequence")
        connection.execute("INSERT INTO main.sqlite_sequence SELECT * FROM source.sqlite_sequence")
    for kind, _, sql in kept:
        if kind == "index":
            connection.execute(sql)


def is_truth(table: str) -> bool:
    """Whether a table, by its name, is none of those that are derived, and none of SQLite's own."""
    return not table.startswith(("sqlite_", _WORDS)) and table not in derived.tables


def _contents(connection: sqlite3.Connection, file: Path, schema: str = "main") -> Copy:
    tables = {name for (name,) in connection.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table'")}  # noqa: S608  # of the two above
    if not {"alembic_version", "memories", "workspaces"} <= tables:
        raise NotACopy(f"{file} is no copy of recalld's memories: name another file")
    (memories,) = connection.execute(f"SELECT count(*) FROM {schema}.memories").fetchone()  # noqa: S608
    (workspaces,) = connection.execute(f"SELECT count(*) FROM {schema}.workspaces").fetchone()  # noqa: S608
    (revision,) = connection.execute(f"SELECT version_num FROM {schema}.alembic_version").fetchone()  # noqa: S608
    if revision > HEAD:
        raise StoreTooNew(
            f"{file} was written by a newer recalld (schema {revision}, this one knows {HEAD}): upgrade recalld"
        )
    return Copy(memories, workspaces, revision)


def address_at_rest(file: Path) -> str:
    """The address by which a file that nobody has open is read without anything being made beside it."""
    log = file.with_name(f"{file.name}-wal")
    # What stands in the log belongs to it, and only a connection that may make an index of the log can read it.
    return f"{file.absolute().as_uri()}?{'mode=rw' if log.exists() and log.stat().st_size else 'immutable=1'}"


def _link(file: Path, other: Path) -> None:
    try:
        os.link(file, other)
    except FileNotFoundError:
        raise
    except OSError:  # not on every disk
        shutil.copyfile(file, other)
        other.chmod(0o600)


def _sync(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
