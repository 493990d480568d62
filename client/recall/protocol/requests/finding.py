"""Requests that find memories: lists, search, what is stale, what a change touches."""

from __future__ import annotations

from typing import Annotated

import msgspec

from recall.protocol.requests.base import (
    MAX_LIMIT,
    MAX_OFFSET,
    MAX_TITLE,
    Days,
    Id,
    Label,
    Limit,
    Path,
    Paths,
    Reply,
    Request,
    Sort,
    TokenBudget,
)
from recall.protocol.values import Brief, Finding, GraphEdge, GraphNode, Score, Verdict

Time = Annotated[str, msgspec.Meta(min_length=4, max_length=40)]


class Filtered(Request):
    """What memories must be to be found; all that is given must hold."""

    memory_types: list[str] = []
    """Any of these."""
    concepts: list[Label] = []
    """All of these, however they are spelled: `N+1 queries` is `n plus one` too."""
    tags: list[Label] = []
    """All of these, whatever their case."""
    source_files: Paths = []
    """Tied to code in any of these files, or at or below these folders, then or now."""
    symbols: Paths = []
    """Tied to any of these symbols (`path::Outer`) or to what is inside, then or now."""
    session_id: Id | None = None
    since: Time | None = None
    """Stored at this time or later: an ISO 8601 date or time, in UTC where it names no other zone."""
    until: Time | None = None
    """Stored at this time or earlier; a date means to the end of that day."""
    verdicts: list[Verdict] = []
    """Any of these; memories tied to no code have none."""
    min_importance: Score | None = None
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TITLE)] | None = None
    """With this in its title, whatever the case of Latin letters."""
    personal: bool | None = None
    """True: personal ones alone; false: none of them."""


class ListReply(Reply):
    """What `List` is answered with."""

    memories: list[Brief]
    total: int


class ListMemories(Filtered):
    """Memories of the workspace, filtered and sorted."""

    method = "list"
    reply = ListReply
    sort: Sort = "importance"
    unrated: bool = False
    no_files: bool = False
    forgotten: bool = False
    """Those that were forgotten and can still be restored, instead."""
    limit: Limit = 50
    offset: Annotated[int, msgspec.Meta(ge=0, le=MAX_OFFSET)] = 0


class SearchReply(Reply):
    """What `Search` is answered with."""

    results: list[Brief]
    matched: int = 0
    """How many of those looked at passed the filters and had to do with the query at all."""
    returned: int = 0
    left_out: dict[str, int] = {}
    """How many of the matched are not among the results, by the reason: `below_threshold`, `limit`, `token_budget`."""
    stale: int = 0
    """How many of the results no longer agree with the code."""
    tokens: int = 0
    """What the titles and summaries of the results cost, by estimate."""
    warnings: list[str] = []


class Search(Filtered, kw_only=True):
    """Memories that answer a question, by meaning and by words."""

    method = "search"
    reply = SearchReply
    query: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    limit: Limit = 10
    token_budget: TokenBudget | None = None
    """What titles and summaries of the results may cost together, in tokens by estimate."""
    file_path: Path | None = None
    """The file somebody works on: what is tied to it, or near it, ranks higher."""
    symbol: Path | None = None
    """The symbol somebody works on: a name in `file_path`, or `path::name`."""
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
    personal: bool = True
    """Whether personal memories are shown too."""


class AuditReply(Reply):
    """What `Audit` is answered with."""

    memories: list[Brief]
    """Those that no longer agree with the code, the worst first, each with the command that proved it."""
    checked: int
    """How many memories with anchors were looked at."""
    total: int
    """How many of those are stale; `memories` holds at most `limit`."""
    warnings: list[str] = []
    findings: list[Finding] = []
    """What should be looked at, what matters most first, at most `limit`; each memory once, by what weighs most."""
    findings_total: int = 0
    by_kind: dict[str, int] = {}
    """How many findings there are of each kind."""
    quiet: int = 0
    """How many memories are left out because somebody said to keep them, or put them off, and nothing changed since."""
    unchecked: int = 0
    """How many memories were not compared with the others yet: the next audits go on with them."""
    matching: list[Brief] = []
    """With `about` or `older_than_days`: every memory that matches, the healthy ones too, at most `limit`."""
    matching_total: int = 0
    healthy: list[str] = []
    """The ids of those in `matching` that nothing speaks against."""


class Audit(Request):
    """What should be looked at: memories that may not be true, that say the same, that nobody uses, and so on."""

    method = "audit"
    reply = AuditReply
    about: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)] | None = None
    """Only those that a search for this finds."""
    older_than_days: Days | None = None
    limit: Limit = 50
    put_off: bool = False
    """Also what was put off for later."""
    ids: Annotated[list[Id], msgspec.Meta(max_length=MAX_LIMIT)] = []
    """Only these memories."""


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
