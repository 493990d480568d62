"""The values that requests, replies and events are made of.

Field names follow the coding-agent-memory cookbook where it has one (`memory_type`, `narrative`,
`source_files`, `importance_score`, ...). Unknown fields are ignored on both sides, so fields may be
added at any time and are never removed or given another meaning.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import msgspec

MemoryType = Literal[
    "decision",
    "pattern",
    "convention",
    "architecture",
    "debugging",
    "bug_fix",
    "dependency",
    "configuration",
    "performance",
    "security",
    "preference",
    "reference",
    "learning",
    "general",
]
Verdict = Literal["missing", "ambiguous", "changed", "moved+changed", "moved", "current"]
AnchorKind = Literal["folder", "file", "symbol", "lines"]
LinkKind = Literal["supersedes", "contradicts", "caused_by", "references", "depends_on", "related_to"]
ChoiceName = Literal["update", "supersede", "store_anyway"]
FindingKind = Literal[
    "secret",
    "code",
    "contradicted",
    "double",
    "unrated",
    "superseded",
    "lost_concept",
    "fading",
    "never_recalled",
]
"""What an audit finds; `code` is code that changed or is gone, `unrated` was made of a session and never looked at."""
Act = Literal["keep", "verify", "edit", "supersede", "forget", "purge"]
LinkDirection = Literal["outgoing", "incoming", "both"]
_INCOMING = {
    "supersedes": "superseded by",
    "caused_by": "caused",
    "references": "referenced by",
    "depends_on": "needed by",
}
Cause = Literal["opened", "saved", "memory", "resynced"]
"""Why a context came; `resynced` is the client's own word for one that it asked for after a missed push."""

MEMORY_TYPES: tuple[MemoryType, ...] = get_args(MemoryType)
MEMORY_TYPE_ALIASES: dict[str, MemoryType] = {
    "insight": "debugging",
    "debugging_insight": "debugging",
    "debug": "debugging",
    "bugfix": "bug_fix",
    "bug": "bug_fix",
    "fix": "bug_fix",
    "error": "bug_fix",
    "design": "architecture",
    "rule": "convention",
    "style": "convention",
    "config": "configuration",
    "perf": "performance",
    "fact": "reference",
    "discovery": "learning",
    "lesson": "learning",
    "note": "general",
    "context": "general",
}
"""Names that peers use for our types; accepted wherever a type is."""

VERDICTS_WORST_FIRST: tuple[Verdict, ...] = ("missing", "ambiguous", "changed", "moved+changed", "moved", "current")
STALE: frozenset[Verdict | None] = frozenset({"missing", "ambiguous", "changed", "moved+changed"})
"""Verdicts of memories that no longer agree with the code."""

Score = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class Value(msgspec.Struct, kw_only=True):
    """Base of everything on the wire."""


class Anchor(Value):
    """What ties a memory to code, and what one tree says of it now."""

    kind: AnchorKind
    path: str
    """Where the code is now, relative to the tree's root, with `/`; a folder ends in `/`."""
    symbol: str | None = None
    """Qualified name (`Outer.inner`) where the code is now."""
    verdict: Verdict | None = None
    reason: str = ""
    line: int | None = None
    end_line: int | None = None
    stored_path: str = ""
    """Path under which the anchor was stored."""
    stored_symbol: str | None = None
    likeness: float | None = None
    """Of `moved+changed`: how like the code of now is to the nearest accepted form, 0 to 1."""
    candidates: list[str] = []
    """Of `ambiguous`: the places that it could be now, `path::symbol` or a path."""
    trail: list[str] = []
    """The places it has been, the first as stored, the last where it is now; empty where it never moved."""
    diff: str = ""
    """Unified diff from the accepted form to the code of now; empty where nothing changed, and in lists."""


class Brief(Value):
    """A memory as it stands in a list: enough to choose, not the whole text."""

    id: str
    title: str
    memory_type: MemoryType
    importance_score: float
    summary: str = ""
    """The sentence that answers, at most 240 characters."""
    verdict: Verdict | None = None
    reason: str = ""
    why: list[str] = []
    """Why it is here: `symbol Session.close`, `file`, `folder api/`, `meaning 0.61`, `words: lazy, loading`."""
    score: float | None = None
    parts: dict[str, float] | None = None
    """The parts of the score, when the request asked to explain."""
    source_files: list[str] = []
    symbols: list[str] = []
    concepts: list[str] = []
    tags: list[str] = []
    created_at: str = ""
    evidence: str | None = None
    """The command that proved it; in the replies of `audit` and `affected`."""
    similarity: float | None = None
    """How far it says the same as what was stored, 0.85 to 1; in the reply of `store`."""
    superseded_by: str | None = None
    """The id of the memory that stands in its place."""
    present_importance: float | None = None
    """What its importance is worth now, and ranks by: `importance_score` as it decays by days of work."""
    personal: bool = False
    """It holds in all workspaces, and is changed and forgotten by its id alone."""


