"""What the daemon pushes to subscribers.

A push is two frames: the topic and the event as JSON. Topics are built so that a subscriber's prefix
selects what it wants:

    ws-…/tree-…/path/of/file   what concerns one file (`context`, `verdict`)
    ws-…/tree-…/               what concerns the tree (`scan`)
    ws-…/                      what concerns the workspace (`memory`)
    daemon                     `heartbeat`, `stopping`

Each event carries the daemon's `epoch` and its topic's `seq`, counted from 1. A heartbeat every 5 s
carries the last `seq` of the topics most recently used and the count of all pushes so far, so that
a subscriber that missed one knows it and asks again.
"""

from __future__ import annotations

import msgspec

from recall.protocol.values import Cause, Context, Verdict

HEARTBEAT_S = 5.0
DAEMON_TOPIC = "daemon"
MAX_HEARTBEAT_TOPICS = 256


class Event(msgspec.Struct, kw_only=True, tag_field="event"):
    """Base of all pushes."""

    epoch: str = ""
    seq: int = 0
    workspace_id: str = ""
    tree_id: str = ""
    file_path: str = ""


class ContextPushed(Event, tag="context"):
    """A file was opened or saved, or a memory of it changed: here is its context."""

    cause: Cause
    context: Context


class VerdictChanged(Event, tag="verdict"):
    """The code that an anchor names says something else of it than before."""

    memory_id: str
    title: str
    symbol: str | None
    previous: Verdict | None
    verdict: Verdict
    reason: str
    trail: list[str] = []
    """The places the code has been, the first as stored, the last where it is now; empty where it never moved."""
    anchor: str = ""
    """The anchor as stored: `path::symbol`, a path, or `path:first-last`."""


class MemoryChanged(Event, tag="memory"):
    """A memory was stored, edited, rated, forgotten or restored."""

    memory_id: str
    title: str
    change: str


class ScanProgress(Event, tag="scan"):
    """A tree is being read; `done` of `total` files are."""

    done: int
    total: int
    finished: bool


class Heartbeat(Event, tag="heartbeat"):
    """Sent every 5 s on the topic `daemon`."""

    published: int
    """All pushes of this epoch so far."""
    topics: dict[str, int]
    """The last `seq` of the most recently used topics, at most 256."""
    complete_since: int
    """Every topic used since that many pushes is in `topics`."""


class Stopping(Event, tag="stopping"):
    """The daemon is going down; ask again when it is back."""


AnyEvent = ContextPushed | VerdictChanged | MemoryChanged | ScanProgress | Heartbeat | Stopping


def topic(workspace_id: str = "", tree_id: str = "", file_path: str = "") -> str:
    """The topic of an event about these; trailing parts may be left out."""
    if not workspace_id:
        return DAEMON_TOPIC
    if not tree_id:
        return f"{workspace_id}/"
    return f"{workspace_id}/{tree_id}/{file_path}"
