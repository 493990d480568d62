"""An agent's end of MCP, for tests that wait: the SDK's own client, on an event loop in a thread."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mcp_types as types
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client
from mcp.client.session import ClientRequestContext
from pydantic import FileUrl


class Agent:
    """What an agent does, each call waited for.

    Attributes:
        client: of the SDK; its coroutines are called through `wait`.
        told: the notifications that came.
        roots: the folders that it says it works in.
    """

    def __init__(self, portal: BlockingPortal) -> None:
        self._portal = portal
        self.client: Client
        self.told: list[Any] = []
        self.roots: list[Path] = []

    def wait(self, method: Any, *words: Any, **given: Any) -> Any:
        """What a coroutine function of the client returns."""
        return self._portal.call(functools.partial(method, *words, **given))

    def start(self, method: Any, *words: Any, **given: Any) -> Any:
        """The same, not waited for: a future."""
        return self._portal.start_task_soon(functools.partial(method, *words, **given))

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """What a tool answers a program."""
        result = self.result(tool, **arguments)
        assert not result.is_error, result.content
        structured: dict[str, Any] = result.structured_content
        return structured

    def text(self, tool: str, **arguments: Any) -> str:
        """What a tool answers a reader."""
        result = self.result(tool, **arguments)
        assert not result.is_error, result.content
        return said(result)

    def refused(self, tool: str, **arguments: Any) -> str:
        """What a tool says when it refuses."""
        result = self.result(tool, **arguments)
        assert result.is_error, result.content
        assert result.structured_content is None
        return said(result)

    def result(self, tool: str, **arguments: Any) -> types.CallToolResult:
        """All that a tool answers."""
        result: types.CallToolResult = self.wait(self.client.call_tool, tool, arguments)
        return result

    async def hear(self, message: Any) -> None:
        """Take a notification."""
        self.told.append(message)

    async def list_roots(self, context: ClientRequestContext) -> types.ListRootsResult:  # noqa: ARG002  # named by the SDK
        """Say where it works."""
        return types.ListRootsResult(roots=[types.Root(uri=FileUrl(root.as_uri())) for root in self.roots])


@contextlib.contextmanager
def agent(server: Any, *, roots: list[Path] | None = None, mode: str = "legacy") -> Iterator[Agent]:
    """An agent that is connected.

    Args:
        server: what the SDK's client connects to: a server object, or how to start a process.
        roots: the folders it works in; None where it does not say so.
        mode: the protocol's era: `legacy` shakes hands, a date of 2026 does not.
    """
    with start_blocking_portal() as portal:
        made = Agent(portal)
        made.roots = roots or []
        made.client = Client(
            server,
            mode=mode,
            message_handler=made.hear,
            list_roots_callback=None if roots is None else made.list_roots,
            read_timeout_seconds=60,
        )
        connection = portal.wrap_async_context_manager(made.client)
        connection.__enter__()
        try:
            yield made
        finally:
            connection.__exit__(None, None, None)  # what goes wrong in a test is the test's, not the connection's


def said(result: types.CallToolResult) -> str:
    """The text of a tool's answer."""
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return content.text
