"""The lines of an export: memories with all that was ever known of them, what ties them, where they come from.

What is derived is in none. Ids are those of the exporting store; an import keeps them where they are free.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from recall.protocol.requests.base import MAX_BATCH, MAX_PATHS, Id, Label, Labels, Narrative, Path, Title
from recall.protocol.values import AnchorKind, LinkKind, Score, Value

FORMAT = 1
"""Raised when an older recalld could no longer read what is written."""
MAX_CODE = 64_000

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Code = Annotated[str, msgspec.Meta(max_length=MAX_CODE)]
Said = Annotated[str, msgspec.Meta(max_length=MAX_CODE)]


class ExportedForm(Value):
    """One state of an anchor's code, in which its memory is known to be true."""

    path: Path
    symbol: str | None
    kind: str
    fingerprint: str
    header: str
    fingerprint_version: int
    size: int
    language: str | None
    source: Literal["stored", "accepted", "followed"]
    accepted_at: Moment
    code: Code = ""
    content_hash: str = ""
    excerpt: Code = ""
    excerpt_line: int = 0
    marks: list[int] = []
    beside: str = ""
    namesakes: str = ""


class ExportedAnchor(Value):
    """What ties a memory to code, with every form of it."""

    kind: AnchorKind
    path: Path
    symbol: str | None = None
    lines: str | None = None
    position: Count = 0
    forms: list[ExportedForm] = []


class ExportedVersion(Value):
    """One state that a memory has had."""

    version: Annotated[int, msgspec.Meta(ge=1)]
    at: Moment
    cause: Label
    title: Title
    narrative: Narrative
    memory_type: Label
    importance_score: Score
    concepts: Labels = []
    tags: Labels = []
    source_files: list[str] = []
    symbols: list[str] = []


class ExportedRating(Value):
    """One rating."""

    at: Moment
    useful: bool
    previous: Score
    updated: Score
    context: Said = ""
    session_id: str | None = None


class MemoryRecord(Value, tag_field="record", tag="memory"):
    """A memory, whole."""

    id: Id
    title: Title
    narrative: Narrative
    memory_type: Label
    importance_score: Score
    created_at: Moment
    updated_at: Moment
    personal: bool = False
    confidence: Score = 1.0
    provenance: Label = "stated"
    concepts: Labels = []
    tags: Labels = []
    session_id: Id | None = None
    evidence: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    version: Annotated[int, msgspec.Meta(ge=1)] = 1
    pinned: bool = False
    unpinned_importance: Score | None = None
    useful: Count = 0
    not_useful: Count = 0
    last_used_at: Moment | None = None
    forgotten_at: Moment | None = None
    present_importance: Score | None = None
    """What it was worth when it was exported; null: what it was stored or rated with."""
    idle_days: int = 0
    """Days of work since it was stored or confirmed last."""
    recalls: Count = 0
    recalled_at: Moment | None = None
    unused: Count = 0
    anchors: Annotated[list[ExportedAnchor], msgspec.Meta(max_length=2 * MAX_PATHS)] = []
    versions: Annotated[list[ExportedVersion], msgspec.Meta(max_length=10_000)] = []
    """Oldest first, the present one last."""
    ratings: Annotated[list[ExportedRating], msgspec.Meta(max_length=10_000)] = []
    """Oldest first."""


class LinkRecord(Value, tag_field="record", tag="link"):
    """What one memory says of another."""

    source_id: Id
    target_id: Id
    kind: LinkKind
    origin: Literal["stated", "recognised"]
    at: Moment


class AssociationRecord(Value, tag_field="record", tag="association"):
    """How firmly two memories are tied by having been recalled together."""

    one_id: Id
    other_id: Id
    weight: Annotated[float, msgspec.Meta(ge=0, le=1)]
    at: Moment


class ExportedExtraction(Value):
    """What a session said of a memory that was made of it."""

    position: Count
    memory_id: Id
    action: Literal["stored", "updated", "confirmed"]
    said: Said


class ExportedJob(Value):
    """What was made of a session that ended."""

    id: Id
    status: Literal["done", "failed"]
    cause: str
    queued_at: Moment
    finished_at: Moment | None = None
    attempts: Count = 0
    estimated: Count = 0
    drafted_by: str | None = None
    note: str = ""
    summary: Said = ""
    made: list[ExportedExtraction] = []


class SessionRecord(Value, tag_field="record", tag="session"):
    """A session that ended, and what was made of it."""

    id: Id
    tree_id: str
    started_at: Moment
    active_at: Moment
    ended_at: Moment | None = None
    branch: str | None = None
    observed: Count = 0
    observed_bytes: Count = 0
    dropped: Count = 0
    task: Said = ""
    summary: Said = ""
    jobs: list[ExportedJob] = []


Record = MemoryRecord | LinkRecord | AssociationRecord | SessionRecord
Records = Annotated[list[Record], msgspec.Meta(max_length=MAX_BATCH)]


class Header(Value):
    """The first line of an export, by which it is known as one."""

    recalld_export: int
    """`FORMAT` of whoever wrote it."""
    version: str = ""
    workspace_id: str = ""
    exported_at: str = ""
    personal: bool = False
    """Whether personal memories are in it."""
