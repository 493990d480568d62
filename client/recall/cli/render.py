"""Replies as people read them. Pure: a reply and a style in, text out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from recall.cli.terminal import Style
from recall.protocol.requests import (
    AffectedReply,
    BySymbolReply,
    ForgetReply,
    HistoryReply,
    ListReply,
    OutlineReply,
    RateReply,
    SearchReply,
    StoreReply,
)
from recall.protocol.values import (
    STALE,
    Anchor,
    AnchorTrail,
    Brief,
    Link,
    Memory,
    MemoryVersion,
    Origin,
    Rating,
    SymbolOutline,
    link_words,
)


def stored(reply: StoreReply, style: Style) -> str:
    """What was stored, and what says nearly the same."""
    lines = [f"{style.good('stored')} {style.bold(reply.title)}", f"  {style.dim(_facts(reply))}"]
    for link in (*reply.superseded, *reply.contradicts):
        lines.append(f"  {_link(link, style)}")
        if link.origin == "recognised":
            back = f"recall link {reply.id} --{link.kind} {link.id} --remove"
            lines.append(style.dim(f"    to take that back: {back}"))
    if reply.similar:
        lines.append("  says nearly the same as")
        lines += [f"    {_line(brief, style)}" for brief in reply.similar]
        lines += [f"    to {choice.choice.replace('_', ' ')}: {style.accent(choice.how)}" for choice in reply.choices]
    return "\n".join(lines)


def found(reply: SearchReply, style: Style) -> str:
    """Search results, best first."""
    closing = _accounted(reply)
    if not reply.results:
        return f"nothing found{f' ({closing})' if closing else ''}"
    lines = [_result(brief, style) for brief in reply.results]
    return "\n".join([*lines, style.dim(closing)] if closing else lines)


def listed(reply: ListReply, style: Style) -> str:
    """Memories, one a line."""
    if not reply.memories:
        return "no memories" if not reply.total else f"no more; there are {reply.total:,}"
    types = max(len(brief.memory_type) for brief in reply.memories)
    lines = [
        f"{style.dim(brief.id)}  {brief.importance_score:.2f}  {style.accent(brief.memory_type.ljust(types))}  "
        f"{style.bold(brief.title)}{_mark(brief, style)}{_where(brief, style)}"
        for brief in reply.memories
    ]
    if reply.total > len(reply.memories):
        lines.append(style.dim(f"{len(reply.memories):,} of {reply.total:,}; --limit and --offset show others"))
    return "\n".join(lines)


def outline(reply: OutlineReply, style: Style) -> str:
    """A file's symbols as a tree, with the memories of the file and of each symbol."""
    ready = f"context {count(len(reply.context.memories), 'memory')}, {count(reply.context.tokens, 'token')}"
    facts = [
        reply.language or "",
        reply.status if reply.status != "parsed" else "",
        count(len(reply.symbols), "symbol"),
    ]
    if reply.context.left_out:
        ready += f", {reply.context.left_out} left out"
    facts += [ready, style.warn(f"{reply.context.stale} stale") if reply.context.stale else ""]
    lines = [f"{style.bold(reply.file_path)}  {style.dim(' · '.join(filter(None, facts)))}"]
    lines += [f"  {_line(brief, style)}" for brief in reply.memories]
    names = {symbol.name for symbol in reply.symbols}
    for symbol in reply.symbols:
        lines += _symbol(symbol, _depth(symbol.name, names), style)
    return "\n".join(lines)


def symbol_memories(reply: BySymbolReply, style: Style) -> str:
    """One symbol with its memories."""
    head, *memories = _symbol(reply.symbol, 0, style)
    return "\n".join([f"{style.dim(reply.file_path)}", head, *(memories or [style.dim("  no memories")])])


