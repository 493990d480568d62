"""The server's commands: what each takes, and what it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from recall.lsp import markdown
from recall.lsp.pages import Pages
from recall.lsp.projects import Project
from recall.protocol.errors import RecallError
from recall.protocol.values import Memory, Value


class Arguments(msgspec.Struct, kw_only=True):
    """What every command takes beside its own arguments."""

    uri: str | None = None
    """A file of the project that is meant; without it, the one that was used last."""
    open: bool = True
    """Have the editor open the page, where there is one; else it is only returned."""


class Search(Arguments):
    """Memories that answer a question."""

    query: str
    limit: int = 20
    memory_types: list[str] = []  # msgspec gives each its own


class Explore(Arguments):
    """What belongs together."""

    query: str | None = None
    id: str | None = None
    limit: int = 20


class Audit(Arguments):
    """What should be looked at."""

    about: str | None = None
    limit: int = 50


class Show(Arguments):
    """Memories, whole, one page each, of which the first is opened."""

    ids: list[str]


class Remember(Arguments):
    """Keep a memory, tied to a file, to lines of it or to a symbol in it."""

    text: str
    title: str | None = None
    memory_type: str = "general"
    symbol: str | None = None
    """In the file of `uri`."""
    lines: tuple[int, int] | None = None
    """First and last, from 1, where no symbol is meant."""
    concepts: list[str] = []
    tags: list[str] = []
    importance: float = 0.7
    supersedes: list[str] = []
    personal: bool = False
    force: bool = False


class OfMemory(Arguments):
    """Something about one memory."""

    id: str


class Rate(OfMemory):
    """Say whether a memory helped."""

    useful: bool
    context: str = ""


class Edit(OfMemory):
    """Change a memory, and say that it is true for the code of now."""

    text: str | None = None
    title: str | None = None
    memory_type: str | None = None


class Supersede(OfMemory):
    """Keep another memory in the place of one, tied to the same code."""

    text: str
    title: str | None = None
    memory_type: str | None = None


class Editor(Protocol):
    """What commands ask of the editor."""

    def say(self, text: str) -> None:
        """Tell the person something that went well."""

    def open(self, uri: str, text: str) -> None:
        """Show a page."""

    def refresh_page(self, uri: str) -> None:
        """Have the editor ask for a served page anew, where it shows it."""

    def project(self, uri: str | None) -> Awaitable[tuple[Project, Path | None]]:
        """The project that is meant, and the file."""


class Commands:
    """Runs commands.

    Attributes:
        table: by name, what a command takes, and what runs it.
    """

    def __init__(self, editor: Editor, pages: Pages) -> None:
        self._editor = editor
        self._pages = pages
        self.table: dict[str, tuple[type[Arguments], Callable[[Any], Awaitable[Any]]]] = {
            "recall.search": (Search, self.search),
            "recall.explore": (Explore, self.explore),
            "recall.audit": (Audit, self.audit),
            "recall.show": (Show, self.show),
            "recall.remember": (Remember, self.remember),
            "recall.verify": (OfMemory, self.verify),
            "recall.rate": (Rate, self.rate),
            "recall.edit": (Edit, self.edit),
            "recall.supersede": (Supersede, self.supersede),
            "recall.forget": (OfMemory, self.forget),
        }

    async def run(self, name: str, given: tuple[Any, ...]) -> Any:
        """Run a command.

        Args:
            name: one of `table`.
            given: the arguments as the editor sent them: one object.

        Returns:
            What the command answers, as JSON has it.

        Raises:
            RecallError: the arguments are wrong, or the daemon refused.
        """
        kind, run = self.table[name]
        try:
            (arguments,) = given or ({},)
            wanted = msgspec.convert(arguments, kind)
        except (ValueError, msgspec.ValidationError) as error:
            takes = ", ".join(kind.__struct_fields__)
            message = f"{name} takes one object with {takes}: {error}"
            raise RecallError("invalid_params", message, field="arguments") from None
        return msgspec.to_builtins(await run(wanted))

    # --- looking ---------------------------------------------------------------------------------------

    async def search(self, wanted: Search) -> dict[str, Any]:
        """`recall.search`."""
        project, file = await self._editor.project(wanted.uri)
        reply = await project.client.search(
            wanted.query, limit=wanted.limit, memory_types=wanted.memory_types, file_path=file
        )
        text = markdown.results(f"Memories for “{wanted.query}”", reply.results, self._pages.links(project))
        shown = self._shown("search", text, project, wanted)
        return {"results": reply.results, "warnings": reply.warnings, **shown}

    async def explore(self, wanted: Explore) -> dict[str, Any]:
        """`recall.explore`."""
        project, _ = await self._editor.project(wanted.uri)
        reply = await project.client.explore(wanted.query, id=wanted.id, limit=wanted.limit)
        text = markdown.graph(f"What belongs to {wanted.query or wanted.id}", reply, self._pages.links(project))
        return {"nodes": reply.nodes, "edges": reply.edges, **self._shown("explore", text, project, wanted)}

    async def audit(self, wanted: Audit) -> dict[str, Any]:
        """`recall.audit`."""
        project, _ = await self._editor.project(wanted.uri)
        reply = await project.client.audit(about=wanted.about, limit=wanted.limit)
        text = markdown.findings(reply.findings, self._pages.links(project))
        return {"findings": reply.findings, **self._shown("audit", text, project, wanted)}

    async def show(self, wanted: Show) -> dict[str, Any]:
        """`recall.show`."""
        project, _ = await self._editor.project(wanted.uri)
        pages = [await self._pages.memory(memory_id, project) for memory_id in dict.fromkeys(wanted.ids)]
        text = "\n".join(page for _, page in pages)
        if len(pages) > 1:
            pages = [(self._write("memories", text, project), text)]
        for uri, page in pages if wanted.open else []:
            self._editor.open(uri, page)
        return {"markdown": text, "uri": pages[0][0] if pages else None}

    # --- changing ----------------------------------------------------------------------------------------

    async def remember(self, wanted: Remember) -> Value:
        """`recall.remember`."""
        project, file = await self._editor.project(wanted.uri)
        files = [] if file is None else [f"{file}:{wanted.lines[0]}-{wanted.lines[1]}" if wanted.lines else str(file)]
        by_symbol = wanted.symbol is not None and file is not None
        stored = await project.client.store(
            wanted.title,
            wanted.text,
            memory_type=wanted.memory_type,
            source_files=[] if by_symbol or wanted.personal else files,
            symbols=[f"{file}::{wanted.symbol}"] if by_symbol and not wanted.personal else [],
            concepts=wanted.concepts,
            tags=wanted.tags,
            importance_score=wanted.importance,
            supersedes=wanted.supersedes,
            personal=wanted.personal,
            force=wanted.force,
        )
        alike = f"; it is like {stored.similar[0].title!r}" if stored.similar else ""
        self._editor.say(f"Remembered as {stored.memory_type}: {stored.title}{alike}")
        return stored

    async def verify(self, wanted: OfMemory) -> Value:
        """`recall.verify`."""
        project, _ = await self._editor.project(wanted.uri)
        memory = await project.client.verify(wanted.id)
        self._editor.say(f"Still true: {memory.title}")
        return memory

    async def rate(self, wanted: Rate) -> Value:
        """`recall.rate`."""
        project, _ = await self._editor.project(wanted.uri)
        rated = await project.client.rate(wanted.id, wanted.useful, context=wanted.context)
        self._editor.say(f"Rated: worth {rated.updated_importance:.2f} after {rated.previous_importance:.2f}")
        return rated

    async def edit(self, wanted: Edit) -> Value:
        """`recall.edit`."""
        project, _ = await self._editor.project(wanted.uri)
        memory = await project.client.edit(
            wanted.id, title=wanted.title, narrative=wanted.text, memory_type=wanted.memory_type
        )
        self._editor.say(f"Changed: {memory.title}")
        return memory

    async def supersede(self, wanted: Supersede) -> Value:
        """`recall.supersede`."""
        project, _ = await self._editor.project(wanted.uri)
        old = await project.client.get(wanted.id)
        files, symbols = _where_now(old)
        stored = await project.client.store(
            wanted.title,
            wanted.text,
            memory_type=wanted.memory_type or old.memory_type,
            source_files=files,
            symbols=symbols,
            concepts=old.concepts,
            tags=old.tags,
            importance_score=old.importance_score,
            supersedes=[old.id],
            personal=old.personal,
        )
        self._editor.say(f"Remembered in the place of {old.title!r}: {stored.title}")
        return stored

    async def forget(self, wanted: OfMemory) -> Value:
        """`recall.forget`."""
        project, _ = await self._editor.project(wanted.uri)
        forgotten = await project.client.forget(wanted.id)
        self._editor.say(f"Forgotten: {', '.join(forgotten.titles)} (`recall restore {wanted.id}` brings it back)")
        return forgotten

    def _shown(self, name: str, text: str, project: Project, wanted: Arguments) -> dict[str, Any]:
        uri = self._write(name, text, project)
        if wanted.open:
            self._editor.open(uri, text)
        return {"markdown": text, "uri": uri}

    def _write(self, name: str, text: str, project: Project) -> str:
        uri = self._pages.write(name, text, project)
        if self._pages.served:
            self._editor.refresh_page(uri)
        return uri


def _where_now(memory: Memory) -> tuple[list[str], list[str]]:
    """The places that a memory is tied to, as they are now, without those that are gone."""
    files, symbols = [], []
    for anchor in memory.anchors:
        if anchor.verdict in ("missing", "ambiguous"):
            continue
        if anchor.kind == "symbol":
            symbols.append(f"{anchor.path}::{anchor.symbol}")
        elif anchor.kind == "lines" and anchor.line:
            files.append(f"{anchor.path}:{anchor.line}-{anchor.end_line or anchor.line}")
        else:
            files.append(anchor.path)
    return files, symbols
