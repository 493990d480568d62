"""Memories as pages: Markdown files that an editor opens like any other. They live as long as the server."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from recall.lsp.markdown import page
from recall.lsp.processes import runs
from recall.lsp.projects import Project
from recall.paths import find_paths, make_private
from recall.protocol.errors import RecallError

MEMORY_ID = re.compile(r"mem-[0-9a-f]{8,32}")
MEMORY_LINK = re.compile(rf"(?:recall://memory/)?(?<![\w-])(?P<id>{MEMORY_ID.pattern})(?![\w-])")
"""Where a text names a memory."""


class Pages:
    """Writes pages into a private folder of their own."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._projects: dict[str, Project] = {}

    def write(self, name: str, text: str, project: Project) -> str:
        """Write a page.

        Args:
            name: of the file, without its extension.
            text: the Markdown.
            project: that it is about.

        Returns:
            Its URI.
        """
        if self._folder is None:
            self._folder = _own_folder()
        file = self._folder / f"{name}.md"
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        self._projects[str(file)] = project
        return file.as_uri()

    async def memory(self, memory_id: str, project: Project) -> tuple[str, str]:
        """A memory's page: its URI, and its text.

        Raises:
            RecallError: there is no such memory, or no daemon.
        """
        if not MEMORY_ID.fullmatch(memory_id):
            raise RecallError("unknown_id", f"{memory_id!r} is no memory's id: it is mem- and hex digits", field="id")
        text = page(await project.client.get(memory_id), project.root)
        return self.write(memory_id, text, project), text

    def project_of(self, path: Path) -> Project | None:
        """The project that a page is about; None for what is no page."""
        return self._projects.get(str(path))

    def drop(self, memory_id: str) -> None:
        """Remove the pages that show a memory, as what was forgotten is not to be read any more."""
        for file in self._folder.glob("*.md") if self._folder else ():
            with suppress(OSError):
                if memory_id in file.read_text("utf-8"):
                    file.unlink()

    def close(self) -> None:
        """Remove all pages."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


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
