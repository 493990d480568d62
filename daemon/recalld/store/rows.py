"""The rows of the store as plain values. Times are ISO 8601 UTC texts to the second, ending in `Z`."""

from __future__ import annotations

from typing import Literal

import msgspec

AnchorKind = Literal["folder", "file", "symbol", "lines"]
FormSource = Literal["stored", "accepted", "followed"]
Evidence = Literal["form", "name", "file", "body", "likeness", "nothing"]
"""By what the code was found: one of its forms stands there; its name; the file it went along with; the exact body;
a similar body; not at all."""
LinkKind = Literal["supersedes", "contradicts", "caused_by", "references", "depends_on", "related_to"]
LinkOrigin = Literal["stated", "recognised"]
SessionStatus = Literal["open", "ended"]
JobState = Literal["queued", "done", "failed"]
ExtractionAction = Literal["stored", "updated", "confirmed"]
Verdict = Literal["missing", "ambiguous", "changed", "moved+changed", "moved", "current"]


class Row(msgspec.Struct, kw_only=True):
    """Base of all rows."""


class WorkspaceRow(Row):
    """One project with its memories."""

    id: str
    name: str
    created_at: str
    days_worked: int = 0
    """On how many days, in UTC, somebody worked in it."""
    worked_on: str | None = None
    """The last of them, as `2026-03-31`."""


class TreeRow(Row):
    """One checked-out folder of a workspace."""

    id: str
    workspace_id: str
    path: str
    active_at: str
    followed: bool = True
    """False once a person closed it; then it is not watched at the next start."""


class FormRow(Row):
    """One state of the code in which an anchor's memory is known to be true.

    `code` is the text of then, so that a diff can be shown, likeness measured, and fingerprints made anew when their
    normalisation changes. For files and folders `fingerprint` is over what they declare or contain, and `code` says
    what that is. `code`, `beside` and `namesakes` are long, and empty where they were not asked for.
    """

    path: str
    symbol: str | None
    kind: str
    fingerprint: str
    header: str
    fingerprint_version: int
    """Negative where a fingerprint could not be made anew: of the version that tried."""
    size: int
    language: str | None
    code: str
    source: FormSource
    accepted_at: str
    content_hash: str = ""
    """Of the whole file."""
    excerpt: str = ""
    """Of an anchor to lines: their text."""
    excerpt_line: int = 0
    """Where they begin in the code, from 0."""
    marks: tuple[int, ...] = ()
    """As the outline had them."""
    beside: str = ""
    """What the file declared, one `kind name fingerprint` a line."""
    namesakes: str = ""
    """Code of the same own name in other files, one `path::name` a line; of a file, others with its bytes."""
    id: int = 0


class AnchorRow(Row):
    """What ties a memory to code."""

    kind: AnchorKind
    path: str
    """As stored; a folder ends in `/`; the tree's root is `./`."""
    symbol: str | None = None
    lines: str | None = None
    """Of an anchor to lines: `first-last`, as stored."""
    position: int = 0
    forms: list[FormRow] = []
    """Empty for an anchor whose code was not there when it was stored."""
    id: int = 0
    memory_id: str = ""


class MemoryRow(Row):
    """One memory in its present version, without its anchors."""

    id: str
    workspace_id: str
    title: str
    narrative: str
    memory_type: str
    importance_score: float
    confidence: float
    provenance: str
    """`stated` (a person or agent stored it), later also `extracted`, `imported`."""
    concepts: list[str]
    tags: list[str]
    session_id: str | None
    evidence: str | None
    text_hash: str
    """Hex BLAKE2b-128 of the normalised title and narrative; finds doubles, dates vectors."""
    created_at: str
    updated_at: str
    version: int = 1
    pinned: bool = False
    unpinned_importance: float | None = None
    """What the importance was before it was pinned."""
    useful: int = 0
    not_useful: int = 0
    last_used_at: str | None = None
    forgotten_at: str | None = None
    seq: int = 0
    """Order of storing within the whole store."""
    present_importance: float = -1.0
    """What the importance is worth now, and ranks by; below 0 where it is yet to be what it was stored with."""
    reinforced_on: int = 0
    """How many days its workspace had been worked in when it was stored or confirmed last."""
    recalls: int = 0
    """On how many days a search returned it."""
    recalled_at: str | None = None
    """When a search returned it last."""
    unused: int = 0
    """How often it was handed over and not used, since it was confirmed last."""

    def __post_init__(self) -> None:
        if self.present_importance < 0:
            self.present_importance = self.importance_score


