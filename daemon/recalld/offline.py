"""`python -m recalld.offline`: what is done to the store while no daemon runs. `recall backup --restore` is its face.

Prints one JSON document: what was done, or `error` with a code of the protocol's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from recall.offline import Check, Examined, Restored
from recall.paths import Paths, find_paths
from recall.protocol.errors import RecallError
from recalld.config import ConfigError, load_config
from recalld.lifecycle import AlreadyRunning, DaemonLock, make_folders
from recalld.memory.backups import PATTERN, folder_of
from recalld.store import StoreDamaged, StoreError, code_of, copies, salvage
from recalld.store.engine import remove

LITTLE_BYTES = 200_000_000
OLD_DAYS = 3.0
"""A backup that is to be made once a day, and is older than this, is said to be missing."""


def check(file: Path) -> Restored:
    """Look whether a file is a backup that can be put back.

    Raises:
        StoreError: it is none, is damaged, or is from a newer version.
    """
    found = copies.look_into(file)
    return Restored(memories=found.memories, workspaces=found.workspaces)


def restore(paths: Paths, file: Path) -> Restored:
    """Put a backup in the place of the store; the next start migrates it, and makes anew what is derived.

    Raises:
        StoreError: as `check`, or the disk cannot be written; then all is as it was.
        RecallError: `busy`, a daemon runs.
    """
    with _alone(paths):
        store = paths.data / copies.STORE
        found, aside = copies.put_back(file, store, _stamp())
        # Its rows go by ids that the two databases may have given to different things.
        remove(paths.data / copies.CODE)
    return Restored(memories=found.memories, workspaces=found.workspaces, aside=str(aside or ""))


def examine(paths: Paths) -> Examined:
    """Look at what is on the disk; a daemon may run meanwhile."""
    return Examined([_store(paths), _code(paths), _disk(paths), *_backups(paths), *_open_to_others(paths)])


def mend(paths: Paths) -> Examined:
    """Mend what can be, after what is damaged was kept aside.

    Raises:
        RecallError: `busy`, a daemon runs.
        StoreError: it cannot be mended, with what to do.
    """
    with _alone(paths):
        damaged = [each.name for each in examine(paths).checks if each.mendable and not each.ok]
        return Examined([Check(name, ok=True, message=_MENDING[name](paths)) for name in dict.fromkeys(damaged)])


def main(arguments: list[str] | None = None) -> int:
    """Do one thing.

    Returns:
        0 when it was done, 1 when it was refused or failed.
    """
    parser = argparse.ArgumentParser(prog="recalld.offline", description="What is done while no daemon runs.")
    actions = parser.add_subparsers(dest="action", required=True)
    for name in ("check", "restore"):
        actions.add_parser(name).add_argument("file", type=Path)
    for name in ("examine", "mend"):
        actions.add_parser(name)
    options = parser.parse_args(arguments)
    paths = find_paths()
    try:
        done = _do(options, paths)
    except RecallError as error:
        return _refuse(error.code, error.message)
    except StoreError as error:
        return _refuse(code_of(error), str(error))
    except OSError as error:
        return _refuse("disk", f"{error.filename or paths.data}: {error.strerror}")
    _say(done)
    return 0


def _do(options: argparse.Namespace, paths: Paths) -> Restored | Examined:
    if options.action == "check":
        return check(options.file.absolute())
    if options.action == "restore":
        return restore(paths, options.file.absolute())
    return examine(paths) if options.action == "examine" else mend(paths)


# --- looking -------------------------------------------------------------------------------------


def _store(paths: Paths) -> Check:
    file = paths.data / copies.STORE
    if not file.exists():
        return Check("store", ok=True, message=f"{file} is made when the daemon starts")
    try:
        found = copies.look_into(file, at_rest=False)
    except StoreDamaged as damaged:
        fix = "recall doctor --mend saves what is whole; recall backup --restore FILE puts a backup back"
        return Check("store", ok=False, message=str(damaged), fix=fix, mendable=True)
    except StoreError as error:
        return Check("store", ok=False, message=str(error), fix="recall backup --restore FILE puts a backup back")
    return Check("store", ok=True, message=f"{found.memories:,} memories, looked through page by page")


def _code(paths: Paths) -> Check:
    """What can be derived from the code; the daemon makes it anew at a start that finds it damaged."""
    file = paths.data / copies.CODE
    if file.exists() and file.stat().st_size:
        with file.open("rb") as opened:
            if opened.read(16) != b"SQLite format 3\0":
                fix = "recall down, then recall up: it is made anew"
                return Check("outlines", ok=False, message=f"{file} is damaged", fix=fix, mendable=True)
    return Check("outlines", ok=True, message="can be made anew at any time")


def _disk(paths: Paths) -> Check:
    folder = next(each for each in (paths.data, *paths.data.parents) if each.exists())
    try:
        free = shutil.disk_usage(folder).free
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x" * 4096)
            file.flush()
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}"
        return Check("disk", ok=False, message=message, fix="make room on the disk, or make it writable")
    if free < LITTLE_BYTES:
        return Check("disk", ok=False, message=f"{free / 1e6:,.0f} MB left at {folder}", fix="make room on the disk")
    return Check("disk", ok=True, message=f"{free / 1e9:,.1f} GB left at {folder}")


def _backups(paths: Paths) -> Iterator[Check]:
    try:
        config = load_config(paths.config_file, os.environ)
    except ConfigError as error:
        yield Check("settings", ok=False, message=str(error), fix=f"see {paths.config_file}")
        return
    kept = sorted(folder_of(config, paths.data).glob(PATTERN))
    if not config.backup_keep:
        yield Check("backup", ok=True, message="switched off: backup_keep is 0")
    elif not kept:
        yield Check("backup", ok=True, message="none yet: the first is made when the daemon runs")
    else:
        days = (time.time() - kept[-1].stat().st_mtime) / 86_400
        fix = "" if days < OLD_DAYS else "recall jobs says why; recall jobs --run backup makes one"
        yield Check("backup", ok=days < OLD_DAYS, message=f"the last one is {kept[-1]}", fix=fix)


def _open_to_others(paths: Paths) -> Iterator[Check]:
    for file in (paths.data / copies.STORE, paths.data / copies.CODE):
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            fix = f"chmod 600 {file}"
            yield Check("files", ok=False, message=f"{file} is open to other users", fix=fix, mendable=True)


# --- mending -------------------------------------------------------------------------------------


def _mend_store(paths: Paths) -> str:
    store = paths.data / copies.STORE
    fresh = store.with_name(f"{store.name}.mended")
    folder = folder_of(load_config(paths.config_file, os.environ), paths.data)
    saved = salvage.salvage(store, fresh, salvage.newest_whole(folder, PATTERN))
    aside = copies.set_aside(store, _stamp())
    fresh.replace(store)
    remove(paths.data / copies.CODE)  # its rows go by ids that may have been given to other things
    brought = f", {saved.from_backup:,} of them out of the last backup" if saved.from_backup else ""
    return f"{saved.memories:,} memories saved{brought}; the damaged file is kept at {aside}"


def _mend_code(paths: Paths) -> str:
    remove(paths.data / copies.CODE)
    return "removed; it is made anew when the daemon starts"


def _close_to_others(paths: Paths) -> str:
    for name in (copies.STORE, copies.CODE):
        if (paths.data / name).exists():
            (paths.data / name).chmod(0o600)
    return "they are yours alone now"


_MENDING = {"store": _mend_store, "outlines": _mend_code, "files": _close_to_others}


@contextmanager
def _alone(paths: Paths) -> Iterator[None]:
    """Keep daemons from starting meanwhile."""
    make_folders(paths)
    lock = DaemonLock(paths.lock)
    try:
        lock.acquire()
    except AlreadyRunning as running:
        raise RecallError("busy", f"a daemon runs (process {running.pid}): `recall down` stops it") from None
    try:
        yield
    finally:
        lock.release()


def _stamp() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def _refuse(code: str, message: str) -> int:
    _say({"error": {"code": code, "message": message}})
    return 1


def _say(document: object) -> None:
    sys.stdout.write(msgspec.json.encode(document).decode() + "\n")


if __name__ == "__main__":
    sys.exit(main())
