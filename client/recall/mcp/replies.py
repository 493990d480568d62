"""The daemon's replies as tools answer them.

No answer is longer than an agent can afford: what does not fit is left out, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from recall.mcp.answers import (
    Audited,
    Ended,
    Explored,
    Forgotten,
    Found,
    Given,
    OfFile,
    Rated,
    Recorded,
    Results,
    Shown,
    Stored,
    Updated,
)
from recall.protocol import requests as wire
from recall.protocol.marking import marked, token_estimate
from recall.protocol.values import Brief, Choice, Context, Finding, Link, Memory

MOST_TOKENS = 3_000
"""Of one list in an answer, by estimate."""
MOST_NARRATIVE, MOST_DIFF = 9_000, 3_000
"""Characters of a whole memory's text, and of how its code has changed."""
SIMILAR_SHOWN = 5
_CHOICES = {
    "update": "update it instead (memory_update), and forget the new one",
    "supersede": 'let the new one take its place (memory_update with link "supersedes")',
    "store_anyway": "keep both",
}

T = TypeVar("T")


def shown(brief: Brief, *, short: bool = False) -> Shown:
    """A memory in a list.

    Args:
        brief: as the daemon gives it.
        short: without what stands in the text beside it.
    """
    return Shown(
        id=brief.id,
        title=brief.title,
        memory_type=brief.memory_type,
        importance_score=brief.importance_score,
        score=None if brief.score is None else round(brief.score, 4),
        similarity=brief.similarity,
        summary="" if short else brief.summary,
        verdict=brief.verdict,
        reason=brief.reason,
        why=brief.why,
        source_files=[] if short else brief.source_files,
        symbols=[] if short else brief.symbols,
        concepts=[] if short else brief.concepts,
        tags=[] if short else brief.tags,
        superseded_by=brief.superseded_by,
        personal=brief.personal,
        created_at=brief.created_at,
    )


def stored(reply: wire.StoreReply) -> Stored:
    """The answer of `memory_store`."""
    return Stored(
        id=reply.id,
        title=reply.title,
        memory_type=reply.memory_type,
        importance_score=reply.importance_score,
        created_at=reply.created_at,
        similar=[shown(brief) for brief in reply.similar[:SIMILAR_SHOWN]],
        choices=[_choice(each) for each in reply.choices],
        superseded=[_link(each) for each in reply.superseded],
        contradicts=[_link(each) for each in reply.contradicts],
        warnings=reply.warnings,
    )


def rated(reply: wire.RateReply) -> Rated:
    """The answer of `memory_rate`."""
    return Rated(
        memory_id=reply.memory_id,
        previous_importance=reply.previous_importance,
        updated_importance=reply.updated_importance,
        rating_recorded=reply.rating_recorded,
    )


def searched(reply: wire.SearchReply) -> Results:
    """The answer of `memory_search` to a question."""
    results, cut = fitting(reply.results, shown)
    left_out = dict(reply.left_out) | ({"length": cut} if cut else {})
    return Results(
        results=results, matched=reply.matched, left_out=left_out, stale=reply.stale, warnings=reply.warnings
    )


def listed(reply: wire.ListReply) -> Results:
    """The answer of `memory_search` without a question."""
    results, _ = fitting(reply.memories, shown)
    left = reply.total - len(results)
    return Results(results=results, matched=reply.total, left_out={"limit": left} if left else {})


def of_file(reply: Context, warnings: Sequence[str]) -> OfFile:
    """The answer of `memory_by_file`."""
    memories, _ = fitting(reply.memories, lambda brief: shown(brief, short=True))
    return OfFile(
        file_path=reply.file_path,
        memories=memories,
        context=reply.text,
        left_out=reply.left_out,
        stale=reply.stale,
        warnings=list(warnings),
    )


def of_symbol(reply: wire.BySymbolReply) -> OfFile:
    """The answer of `memory_by_file` about one symbol."""
    memories, cut = fitting(reply.symbol.memories, shown)
    where = f"{reply.file_path}::{reply.symbol.name}"
    context = marked("\n\n".join(each.line() for each in memories), where) if memories else ""
    return OfFile(file_path=where, memories=memories, context=context, left_out=cut, warnings=reply.warnings)


def explored(reply: wire.ExploreReply, memory: Memory | None) -> Explored:
    """The answer of `memory_explore`."""
    nodes, cut = fitting(reply.nodes, msgspec.to_builtins)
    known = {node["id"] for node in nodes}
    among = [edge for edge in reply.edges if edge.source in known and edge.target in known]
    edges, _ = fitting(among, msgspec.to_builtins)
    return Explored(
        nodes=nodes, edges=edges, memory=whole(memory) if memory else {}, left_out=cut, warnings=reply.warnings
    )


