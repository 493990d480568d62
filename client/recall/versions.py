"""Client and daemon of different versions: which side is older, and what to do."""

from __future__ import annotations

import sys
from typing import NamedTuple

from packaging.version import InvalidVersion, Version

from recall import __version__
from recall.paths import Paths


class Holder(NamedTuple):
    """Whoever holds a daemon's lock."""

    pid: int
    version: str


def holder(paths: Paths) -> Holder | None:
    """The daemon that wrote itself into the lock's file; it may have ended since.

    The file is asked and not the daemon, because one that speaks another protocol may not answer.
    """
    try:
        pid, _, version = paths.lock.read_text("utf-8").strip().partition(" ")
    except (OSError, UnicodeDecodeError):
        return None
    return Holder(int(pid), version) if pid.isdigit() else None


def older(version: str, than: str = __version__) -> bool:
    """Whether one version comes before another; one that is no version at all comes before none."""
    try:
        return Version(version) < Version(than)
    except InvalidVersion:
        return False


def difference(daemon: str, client: str = __version__) -> str:
    """What to do about two versions that differ; empty where they do not."""
    if older(daemon, client):
        return f"the daemon is version {daemon}, older than this client ({client}): `recall up` replaces it"
    if older(client, daemon):
        return (
            f"the daemon is version {daemon}, newer than this client ({client}): "
            f"upgrade recalld where {sys.executable} is, or use the newer `recall`"
        )
    return ""
