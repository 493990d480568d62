"""Real files with the real schema, and rows to put in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from recalld.outline import Outline, Symbol
from recalld.store import derived, schema, workspaces
from recalld.store.engine import make_engine
from recalld.store.migrate import migrate
from recalld.store.rows import AnchorKind, AnchorRow, FormRow, MemoryRow, WorkspaceRow

NOON = "2026-03-31T12:00:00Z"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A transaction on a `memory.db` with the workspaces ws-1 and ws-2."""
    file = tmp_path / "memory.db"
    migrate(file)
    engine = make_engine(file, begin="BEGIN IMMEDIATE", pragmas=["foreign_keys = ON"], connections=1)
    with engine.begin() as opened:
        derived.repair(opened)
        for name in ("ws-1", "ws-2"):
            workspaces.add_workspace(opened, WorkspaceRow(id=name, name=name, created_at=NOON), [])
        yield opened
    engine.dispose()


@pytest.fixture
def code(tmp_path: Path) -> Iterator[Connection]:
    """A transaction on a `code.db`."""
    engine = make_engine(tmp_path / "code.db", begin="BEGIN IMMEDIATE", pragmas=["foreign_keys = ON"], connections=1)
    with engine.begin() as opened:
        schema.code.create_all(opened)
        yield opened
    engine.dispose()


@pytest.fixture
def memory() -> Callable[..., MemoryRow]:
    """Makes a memory of this id, with whatever else is given."""

    def make(memory_id: str, **given: Any) -> MemoryRow:
        values: dict[str, Any] = {
            "id": memory_id,
            "workspace_id": "ws-1",
            "title": "A title",
            "narrative": "What there is to say.",
            "memory_type": "decision",
            "importance_score": 0.7,
            "confidence": 1.0,
            "provenance": "stated",
            "concepts": [],
            "tags": [],
            "session_id": None,
            "evidence": None,
            "text_hash": f"hash of {memory_id}",
            "created_at": NOON,
            "updated_at": NOON,
        }
        return MemoryRow(**(values | given))

    return make


@pytest.fixture
def form() -> Callable[..., FormRow]:
    """Makes a form with this fingerprint, with whatever else is given."""

    def make(fingerprint: str, **given: Any) -> FormRow:
        values: dict[str, Any] = {
            "path": "api/models.py",
            "symbol": "Memory.load",
            "kind": "method",
            "fingerprint": fingerprint,
            "header": "header",
            "fingerprint_version": 1,
            "size": 12,
            "language": "python",
            "code": f"def load(self): ...  # {fingerprint}",
            "source": "stored",
            "accepted_at": NOON,
        }
        return FormRow(**(values | given))

    return make


@pytest.fixture
def anchor() -> Callable[..., AnchorRow]:
    """Makes an anchor to this path, or path and symbol, with these forms."""

    def make(path: str, symbol: str | None = None, *forms: FormRow, position: int = 0) -> AnchorRow:
        kind: AnchorKind = "symbol" if symbol else "folder" if path.endswith("/") else "file"
        return AnchorRow(kind=kind, path=path, symbol=symbol, forms=list(forms), position=position)

    return make


@pytest.fixture
def outline() -> Callable[..., Outline]:
    """Makes the outline of this path with symbols of these names, whose fingerprints are `fp <name>`."""

    def make(path: str, *names: str, **given: Any) -> Outline:
        symbols = [
            Symbol(name, "function", line, line + 1, line * 10, line * 10 + 9, f"{name}()", f"fp {name}", "h", 9, -1)
            for line, name in enumerate(names, 1)
        ]
        values: dict[str, Any] = {"status": "parsed", "language": "python", "content_hash": "c", "stamp": "1:2:3"}
        return Outline(path, symbols=symbols, **(values | given))

    return make