class VersionRow(Row):
    """One state a memory has had, as a whole."""

    memory_id: str
    version: int
    at: str
    cause: str
    title: str
    narrative: str
    memory_type: str
    importance_score: float
    concepts: list[str]
    tags: list[str]
    source_files: list[str]
    symbols: list[str]


class LinkRow(Row):
    """What one memory says of another: `source_id` supersedes `target_id`."""

    source_id: str
    target_id: str
    kind: LinkKind
    origin: LinkOrigin
    at: str


class RatingRow(Row):
    """One rating of a memory."""

    memory_id: str
    at: str
    useful: bool
    context: str
    previous: float
    updated: float
    session_id: str | None = None


class VerdictRow(Row):
    """What one tree says of one anchor; derived."""

    anchor_id: int
    verdict: Verdict
    reason: str
    path: str
    symbol: str | None
    line: int | None = None
    end_line: int | None = None
    evidence: Evidence = "nothing"
    likeness: float | None = None
    """Of code that moved and changed, to the nearest form."""
    candidates: list[str] = []
    """Of an ambiguous one: the places it could be."""
    trail: list[str] = []
    """The places the code has been, the first as stored, the last where it is now; empty where it never moved."""
    fingerprint: str = ""
    """Of the code that stands there."""


class SightingRow(Row):
    """Code that one tree has at an anchor's place and that is none of its forms; derived.

    It becomes a form at once where the code was followed to, and where it was edited in its old place, when it moves
    on from there; but never if it was seen while the tree was not settled.
    """

    anchor_id: int
    settled: bool
    followed: bool
    """The code came here from somewhere else."""
    form: FormRow


class SessionRow(Row):
    """One work period of an agent or a person that was started here."""

    workspace_id: str
    id: str
    tree_id: str
    started_at: str
    active_at: str
    status: SessionStatus = "open"
    ended_at: str | None = None
    branch: str | None = None
    """What git had checked out at the start."""
    observed: int = 0
    """Observations taken since it was started, or started again."""
    observed_bytes: int = 0
    dropped: int = 0
    """Observations over the limits, which are lost."""
    task: str = ""
    summary: str = ""
    seq: int = 0


class ObservationRow(Row):
    """Something that happened in a session: said by a client, or seen by the daemon."""

    session_seq: int
    at: str
    kind: str
    content: str
    """Of `opened` a path, of `changed` a path or `path::symbol`."""
    source_files: list[str] = []
    symbols: list[str] = []


class GivenRow(Row):
    """The state in which a session was given a memory."""

    memory_id: str
    version: int
    verdict: str
    """Empty for a memory without anchors."""


class ExtractionJobRow(Row):
    """What is to become of a session that ended."""

    id: str
    session_seq: int
    queued_at: str
    status: JobState = "queued"
    cause: str = "ended"
    """`ended` by the client, or `quiet`: nobody was heard of for too long."""
    finished_at: str | None = None
    attempts: int = 0
    estimated: int = 0
    drafted_by: str | None = None
    note: str = ""
    summary: str = ""


class ExtractionRow(Row):
    """One memory that a job stored, updated or found confirmed, and the words of the session for it."""

    job_id: str
    position: int
    memory_id: str
    action: ExtractionAction
    said: str
