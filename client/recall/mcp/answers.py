"""What tools answer with: values with the wire's names for programs, and a short text for whoever reads.

What memories say is data. In a text it stands inside the marker of injected text, and nowhere is there a string in
which a marker could be read. No answer is longer than an agent can afford: what does not fit is left out, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from recall.mcp.schema import Unlisted
from recall.protocol import requests as wire
from recall.protocol.marking import escaped, marked, token_estimate
from recall.protocol.values import Brief, Choice, Context, Finding, Link, Memory, Value

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


class Shown(Value, omit_defaults=True):
    """A memory in a list."""

    id: str
    title: str
    memory_type: str
    importance_score: Annotated[float, Unlisted]
    score: float | None = None
    similarity: float | None = None
    summary: str = ""
    verdict: str | None = None
    reason: str = ""
    why: list[str] = []
    source_files: list[str] = []
    symbols: list[str] = []
    concepts: list[str] = []
    tags: list[str] = []
    superseded_by: str | None = None
    personal: bool = False
    created_at: str = ""

    def line(self) -> str:
        """It, in a few lines."""
        said = [self.id, f"{'personal ' if self.personal else ''}{self.memory_type}"]
        if self.score is not None:
            said.append(f"score {self.score:.2f}")
        if self.similarity is not None:
            said.append(f"says the same by {self.similarity:.2f}")
        if self.verdict is not None:
            said.append(f"{self.verdict}: {self.reason}" if self.reason else self.verdict)
        if self.superseded_by is not None:
            said.append(f"superseded by {self.superseded_by}")
        places = ", ".join([*self.source_files, *self.symbols])
        lines = [f"{self.title} ({'; '.join(said)})", "" if self.summary == self.title else self.summary, places]
        return "\n".join(filter(None, lines))


class Answer(Value):
    """What all answers are."""

    def text(self) -> str:
        """It, for whoever reads."""
        raise NotImplementedError

    def value(self) -> dict[str, Any]:
        """It, for programs: without what is not there, and without a string in which a marker could be read."""
        fields: dict[str, Any] = msgspec.to_builtins(self)
        # The daemon marked and escaped a context; nobody else's text goes without being escaped.
        there = {name: each for name, each in fields.items() if each is not None}
        return {name: each if name == "context" else _harmless(each) for name, each in there.items()}


# --- stored, rated, changed, forgotten ---------------------------------------------------------------


class Stored(Answer):
    """`memory_store`."""

    id: str
    title: str
    memory_type: str
    importance_score: float
    created_at: str
    similar: list[Shown] = []
    choices: Annotated[list[str], Unlisted] = []
    superseded: Annotated[list[dict[str, str]], Unlisted] = []
    contradicts: Annotated[list[dict[str, str]], Unlisted] = []
    warnings: Annotated[list[str], Unlisted] = []

    def text(self) -> str:
        """It, for whoever reads."""
        lines = [f"stored {self.id}: {self.title}"]
        lines += [f"supersedes {link['id']}: {link['title']}" for link in self.superseded]
        lines += [f"says otherwise than {link['id']}: {link['title']}" for link in self.contradicts]
        if self.similar:
            lines.append(f"these say nearly the same, so {', or '.join(self.choices)}:")
            lines += [each.line() for each in self.similar]
        return _said("\n".join(lines), "what was stored", self.warnings)


class Rated(Answer):
    """`memory_rate`."""

    memory_id: str
    previous_importance: float
    updated_importance: float
    rating_recorded: bool

    def text(self) -> str:
        """It, for whoever reads."""
        return f"importance of {self.memory_id}: {self.previous_importance:.2f} → {self.updated_importance:.2f}"


class Updated(Answer):
    """`memory_update`."""

    id: str
    title: str
    change: str
    memory_type: Annotated[str, Unlisted]
    importance_score: float
    version: Annotated[int, Unlisted]
    verdict: str | None = None
    reason: Annotated[str, Unlisted] = ""

    def text(self) -> str:
        """It, for whoever reads."""
        verdict = f", {self.verdict}" if self.verdict else ""
        shown = f"{self.change} {self.id}: {self.title} (importance {self.importance_score:.2f}{verdict})"
        return marked(shown, self.id)


class Forgotten(Answer):
    """`memory_forget`."""

    ids: list[str]
    titles: list[str]
    count: int
    dry_run: bool = False
    warnings: Annotated[list[str], Unlisted] = []

    def text(self) -> str:
        """It, for whoever reads."""
        done = "would be forgotten" if self.dry_run else "forgotten; memory_update with restore brings one back"
        listed = [f"{each} {title}" for each, title in zip(self.ids, self.titles, strict=True)]
        if self.count > len(listed):
            listed.append(f"and {self.count - len(listed):,} more")
        return _said("\n".join([f"{self.count:,} {done}", *listed]), "what was asked to forget", self.warnings)


# --- found --------------------------------------------------------------------------------------------


class Results(Answer):
    """`memory_search`."""

    results: list[Shown]
    matched: int = 0
    left_out: Annotated[dict[str, int], Unlisted] = {}
    stale: int = 0
    warnings: Annotated[list[str], Unlisted] = []

    def text(self) -> str:
        """It, for whoever reads."""
        if not self.results:
            return _with_warnings("nothing that is stored answers this", self.warnings)
        left = ", ".join(f"{number} by {reason.replace('_', ' ')}" for reason, number in self.left_out.items())
        told = f"{len(self.results)} of {self.matched} that match" + (f"; left out: {left}" if left else "")
        return _said("\n\n".join([told, *(each.line() for each in self.results)]), "a search", self.warnings)


class OfFile(Answer):
    """`memory_by_file`."""

    file_path: str
    memories: list[Shown]
    context: Annotated[str, Meta(description="their texts")] = ""
    left_out: int = 0
    stale: Annotated[int, Unlisted] = 0
    warnings: Annotated[list[str], Unlisted] = []

    def text(self) -> str:
        """It, for whoever reads."""
        if not self.memories:
            return _with_warnings(f"no memories about {escaped(self.file_path)}", self.warnings)
        lines = [self.context, _ids(self.memories), _more(self.left_out)]
        return _with_warnings("\n".join(filter(None, lines)), self.warnings)


class Explored(Answer):
    """`memory_explore`."""

    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]
    memory: dict[str, Any] = {}
    left_out: Annotated[int, Unlisted] = 0
    warnings: Annotated[list[str], Unlisted] = []

    def text(self) -> str:
        """It, for whoever reads."""
        lines = [_told(self.memory)] if self.memory else []
        for node in self.nodes:
            why = "; ".join([node["id"], *node["why"]]) if node["kind"] == "memory" else ""
            lines.append(f"{node['kind']} {node['label']}" + (f" ({why})" if why else ""))
        if not lines:
            return _with_warnings("nothing that is stored has to do with this", self.warnings)
        return _said("\n".join(filter(None, [*lines, _more(self.left_out)])), "what belongs together", self.warnings)


class Found(Value, omit_defaults=True):
    """A finding of an audit."""

    kind: str
    memory: Shown
    reason: str
    act: str
    other: Shown | None = None
    evidence: str = ""


class Audited(Answer):
    """`memory_audit`."""

    findings: list[Found] = []
    findings_total: int = 0
    matching: list[Shown] = []
    matching_total: int = 0
    ready: bool | None = None
    lines: Annotated[list[dict[str, Any]], Unlisted] = []
    answered: Annotated[list[str], Unlisted] = []
    quiet: Annotated[int, Unlisted] = 0
    unchecked: Annotated[int, Unlisted] = 0
    warnings: Annotated[list[str], Unlisted] = []

    def text(self) -> str:
        """It, for whoever reads."""
        lines = [f"answered: {', '.join(self.answered)}"] if self.answered else []
        for each in self.lines:
            act = f" → {each['act']}" if each["act"] else ""
            lines.append(f"{'ready' if each['ready'] else 'to do'}: {each['line']}: {each['found']}{act}")
        if self.ready is None and not self.answered:
            lines.append(f"{self.findings_total} to look at" if self.findings_total else "nothing to look at")
        for finding in self.findings:
            other = f"\nthe other: {finding.other.line()}" if finding.other else ""
            check = f"\ncheck with: {finding.evidence}" if finding.evidence else ""
            lines.append(
                f"\n{finding.kind}: {finding.reason}; proposed: {finding.act}\n{finding.memory.line()}{other}{check}"
            )
        looked_at = {finding.memory.id for finding in self.findings}
        if self.matching_total:
            lines.append(f"\n{self.matching_total} match")
            lines += [each.line() for each in self.matching if each.id not in looked_at]
        return _said("\n".join(lines), "an audit", self.warnings)


# --- sessions -----------------------------------------------------------------------------------------


class Given(Answer):
    """`session_start`, `session_get_context`."""

    session_id: str
    injected_memories: list[Shown]
    context_summary: str
    context: Annotated[str, Meta(description="their texts")] = ""
    last_summary: Annotated[str, Unlisted] = ""
    left_out: int = 0
    already_given: Annotated[int, Unlisted] = 0
    stale: Annotated[int, Unlisted] = 0
    to_audit: Annotated[int, Unlisted] = 0
    branch: Annotated[str | None, Unlisted] = None
    resumed: Annotated[bool, Unlisted] = False
    warnings: Annotated[list[str], Unlisted] = []

    def text(self) -> str:
        """It, for whoever reads."""
        lines = [f"session {escaped(self.session_id)}. {escaped(self.context_summary)}"]
        if self.last_summary:
            lines.append(marked(self.last_summary, "session, from the end of the last one"))
        if self.already_given:
            lines.append(f"{self.already_given} given before are left out")
        if self.to_audit:
            lines.append(f"{self.to_audit} should be looked at: memory_audit")
        lines += [self.context, _ids(self.injected_memories), _more(self.left_out)]
        return _with_warnings("\n".join(filter(None, lines)), self.warnings)


class Recorded(Answer):
    """`session_record_observation`."""

    session_id: str
    recorded: bool
    dropped: Annotated[int, Unlisted] = 0
    warnings: Annotated[list[str], Unlisted] = []

    def text(self) -> str:
        """It, for whoever reads."""
        done = (
            "recorded" if self.recorded else "not recorded: the session is over its limits; end it, and start another"
        )
        return _with_warnings(done, self.warnings)


class Ended(Answer):
    """`session_end`."""

    session_id: str
    status: str
    extraction_job_id: str
    estimated_memories: int
    warnings: Annotated[list[str], Unlisted] = []

    def text(self) -> str:
        """It, for whoever reads."""
        told = f"session {escaped(self.session_id)} {self.status}; about {self.estimated_memories} memories come of it"
        return _with_warnings(told, self.warnings)


# --- made of replies ----------------------------------------------------------------------------------


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


def _told(memory: dict[str, Any]) -> str:
    head = f"{memory['title']} ({memory['id']}; {memory['memory_type']}; importance {memory['importance_score']:.2f})"
    lines = [head, memory["narrative"]]
    for anchor in memory["anchors"]:
        place = f"{anchor['path']}::{anchor['symbol']}" if "symbol" in anchor else anchor["path"]
        lines.append(f"{place}: {anchor.get('verdict', 'not looked at yet')} {anchor.get('reason', '')}".rstrip())
        lines.append(anchor.get("diff", ""))
    return "\n".join(filter(None, lines))


def _said(text: str, origin: str, warnings: Iterable[str]) -> str:
    return _with_warnings(marked(text, origin), warnings)


def _with_warnings(text: str, warnings: Iterable[str]) -> str:
    return "\n".join([text, *(f"warning: {escaped(each)}" for each in warnings)])


def _ids(memories: Sequence[Shown]) -> str:
    """What to call the memories of a context, which has them in this order."""
    return f"ids, in this order: {', '.join(each.id for each in memories)}" if memories else ""


def _more(left_out: int) -> str:
    return f"{left_out} more had no room" if left_out else ""


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[:characters]}… ({len(text) - characters:,} characters more)"


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, dict):
        return {name: _harmless(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_harmless(each) for each in value]
    return value
