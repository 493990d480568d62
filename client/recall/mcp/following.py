"""Resources that a client follows: the daemon's pushes become updates of theirs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourceUpdated, ServerEvent

from recall.aio import AsyncClient
from recall.mcp.projects import Projects
from recall.mcp.resources import FILE, MEMORY
from recall.protocol.errors import RecallError
from recall.protocol.events import AnyEvent, ContextPushed, MemoryChanged, VerdictChanged

MOST_FOLLOWED = 500
"""Resources that are followed at once."""
RETRY_S = 1.0
"""How long after the daemon was not there it is looked for again."""


class Following:
    """Tells a client which of the resources that it follows have changed.

    Two ways lead here: `resources/subscribe`, and the newer protocol's `subscriptions/listen`, which hears all that
    is on `bus` and picks for itself.
    """

    def __init__(self, projects: Projects) -> None:
        self._projects = projects
        self._followed: dict[str, tuple[str, ServerSession]] = {}
        self._task: asyncio.Task[None] | None = None
        self.bus = Bus(self._listen)

    def add(self, uri: str, session: ServerSession) -> None:
        """Follow a resource.

        Raises:
            RecallError: `invalid_params` where it is none of ours, `too_large` where too many are followed.
        """
        if not uri.startswith((FILE, MEMORY)):
            raise RecallError("invalid_params", f"there is no resource {uri}", field="uri")
        if len(self._followed) >= MOST_FOLLOWED and unquote(uri) not in self._followed:
            raise RecallError("too_large", f"at most {MOST_FOLLOWED} resources can be followed at once")
        self._followed[unquote(uri)] = uri, session
        self._listen()

    def remove(self, uri: str) -> None:
        """Follow a resource no more."""
        self._followed.pop(unquote(uri), None)

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _listen(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name="followed resources")

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(RecallError):
                await self._follow_tree(self._projects.folder())
            await asyncio.sleep(RETRY_S)

    async def _follow_tree(self, folder: Path) -> None:
        """Pass on what is pushed about a tree, until the client works elsewhere."""
        missed: list[str | None] = []
        async with (
            self._projects.client(folder) as client,
            # Heartbeats too: then the loop turns every few seconds, and so sees that the client works elsewhere.
            client.events(heartbeats=True, on_missed=missed.append) as events,
        ):
            async for event in events:
                touched = list(self._followed) if missed else await _touched(client, event)
                missed.clear()
                for address in touched:
                    await self._tell(address)
                if self._projects.folder() != folder:
                    return

    async def _tell(self, address: str) -> None:
        for uri in {address, quote(address, safe=":/")}:
            await self.bus.publish(ResourceUpdated(uri=uri))
        if address in self._followed:
            uri, session = self._followed[address]
            await session.send_resource_updated(uri)


class Bus(InMemorySubscriptionBus):
    """Calls `listen` once somebody wants to hear what is on it."""

    def __init__(self, listen: Callable[[], None]) -> None:
        super().__init__()
        self._listen = listen

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Tell `listener` of all that is published, until what is returned is called."""
        self._listen()
        return super().subscribe(listener)


async def _touched(client: AsyncClient, event: AnyEvent) -> list[str]:
    """The addresses, unquoted, of what an event says has changed."""
    match event:
        case ContextPushed() if event.cause != "opened":
            return [FILE + event.file_path]
        case VerdictChanged():
            return [FILE + event.file_path, MEMORY + event.memory_id]
        case MemoryChanged():
            return [MEMORY + event.memory_id, *(FILE + path for path in await _places(client, event.memory_id))]
    return []


async def _places(client: AsyncClient, memory_id: str) -> set[str]:
    """The files that a memory is about; none of one that is gone for good."""
    try:
        memory = await client.get(memory_id)
    except RecallError:
        return set()
    return {anchor.path for anchor in memory.anchors}
