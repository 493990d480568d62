"""Every request, with its reply: `METHODS` is the whole interface of the daemon.

A request's class says its method's name and what it answers; `codec` puts it into an envelope.
Text limits are in characters. Paths are relative to the tree's root, or absolute inside it.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from recall.protocol.values import (
    Brief,
    Context,
    JobStatus,
    Memory,
    MemoryVersion,
    Score,
    SymbolOutline,
    Value,
    Workspace,
)

MAX_TITLE = 300
MAX_NARRATIVE = 50_000
MAX_LABEL = 100
MAX_LABELS = 50
MAX_PATHS = 50
MAX_PATH = 4096
MAX_BATCH = 2000
MAX_LIMIT = 500

Title = Annotated[str, msgspec.Meta(max_length=MAX_TITLE)]
Narrative = Annotated[str, msgspec.Meta(max_length=MAX_NARRATIVE)]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_LABEL)]
Labels = Annotated[list[Label], msgspec.Meta(max_length=MAX_LABELS)]
Path = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_PATH)]
Paths = Annotated[list[Path], msgspec.Meta(max_length=MAX_PATHS)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)]
TokenBudget = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Ids = Annotated[list[Id], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]
Sort = Literal["importance", "age", "used"]


class Reply(Value):
    """Base of all replies."""


class Done(Reply):
    """There is nothing more to say."""


class Request(msgspec.Struct, kw_only=True):
    """Base of all requests."""

    method: ClassVar[str]
    reply: ClassVar[type[Value]]


# --- the daemon itself ---------------------------------------------------------------------------


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
    """`loading`, `ready`, `catching up (N left)` or `down: why`."""
    workspaces: list[Workspace]
    jobs: list[JobStatus]
    queues: dict[str, int]
    quarantined: list[str]
    """Files whose parsing crashed or hung, with the reason; not tried again until they change."""
    warnings: list[str]


class Status(Request):
    """How is everything?"""

    method = "status"
    reply = StatusReply


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
    """Rebuild what is derived for this tree: outlines, full text, vectors. Returns when the work is queued."""

    method = "reindex"
    reply = ReindexReply


# --- memories ------------------------------------------------------------------------------------


class StoreReply(Reply):
    """What `Store` is answered with."""

    id: str
    title: str
    memory_type: str
    importance_score: float
    created_at: str
    similar: list[Brief] = []
    """Memories that say nearly the same; update or supersede one of them rather than keep both."""
    warnings: list[str] = []


class Store(Request):
    """Keep a memory. After the reply it survives anything that the disk survives."""

    method = "store"
    reply = StoreReply
    narrative: Narrative = ""
    title: Title | None = None
    """Absent: the first sentence of the narrative."""
    memory_type: str = "general"
    source_files: Paths = []
    """Files and folders (a folder ends in `/` or is one)."""
    symbols: Paths = []
    """`path/to/file.py::Outer.inner`; a bare name where the file has only one of it."""
    concepts: Labels = []
    tags: Labels = []
    importance_score: Score = 0.7
    confidence: Score = 1.0
    session_id: Id | None = None
    evidence: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    personal: bool = False
    force: bool = False
    """Store it even though the same text is stored already."""
    unresolved: bool = False
    """Keep symbols that their existing file does not have."""
    content: Narrative | None = None
    """Alias of `narrative`."""
    files: Paths | None = None
    """Alias of `source_files`."""
    importance: Score | None = None
    """Alias of `importance_score`."""


class StoreManyReply(Reply):
    """What `StoreMany` is answered with."""

    ids: list[str]
    warnings: list[str] = []


class StoreMany(Request):
    """Keep many memories in one transaction, in order. One refusal rejects all; its `index` says which."""

    method = "store_many"
    reply = StoreManyReply
    memories: Annotated[list[Store], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]


class Get(Request):
    """One memory, whole, also when it was forgotten."""

    method = "get"
    reply = Memory
    id: Id


class Edit(Request):
    """Change what is given, leave the rest, and accept the code of now as what the memory is true for."""

    method = "edit"
    reply = Memory
    id: Id
    title: Title | None = None
    narrative: Narrative | None = None
    memory_type: str | None = None
    source_files: Paths | None = None
    symbols: Paths | None = None
    concepts: Labels | None = None
    tags: Labels | None = None
    importance_score: Score | None = None
    unresolved: bool = False


class ForgetReply(Reply):
    """What `Forget` is answered with."""

    ids: list[str]
    """What was, or with `dry_run` would be, forgotten."""
    titles: list[str]
    warnings: list[str] = []


class Forget(Request):
    """Forget by id, or all that match. Undoable for 30 days, unless purged."""

    method = "forget"
    reply = ForgetReply
    ids: Annotated[list[Id], msgspec.Meta(max_length=MAX_BATCH)] = []
    older_than_days: Annotated[float, msgspec.Meta(ge=0)] | None = None
    containing: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | None = None
    purge: bool = False
    """Erase for good, versions and indices included. Only by id."""
    dry_run: bool = False


class Restore(Request):
    """Bring back what was forgotten."""

    method = "restore"
    reply = Memory
    id: Id


class Pin(Request):
    """Importance 1.0: always in the context, never decays. `pinned=false` undoes it."""

    method = "pin"
    reply = Memory
    id: Id
    pinned: bool = True


class RateReply(Reply):
    """What `Rate` is answered with."""

    memory_id: str
    previous_importance: float
    updated_importance: float
    rating_recorded: bool


class Rate(Request):
    """Say whether a memory helped: useful takes 40 % of what is missing to 1, not useful a quarter away."""

    method = "rate"
    reply = RateReply
    id: Id
    useful: bool
    context: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    session_id: Id | None = None


class HistoryReply(Reply):
    """What `History` is answered with."""

    id: str
    versions: list[MemoryVersion]


class History(Request):
    """The states a memory has had, newest first."""

    method = "history"
    reply = HistoryReply
    id: Id


class ListReply(Reply):
    """What `List` is answered with."""

    memories: list[Brief]
    total: int


class ListMemories(Request):
    """Memories of the workspace, filtered and sorted."""

    method = "list"
    reply = ListReply
    memory_types: list[str] = []
    tags: list[Label] = []
    sort: Sort = "importance"
    unrated: bool = False
    no_files: bool = False
    forgotten: bool = False
    """Those that were forgotten and can still be restored, instead."""
    limit: Limit = 50
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0


class SearchReply(Reply):
    """What `Search` is answered with."""

    results: list[Brief]
    warnings: list[str] = []


class Search(Request):
    """Memories that answer a question, by meaning and by words."""

    method = "search"
    reply = SearchReply
    query: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    memory_types: list[str] = []
    limit: Limit = 10
    explain: bool = False


class ByFileReply(Reply):
    """What `ByFile` is answered with."""

    file_path: str
    memories: list[Brief]
    warnings: list[str] = []


class ByFile(Request):
    """Memories tied to a file, to its symbols, or to a folder above it."""

    method = "by_file"
    reply = ByFileReply
    file_path: Path


class BySymbolReply(Reply):
    """What `BySymbol` is answered with."""

    file_path: str
    symbol: SymbolOutline
    warnings: list[str] = []


class BySymbol(Request):
    """One symbol with its memories; `symbol` is `path::Qualified.name`."""

    method = "by_symbol"
    reply = BySymbolReply
    symbol: Path


class OutlineReply(Reply):
    """What `Outline` is answered with."""

    file_path: str
    language: str | None
    status: str
    """`parsed`, `partial` (syntax errors), `text`, or why it was left out."""
    memories: list[Brief]
    """Those of the file itself and of the folders above it."""
    symbols: list[SymbolOutline]
    context: Context
    warnings: list[str] = []


class Outline(Request):
    """A file's symbols, the memories of the file and of each symbol, and its context."""

    method = "outline"
    reply = OutlineReply
    file_path: Path


class ContextOf(Request):
    """The prepared context of a file."""

    method = "context"
    reply = Context
    file_path: Path


class Opened(Request):
    """An editor opened the file: push its context to all who listen."""

    method = "opened"
    reply = Done
    file_path: Path


class Closed(Request):
    """An editor closed the file."""

    method = "closed"
    reply = Done
    file_path: Path


METHODS: dict[str, type[Request]] = {
    request.method: request
    for request in (
        Hello, Status, Shutdown, OpenWorkspace, CloseTree, Sync, Reindex,
        Store, StoreMany, Get, Edit, Forget, Restore, Pin, Rate, History, ListMemories, Search,
        ByFile, BySymbol, Outline, ContextOf, Opened, Closed,
    )
}  # fmt: skip