class Faded(Value):
    """A memory as its importance decays."""

    id: str
    title: str
    memory_type: MemoryType
    importance_score: float
    present_importance: float
    """What it is worth now."""
    then: float
    """And after the days that were asked for."""
    reason: str
    """Why it is worth now what it is, in one line."""
    created_at: str
    personal: bool = False


class Finding(Value):
    """A memory that somebody should look at, and why."""

    kind: FindingKind
    memory: Brief
    reason: str
    act: Act
    """What is proposed."""
    how: str
    """The command that does it, in words of the command line."""
    other: Brief | None = None
    """What supersedes it, contradicts it, or says the same."""
    about: str = ""
    state: str = ""
    """With `about`, what an answer to the finding gives back: it stays quiet until this is another."""


class ReadyLine(Value):
    """One line of the list to go through before a project relies on its memories."""

    line: str
    ready: bool
    found: str
    act: str
    """What to do about it; empty where nothing is to be done."""


class Link(Value):
    """What a memory says of another, or another of it."""

    kind: LinkKind
    direction: LinkDirection
    """`outgoing`: this one supersedes the other; `incoming`: the other this one; `both` where it is the same."""
    id: str
    """Of the other memory."""
    title: str
    origin: Literal["stated", "recognised"] = "stated"
    """Whether somebody said so, or the daemon noticed it."""


class Choice(Value):
    """What can be done where a memory says what another one says already."""

    choice: ChoiceName
    how: str
    """The command that does it, in words of the command line."""


class Origin(Value):
    """Where a memory comes from: what was said in a session that it was made of, or that said the same again."""

    session_id: str
    at: str
    action: Literal["stored", "updated", "confirmed"]
    """What became of the memory by it."""
    said: str
    """The very words."""


class Memory(Value):
    """A memory, whole."""

    id: str
    title: str
    narrative: str
    memory_type: MemoryType
    importance_score: float
    confidence: float
    provenance: str
    concepts: list[str]
    tags: list[str]
    source_files: list[str]
    symbols: list[str]
    anchors: list[Anchor]
    verdict: Verdict | None
    reason: str
    created_at: str
    """ISO 8601, UTC, to the second, ending in `Z`; so are all times."""
    updated_at: str
    version: int
    workspace_id: str
    session_id: str | None = None
    evidence: str | None = None
    """The command that proved it, if one was given."""
    pinned: bool = False
    forgotten_at: str | None = None
    superseded_by: str | None = None
    """The id of the memory that stands in its place."""
    links: list[Link] = []
    extracted_from: list[Origin] = []
    """Of one that sessions said: their words, oldest first."""
    present_importance: float | None = None
    """What its importance is worth now, and ranks by."""
    importance_reason: str = ""
    """Why, in one line."""
    personal: bool = False
    """It holds in all workspaces, and is changed and forgotten by its id alone."""


NodeKind = Literal["memory", "concept", "file", "symbol", "folder", "session"]


class GraphNode(Value):
    """A memory, or something that memories hang on, in the graph of associations."""

    id: str
    """A memory's id, or `concept:KEY`, `file:PATH`, `symbol:PATH::NAME`, `folder:PATH/`, `session:ID`."""
    kind: NodeKind
    label: str
    activation: float
    """How strongly it is activated, 0 to 1."""
    memory_type: MemoryType | None = None
    verdict: Verdict | None = None
    why: list[str] = []
    """Of a memory: what activated it, the strongest first: `concept payments`, `superseded by`."""
    superseded_by: str | None = None
    personal: bool = False


class GraphEdge(Value):
    """A link between two nodes; what was stated of two memories leads from the one of which it was said."""

    source: str
    target: str
    kind: str
    """That of the node it leads to; of two memories `recalled`, `close_in_meaning`, or what was stated."""
    weight: float
    """What it lets through, 0 to 1."""


