"""Memories as Markdown, for hovers and pages. Pure.

What a memory says is data: it stands in a fence that nothing in it can close, or escaped in one line. So it brings no
links, pictures, headings or HTML of its own into an editor.
"""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from recall.protocol.requests import ExploreReply
from recall.protocol.values import STALE, Anchor, Brief, Finding, Memory, link_words

WIDTH = 88
MAX_HOVER_CHARACTERS = 1_200
"""Of a memory's text in a hover; the page has all of it."""
MEMORY_URI = "recall://memory/{id}"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Characters that are not to be seen, or that turn the order of others around."""
_SPECIAL = re.compile(r"[\\`*\[\]<>&~|#!$]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.|@")


def hover(memories: Sequence[tuple[Brief, Memory | None]], links: Links) -> str:
    """Memories of a symbol, each with title, facts, verdict, text and places.

    Args:
        memories: what is known in lists, and the whole memory where it was asked for.
        links: how they are written.
    """
    return "\n\n---\n\n".join(_in_short(brief, memory, links) for brief, memory in memories)


def page(memory: Memory, links: Links) -> str:
    """A memory, whole, as a page."""
    facts = [memory.memory_type, f"importance {memory.importance_score:.2f}"]
    if memory.present_importance is not None:
        facts.append(f"worth {memory.present_importance:.2f} now")
    facts += ["personal"] if memory.personal else []
    facts += ["forgotten"] if memory.forgotten_at else []
    parts = [f"# {inline(memory.title)}", " · ".join(facts)]
    if memory.narrative.strip() and memory.narrative.strip() != memory.title:
        parts.append(fenced(memory.narrative))
    if memory.verdict is not None:
        parts.append(_verdict(memory.verdict, memory.reason))
    if memory.anchors:
        parts.append("## Code\n\n" + "\n".join(f"- {_place(anchor, links)}" for anchor in memory.anchors))
    parts += [fenced(anchor.diff, "diff") for anchor in memory.anchors if anchor.diff]
    others = [
        f"- {link_words(link.kind, incoming=link.direction == 'incoming')} {links.to_memory(link.id, link.title)}"
        for link in memory.links
    ]
    if others:
        parts.append("## Other memories\n\n" + "\n".join(others))
    labels = [*memory.concepts, *(f"tag {tag}" for tag in memory.tags)]
    if labels:
        parts.append(", ".join(map(inline, labels)))
    parts.append(f"`{memory.id}` · version {memory.version} · stored {memory.created_at[:10]}")
    return "\n\n".join(parts) + "\n"


def results(title: str, briefs: Iterable[Brief], links: Links) -> str:
    """Memories as a list, such as what a search found.

    Args:
        title: the page's heading.
        briefs: in the order in which they are to be shown.
        links: how they are written.
    """
    lines = [f"# {inline(title)}", ""]
    for brief in briefs:
        stale = f" · **{brief.verdict}**" if brief.verdict in STALE else ""
        lines.append(f"- {links.to_memory(brief.id, brief.title)} · {brief.memory_type}{stale}  ")
        lines.append(f"  {inline(brief.summary)}")
    return "\n".join(lines if len(lines) > 2 else [*lines, "Nothing found."]) + "\n"


def graph(title: str, reply: ExploreReply, links: Links) -> str:
    """What belongs together, strongest first, and by what."""
    lines = [f"# {inline(title)}", ""]
    for node in reply.nodes:
        if node.kind == "memory":
            why = f": {inline('; '.join(node.why))}" if node.why else ""
            lines.append(f"- {links.to_memory(node.id, node.label)} · {node.activation:.2f}{why}")
    return "\n".join(lines if len(lines) > 2 else [*lines, "Nothing found."]) + "\n"


def findings(found: Sequence[Finding], links: Links) -> str:
    """What should be looked at, and what is proposed."""
    lines = [
        f"- {links.to_memory(each.memory.id, each.memory.title)}: {inline(each.reason)} → {each.act}" for each in found
    ]
    return "\n".join(["# To look at", "", *(lines or ["Nothing needs to be looked at."])]) + "\n"


def inline(text: str) -> str:
    """A text in one line in which nothing has a meaning to Markdown."""
    return _SPECIAL.sub(
        lambda found: f"\\{found[0]}", _CONTROL.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))
    )


def fenced(text: str, language: str = "text") -> str:
    """A text as it is, wrapped to lines, in a fence longer than any in it."""
    lines = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.strip("\r\n").replace("\r\n", "\n")).split("\n")
    if language == "text":
        lines = [piece for line in lines for piece in (_wrapped(line) if len(line) > WIDTH else [line])]
    inside = "\n".join(lines)
    longest = max((len(run) for run in re.findall("`+", inside)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{inside}\n{fence}"


@dataclass(frozen=True, slots=True)
class Links:
    """How links are written for an editor to follow them.

    Attributes:
        root: of the tree.
        memory: the URI of a memory, with `{id}` for its id.
        base: the folder that absolute paths begin at; None: links to files are URIs.
    """

    root: Path
    memory: str = MEMORY_URI
    base: Path | None = None

    def to_memory(self, memory_id: str, title: str) -> str:
        """A link to a memory, by its title."""
        return f"[{inline(title)}]({self.memory.replace('{id}', memory_id)})"

    def to_file(self, path: str, line: int | None = None, end_line: int | None = None, symbol: str = "") -> str:
        """A link to a place in a file of the tree, lines counted from 1."""
        label = path if line is None else f"{path}:{line}" + (f"-{end_line}" if end_line and end_line != line else "")
        label += f" {symbol}" if symbol else ""
        file = self.root / path
        uri = file.as_uri() if self.base is None else "/" + quote(os.path.relpath(file, self.base))
        return f"[{inline(label)}]({uri}{f'#L{line}' if line else ''})"


def _in_short(brief: Brief, memory: Memory | None, links: Links) -> str:
    facts = [brief.memory_type, f"importance {brief.importance_score:.2f}"]
    facts += ["personal"] if brief.personal else []
    facts += [f"superseded by {brief.superseded_by}"] if brief.superseded_by else []
    parts = [f"**{inline(brief.title)}** · {' · '.join(facts)}"]
    if brief.verdict is not None and brief.verdict != "current":
        parts.append(_verdict(brief.verdict, brief.reason))
    text = brief.summary if memory is None else memory.narrative
    if len(text) > MAX_HOVER_CHARACTERS:
        text = text[:MAX_HOVER_CHARACTERS].rsplit(None, 1)[0] + " …"
    if text.strip() and text.strip() != brief.title:
        parts.append(fenced(text))
    places = [_place(anchor, links) for anchor in memory.anchors] if memory else []
    parts.append(" · ".join([*places, links.to_memory(brief.id, brief.id)]))
    return "\n\n".join(parts)


def _verdict(verdict: str, reason: str) -> str:
    mark = "⚠ " if verdict in STALE else ""
    return f"{mark}**{verdict}**" + (f": {inline(reason)}" if reason else "")


def _place(anchor: Anchor, links: Links) -> str:
    link = links.to_file(anchor.path, anchor.line, anchor.end_line, anchor.symbol or "")
    said = f" ({anchor.verdict})" if anchor.verdict not in (None, "current") else ""
    return link + said


def _wrapped(line: str) -> list[str]:
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    ) or [""]