def memory(reply: Memory, style: Style) -> str:
    """A memory, whole."""
    facts = [
        reply.id,
        reply.memory_type,
        "personal, in all workspaces" if reply.personal else "",
        f"importance {reply.importance_score:.2f}",
        "pinned" if reply.pinned else "",
        f"confidence {reply.confidence:.2f}" if reply.confidence < 1 else "",
        f"version {reply.version}" if reply.version > 1 else "",
        f"stored {reply.created_at[:10]}",
        f"session {reply.session_id}" if reply.session_id else "",
        "extracted, unrated" if reply.provenance == "extracted" else "",
    ]
    lines = [style.bold(reply.title), style.dim(" · ".join(filter(None, facts)))]
    if reply.importance_reason:
        lines.append(style.dim(f"worth {reply.importance_reason}"))
    if reply.forgotten_at:
        lines.append(style.warn(f"forgotten on {reply.forgotten_at[:10]}: `recall restore {reply.id}` brings it back"))
    if reply.narrative:
        lines += ["", *(f"  {line}".rstrip() for line in reply.narrative.splitlines())]
    lines.append("")
    for name, values in (("concepts", reply.concepts), ("tags", reply.tags)):
        if values:
            lines.append(f"{name:9} {', '.join(values)}")
    if reply.evidence:
        lines.append(f"evidence  {reply.evidence}")
    lines += [_origin(origin, style) for origin in reply.extracted_from]
    for anchor in reply.anchors:
        lines += _anchor(anchor, style)
    if reply.superseded_by and not any(link.id == reply.superseded_by for link in reply.links):
        lines.append(style.warn(f"superseded by {reply.superseded_by}"))
    lines += [_link(link, style) for link in reply.links]
    return "\n".join(lines).rstrip()


def changed(word: str) -> Callable[[Memory, Style], str]:
    """A renderer for a memory that something was done to."""

    def render(reply: Memory, style: Style) -> str:
        facts = f"{reply.id} · importance {reply.importance_score:.2f} · version {reply.version}"
        return f"{style.good(word)} {style.bold(reply.title)}\n  {style.dim(facts)}"

    return render


def verified(reply: Memory, style: Style) -> str:
    """A memory that somebody said is still true, with what cannot be so of its anchors."""
    said = [anchor for anchor in reply.anchors if anchor.verdict not in ("current", "moved")]
    head = f"{style.good('verified')} {style.bold(reply.title)}  {style.dim(reply.id)}"
    return "\n".join([head, *(f"  {_standing(anchor, style)}" for anchor in said)])


def affected(reply: AffectedReply, style: Style) -> str:
    """The memories that a change touches."""
    return _touched(reply, reply.memories, style)


def left_behind(reply: AffectedReply, style: Style) -> str:
    """Of the memories that a change touches, those that no longer agree with the code."""
    return _touched(reply, [brief for brief in reply.memories if brief.verdict in STALE], style)


def forgotten(reply: ForgetReply, style: Style) -> str:
    """What was forgotten."""
    if not reply.ids:
        return "nothing matches"
    pairs = zip(reply.ids, reply.titles, strict=True)
    return "\n".join(f"{style.dim(memory_id)}  {style.bold(title)}" for memory_id, title in pairs)


def rated(reply: RateReply, style: Style) -> str:
    """What a rating did."""
    kept = "" if reply.previous_importance != reply.updated_importance else style.dim(" (recorded, not applied)")
    before, after = f"{reply.previous_importance:.2f}", f"{reply.updated_importance:.2f}"
    return f"{style.good('rated')} {style.dim(reply.memory_id)}  importance {before} → {style.bold(after)}{kept}"


def history(reply: HistoryReply, style: Style) -> str:
    """The states of a memory, newest first, each with what it changed; then where its code has been."""
    lines = []
    for version, before in zip(reply.versions, [*reply.versions[1:], None], strict=True):
        when = moment(version.at)
        what = "; ".join(_changes(before, version)) if before else f"“{version.title}”"
        lines.append(f"{style.dim(f'v{version.version}')}  {when}  {style.accent(f'{version.cause:9}')}  {what}")
    for trail in reply.anchors:
        lines += ["", *_trail(trail, style)]
    if reply.ratings:
        lines += ["", *(_rating(rating, style) for rating in reply.ratings)]
    return "\n".join(lines)


def count(number: int, noun: str) -> str:
    """So many of something, as `1 memory` or `2,000 memories`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def moment(at: str) -> str:
    """A time, without what only machines need."""
    return at.replace("T", " ").removesuffix("Z")


def verdict_of(brief: Brief, style: Style) -> str:
    """A memory's verdict with its reason; empty for one without anchors."""
    if brief.verdict is None:
        return ""
    return style.verdict(brief.verdict) + (f": {brief.reason}" if brief.reason and brief.verdict != "current" else "")


