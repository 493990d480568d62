"""What can be asked of the daemon: each function builds one call, which both clients know how to make.

The functions become the methods of `Client` and `AsyncClient`, with their names, signatures and texts.
Paths are relative to the tree's root, or absolute inside it.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypedDict, TypeVar, Unpack

import msgspec

from recall.protocol import requests as wire
from recall.protocol.codec import ReplyEnvelope, result_of
from recall.protocol.errors import RecallError
from recall.protocol.values import Context, LinkKind, Memory, Verdict

R = TypeVar("R")
FilePath = str | os.PathLike[str]


class Call(Generic[R]):
    """One request, and how its reply is read.

    Args:
        request: what to ask.
        about_tree: whether it concerns a tree, so that the envelope names one.
        work_s: seconds the daemon may take for it on top of the usual deadline.
        finish: makes the result out of the reply; without it the reply is the result.
    """

    def __init__(
        self,
        request: wire.Request,
        *,
        about_tree: bool = True,
        work_s: float = 0.0,
        finish: Callable[[Any], R] | None = None,
    ) -> None:
        self.request = request
        self.about_tree = about_tree
        self.work_s = work_s
        self._finish = finish

    def result(self, envelope: ReplyEnvelope) -> R:
        """The result that an answer holds.

        Raises:
            RecallError: the refusal that it holds.
        """
        reply = result_of(envelope, self.request.reply)
        result: R = self._finish(reply) if self._finish else reply
        return result


class StoredIds(list[str]):
    """The ids of memories stored together, in order.

    Attributes:
        warnings: what the daemon has to say about them.
    """

    def __init__(self, reply: wire.StoreManyReply) -> None:
        super().__init__(reply.ids)
        self.warnings = reply.warnings


def describe(method: Callable[..., Any], build: Callable[..., Any], name: str) -> None:
    """Give a client's method the name, signature and text of the function that builds its call."""
    signature = inspect.signature(build)
    client = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    method.__signature__ = signature.replace(parameters=[client, *signature.parameters.values()])  # type: ignore[attr-defined]  # read by inspect
    method.__name__, method.__qualname__, method.__doc__ = name, name, build.__doc__


# --- the daemon itself ---------------------------------------------------------------------------


def hello() -> Call[wire.HelloReply]:
    """Ask who is there: version, protocol, process id, epoch, and whether all is ready."""
    return Call(wire.Hello(), about_tree=False)


def status() -> Call[wire.StatusReply]:
    """Ask how everything is: workspaces, vectors, jobs, queues, quarantined files, warnings."""
    return Call(wire.Status(), about_tree=False)


def shutdown() -> Call[wire.Done]:
    """Stop the daemon, in order, within two seconds."""
    return Call(wire.Shutdown(), about_tree=False)


def open_workspace(path: FilePath, workspace_id: str | None = None) -> Call[wire.OpenWorkspaceReply]:
    """Make the project that holds a folder a workspace, or find it, and follow its tree.

    Args:
        path: any folder inside the project.
        workspace_id: take this workspace instead of the one that the folder's identity names.
    """
    return Call(
        wire.OpenWorkspace(path=str(Path(path).expanduser().resolve()), workspace_id=workspace_id), about_tree=False
    )


def close_tree() -> Call[wire.Done]:
    """Stop following the tree; its memories stay."""
    return Call(wire.CloseTree())


def sync(timeout_s: float = 30.0) -> Call[wire.SyncReply]:
    """Return once every change made to the tree before the call is reflected in verdicts and contexts.

    Args:
        timeout_s: seconds after which the daemon gives up with `timeout`.
    """
    return Call(wire.Sync(timeout_s=timeout_s), work_s=timeout_s)


def reindex() -> Call[wire.ReindexReply]:
    """Rebuild what is derived: outlines, full text, vectors. Returns when that is queued; status says how far it is."""
    return Call(wire.Reindex())


# --- memories ------------------------------------------------------------------------------------


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
            source_files=_paths(source_files),
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
            files=None if files is None else _paths(files),
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
            source_files=None if source_files is None else _paths(source_files),
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
    """The states a memory has had, newest first, and where the code of its anchors has been."""
    return Call(wire.History(id=id))


class Filters(TypedDict, total=False):
    """What memories must be to be found, of `search` and `list`; all that is given must hold."""

    memory_types: Iterable[str]
    """Any of these."""
    concepts: Iterable[str]
    """All of these."""
    tags: Iterable[str]
    """All of these."""
    source_files: Iterable[FilePath]
    """Tied to code in any of these files, or at or below these folders."""
    symbols: Iterable[str]
    """Tied to any of these (`path::Outer`), or to what is inside."""
    session_id: str | None
    """Learned in this session."""
    since: str | None
    """Stored then or later: an ISO 8601 date or time, in UTC where it names no zone."""
    until: str | None
    """Stored then or earlier; a date means to the end of that day."""
    verdicts: Iterable[Verdict]
    """Any of these."""
    min_importance: float | None
    """At least so important, 0 to 1."""
    personal: bool | None
    """True for personal ones alone, False for none of them."""


