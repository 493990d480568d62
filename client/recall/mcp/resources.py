"""Resources: a file's memories at `recall://file/{path}`, a memory at `recall://memory/{id}`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from recall.aio import AsyncClient
from recall.protocol.errors import RecallError
from recall.protocol.marking import escaped, marked
from recall.protocol.values import Memory

FILE, MEMORY = "recall://file/", "recall://memory/"
MOST_LISTED = 20
"""Memories that are listed, the most important ones, and as many files at most."""
PLAIN = "text/plain"


@dataclass(frozen=True, slots=True)
class Listed:
    """A resource, or a template of some."""

    uri: str
    name: str
    description: str
    mime_type: str = PLAIN


@dataclass(frozen=True, slots=True)
class Contents:
    """What a resource holds."""

    text: str
    mime_type: str = PLAIN


TEMPLATES = (
    Listed(
        f"{FILE}{{path}}", "file", "What is known about a file, its symbols and folders; path from the project's root"
    ),
    Listed(f"{MEMORY}{{id}}", "memory", "A memory, whole, with what the code says of it"),
)


async def worth_listing(client: AsyncClient) -> list[Listed]:
    """The most important memories, and the files that they are about.

    Raises:
        RecallError: the daemon refuses, or cannot be reached.
    """
    memories = (await client.list(limit=MOST_LISTED)).memories
    listed = [
        Listed(memory_uri(each.id), escaped(each.title), escaped(f"{each.memory_type}: {each.summary}"))
        for each in memories
    ]
    places = [place for each in memories for place in (*each.source_files, *each.symbols)]
    files = dict.fromkeys(_file_of(place) for place in places)
    listed += [Listed(file_uri(path), path, f"memories about {path}") for path in list(files)[:MOST_LISTED]]
    return listed


async def read(client: AsyncClient, uri: str) -> Contents:
    """What a resource holds now.

    Raises:
        RecallError: there is none of that address, or the daemon refuses.
    """
    if uri.startswith(MEMORY):
        return Contents(_whole(await client.get(unquote(uri.removeprefix(MEMORY)))))
    if uri.startswith(FILE):
        path = unquote(uri.removeprefix(FILE))
        context = await client.context(path)
        return Contents(context.text or f"no memories about {escaped(path)}")
    raise RecallError("invalid_params", f"there is no resource {uri}: there are {FILE}PATH and {MEMORY}ID", field="uri")


def file_uri(path: str) -> str:
    """The address of a file's memories."""
    return FILE + quote(path)


def memory_uri(memory_id: str) -> str:
    """The address of a memory."""
    return MEMORY + quote(memory_id)


def _file_of(place: str) -> str:
    path = place.partition("::")[0]
    head, _, lines = path.rpartition(":")
    return head if head and lines.replace("-", "").isdigit() else path


def _whole(memory: Memory) -> str:
    facts = [memory.memory_type, f"importance {memory.importance_score:.2f}", f"stored {memory.created_at[:10]}"]
    if memory.forgotten_at is not None:
        facts.append(f"forgotten {memory.forgotten_at[:10]}")
    if memory.superseded_by is not None:
        facts.append(f"superseded by {memory.superseded_by}")
    lines = [f"{memory.title} ({memory.id}; {'; '.join(facts)})", memory.narrative]
    lines += [f"concepts: {', '.join(memory.concepts)}"] if memory.concepts else []
    lines += [f"tags: {', '.join(memory.tags)}"] if memory.tags else []
    for anchor in memory.anchors:
        place = f"{anchor.path}::{anchor.symbol}" if anchor.symbol else anchor.path
        lines += [f"{place}: {anchor.verdict or 'not looked at yet'} {anchor.reason}".rstrip(), anchor.diff]
    lines += [f"{link.kind} ({link.direction}) {link.id}: {link.title}" for link in memory.links]
    return marked("\n".join(filter(None, lines)), memory.id)
