"""Requests that find memories: lists, search, what is stale, what a change touches."""

from __future__ import annotations

from typing import Annotated

import msgspec

from recall.protocol.requests.base import Id, Label, Limit, Reply, Request, Sort
from recall.protocol.values import Brief, GraphEdge, GraphNode


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


class ExploreReply(Reply):
    """What `Explore` is answered with."""

    nodes: list[GraphNode]
    """Memories and what they hang on, the most strongly activated first."""
    edges: list[GraphEdge]
    warnings: list[str] = []


class Explore(Request):
    """What belongs together: from the memories that answer a query, or from one, over what they share."""

    method = "explore"
    reply = ExploreReply
    query: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)] | None = None
    id: Id | None = None
    """Of a memory; one of the two is given."""
    depth: Annotated[int, msgspec.Meta(ge=1, le=2)] = 2
    """Steps from memory to memory."""
    limit: Limit = 20
    """Memories at most."""


class AuditReply(Reply):
    """What `Audit` is answered with."""

    memories: list[Brief]
    """Those that no longer agree with the code, the worst first, each with the command that proved it."""
    checked: int
    """How many memories with anchors were looked at."""
    total: int
    """How many of those are stale; `memories` holds at most `limit`."""
    warnings: list[str] = []


class Audit(Request):
    """Memories that may not be true any more: the code they are tied to has changed or is gone."""

    method = "audit"
    reply = AuditReply
    about: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)] | None = None
    """Only those that a search for this finds."""
    older_than_days: Annotated[float, msgspec.Meta(ge=0)] | None = None
    limit: Limit = 50


class AffectedReply(Reply):
    """What `Affected` is answered with."""

    since: str
    """The revision that the tree is compared with, as given; `HEAD` for the uncommitted change."""
    files: list[str]
    """What changed, relative to the tree's root, sorted; removed and untracked files too."""
    memories: list[Brief]
    """Those tied to what changed, decisions first; `why` names the symbol, file or folder."""
    stale: int
    """How many of `memories` no longer agree with the code."""
    warnings: list[str] = []


class Affected(Request):
    """The memories that a change touches: the uncommitted one, or all since a revision."""

    method = "affected"
    reply = AffectedReply
    revision: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | None = None
