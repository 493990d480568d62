"""Brings `memory.db` to the newest schema, or says why that cannot be."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from recalld.store.engine import DURABLE, create_private, explained, make_engine
from recalld.store.errors import StoreError, StoreTooNew
from recalld.store.planning import expect
from recalld.store.schema import HEAD

SCRIPTS = Path(__file__).parent / "migrations"

log = logging.getLogger(__name__)


def migrate(file: Path, scripts: Path = SCRIPTS, head: str = HEAD) -> None:
    """Bring the file to the newest schema, in one transaction; a new file gets all of it.

    A file with an older schema is copied first, to `memory.db.before-<revision>` beside it.

    Args:
        file: need not exist.
        scripts: the folder of the migrations.
        head: the revision of the newest one.

    Raises:
        StoreError: it is from a newer version, is none of ours, or is damaged.
    """
    create_private(file)
    # Without foreign keys: a migration that rebuilds a table would take along what refers to it.
    engine = make_engine(file, begin="BEGIN IMMEDIATE", pragmas=DURABLE, connections=1)
    try:
        with engine.begin() as connection:
            revision = _revision(connection, file)
            if revision != head:
                _upgrade(connection, file, revision, scripts, head)
            expect(connection)
    except (DBAPIError, sqlite3.Error) as error:
        explanation = explained(error.orig if isinstance(error, DBAPIError) else error, file)
        if explanation is None:
            raise
        raise explanation from error
    finally:
        engine.dispose()


def _revision(connection: Connection, file: Path) -> str | None:
    """The revision of a file's schema; None where it is empty."""
    names = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
    if not names:
        return None
    revision: str | None = None
    if "alembic_version" in names:
        revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if revision is None:
        raise StoreError(f"{file} is a database of another program: move it away")
    return revision


def _upgrade(connection: Connection, file: Path, revision: str | None, scripts: Path, head: str) -> None:
    from alembic import command  # noqa: PLC0415 - takes as long to load as all the rest of a start
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None:
        if revision not in known:
            raise StoreTooNew(
                f"{file} was written by a newer recalld (schema {revision}, this one knows {head}): upgrade recalld"
            )
        _copy(file, file.with_name(f"{file.name}.before-{revision}"))
    command.upgrade(config, head)
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise StoreError(f"{file} could not be migrated to schema {head}: {len(broken)} rows would refer to nothing")
    log.info("%s migrated from schema %s to %s", file, revision or "none", head)


def _copy(file: Path, to: Path) -> None:
    create_private(to)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
