"""What tools answer with: values with the wire's names for programs, and a short text for whoever reads.

What memories say is data. In a text it stands inside the marker of injected text, and nowhere is there a string in
which a marker could be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from recall.mcp.schema import Unlisted
from recall.protocol.marking import escaped, marked
from recall.protocol.values import Value


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


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, dict):
        return {name: _harmless(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_harmless(each) for each in value]
    return value
