"""What editors ask, answered from what the daemon said last.

Requests never wait for a daemon that is not there, and never fail because of it: they are answered with nothing, and
the editor is told to ask again once there is something.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from recall.lsp import markdown
from recall.lsp.actions import actions
from recall.lsp.documents import Document
from recall.lsp.hints import line_range, quietly
from recall.lsp.pages import MEMORY_LINK
from recall.lsp.projects import Project
from recall.lsp.server import Server, path_of
from recall.protocol.errors import RecallError
from recall.protocol.requests import MAX_TITLE
from recall.protocol.values import Brief, Memory

MAX_HOVERED = 5
MAX_SYMBOLS_FOUND = 40
REFUSED = -32803
"""The protocol's RequestFailed: it was understood, and cannot be done."""

log = logging.getLogger(__name__)


def register(server: Server) -> None:
    """Declare what the server can do."""
    _lifecycle(server)
    _requests(server)
    for name in server.commands.table:
        server.command(name)(_command(server, name))


def _lifecycle(server: Server) -> None:
    @server.feature(types.INITIALIZE)
    def _(params: types.InitializeParams) -> None:
        server.introduced(params)
        for path in server.folders:
            server.soon(quietly(server.projects.find(path)))

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def _(params: types.DidChangeWorkspaceFoldersParams) -> None:
        left = {path_of(folder.uri) for folder in params.event.removed}
        added = [path for folder in params.event.added if (path := path_of(folder.uri)) is not None]
        server.set_folders([*(path for path in server.folders if path not in left), *added])

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=False))
    def _(params: types.DidSaveTextDocumentParams) -> None:
        document = server.documents.get(params.text_document.uri)
        if document is not None and document.is_followed:
            document.refresh()
        elif document is not None:  # somebody may have made its folder a project since
            server.soon(server.projects.open(document))

    @server.feature(types.SHUTDOWN)
    async def _(_: None) -> None:
        await server.stop()


