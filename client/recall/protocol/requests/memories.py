"""Requests that keep, change and show memories."""

from __future__ import annotations

from typing import Annotated

import msgspec

from recall.protocol import values
from recall.protocol.requests.base import (
    MAX_BATCH,
    MAX_LABELS,
    Days,
    Id,
    Labels,
    Narrative,
    Paths,
    Reply,
    Request,
    Title,
)
from recall.protocol.values import AnchorTrail, Brief, Choice, LinkKind, Memory, MemoryVersion, Rating, Score


class StoreReply(Reply):
    """What `Store` is answered with."""

    id: str
    title: str
    memory_type: str
    importance_score: float
    created_at: str
    similar: list[Brief] = []
    """Memories that say nearly the same; update or supersede one of them rather than keep both."""
    choices: list[Choice] = []
    """What can be done about the likest of them; empty where there is none."""
    superseded: list[values.Link] = []
    """The memories in whose place this one stands, by what was stated or recognised."""
    contradicts: list[values.Link] = []
    """Memories that say otherwise, where it is not clear which of the two is to be in force."""
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
    """Files, folders (a folder ends in `/` or is one), and lines of a file (`path:120-140`)."""
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
    supersedes: Annotated[list[Id], msgspec.Meta(max_length=MAX_LABELS)] = []
    """Ids of memories in whose place this one stands."""


class StoreManyReply(Reply):
    """What `StoreMany` is answered with."""

    ids: list[str]
    superseded: dict[str, list[values.Link]] = {}
    """By the id of what was stored, for those of them that stand in the place of others."""
    contradicts: dict[str, list[values.Link]] = {}
    """By the id of what was stored, for those of them that are at odds with others."""
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


class Verify(Request):
    """Say that a memory is still true: the code of now becomes one more accepted form of each of its anchors."""

    method = "verify"
    reply = Memory
    id: Id


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
    older_than_days: Days | None = None
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


class Link(Request):
    """Say what a memory is to another, as `id` supersedes `target_id`; with `remove`, that it is so no more."""

    method = "link"
    reply = Memory
    id: Id
    kind: LinkKind
    target_id: Id
    remove: bool = False


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
    anchors: list[AnchorTrail] = []
    ratings: list[Rating] = []
    """Oldest first."""


class History(Request):
    """The states a memory has had, newest first, where the code of its anchors has been, and how it was rated."""

    method = "history"
    reply = HistoryReply
    id: Id
