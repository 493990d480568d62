"""What the language server knows of one editor: its open files, their projects, and what it is shown of them."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from recall import __version__
from recall.lsp.annotations import Annotations, summed_up
from recall.lsp.commands import Commands
from recall.lsp.documents import Document
from recall.lsp.hints import diagnostic
from recall.lsp.markdown import MEMORY_URI, inline
from recall.lsp.pages import Pages
from recall.lsp.projects import Project, Projects
from recall.lsp.protocol import Protocol
from recall.lsp.text import Encoding
from recall.protocol.errors import RecallError
from recall.protocol.events import MemoryChanged, VerdictChanged
from recall.protocol.values import STALE

REFRESH_S = 5.0
"""An editor may take so long to say that it will ask for lenses."""
FIRST_ANSWER_S = 0.5
"""A request waits so long for the daemon's first word on a file that was just opened."""
STOP_S = 2.0
"""Telling the daemon at the end what is closed may take so long."""
SUMMARY = "recall/file"
"""A notification of our own, to clients that asked for it: what the memories of an open file are."""

log = logging.getLogger(__name__)


class Server(LanguageServer):
    """Serves one editor.

    Args:
        start: start the daemon where none runs, and make repositories workspaces.
    """

    protocol: Protocol

    def __init__(self, *, start: bool) -> None:
        super().__init__("recalld", __version__, protocol_cls=Protocol)
        self.documents: dict[str, Document] = {}
        self.pages = Pages()
        self.projects = Projects(self._memory_changed, start=start)
        self.commands = Commands(self, self.pages)
        self.folders: list[Path] = []
        self.prompts = False
        self.summaries = False
        self.memory_uri = MEMORY_URI
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._refreshing: asyncio.Task[None] | None = None
        self._refresh_again = False
        self._published: dict[str, list[types.Diagnostic]] = {}
        self._summed_up: dict[str, dict[str, Any]] = {}
        self.lenses_shown: dict[str, list[tuple[int, str]]] = {}
        self._used_last: Project | None = None

    @property
    def encoding(self) -> Encoding:
        """How this editor counts columns."""
        return self.workspace.position_codec.encoding  # type: ignore[return-value]  # one of the three

    def soon(self, work: Awaitable[Any]) -> None:
        """Do something beside what is under way."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def end(self, code: int) -> None:
        """End the server with this exit code."""
        if not self.ended.done():
            self.ended.set_result(code)

    async def stop(self) -> None:
        """Close what is open, tell the daemon, remove the pages."""
        for document in self.documents.values():
            document.close()
        self.pages.close()
        try:
            async with asyncio.timeout(STOP_S):
                await self.projects.close()
        except TimeoutError:
            log.warning("the daemon did not answer before the end")

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log what went wrong; nothing ever pops up."""
        log.error("%s: %s", getattr(source, "__name__", source), error)

    def introduced(self, params: types.InitializeParams) -> None:
        """Take in what the editor says of itself; what EDITORS.md does not know of is left alone."""
        wished = params.capabilities.workspace
        self.pages.served = wished is not None and wished.text_document_content is not None
        given = params.initialization_options
        options: dict[str, Any] = given if isinstance(given, dict) else {}
        self.prompts = bool(options.get("prompts"))
        self.summaries = bool(options.get("summaries"))
        self.pages.relative = bool(options.get("relativeLinks"))
        if isinstance(uri := options.get("memoryUri"), str) and "{id}" in uri:
            self.memory_uri = uri
        folders = [folder.uri for folder in params.workspace_folders or []] or [params.root_uri or ""]
        self.set_folders([path for path in map(path_of, folders) if path is not None])

    def set_folders(self, folders: list[Path]) -> None:
        """These are the folders that the editor has open now."""
        self.folders = folders
        self.pages.base = folders[0] if folders else Path("/")

    # --- open files ------------------------------------------------------------------------------------

    def opened(self, item: types.TextDocumentItem) -> None:
        """A file was opened. What is no file is ignored, and what is in no project is found to be so later."""
        path = path_of(item.uri)
        if path is None:
            return
        self.closed(item.uri)
        document = Document(item.uri, path, item.text, item.version, self._show)
        self.documents[item.uri] = document
        self.soon(self.projects.open(document))

    def changed(self, params: types.DidChangeTextDocumentParams) -> None:
        """A file's text was edited."""
        document = self.documents.get(params.text_document.uri)
        if document is None:
            return
        for change in params.content_changes:
            if isinstance(change, types.TextDocumentContentChangeWholeDocument):
                document.replace_all(change.text)
            else:
                start, end = self.position(document, change.range.start), self.position(document, change.range.end)
                document.edit(start, end, change.text)
        document.version = params.text_document.version

    def closed(self, uri: str) -> None:
        """A file was closed."""
        document = self.documents.pop(uri, None)
        if document is None:
            return
        document.close()
        self.lenses_shown.pop(uri, None)
        self._summed_up.pop(uri, None)
        if self._published.pop(uri, None):
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))
        self.soon(self.projects.closed(document))

    def position(self, document: Document, position: types.Position) -> tuple[int, int]:
        """Line and column of an editor's position, in characters."""
        return position.line, document.text.column(position.line, position.character, self.encoding)

    def span(self, document: Document, line: int, start: int, end: int) -> types.Range:
        """A piece of one line, as the editor counts."""
        units = (document.text.units(line, column, self.encoding) for column in (start, end))
        begin, stop = (types.Position(line=line, character=each) for each in units)
        return types.Range(start=begin, end=stop)

    async def known(self, uri: str) -> tuple[Document, Annotations | None] | None:
        """An open file, with what there is to show of it; waits a moment for the first of it."""
        document = self.documents.get(uri)
        if document is None:
            return None
        self._used_last = self.projects.holding(document.path) or self._used_last
        return document, await document.answered(FIRST_ANSWER_S)

    # --- what commands ask of the editor -------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Tell the person something that went well."""
        self.window_show_message(types.ShowMessageParams(type=types.MessageType.Info, message=text))

    def open(self, uri: str, text: str) -> None:
        """Show a page: as a document where the editor can, else as a message."""
        window = self.client_capabilities.window
        if window is not None and window.show_document is not None and window.show_document.support:
            self.window_show_document(types.ShowDocumentParams(uri=uri, take_focus=True))
        else:
            self.say(text)

    async def project(self, uri: str | None) -> tuple[Project, Path | None]:
        """The project that a file is in, or the one that was used last; with the file."""
        if uri and (about := self.pages.project_of(uri)) is not None:
            return about, None
        path = path_of(uri) if uri else None
        if path is not None:
            project = await self.projects.find(path)
        else:
            project = self._used_last or await self._of_folders()
        if project is None:
            where = f"{path} is in no project" if path else "no project is open"
            raise RecallError("unknown_tree", f"{where}: open a file of a repository, or run `recall up` in a folder")
        return project, path

    async def page(self, uri: str) -> str:
        """What a served page says now, or why there is nothing to be read."""
        try:
            last, _ = await self.project(None)
            return await self.pages.text(uri, list(dict.fromkeys([last, *self.projects.all()])))
        except RecallError as error:
            return f"{inline(error.message)}\n"

    async def _of_folders(self) -> Project | None:
        """The first project among the folders that the editor has open."""
        for folder in self.folders:
            if (project := await self.projects.find(folder)) is not None:
                return project
        return None

    def refresh_page(self, uri: str) -> None:
        """Have the editor ask for a served page anew, where it shows it."""
        self.soon(self._ask_for_page(uri))

    # --- what is new ---------------------------------------------------------------------------------------

    def _show(self, document: Document) -> None:
        self.soon(self._publish(document))
        lenses = [(lens.line, lens.title) for lens in document.annotations.lenses()] if document.annotations else []
        if lenses != self.lenses_shown.get(document.uri, []):
            self.lenses_shown[document.uri] = lenses
            self._refresh_lenses()
        if self.summaries:
            self._sum_up(document)

    def _sum_up(self, document: Document) -> None:
        """Tell what a file's memories are, each once."""
        briefs = list(document.annotations.briefs().values()) if document.annotations else []
        summary = {
            "memories": msgspec.to_builtins(briefs),
            "stale": sum(brief.verdict in STALE for brief in briefs),
            "title": summed_up(briefs) if briefs else "",
        }
        if self.documents.get(document.uri) is document and summary != self._summed_up.get(document.uri):
            self._summed_up[document.uri] = summary
            self.protocol.notify(SUMMARY, {"uri": document.uri, **summary})

    async def _publish(self, document: Document) -> None:
        annotations = document.annotations
        stale = annotations.stale if annotations else []
        diagnostics = [await diagnostic(self, document, place) for place in stale]
        if document.annotations is not annotations or self.documents.get(document.uri) is not document:
            return  # there is something newer
        if diagnostics != self._published.get(document.uri, []):
            self._published[document.uri] = diagnostics
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(uri=document.uri, version=document.version, diagnostics=diagnostics)
            )

    def _refresh_lenses(self) -> None:
        workspace = self.client_capabilities.workspace
        if workspace is None or workspace.code_lens is None or not workspace.code_lens.refresh_support:
            return
        self._refresh_again = True
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._ask_to_refresh())

    async def _ask_to_refresh(self) -> None:
        """Have the editor ask for lenses; one such request at a time, and one more for all that is new meanwhile."""
        while self._refresh_again:
            await asyncio.sleep(0)  # what else is new at this moment comes with it
            self._refresh_again = False
            try:
                async with asyncio.timeout(REFRESH_S):
                    await self.workspace_code_lens_refresh_async(None)
            except (JsonRpcException, TimeoutError) as error:
                log.info("the editor does not refresh: %s", error)

    async def _ask_for_page(self, uri: str) -> None:
        try:
            async with asyncio.timeout(REFRESH_S):
                await self.workspace_text_document_content_refresh_async(types.TextDocumentContentRefreshParams(uri))
        except (JsonRpcException, TimeoutError) as error:
            log.info("the editor does not refresh %s: %s", uri, error)

    def _memory_changed(self, event: MemoryChanged | VerdictChanged | None) -> None:
        if isinstance(event, MemoryChanged) and event.change in ("forgotten", "purged"):
            self.pages.drop(event.memory_id)
        for uri in self.pages.asked(event.memory_id if event else None):
            self.refresh_page(uri)


def path_of(uri: str) -> Path | None:
    """The file that a URI names; None where it names none."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    path = unquote(parts.path, errors="surrogateescape")
    if "\0" in path or not path.startswith("/"):
        return None
    return Path(os.path.realpath(path))