def _requests(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=False))
    async def _(params: types.CodeLensParams) -> list[types.CodeLens]:
        return await code_lenses(server, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def _(params: types.HoverParams) -> types.Hover | None:
        return await hover(server, params)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(resolve_provider=False))
    async def _(params: types.CodeActionParams) -> list[types.CodeAction]:
        found = await server.known(params.text_document.uri)
        if found is None or server.projects.holding(found[0].path) is None:
            return []
        document, annotations = found
        start, end = server.position(document, params.range.start), server.position(document, params.range.end)
        return actions(document, annotations, start, end, params.context.diagnostics, prompts=server.prompts)

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_LINK, types.DocumentLinkOptions(resolve_provider=True))
    def _(params: types.DocumentLinkParams) -> list[types.DocumentLink]:
        document = server.documents.get(params.text_document.uri)
        return links(server, document) if document else []

    @server.feature(types.DOCUMENT_LINK_RESOLVE)
    async def _(link: types.DocumentLink) -> types.DocumentLink:
        return await resolved(server, link)

    @server.feature(types.WORKSPACE_TEXT_DOCUMENT_CONTENT)
    async def _(params: types.TextDocumentContentParams) -> types.TextDocumentContentResult:
        return types.TextDocumentContentResult(await server.page(params.uri))

    @server.feature(types.WORKSPACE_SYMBOL)
    async def _(params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
        return await symbols(server, params.query)


def _command(server: Server, name: str) -> Callable[..., Awaitable[Any]]:
    """The handler of a command; what it is refused is the answer, and a daemon that is not there answers nothing."""

    async def run(*arguments: Any) -> Any:
        try:
            return await server.commands.run(name, arguments)
        except RecallError as error:
            if error.code in ("unreachable", "timeout", "shutting_down"):
                log.warning("%s: %s", name, error)
                return None
            if error.field == "arguments":
                raise JsonRpcInvalidParams(error.message) from None
            raise JsonRpcException(error.message, REFUSED, {"code": error.code, **error.details}) from None

    return run


async def code_lenses(server: Server, uri: str) -> list[types.CodeLens]:
    """`textDocument/codeLens`."""
    found = await server.known(uri)
    annotations = found[1] if found else None
    if annotations is None:
        return []
    lenses = annotations.lenses()
    server.lenses_shown[uri] = [(lens.line, lens.title) for lens in lenses]
    return [
        types.CodeLens(
            range=line_range(lens.line),
            command=types.Command(
                title=lens.title, command="recall.show", arguments=[{"uri": uri, "ids": list(lens.ids)}]
            ),
        )
        for lens in lenses
    ]


async def hover(server: Server, params: types.HoverParams) -> types.Hover | None:
    """`textDocument/hover`: memories of the symbol whose name is there, where it is declared or used in its file."""
    found = await server.known(params.text_document.uri)
    if found is None:
        return None
    document, annotations = found
    project = server.projects.holding(document.path)
    line, column = server.position(document, params.position)
    word = document.text.word_at(line, column)
    if annotations is None or word is None or project is None:
        return None
    name, start, end = word
    briefs = {brief.id: brief for mark in annotations.named(name, line) for brief in mark.memories}
    if not briefs:
        return None
    shown = [(brief, await quietly(project.client.get(brief.id))) for brief in list(briefs.values())[:MAX_HOVERED]]
    value = markdown.hover(shown, markdown.Links(project.root, server.memory_uri))
    if len(briefs) > MAX_HOVERED:
        value += f"\n\n---\n\n{len(briefs) - MAX_HOVERED} more"
    return types.Hover(
        contents=types.MarkupContent(kind=types.MarkupKind.Markdown, value=value),
        range=server.span(document, line, start, end),
    )


def links(server: Server, document: Document) -> list[types.DocumentLink]:
    """`textDocument/documentLink`: ids of memories; their pages are made when they are followed."""
    return [
        types.DocumentLink(
            range=server.span(document, number, found.start(), found.end()),
            tooltip="Show this memory",
            data={"id": found["id"], "uri": document.uri},
        )
        for number, line in enumerate(document.text.lines)
        for found in MEMORY_LINK.finditer(line)
    ]


async def resolved(server: Server, link: types.DocumentLink) -> types.DocumentLink:
    """`documentLink/resolve`."""
    data = link.data if isinstance(link.data, dict) else {}
    try:
        project, _ = await server.project(str(data.get("uri", "")) or None)
        link.target, _ = await server.pages.memory(str(data.get("id", "")), project)
    except RecallError as error:
        log.info("%s: %s", data, error)
    return link


async def symbols(server: Server, query: str) -> list[types.SymbolInformation]:
    """`workspace/symbol`: memories of all open projects by title and by what they say, at the place of their code."""
    found: list[types.SymbolInformation] = []
    for project in server.projects.all():
        title = query.strip()[:MAX_TITLE] or None
        listed = await quietly(project.client.list(title=title, limit=MAX_SYMBOLS_FOUND))
        answers = await quietly(project.client.search(query, limit=MAX_SYMBOLS_FOUND)) if title else None
        shown = [*(listed.memories if listed else []), *(answers.results if answers else [])]
        briefs = list({brief.id: brief for brief in shown}.values())[:MAX_SYMBOLS_FOUND]
        whole = await asyncio.gather(*(quietly(project.client.get(brief.id)) for brief in briefs))
        for brief, memory in zip(briefs, whole, strict=True):
            if memory is not None:
                found.append(_as_symbol(server, project, brief, memory))
    return found


def _as_symbol(server: Server, project: Project, brief: Brief, memory: Memory) -> types.SymbolInformation:
    place = next((anchor for anchor in memory.anchors if anchor.kind != "folder"), None)
    if place is None:
        text = markdown.page(memory, server.pages.links(project))
        uri, line = server.pages.write(memory.id, text, project, memory.title), 0
    else:
        uri, line = (project.root / place.path).as_uri(), (place.line or 1) - 1
    about = brief.memory_type + (f" · {brief.verdict}" if brief.verdict not in (None, "current") else "")
    return types.SymbolInformation(
        name=" ".join(brief.title.split()),
        kind=types.SymbolKind.Event,
        location=types.Location(uri=uri, range=line_range(line)),
        container_name=about,
    )
