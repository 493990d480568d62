"""recall: the client of recalld, the memory of a codebase that notices when the code moves on."""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # see `recall.runtime`
if TYPE_CHECKING:
    from recall.aio import AsyncClient
    from recall.client import Client
    from recall.protocol.errors import RecallError

__all__ = ["AsyncClient", "Client", "RecallError", "__version__"]


def __getattr__(name: str) -> object:
    # Late, so that `recall --version` and the protocol do not pay for sockets.
    if name == "Client":
        from recall.client import Client

        return Client
    if name == "AsyncClient":
        from recall.aio import AsyncClient

        return AsyncClient
    if name == "RecallError":
        from recall.protocol.errors import RecallError

        return RecallError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
