"""Calls that find memories."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, TypedDict, Unpack

from recall.calls.base import Call, FilePath, paths_of
from recall.protocol import requests as wire
from recall.protocol.values import Verdict


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
    title: str | None
    """With this in its title."""
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
    query: str | None = None, *, id: str | None = None, depth: int = 2, limit: int = 20, personal: bool = True
) -> Call[wire.ExploreReply]:
    """What belongs together, as a graph: memories, and the concepts, code and sessions that they share.

    Args:
        query: start from the memories that answer it.
        id: or from this one.
        depth: steps from memory to memory, 1 or 2.
        limit: at most so many memories.
        personal: whether personal memories are shown too.
    """
    return Call(wire.Explore(query=query, id=id, depth=depth, limit=limit, personal=personal))


def audit(
    *,
    about: str | None = None,
    older_than_days: float | None = None,
    limit: int = 50,
    put_off: bool = False,
    ids: Iterable[str] = (),
) -> Call[wire.AuditReply]:
    """What should be looked at, what matters most first, each with a reason and a proposed act.

    Args:
        about: only memories about this; `matching` has all of them, the healthy ones too.
        older_than_days: only those stored longer ago than this; `matching` likewise.
        limit: at most so many of each list.
        put_off: also what was put off for later.
        ids: only these memories.
    """
    request = wire.Audit(about=about, older_than_days=older_than_days, limit=limit, put_off=put_off, ids=list(ids))
    return Call(request, work_s=30.0)


def affected(revision: str | None = None) -> Call[wire.AffectedReply]:
    """The memories tied to what a change made different, decisions first.

    Args:
        revision: all that is different from this commit; without it, all that is not committed.
    """
    return Call(wire.Affected(revision=revision), work_s=30.0)


def _filters(given: Filters) -> dict[str, Any]:
    lists = ("memory_types", "concepts", "tags", "source_files", "symbols", "verdicts")
    return {name: paths_of(value) if name in lists else value for name, value in dict[str, Any](given).items()}
