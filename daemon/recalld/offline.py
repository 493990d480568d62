"""`python -m recalld.offline`: what is done to the store while no daemon runs. `recall backup --restore` is its face.

Prints one JSON document: what was done, or `error` with a code of the protocol's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from recall.paths import Paths, find_paths
from recall.protocol.errors import RecallError
from recalld.lifecycle import AlreadyRunning, DaemonLock, make_folders
from recalld.store import StoreError, code_of, copies


class Restored(msgspec.Struct):
    """What a backup holds, and what became of what was there before it was put back."""

    memories: int
    workspaces: int
    aside: str = ""
    """Where the database is that stood there; empty where none did."""


def check(file: Path) -> Restored:
    """Look whether a file is a backup that can be put back.

    Raises:
        StoreError: it is none, is damaged, or is from a newer version.
    """
    found = copies.look_into(file)
    return Restored(found.memories, found.workspaces)


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
        copies.remove(paths.data / copies.CODE)
    return Restored(found.memories, found.workspaces, str(aside or ""))


def main(arguments: list[str] | None = None) -> int:
    """Do one thing.

    Returns:
        0 when it was done, 1 when it was refused or failed.
    """
    parser = argparse.ArgumentParser(prog="recalld.offline", description="What is done while no daemon runs.")
    actions = parser.add_subparsers(dest="action", required=True)
    for name in ("check", "restore"):
        actions.add_parser(name).add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    paths = find_paths()
    try:
        file = options.file.absolute()
        done = check(file) if options.action == "check" else restore(paths, file)
    except RecallError as error:
        return _refuse(error.code, error.message)
    except StoreError as error:
        return _refuse(code_of(error), str(error))
    except OSError as error:
        return _refuse("disk", f"{error.filename or paths.data}: {error.strerror}")
    _say(done)
    return 0


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
