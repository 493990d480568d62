"""A file as an editor has it and the disk has not: its outline, and what would be said of its memories."""

from __future__ import annotations

from recall.protocol import requests as wire
from recall.protocol.errors import RecallError
from recalld.memory.codebase import Codebase
from recalld.memory.contexts import Contexts
from recalld.memory.outlines import Outlines, warnings_of
from recalld.memory.trees import Tree
from recalld.memory.verdicts import Verdicts
from recalld.outline import Outline


class Previews:
    """Looks at unsaved text. Writes nothing: what is not saved may be given up the next moment."""

    def __init__(self, codebase: Codebase, verdicts: Verdicts, contexts: Contexts, outlines: Outlines) -> None:
        self._codebase = codebase
        self._verdicts = verdicts
        self._contexts = contexts
        self._outlines = outlines

    async def preview(self, tree: Tree, request: wire.Preview) -> wire.PreviewReply:
        """The symbols of a text that a file is to hold, with their memories and what would be said of them.

        Text that has syntax errors, as most has while it is typed, is not judged unless the file on the disk has some
        too: its verdicts are those of the disk.

        Raises:
            RecallError: `outside_workspace`, `invalid_params`.
        """
        path = await self._outlines.path(tree, request.file_path)
        if path.endswith("/"):
            raise RecallError("invalid_params", f"{path} is a folder: a text is that of a file", field="file_path")
        content = request.text.encode()
        outline = await self._codebase.unsaved(tree, path, content)
        saved = bool(outline.stamp)
        seen = tree
        if not saved and not await self._half_written(tree, outline):
            seen = await self._verdicts.preview(tree, outline, content)
        memories, symbols, belonging = await self._outlines.with_memories(seen, path, outline)
        return wire.PreviewReply(
            file_path=path,
            version=request.version,
            language=outline.language,
            status=outline.status,
            saved=saved,
            memories=memories,
            symbols=symbols,
            anchors={each.row.id: self._contexts.anchors(seen, each) for each in belonging},
            warnings=warnings_of(path, outline),
        )

    async def _half_written(self, tree: Tree, outline: Outline) -> bool:
        if outline.status != "partial":
            return False
        on_disk = await self._codebase.outline(tree, outline.path)
        return on_disk is None or on_disk.status != "partial"