def whole(memory: Memory) -> dict[str, Any]:
    """A memory with all it has; only very long texts are cut."""
    value = {name: each for name, each in msgspec.to_builtins(memory).items() if each not in (None, "", [], False)}
    value["narrative"] = _cut(memory.narrative, MOST_NARRATIVE)
    value["anchors"] = [
        {
            name: _cut(each, MOST_DIFF) if name == "diff" else each
            for name, each in anchor.items()
            if each not in (None, "", [])
        }
        for anchor in msgspec.to_builtins(memory.anchors)
    ]
    return value


def updated(memory: Memory, change: str) -> Updated:
    """The answer of `memory_update`."""
    return Updated(
        id=memory.id,
        title=memory.title,
        change=change,
        memory_type=memory.memory_type,
        importance_score=memory.importance_score,
        version=memory.version,
        verdict=memory.verdict,
        reason=memory.reason,
    )


def forgotten(reply: wire.ForgetReply, *, dry_run: bool) -> Forgotten:
    """The answer of `memory_forget`."""
    pairs, _ = fitting(list(zip(reply.ids, reply.titles, strict=True)), lambda pair: pair)
    return Forgotten(
        ids=[each for each, _ in pairs],
        titles=[title for _, title in pairs],
        count=len(reply.ids),
        dry_run=dry_run,
        warnings=reply.warnings,
    )


def audited(reply: wire.AuditReply) -> Audited:
    """The answer of `memory_audit` that lists what should be looked at, and what matches."""
    findings, _ = fitting(reply.findings, _found)
    matching, _ = fitting(reply.matching, shown)
    return Audited(
        findings=findings,
        findings_total=reply.findings_total,
        matching=matching,
        matching_total=reply.matching_total,
        quiet=reply.quiet,
        unchecked=reply.unchecked,
        warnings=reply.warnings,
    )


def checklist(reply: wire.ReadyReply) -> Audited:
    """The answer of `memory_audit` with `ready`."""
    return Audited(ready=reply.ready, lines=msgspec.to_builtins(reply.lines))


def given(reply: wire.SessionContextReply) -> Given:
    """The answer of `session_start` and `session_get_context`."""
    memories, _ = fitting(reply.injected_memories, lambda brief: shown(brief, short=True))
    return Given(
        session_id=reply.session_id,
        injected_memories=memories,
        context_summary=reply.context_summary,
        context=reply.text,
        last_summary=_cut(reply.last_summary, MOST_DIFF),
        left_out=reply.left_out,
        already_given=reply.already_given,
        stale=reply.stale,
        to_audit=reply.to_audit,
        branch=reply.branch,
        resumed=reply.resumed,
        warnings=reply.warnings,
    )


def recorded(reply: wire.SessionRecordObservationReply) -> Recorded:
    """The answer of `session_record_observation`."""
    return Recorded(
        session_id=reply.session_id, recorded=reply.recorded, dropped=reply.dropped, warnings=reply.warnings
    )


def ended(reply: wire.SessionEndReply) -> Ended:
    """The answer of `session_end`."""
    return Ended(
        session_id=reply.session_id,
        status=reply.status,
        extraction_job_id=reply.extraction_job_id,
        estimated_memories=reply.estimated_memories,
        warnings=reply.warnings,
    )


def fitting(items: Iterable[Any], show: Callable[[Any], T]) -> tuple[list[T], int]:
    """As many of the first items as an answer has room for, as they are shown, and how many are left out."""
    kept: list[T] = []
    tokens = left = 0
    for item in items:
        each = show(item)
        tokens += token_estimate(msgspec.json.encode(each).decode())
        if left or (kept and tokens > MOST_TOKENS):
            left += 1
        else:
            kept.append(each)
    return kept, left


def _found(finding: Finding) -> Found:
    return Found(
        kind=finding.kind,
        memory=shown(finding.memory),
        reason=finding.reason,
        act=finding.act,
        other=None if finding.other is None else shown(finding.other, short=True),
        evidence=finding.memory.evidence or "",
    )


def _link(link: Link) -> dict[str, str]:
    return {"id": link.id, "title": link.title}


def _choice(choice: Choice) -> str:
    return _CHOICES.get(choice.choice, choice.choice)


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[:characters]}… ({len(text) - characters:,} characters more)"