def _facts(reply: StoreReply) -> str:
    return f"{reply.id} · {reply.memory_type} · importance {reply.importance_score:.2f}"


def _accounted(reply: SearchReply) -> str:
    """What was matched and shown, and why the rest was not, in one line; empty where a daemon says nothing of it."""
    if not reply.matched:
        return ""
    reasons = {
        "below_threshold": "too far from the question",
        "limit": "over the limit",
        "token_budget": "over the token budget",
    }
    said = [f"{reply.returned:,} of {reply.matched:,} matched"]
    said += [f"{number:,} {reasons.get(reason, reason)}" for reason, number in reply.left_out.items()]
    said += [f"{reply.stale:,} stale"] if reply.stale else []
    return ", ".join([*said, count(reply.tokens, "token")])


def _result(brief: Brief, style: Style) -> str:
    score = "    " if brief.score is None else f"{brief.score:.2f}"
    facts = " · ".join(
        filter(
            None,
            [
                style.accent(brief.memory_type),
                _personal(brief, style),
                verdict_of(brief, style),
                _superseded(brief, style),
            ],
        )
    )
    lines = [f"{style.good(score)}  {style.bold(brief.title)}  {facts}  {style.dim(brief.id)}"]
    if brief.summary:
        lines.append(f"      {brief.summary}")
    if brief.why:
        lines.append(f"      {style.dim('because: ' + ', '.join(brief.why))}")
    if brief.parts:
        parts = "  ".join(f"{name} {value:.3f}" for name, value in brief.parts.items())
        lines.append(f"      {style.dim('parts: ' + parts)}")
    return "\n".join(lines)


def _line(brief: Brief, style: Style) -> str:
    kind = style.accent(brief.memory_type)
    return (
        f"• {style.bold(brief.title)}  {kind} {brief.importance_score:.2f}{_mark(brief, style)}  {style.dim(brief.id)}"
    )


def _mark(brief: Brief, style: Style) -> str:
    """What is personal, or not as it was stored, is worth a mark in a list."""
    verdict = "" if brief.verdict in (None, "current") else verdict_of(brief, style)
    return "".join(f"  {mark}" for mark in (_personal(brief, style), verdict, _superseded(brief, style)) if mark)


def _personal(brief: Brief, style: Style) -> str:
    return style.accent("personal") if brief.personal else ""


def _superseded(brief: Brief, style: Style) -> str:
    return style.warn(f"superseded by {brief.superseded_by}") if brief.superseded_by else ""


def _origin(origin: Origin, style: Style) -> str:
    said = f"“{origin.said}”" if origin.said else style.dim("words that were purged")
    return f"{origin.action:9} {moment(origin.at)}  {style.dim(f'session {origin.session_id}')}  {said}"


def _link(link: Link, style: Style) -> str:
    words = link_words(link.kind, incoming=link.direction == "incoming")
    said = style.warn(words) if words == "superseded by" else words
    noticed = style.dim("  recognised") if link.origin == "recognised" else ""
    return f"{said} {style.bold(link.title)}  {style.dim(link.id)}{noticed}"


def _where(brief: Brief, style: Style) -> str:
    places = [*brief.source_files, *brief.symbols]
    if not places:
        return ""
    more = f" +{len(places) - 1}" if len(places) > 1 else ""
    return f"  {style.dim(places[0] + more)}"


def _symbol(symbol: SymbolOutline, depth: int, style: Style) -> list[str]:
    indent = "  " * (depth + 1)
    lines = f"{symbol.line}–{symbol.end_line}" if symbol.end_line > symbol.line else str(symbol.line)
    head = f"{indent}{style.accent(symbol.kind)} {symbol.name}  {style.dim(lines)}"
    return [head, *(f"{indent}  {_line(brief, style)}" for brief in symbol.memories)]


def _depth(name: str, names: Iterable[str]) -> int:
    parts = name.split(".")
    return sum(".".join(parts[:end]) in names for end in range(1, len(parts)))


