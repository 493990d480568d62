"""What the pool and its worker processes say to each other, over pipes and one small file.

To a worker: frames of a length (4 bytes, little-endian) and a MessagePack value, a `Task` or a `Forbid`.
From a worker: frames of a length, the task's number (8 bytes) and an encoded `Outline`; the first, number 0
and empty, says that it is up. Before it parses, a worker notes in the file it inherits which task it is at
and a hash of the very bytes with the grammar's name, so that whoever finds it dead knows what it died of.
"""

from __future__ import annotations

import struct

import msgspec

from recalld.outline import CutOut


class Limits(msgspec.Struct, frozen=True):
    """What a worker keeps to; it gets them as JSON on its command line."""

    max_file_bytes: int
    max_symbols: int
    memory_mb: int
    alarm_s: float
    """Time after which it ends itself when nobody else has: its daemon is gone."""
    notebook_fd: int


class Task(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """Outline this file. Paths are bytes, because file names need not be text."""

    id: int
    root: bytes
    path: bytes
    cut_out: CutOut | None
    """The file is one definition, cut out of another."""
    unsaved: bytes | None = None
    """What the file is to hold, in place of what the disk has."""


class Forbid(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Parse nothing with these hashes, which are those that a worker noted."""

    hashes: list[str]


REQUEST_HEAD = struct.Struct("<I")
ANSWER_HEAD = struct.Struct("<IQ")
NOTE = struct.Struct("<Q32s")
EXIT_OUT_OF_MEMORY = 77
