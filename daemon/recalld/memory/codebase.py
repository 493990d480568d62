"""The code of a tree as memories need it: a file's outline as of now, and the bytes of a symbol."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from recalld.code import ParserPool
from recalld.memory.trees import ROOT_FOLDER, Tree
from recalld.outline import Outline, bare
from recalld.store import Store, outlines

MAX_FOUND = 50
"""Places at which one excerpt is found in a file."""
MAX_NAMESAKES = 40
"""Symbols of one name that are looked at, those nearest in their whole name and in size."""


class Codebase:
    """Outlines of files, from the store where they are fresh and parsed anew where they are not.

    Args:
        before_read: called with a file's path before the daemon reads it, so that the watch does not take
            it for somebody else's; `after_read` likewise.
        max_bytes: larger files are not read.
    """

    def __init__(
        self,
        store: Store,
        pool: ParserPool,
        before_read: Callable[[Path], None],
        after_read: Callable[[Path], None],
        max_bytes: int,
    ) -> None:
        self._store = store
        self._pool = pool
        self._before_read = before_read
        self._after_read = after_read
        self._max_bytes = max_bytes

    async def outline(self, tree: Tree, path: str) -> Outline | None:
        """The outline of a file as it is on the disk now; None where there is no such file."""
        return (await self.outlines(tree, [path])).get(path)

    async def outlines(self, tree: Tree, paths: Sequence[str]) -> dict[str, Outline]:
        """The outlines of those of these files that there are, as they are on the disk now."""
        if not paths:
            return {}
        stamps = await asyncio.to_thread(_stamps, tree.root, paths)
        known = await self._store.code.read(outlines.get_many, tree.id, list(stamps))
        fresh = {path: outline for path, outline in known.items() if outline.stamp == stamps[path]}
        parsed = await self.parse(tree, [path for path in stamps if path not in fresh])
        there = [outline for outline in parsed if outline.status != "gone"]
        # What the watch does not follow is not kept: nobody would tell when it changes.
        followed = [outline for outline in there if outline.path in known]
        if followed:
            await self._store.code.write(outlines.save, tree.id, followed)
        return fresh | {outline.path: outline for outline in there}

    async def parse(self, tree: Tree, paths: Sequence[str]) -> list[Outline]:
        """Outlines of files that were just changed, ahead of any scan."""
        return await asyncio.gather(*(self._pool.outline(tree.root, path, urgent=True) for path in paths))

    async def unsaved(self, tree: Tree, path: str, content: bytes) -> Outline:
        """The outline that a file would have with this content; what the disk has, where it is just that."""
        saved = await self.outline(tree, path)
        if saved is not None and saved.content_hash == _hash(content):
            return saved
        return await self._pool.outline(tree.root, path, urgent=True, unsaved=content)

    async def code(self, tree: Tree, outline: Outline) -> bytes:
        """The bytes that an outline was made of; empty where the file has changed meanwhile."""
        content = await self._content(tree, outline.path)
        return content if _hash(content) == outline.content_hash else b""

    async def lines_of(self, tree: Tree, path: str, excerpts: Sequence[str]) -> list[tuple[int, int]]:
        """First and last line of each place at which one of these texts stands in a file; none where none does."""
        wanted = [excerpt.replace("\r\n", "\n") for excerpt in excerpts if excerpt.strip()]
        if not wanted:
            return []
        content = await self._content(tree, path)
        return await asyncio.to_thread(_found, content.decode("utf-8", "replace").replace("\r\n", "\n"), wanted)

    async def _content(self, tree: Tree, path: str) -> bytes:
        file = tree.root / path
        self._before_read(file)
        try:
            return await asyncio.to_thread(_read, tree.root, path, self._max_bytes)
        except OSError:
            return b""
        finally:
            self._after_read(file)

    async def namesakes(self, tree: Tree, path: str, name: str, size: int) -> str:
        """The symbols of other files with the own name of one in this file, one `path::name` a line."""
        found = await self._store.code.read(outlines.namesakes, tree.id, {bare(name): size}, MAX_NAMESAKES)
        return "\n".join(f"{where}::{found_name}" for where, found_name in found if where != path)

    async def twins(self, tree: Tree, outline: Outline) -> str:
        """The other files with just the bytes of one, one a line."""
        found = await self._store.code.read(outlines.with_content, tree.id, [outline.content_hash])
        return "\n".join(path for path in found[:MAX_NAMESAKES] if path != outline.path)

    async def folder_exists(self, tree: Tree, folder: str) -> bool:
        """Whether the folder is there."""
        return folder == ROOT_FOLDER or await asyncio.to_thread((tree.root / folder).is_dir)

    async def files_under(self, tree: Tree, folder: str) -> list[str]:
        """The files below a folder, at any depth."""
        return await self._store.code.read(outlines.files_under, tree.id, folder)


def _hash(content: bytes) -> str:
    """As outlines have it."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _stamps(root: Path, paths: Sequence[str]) -> dict[str, str]:
    stamps = {}
    for path in paths:
        try:
            found = (root / path).stat()
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode):
            stamps[path] = f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}"
    return stamps


def _read(root: Path, path: str, max_bytes: int) -> bytes:
    """A regular file's bytes; none of one that is larger, or that lies outside of the tree behind a link."""
    file = Path(os.path.realpath(root / path))
    if not file.is_relative_to(os.path.realpath(root)):
        return b""
    found = file.stat()
    return file.read_bytes() if stat.S_ISREG(found.st_mode) and found.st_size <= max_bytes else b""


def _found(content: str, wanted: Sequence[str]) -> list[tuple[int, int]]:
    spans = []
    for text in wanted:
        at, first = -1, 1
        for _ in range(MAX_FOUND):
            before, at = max(at, 0), content.find(text, at + 1)
            if at < 0:
                break
            first += content.count("\n", before, at)
            spans.append((first, first + text.rstrip("\n").count("\n")))
    return spans