def list_memories(
    *,
    sort: wire.Sort = "importance",
    unrated: bool = False,
    no_files: bool = False,
    forgotten: bool = False,
    limit: int = 50,
    offset: int = 0,
    **filters: Unpack[Filters],
) -> Call[wire.ListReply]:
    """Memories of the workspace, filtered and sorted; with `forgotten`, those that can still be restored."""
    return Call(
        wire.ListMemories(
            sort=sort,
            unrated=unrated,
            no_files=no_files,
            forgotten=forgotten,
            limit=limit,
            offset=offset,
            **_filters(filters),
        )
    )


def search(
    query: str,
    *,
    limit: int = 10,
    token_budget: int | None = None,
    file_path: FilePath | None = None,
    symbol: str | None = None,
    explain: bool = False,
    **filters: Unpack[Filters],
) -> Call[wire.SearchReply]:
    """Memories that answer a question, by meaning and by words, best first.

    Args:
        query: a question or a few words.
        limit: at most so many.
        token_budget: what titles and summaries may cost together, in tokens by estimate.
        file_path: where you work: what is tied to it, or near it, ranks higher.
        symbol: the symbol you work on, a name in `file_path` or `path::name`.
        explain: say in `parts` what each score is made of.
        filters: only those for which these hold, see `Filters`.
    """
    return Call(
        wire.Search(
            query=query,
            limit=limit,
            token_budget=token_budget,
            file_path=None if file_path is None else os.fspath(file_path),
            symbol=symbol,
            explain=explain,
            **_filters(filters),
        )
    )


def explore(
    query: str | None = None, *, id: str | None = None, depth: int = 2, limit: int = 20
) -> Call[wire.ExploreReply]:
    """What belongs together, as a graph: memories, and the concepts, code and sessions that they share.

    Args:
        query: start from the memories that answer it.
        id: or from this one.
        depth: steps from memory to memory, 1 or 2.
        limit: at most so many memories.
    """
    return Call(wire.Explore(query=query, id=id, depth=depth, limit=limit))


def audit(*, about: str | None = None, older_than_days: float | None = None, limit: int = 50) -> Call[wire.AuditReply]:
    """Memories that may not be true any more, because their code has changed or is gone, the worst first.

    Args:
        about: only those that a search for this finds.
        older_than_days: only those stored longer ago than this.
        limit: at most so many.
    """
    return Call(wire.Audit(about=about, older_than_days=older_than_days, limit=limit))


def affected(revision: str | None = None) -> Call[wire.AffectedReply]:
    """The memories tied to what a change made different, decisions first.

    Args:
        revision: all that is different from this commit; without it, all that is not committed.
    """
    return Call(wire.Affected(revision=revision), work_s=30.0)


# --- code ----------------------------------------------------------------------------------------


def by_file(file_path: FilePath) -> Call[wire.ByFileReply]:
    """Memories tied to a file, to its symbols, or to a folder above it."""
    return Call(wire.ByFile(file_path=os.fspath(file_path)))


def by_symbol(symbol: str) -> Call[wire.BySymbolReply]:
    """One symbol with its memories; `symbol` is `path::Qualified.name`."""
    return Call(wire.BySymbol(symbol=symbol))


def outline(file_path: FilePath) -> Call[wire.OutlineReply]:
    """A file's symbols, the memories of the file and of each symbol, and its context."""
    return Call(wire.Outline(file_path=os.fspath(file_path)))


def context(file_path: FilePath) -> Call[Context]:
    """The prepared context of a file."""
    return Call(wire.ContextOf(file_path=os.fspath(file_path)))


def opened(file_path: FilePath) -> Call[wire.Done]:
    """Tell that an editor opened the file: its context is pushed to all who listen."""
    return Call(wire.Opened(file_path=os.fspath(file_path)))


def closed(file_path: FilePath) -> Call[wire.Done]:
    """Tell that an editor closed the file."""
    return Call(wire.Closed(file_path=os.fspath(file_path)))


def _paths(paths: Iterable[FilePath]) -> list[str]:
    return [os.fspath(path) for path in paths]


def _filters(given: Filters) -> dict[str, Any]:
    lists = ("memory_types", "concepts", "tags", "source_files", "symbols", "verdicts")
    return {name: _paths(value) if name in lists else value for name, value in dict[str, Any](given).items()}


def _memory(index: int, fields: Mapping[str, Any]) -> wire.Store:
    fields = {
        name: _paths(value) if name in ("source_files", "files") and value is not None else value
        for name, value in fields.items()
    }
    try:
        return msgspec.convert(fields, wire.Store)
    except msgspec.ValidationError as error:
        raise RecallError("invalid_params", f"memories[{index}]: {error}", field="memories", index=index) from None
