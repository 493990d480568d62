"""Calls that keep, change and show memories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from recall.calls.base import Call, FilePath, paths_of
from recall.protocol import requests as wire
from recall.protocol.errors import RecallError
from recall.protocol.values import LinkKind, Memory


class StoredIds(list[str]):
    """The ids of memories stored together, in order.

    Attributes:
        superseded: by id, for those that stand in the place of others.
        contradicts: by id, for those that are at odds with others.
        warnings: what the daemon has to say about them.
    """

    def __init__(self, reply: wire.StoreManyReply) -> None:
        super().__init__(reply.ids)
        self.superseded = reply.superseded
        self.contradicts = reply.contradicts
        self.warnings = reply.warnings


def store(
    title: str | None = None,
    narrative: str = "",
    *,
    memory_type: str = "general",
    source_files: Iterable[FilePath] = (),
    symbols: Iterable[str] = (),
    concepts: Iterable[str] = (),
    tags: Iterable[str] = (),
    importance_score: float = 0.7,
    confidence: float = 1.0,
    session_id: str | None = None,
    evidence: str | None = None,
    personal: bool = False,
    force: bool = False,
    unresolved: bool = False,
    content: str | None = None,
    files: Iterable[FilePath] | None = None,
    importance: float | None = None,
    supersedes: Iterable[str] = (),
) -> Call[wire.StoreReply]:
    """Keep a memory; once this returns, it survives a crash and a power loss.

    Args:
        title: absent, the first sentence of the narrative.
        narrative: what to remember.
        memory_type: `decision`, `pattern`, `convention`, …
        source_files: files and folders it is about.
        symbols: `path/to/file.py::Outer.inner`.
        concepts: subjects, by which memories are associated.
        tags: labels for filtering.
        importance_score: 0 to 1; 1.0 is pinned.
        confidence: 0 to 1.
        session_id: the session it was learned in.
        evidence: the command that proved it.
        personal: keep it for all workspaces.
        force: store it even though the same text is stored already.
        unresolved: keep symbols that their existing file does not have.
        content: alias of `narrative`.
        files: alias of `source_files`.
        importance: alias of `importance_score`.
        supersedes: ids of memories in whose place this one stands.
    """
    return Call(
        wire.Store(
            title=title,
            narrative=narrative,
            memory_type=memory_type,
            source_files=paths_of(source_files),
            symbols=list(symbols),
            concepts=list(concepts),
            tags=list(tags),
            importance_score=importance_score,
            confidence=confidence,
            session_id=session_id,
            evidence=evidence,
            personal=personal,
            force=force,
            unresolved=unresolved,
            content=content,
            files=None if files is None else paths_of(files),
            importance=importance,
            supersedes=list(supersedes),
        )
    )


def store_many(memories: Sequence[Mapping[str, Any]]) -> Call[StoredIds]:
    """Keep many memories in one transaction, in order; one refusal rejects all, and its `details["index"]` says which.

    Args:
        memories: for each, what `store` takes, by name.
    """
    return Call(
        wire.StoreMany(memories=[_memory(index, fields) for index, fields in enumerate(memories)]), finish=StoredIds
    )


def get(id: str) -> Call[Memory]:
    """One memory, whole, also when it was forgotten."""
    return Call(wire.Get(id=id))


def edit(
    id: str,
    *,
    title: str | None = None,
    narrative: str | None = None,
    memory_type: str | None = None,
    source_files: Iterable[FilePath] | None = None,
    symbols: Iterable[str] | None = None,
    concepts: Iterable[str] | None = None,
    tags: Iterable[str] | None = None,
    importance_score: float | None = None,
    unresolved: bool = False,
) -> Call[Memory]:
    """Change what is given, leave the rest, and accept the code of now as what the memory is true for."""
    return Call(
        wire.Edit(
            id=id,
            title=title,
            narrative=narrative,
            memory_type=memory_type,
            source_files=None if source_files is None else paths_of(source_files),
            symbols=None if symbols is None else list(symbols),
            concepts=None if concepts is None else list(concepts),
            tags=None if tags is None else list(tags),
            importance_score=importance_score,
            unresolved=unresolved,
        )
    )


def verify(id: str) -> Call[Memory]:
    """Say that a memory is still true: the code of now becomes one more accepted form of each of its anchors."""
    return Call(wire.Verify(id=id))


def forget(
    ids: str | Iterable[str] = (),
    *,
    older_than_days: float | None = None,
    containing: str | None = None,
    purge: bool = False,
    dry_run: bool = False,
) -> Call[wire.ForgetReply]:
    """Forget by id, or all that match; undoable for 30 days with `restore`.

    Args:
        ids: one id or many.
        older_than_days: those stored longer ago than this.
        containing: those with this in their text.
        purge: erase for good, by id only.
        dry_run: only say what would be forgotten.
    """
    return Call(
        wire.Forget(
            ids=[ids] if isinstance(ids, str) else list(ids),
            older_than_days=older_than_days,
            containing=containing,
            purge=purge,
            dry_run=dry_run,
        )
    )


def restore(id: str) -> Call[Memory]:
    """Bring back what was forgotten."""
    return Call(wire.Restore(id=id))


def pin(id: str) -> Call[Memory]:
    """Importance 1.0: always in the context, never decays."""
    return Call(wire.Pin(id=id, pinned=True))


def unpin(id: str) -> Call[Memory]:
    """Undo `pin`; the importance is again what it was before."""
    return Call(wire.Pin(id=id, pinned=False))


def link(id: str, kind: LinkKind, target_id: str, *, remove: bool = False) -> Call[Memory]:
    """Say what a memory is to another: `id` supersedes `target_id`; with `remove`, that it is so no more."""
    return Call(wire.Link(id=id, kind=kind, target_id=target_id, remove=remove))


def rate(id: str, useful: bool, *, context: str = "", session_id: str | None = None) -> Call[wire.RateReply]:
    """Say whether a memory helped: useful takes 40 % of what is missing to 1, not useful a quarter away."""
    return Call(wire.Rate(id=id, useful=useful, context=context, session_id=session_id))


def history(id: str) -> Call[wire.HistoryReply]:
    """The states a memory has had, newest first, where the code of its anchors has been, and how it was rated."""
    return Call(wire.History(id=id))


def _memory(index: int, fields: Mapping[str, Any]) -> wire.Store:
    fields = {
        name: paths_of(value) if name in ("source_files", "files") and value is not None else value
        for name, value in fields.items()
    }
    try:
        return msgspec.convert(fields, wire.Store)
    except msgspec.ValidationError as error:
        raise RecallError("invalid_params", f"memories[{index}]: {error}", field="memories", index=index) from None
