"""What is done to the store while no daemon runs, in a process of its own: the client never imports the daemon."""

from __future__ import annotations

import subprocess
import sys
from typing import TypeVar

import msgspec

from recall.protocol.codec import ErrorBody
from recall.protocol.errors import CODES, RecallError
from recall.protocol.values import Value

T = TypeVar("T")


class Restored(Value):
    """What a backup holds, and what became of what was there before it was put back."""

    memories: int
    workspaces: int
    aside: str = ""
    """Where the database is that stood there; empty where none did."""
    daemon: str = ""
    """Whether it runs again."""


class Check(msgspec.Struct):
    """One thing that was looked at."""

    name: str
    ok: bool
    message: str
    fix: str = ""
    mendable: bool = False


class Examined(msgspec.Struct):
    """All that was looked at, or was done."""

    checks: list[Check]


class _Failed(msgspec.Struct):
    error: ErrorBody


def run(expected: type[T], *arguments: str) -> T:
    """Have one thing done.

    Args:
        expected: how its document reads.
        arguments: of `python -m recalld.offline`.

    Raises:
        RecallError: it was refused, with the code that it names; `internal` where it ended without a word.
    """
    command = [sys.executable, "-P", "-m", "recalld.offline", *arguments]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    try:
        if ran.returncode == 0:
            return msgspec.json.decode(ran.stdout, type=expected)
        error = msgspec.json.decode(ran.stdout, type=_Failed).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RecallError("internal", f"{' '.join(command)} failed: {_last_line(ran.stderr)}") from None
    raise RecallError(error.code if error.code in CODES else "internal", error.message)


def _last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