def _touched(reply: AffectedReply, shown: list[Brief], style: Style) -> str:
    lines = []
    for brief in shown:
        lines += _doubtful(brief, style)
    files = f"{count(len(reply.files), 'file')} changed since {reply.since}"
    memories = f"{count(len(reply.memories), 'memory')} touched"
    stale = style.warn(f", {reply.stale:,} no longer agreeing with the code") if reply.stale else ""
    lines.append(f"{style.dim(f'{files}: {memories}')}{stale}")
    return "\n".join(lines)


def _doubtful(brief: Brief, style: Style) -> list[str]:
    """A memory that may not be true any more: what changed, why it is here, how to check it."""
    facts = [
        verdict_of(brief, style),
        _superseded(brief, style),
        style.accent(brief.memory_type),
        f"{brief.importance_score:.2f}",
    ]
    lines = [f"• {style.bold(brief.title)}  {style.dim(brief.id)}", f"  {' · '.join(filter(None, facts))}"]
    about = "because: " + ", ".join(brief.why) if brief.why else ", ".join([*brief.source_files, *brief.symbols])
    if about:
        lines.append(f"  {style.dim(about)}")
    if brief.evidence and brief.verdict in STALE:
        lines.append(f"  check with: {style.accent(brief.evidence)}")
    return lines


def _anchor(anchor: Anchor, style: Style) -> list[str]:
    """An anchor: what the code says, where it has been or could be, and what is different."""
    lines = [f"{anchor.kind:9} {_standing(anchor, style)}"]
    if len(anchor.trail) > 2:  # else both ends are said already
        lines.append(f"{'':10}{style.dim('trail ' + ' → '.join(anchor.trail))}")
    lines += [f"{'':10}could be {candidate}" for candidate in anchor.candidates]
    lines += [f"{'':10}{_diff_line(line, style)}" for line in anchor.diff.splitlines()]
    return lines


def _standing(anchor: Anchor, style: Style) -> str:
    place = anchor.path + (f"::{anchor.symbol}" if anchor.symbol else "")
    line = f":{anchor.line}" if anchor.line else ""
    if anchor.line and anchor.kind == "lines":
        line += f"-{anchor.end_line}"
    before = anchor.stored_path + (f"::{anchor.stored_symbol}" if anchor.stored_symbol else "")
    was = style.dim(f"  was {before}") if before and before != place else ""
    verdict = style.verdict(anchor.verdict) if anchor.verdict else style.dim("unchecked")
    reason = style.dim(f"  {anchor.reason}") if anchor.reason else ""
    return f"{place}{style.dim(line)}  {verdict}{reason}{was}"


def _diff_line(line: str, style: Style) -> str:
    match line[:1]:
        case "+":
            return style.good(line)
        case "-":
            return style.bad(line)
        case "@":
            return style.accent(line)
    return line


def _trail(trail: AnchorTrail, style: Style) -> list[str]:
    lines = [f"{trail.kind:9} {_standing(trail.now, style)}"]
    for step in trail.steps:
        place = step.path + (f"::{step.symbol}" if step.symbol else "")
        lines.append(f"    {moment(step.at)}  {style.accent(f'{step.source:9}')}  {place}")
    return lines


def _rating(rating: Rating, style: Style) -> str:
    said = style.good("useful") if rating.useful else style.warn("not useful")
    return f"{'rated':9} {moment(rating.at)}  {said}{f'  {rating.context}' if rating.context else ''}"


def _changes(before: MemoryVersion, after: MemoryVersion) -> list[str]:
    changes = []
    if before.importance_score != after.importance_score:
        changes.append(f"importance {before.importance_score:.2f} → {after.importance_score:.2f}")
    if before.title != after.title:
        changes.append(f"title “{before.title}” → “{after.title}”")
    if before.memory_type != after.memory_type:
        changes.append(f"type {before.memory_type} → {after.memory_type}")
    for name in ("concepts", "tags", "source_files", "symbols"):
        was, now = getattr(before, name), getattr(after, name)
        steps = [f"+{item}" for item in now if item not in was] + [f"-{item}" for item in was if item not in now]
        if steps:
            changes.append(f"{name} {' '.join(steps)}")
    if before.narrative != after.narrative:
        changes.append("narrative")
    return changes
