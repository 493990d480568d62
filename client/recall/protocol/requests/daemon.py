"""Requests about the daemon itself and the trees it follows."""

from __future__ import annotations

from typing import Annotated

import msgspec

from recall.protocol.requests.base import Done, Id, Label, Path, Reply, Request
from recall.protocol.values import JobStatus, Workspace


class HelloReply(Reply):
    """What `Hello` is answered with."""

    version: str
    protocol: int
    pid: int
    epoch: str
    """New at each start of the daemon; pushes carry it."""
    ready: bool
    """False while the first scan of some tree, or the model, is still on its way."""
    events: str
    """The address to subscribe to for pushes."""


class Hello(Request):
    """Who is there?"""

    method = "hello"
    reply = HelloReply


class StatusReply(Reply):
    """What `Status` is answered with."""

    version: str
    pid: int
    epoch: str
    ready: bool
    uptime_s: float
    socket: str
    home: str
    memory_mb: float
    vectors: str
    """How far search by meaning is.

    `loading`, `down: why`; `catching up (N left)`, or `embedding anew (N left)` after an upgrade that changed how texts
    are embedded: those memories are found by words only; `rebuilding (N left)`: all are found by meaning meanwhile;
    `learning words (N left)`: of those, words are found only as they are spelled; `ready`.
    """
    workspaces: list[Workspace]
    jobs: list[JobStatus]
    queues: dict[str, int]
    quarantined: list[str]
    """Files whose parsing crashed or hung, with the reason; not tried again until they change."""
    warnings: list[str]
    rebuilding: int = 0
    """How many memories a `reindex` has still to embed anew; 0 when it is over."""
    http: str = "off"
    """Where it answers by HTTP too, as `http://127.0.0.1:7411`; `off`, or `down` with a warning that says why."""
    last_backup: str = ""
    """The newest daily backup; empty before the first."""


class Status(Request):
    """How is everything?"""

    method = "status"
    reply = StatusReply


class RunJob(Request):
    """Run a job now, and answer once it is over; where it is running already, that run is waited for."""

    method = "run_job"
    reply = JobStatus
    name: Label


class BackupReply(Reply):
    """What `Backup` is answered with."""

    path: str
    """The file, also where a folder was named."""
    memories: int
    """In all workspaces, the forgotten ones that can be restored included."""
    workspaces: int
    bytes: int


class Backup(Request):
    """Copy all memories of all workspaces into a file, of one moment, while everything goes on.

    The file is looked through before it takes its name; what can be derived is not in it.
    """

    method = "backup"
    reply = BackupReply
    path: Path
    """Absolute: a file that is not there or is a backup already, or a folder."""


class Shutdown(Request):
    """Stop the daemon, in order, within two seconds."""

    method = "shutdown"
    reply = Done


class OpenWorkspaceReply(Reply):
    """What `OpenWorkspace` is answered with."""

    workspace: Workspace
    created: bool
    warnings: list[str] = []


class OpenWorkspace(Request):
    """Make the project that holds `path` a workspace, or find it, and follow its tree."""

    method = "open_workspace"
    reply = OpenWorkspaceReply
    path: Path
    """Absolute. A folder inside the project; its root is found."""
    workspace_id: Id | None = None
    """Take this workspace instead of the one the folder's identity names."""
    plain: bool = True
    """Whether a folder may become a workspace that is no git repository, or is one as a whole home folder."""


class CloseTree(Request):
    """Stop following the tree; its memories stay, and opening it again brings it back."""

    method = "close_tree"
    reply = Done


class SyncReply(Reply):
    """What `Sync` is answered with."""

    waited_ms: float


class Sync(Request):
    """Answer once every change made to the tree before this request is reflected in verdicts and contexts."""

    method = "sync"
    reply = SyncReply
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 30.0


class ReindexReply(Reply):
    """What `Reindex` is answered with."""

    files: int
    memories: int


class Reindex(Request):
    """Rebuild what is derived: this tree's outlines, full text, the vectors of all memories.

    Returns when the work is queued, so that no kill loses it. Vectors that are being rebuilt already go on.
    """

    method = "reindex"
    reply = ReindexReply
