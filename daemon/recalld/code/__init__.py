"""From files to outlines: parsing in worker processes that may crash. The only room that knows tree-sitter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recalld.code.pool import ParserPool, Quarantine

__all__ = ["ParserPool", "Quarantine"]


def __getattr__(name: str) -> object:
    # Late, because the worker processes import this package too and shall not load asyncio.
    if name in __all__:
        from recalld.code import pool  # noqa: PLC0415  # see above

        return getattr(pool, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
