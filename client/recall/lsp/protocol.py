"""What the protocol library leaves open: text edited in place, and an answer to every request, however broken."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidRequest, JsonRpcServerNotInitialized
from pygls.protocol import LanguageServerProtocol, lsp_method

from recall.lsp.pages import SCHEME

if TYPE_CHECKING:
    from recall.lsp.server import Server


class Protocol(LanguageServerProtocol):
    """The library's protocol, but for what follows.

    Its documents are rebuilt as a whole at each keystroke, which costs a fifth of a processor in a long file; and a
    request whose parameters are wrong, or that comes before `initialize`, would stay without an answer.
    """

    _server: Server

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """Say what the server can do."""
        result = yield from super().lsp_initialize(params)
        if self._server.pages.served and result.capabilities.workspace is not None:
            # The library does not know of it yet.
            result.capabilities.workspace.text_document_content = types.TextDocumentContentOptions([SCHEME])
        return result

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """A file was opened."""
        self._server.opened(params.text_document)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """A file's text was edited."""
        self._server.changed(params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """A file was closed."""
        self._server.closed(params.text_document.uri)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: object) -> None:  # type: ignore[override]  # the library's ends the process there and then
        """The editor is done with the server."""
        self._server.end(0 if self._shutdown else 1)

    def refuse(self, request: int | str | None, error: JsonRpcException) -> None:
        """Answer a request with an error.

        Args:
            request: its id; None where nobody knows.
            error: what to answer.
        """
        # By hand, since the library leaves out an id that is null.
        self._send_data({"jsonrpc": self.VERSION, "id": request, "error": error.to_response_error()})

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Make a message of its fields; what cannot be one is answered, where it was a request."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "method" in data and isinstance(data.get("id"), int | str):
                self.refuse(data["id"], error)
            return {}

    def handle_message(self, message: Any) -> None:
        """Deal with a message; what is none is left alone."""
        if not hasattr(message, "jsonrpc"):
            return
        method, request = getattr(message, "method", None), getattr(message, "id", None)
        refusal: JsonRpcException | None = None
        if self._workspace is None and method not in (types.INITIALIZE, types.EXIT, None):
            refusal = JsonRpcServerNotInitialized("send `initialize` first")
        elif self._shutdown and method not in (types.EXIT, None):
            refusal = JsonRpcInvalidRequest("after `shutdown` there is only `exit`")
        elif self._workspace is not None and method == types.INITIALIZE:
            refusal = JsonRpcInvalidRequest("`initialize` comes once")
        if refusal is None:
            super().handle_message(message)
        elif request is not None:
            self.refuse(request, refusal)