class MemoryVersion(Value):
    """One state a memory has had."""

    version: int
    at: str
    cause: str
    """`stored`, `edited`, `verified`, `rated`, `pinned`, `unpinned`, `forgotten`, `restored`."""
    title: str
    narrative: str
    memory_type: MemoryType
    importance_score: float
    concepts: list[str]
    tags: list[str]
    source_files: list[str]
    symbols: list[str]


class Rating(Value):
    """One rating of a memory; importances are what it was stored or rated with."""

    at: str
    useful: bool
    context: str
    """What it helped with, or how it misled."""
    previous_importance: float
    updated_importance: float
    session_id: str | None = None


class TrailStep(Value):
    """One accepted form of an anchor: a state of the code for which the memory is known to be true, or was followed."""

    at: str
    path: str
    symbol: str | None
    source: Literal["stored", "accepted", "followed"]
    """`stored` with the memory, `accepted` as still true, or `followed` when the code moved."""


class AnchorTrail(Value):
    """Where the code of one anchor has been, and where it is now."""

    kind: AnchorKind
    path: str
    """As stored."""
    symbol: str | None
    steps: list[TrailStep]
    """Oldest first."""
    now: Anchor


class SymbolOutline(Value):
    """One symbol of a file, with the memories that are tied to it."""

    name: str
    """Qualified name, as an anchor names it after `::`."""
    kind: str
    line: int
    end_line: int
    signature: str = ""
    memories: list[Brief] = []


class Context(Value):
    """The ranked, token-budgeted bundle of memories for one file and its symbols."""

    file_path: str
    workspace_id: str
    tree_id: str
    memories: list[Brief]
    text: str
    """Ready to inject: each memory inside `[Recalld — retrieved for ...]` ... `[/Recalld]`; empty without memories."""
    tokens: int
    """Estimated, never under what common tokenizers count for English and code."""
    token_budget: int
    left_out: int = 0
    """How many more belong here and did not fit the budget."""
    stale: int = 0
    """How many of `memories` have a verdict of changed, moved+changed, ambiguous or missing."""


class Workspace(Value):
    """One project with its memories, and one of its trees."""

    workspace_id: str
    tree_id: str
    path: str
    name: str
    files: int = 0
    symbols: int = 0
    memories: int = 0
    skipped: dict[str, int] = {}
    """Files that were left out, by reason: binary, generated, oversized, unreadable, quarantined."""
    scanning: bool = False
    scanned: int = 0
    to_scan: int = 0
    watch: str = "starting"
    """`inotify`, `native`, `polling`, `partly polling`, `starting` or `stopped`."""
    watched_folders: int = 0
    to_audit: int = 0
    """How many memories the last audit wants looked at, without those that were changed since."""
    warnings: list[str] = []


class Session(Value):
    """One work period of an agent or a person."""

    session_id: str
    status: Literal["open", "ended"]
    tree_id: str
    started_at: str
    active_at: str
    """When something was last heard of it."""
    ended_at: str | None = None
    branch: str | None = None
    task: str = ""
    summary: str = ""
    observations: int = 0
    dropped: int = 0
    """Observations that were lost because the session was over its limits."""
    extraction_job_id: str | None = None


class ExtractedMemory(Value):
    """A memory that the extraction of a session stored, updated, or found said already."""

    id: str
    title: str
    memory_type: MemoryType
    action: Literal["stored", "updated", "confirmed"]
    said: str
    """The very words of the session."""


class JobStatus(Value):
    """One scheduled job."""

    name: str
    what: str = ""
    """What it does, in words."""
    when: str = ""
    """How often: `every 24 h`, or `at` the times of a cron expression."""
    next_run: str | None = None
    """Null while it runs."""
    last_run: str | None = None
    """When it last ran to its end."""
    outcome: str | None = None
    """`done`, `running`, or `failed: why`; null for one that never ran."""
    result: str = ""
    """What the last run did, in words."""
    took_s: float | None = None
    max_s: float | None = None
    """Seconds after which a run is cancelled, and counts as failed."""
    failures: int = 0
    """In a row; each puts off the next try for longer."""


def link_words(kind: str, *, incoming: bool = False) -> str:
    """How a link reads from the memory that it is said of, or as an incoming one from the other."""
    words = kind.replace("_", " ")
    return _INCOMING.get(kind, words) if incoming else words
