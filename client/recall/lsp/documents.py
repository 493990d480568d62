"""Open files: the text as the editor has it, and what the daemon says of it, kept in line with each other.

Between two answers of the daemon the annotations are shifted by the edits. The daemon is shown the text when typing
pauses, or every so often while it does not. Of one file there is never more than one text under way; the latest wins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from recall.lsp.annotations import Annotations
from recall.lsp.text import Edit, Text
from recall.protocol.errors import RecallError
from recall.protocol.requests import MAX_TEXT, PreviewReply

PAUSE_S = 0.2
"""Typing has paused after so long without an edit."""
CEILING_S = 2.0
"""While it does not pause, the text is shown so often."""
SETTLE_S = 0.02
"""What the daemon pushes comes in groups."""

Ask = Callable[[str, str, int], Awaitable[PreviewReply]]


class Document:
    """One open file.

    Args:
        uri: as the editor names it.
        path: of the file.
        text: its text.
        version: the editor's number of that text.
        shown: called when there is something new to show.

    Attributes:
        annotations: what is to be shown; None until the daemon has answered, and where there is nothing to say.
        is_open: whether the editor still has it open.
    """

    def __init__(self, uri: str, path: Path, text: str, version: int, shown: Callable[[Document], None]) -> None:
        self.uri = uri
        self.path = path
        self.text = Text(text)
        self.version = version
        self.annotations: Annotations | None = None
        self.is_open = True
        self._shown = shown
        self._ask: Ask | None = None
        self._answered = asyncio.Event()
        self._wanted = False
        self._following: asyncio.Task[None] | None = None
        self._edits: list[Edit] = []
        self._edited_first = self._edited_last = float("-inf")

    def follow(self, ask: Ask) -> None:
        """Show the text to the daemon from now on, by this function of path, text and version."""
        self._ask = ask
        self.refresh()

    @property
    def is_followed(self) -> bool:
        """Whether the daemon is shown its text."""
        return self._ask is not None

    def edit(self, start: tuple[int, int], end: tuple[int, int], new: str) -> None:
        """Put a text in place of another; columns are in characters."""
        edit = self.text.replace(start, end, new)
        if self._following is not None:
            self._edits.append(edit)
        if self.annotations is not None:
            self.annotations.shift(edit)
        self._edited()

    def replace_all(self, text: str) -> None:
        """Take a whole text in place of the old one."""
        self.edit((0, 0), (len(self.text.lines), 0), text)

    def refresh(self) -> None:
        """Have the daemon say anew what is to be shown."""
        self._wanted = True
        if self._following is None and self._ask is not None:
            self._following = asyncio.create_task(self._follow(self._ask), name=f"following {self.path}")

    def ask_no_more(self) -> None:
        """Nobody will answer: whoever waits gets what there is."""
        self._answered.set()

    async def answered(self, timeout_s: float) -> Annotations | None:
        """What is to be shown, once the daemon has answered for the first time, or after so many seconds."""
        if not self._answered.is_set():
            await asyncio.wait({waiting := asyncio.ensure_future(self._answered.wait())}, timeout=timeout_s)
            waiting.cancel()
        return self.annotations

    def close(self) -> None:
        """Ask no more."""
        self.is_open = False
        self._ask = None
        if self._following is not None:
            self._following.cancel()

    def _edited(self) -> None:
        now = asyncio.get_running_loop().time()
        if not self._wanted:
            self._edited_first = now
        self._edited_last = now
        self.refresh()

    async def _follow(self, ask: Ask) -> None:
        try:
            while self._wanted:
                await self._pause()
                self._wanted = False
                self._edits.clear()
                await self._preview(ask)
        finally:
            self._following = None

    async def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        if self._answered.is_set():
            await asyncio.sleep(SETTLE_S)
        while True:
            left = min(self._edited_last + PAUSE_S, self._edited_first + CEILING_S) - loop.time()
            if left <= 0:
                break
            await asyncio.sleep(left)

    async def _preview(self, ask: Ask) -> None:
        text = str(self.text)
        try:
            annotations = Annotations(await ask(str(self.path), text, self.version)) if len(text) <= MAX_TEXT else None
        except RecallError as error:
            if error.code in ("unreachable", "timeout", "busy", "shutting_down"):
                return  # what is shown stays, until the daemon is back
            annotations = None
        for edit in self._edits:
            if annotations is not None:
                annotations.shift(edit)
        self.annotations = annotations
        self._answered.set()
        self._shown(self)
