"""Memories as pages: Markdown that an editor opens like any other file. They live as long as the server.

An editor that asks for documents by their URI (`workspace/textDocumentContent`) gets pages as such; for any other they
are files in a private folder.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from recall.lsp.markdown import Links, page
from recall.lsp.processes import runs
from recall.lsp.projects import Project
from recall.paths import find_paths, make_private
from recall.protocol.errors import RecallError

SCHEME = "recall"
MEMORY_ID = re.compile(r"mem-[0-9a-f]{8,32}")
MEMORY_LINK = re.compile(rf"(?:{SCHEME}://memory/)?(?<![\w-])(?P<id>{MEMORY_ID.pattern})(?![\w-])")
"""Where a text names a memory."""
MAX_TITLE = 60
"""Of a memory's title, so much stands in its URI, for the editor to show as the page's name."""

_NO_NAME = re.compile(r"[/\\\x00-\x1f\x7f]+")


class Pages:
    """Keeps pages.

    Attributes:
        served: whether the editor asks for pages by their URI; else they are files.
        relative: whether the links in served pages are without a scheme.
        base: the folder that absolute paths begin at then.
    """

    def __init__(self) -> None:
        self.served = False
        self.relative = False
        self.base = Path("/")
        self._folder: Path | None = None
        self._projects: dict[str, Project] = {}
        self._texts: dict[str, str] = {}
        self._asked: dict[str, set[str]] = {}

    def links(self, project: Project) -> Links:
        """How links are written in pages about a project."""
        if self.served and self.relative:
            # From a memory's page, as from a list, it leads to the memory: there is nothing above the topmost folder.
            return Links(project.root, "../{id}", self.base)
        return Links(project.root)

    def write(self, name: str, text: str, project: Project, title: str = "") -> str:
        """Write a page.

        Args:
            name: of the page: a memory's id, or what kind of page it is.
            text: the Markdown.
            project: that it is about.
            title: for the editor to show, where pages are served.

        Returns:
            Its URI.
        """
        self._projects[name] = project
        if self.served:
            if MEMORY_ID.fullmatch(name):  # asked for anew whenever it is shown
                label = quote(_NO_NAME.sub(" ", title)[:MAX_TITLE].strip() or name, safe="")
                return f"{SCHEME}://memory/{name}/{label}.md"
            self._texts[name] = text
            return f"{SCHEME}://memory/{name}.md"
        if self._folder is None:
            self._folder = _own_folder()
        file = self._folder / f"{name}.md"
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        return file.as_uri()

    async def memory(self, memory_id: str, project: Project) -> tuple[str, str]:
        """A memory's page: its URI, and its text.

        Raises:
            RecallError: there is no such memory, or no daemon.
        """
        if not MEMORY_ID.fullmatch(memory_id):
            raise RecallError("unknown_id", f"{memory_id!r} is no memory's id: it is mem- and hex digits", field="id")
        memory = await project.client.get(memory_id)
        text = page(memory, self.links(project))
        return self.write(memory_id, text, project, memory.title), text

    async def text(self, uri: str, projects: list[Project]) -> str:
        """What a served page says now.

        Args:
            uri: of the page.
            projects: where to look for a memory that no page was made of yet.

        Raises:
            RecallError: there is no such page or memory, or no daemon.
        """
        name = self._name(uri)
        if name in self._texts:
            return self._texts[name]
        refusal = RecallError("unknown_id", f"there is no page {uri}", field="uri")
        if name is None or not MEMORY_ID.fullmatch(name):
            raise refusal
        self._asked.setdefault(name, set()).add(uri)
        known = self._projects.get(name)
        for project in projects if known is None else [known]:
            try:
                return (await self.memory(name, project))[1]
            except RecallError as error:
                refusal = error
        raise refusal

    def asked(self, memory_id: str | None) -> list[str]:
        """The URIs by which the editor asked for a memory's page, or for that of any memory."""
        return sorted(uri for name, uris in self._asked.items() if memory_id in (None, name) for uri in uris)

    def project_of(self, uri: str) -> Project | None:
        """The project that a page is about; None for what is no page."""
        return self._projects.get(self._name(uri) or "")

    def drop(self, memory_id: str) -> None:
        """Remove the pages that show a memory, as what was forgotten is not to be read any more."""
        self._texts = {name: text for name, text in self._texts.items() if memory_id not in text}
        for file in self._folder.glob("*.md") if self._folder else ():
            with suppress(OSError):
                if memory_id in file.read_text("utf-8"):
                    file.unlink()

    def close(self) -> None:
        """Remove all pages."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _name(self, uri: str) -> str | None:
        try:
            parts = urlsplit(uri)
        except ValueError:
            return None
        path = Path(unquote(parts.path))
        if parts.scheme == SCHEME:
            return Path(path.parts[1]).stem if len(path.parts) > 1 else None
        ours = self._folder is not None and path.parent == self._folder
        return path.stem if ours and parts.scheme == "file" else None


def _own_folder() -> Path:
    """A folder of this process; those of servers that were killed are removed."""
    runtime = find_paths().runtime.resolve()
    make_private(runtime)
    for left in runtime.glob("pages-*"):
        owner = left.name.removeprefix("pages-")
        if owner.isdecimal() and not runs(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    folder = runtime / f"pages-{os.getpid()}"
    make_private(folder)
    return folder
