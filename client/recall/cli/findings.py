"""The findings of an audit: listed, or gone through one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from recall.cli import render
from recall.cli.edit import in_editor
from recall.cli.invocation import UsageError
from recall.cli.render import count
from recall.cli.terminal import Style, Terminal, harmless
from recall.protocol.errors import RecallError
from recall.protocol.requests import AuditReply, ReadyReply
from recall.protocol.values import Brief, Finding

if TYPE_CHECKING:
    from recall.client import Client

KINDS = {
    "secret": "secret",
    "code": "code",
    "contradicted": "contradicted",
    "double": "double",
    "unrated": "never looked at",
    "superseded": "superseded",
    "lost_concept": "concept without memories",
    "fading": "faded",
    "never_recalled": "never recalled",
}
_ACTS = {"k": "keep", "v": "verify", "e": "edit", "s": "supersede", "f": "forget", "l": "later"}
_DONE = {
    "keep": "kept",
    "verify": "verified",
    "edit": "edited",
    "supersede": "superseded",
    "forget": "forgotten",
    "purge": "purged",
    "later": "put off",
}

# --- listed -----------------------------------------------------------------------------------------


def listed(reply: AuditReply, style: Style) -> str:
    """What should be looked at, each with why and what is proposed."""
    lines = [line for finding in reply.findings for line in _shown(finding, style)]
    return "\n".join([*lines, style.dim(_summed_up(reply))])


def matched(reply: AuditReply, style: Style) -> str:
    """All memories that were asked about, the healthy ones marked so, the others with why and what is proposed."""
    found = {finding.memory.id: finding for finding in reply.findings}
    healthy, lines = set(reply.healthy), list[str]()
    for brief in reply.matching:
        if brief.id in found:
            lines += _shown(found[brief.id], style)
        else:
            # What weighs too little to be among the findings that are shown is not healthy for that.
            mark = style.good("healthy") if brief.id in healthy else style.warn("to be looked at")
            lines += [f"• {style.bold(brief.title)}  {style.dim(brief.id)}", f"  {mark} · {_facts(brief, style)}"]
    shown = f"; --limit shows more than {len(reply.matching):,}" if reply.matching_total > len(reply.matching) else ""
    verb = "matches" if reply.matching_total == 1 else "match"
    closing = f"{count(reply.matching_total, 'memory')} {verb}, {reply.findings_total:,} to look at{shown}"
    return "\n".join([*lines, style.dim(closing)])


def answered(finding: Finding, answer: str, style: Style) -> str:
    """What was said to a finding."""
    return f"{style.good(_DONE[answer])} {style.bold(finding.memory.title)}  {style.dim(finding.reason)}"


def ready(reply: ReadyReply, style: Style) -> str:
    """The list to go through before a project relies on its memories."""
    lines = []
    for each in reply.lines:
        lines.append(f"{style.good('ready') if each.ready else style.warn('to do')}  {style.bold(each.line)}")
        lines.append(f"       {each.found}")
        if each.act:
            lines.append(f"       {style.accent(each.act)}")
    done = sum(each.ready for each in reply.lines)
    return "\n".join([*lines, style.dim(f"{done} of {len(reply.lines)} ready")])


def _summed_up(reply: AuditReply) -> str:
    kinds = ", ".join(f"{number:,} {KINDS.get(kind, kind)}" for kind, number in reply.by_kind.items())
    said = [f"{reply.findings_total:,} to look at: {kinds}" if reply.findings_total else "nothing to look at"]
    if reply.findings_total > len(reply.findings):
        said.append(f"--limit shows more than {len(reply.findings):,}")
    if reply.quiet:
        said.append(f"{count(reply.quiet, 'memory')} left out by what you said before")
    if reply.unchecked:
        said.append(f"{count(reply.unchecked, 'memory')} yet to be compared with the others")
    return "; ".join(said)


def _shown(finding: Finding, style: Style) -> list[str]:
    brief = finding.memory
    lines = [
        f"• {style.bold(brief.title)}  {style.dim(brief.id)}",
        f"  {style.warn(KINDS.get(finding.kind, finding.kind))}: {finding.reason} · {_facts(brief, style)}",
    ]
    if finding.other is not None:
        lines.append(f"  the other: {style.bold(finding.other.title)}  {style.dim(finding.other.id)}")
    places = [*brief.source_files, *brief.symbols]
    if finding.kind == "code" and places:
        lines.append(f"  {style.dim(', '.join(places))}")
    if finding.kind == "code" and brief.evidence:
        lines.append(f"  check with: {style.accent(brief.evidence)}")
    return [*lines, f"  proposed: {finding.act}  {style.accent(finding.how)}"]


def _facts(brief: Brief, style: Style) -> str:
    worth = brief.importance_score if brief.present_importance is None else brief.present_importance
    return f"{style.accent(brief.memory_type)} {worth:.2f}, stored {brief.created_at[:10]}"


# --- gone through -----------------------------------------------------------------------------------


def walk(client: Client, reply: AuditReply, terminal: Terminal, ask: Callable[[str], str]) -> int:
    """Go through findings with somebody who answers.

    Args:
        ask: puts a question and returns the line that is answered; raises EOFError when nobody answers any more.
    """
    done: Counter[str] = Counter()
    for position, finding in enumerate(reply.findings, 1):
        terminal.say(f"\n{terminal.style.dim(f'[{position}/{len(reply.findings)}]')}")
        terminal.say("\n".join(_shown(harmless(finding), terminal.style)))
        act = _answer(client, finding, terminal, ask)
        if act is None:
            break
        done[act] += 1
    acts = ", ".join(f"{number} {_DONE[act]}" for act, number in done.items()) or "nothing done"
    left = reply.findings_total - done.total()
    terminal.say(f"\n{acts}; {left:,} left" if left else f"\n{acts}; nothing is left to look at")
    return 0


def _answer(client: Client, finding: Finding, terminal: Terminal, ask: Callable[[str], str]) -> str | None:
    """Ask until something is done about a finding; None where somebody has had enough."""
    acts = _ACTS | ({"f": "purge"} if finding.kind == "secret" else {})
    choices = " ".join(f"[{key}]{name[1:]}" if name[0] == key else f"[{key}] {name}" for key, name in acts.items())
    while True:
        try:
            said = ask(f"  {choices} · [w]hole · [q]uit > ").strip().lower()
        except EOFError:
            return None
        if said in ("q", "quit"):
            return None
        if said in ("w", "whole"):
            terminal.say(render.memory(harmless(client.get(finding.memory.id)), terminal.style))
            continue
        act = acts.get(said, said if said in acts.values() else None)
        if act is None:
            continue
        try:
            if _do(client, finding, act, ask):
                return act
            terminal.note("nothing was changed")
        except (RecallError, UsageError) as refusal:
            terminal.complain(str(refusal))
        except EOFError:
            return None


def _do(client: Client, finding: Finding, act: str, ask: Callable[[str], str]) -> bool:
    """Do what was said; false where nothing came of it."""
    memory_id = finding.memory.id
    match act:
        case "keep" | "later":
            client.audit_answer(finding, "keep" if act == "keep" else "later")
        case "verify":
            client.verify(memory_id)
            client.audit_answer(finding, "keep")  # to say that it is true settles what else is found, such as a double
        case "edit":
            before = client.get(memory_id)
            title, narrative = in_editor(before)
            if (title, narrative) == (before.title, before.narrative.strip()):
                return False
            client.edit(memory_id, title=title, narrative=narrative)
        case "supersede":
            known = finding.other.id if finding.other is not None else ""
            other = ask(f"  by which memory? {f'[{known}] ' if known else ''}> ").strip() or known
            if not other:
                return False
            client.link(other, "supersedes", memory_id)
        case _:
            client.forget(memory_id, purge=act == "purge")
    return True
