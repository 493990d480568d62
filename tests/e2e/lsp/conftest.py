"""The language server as an editor meets it, with a real daemon behind it.

Not by pytest-lsp: what matters here are also frames that no client library would send, and what comes unasked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recall import Client
from tests.e2e.conftest import a_daemon
from tests.e2e.editor import Editor
from tests.e2e.running import Daemon

FILE = "api/models/memory.py"
LOAD = f"{FILE}::Memory.load"
LOAD_LINE = 8
"""Of `def load`, from 0."""
BODY = (10, 0), (10, len("        return self.lazy + key"))
CHANGED = "        return key"


@pytest.fixture(scope="package")
def daemon() -> Iterator[Daemon]:
    with a_daemon() as made:
        made.start()
        yield made


@pytest.fixture
def client(daemon: Daemon, project: Path) -> Iterator[Client]:
    with Client(project) as made:
        made.sync()
        yield made


@pytest.fixture
def memory_id(client: Client) -> str:
    narrative = "Explicit loading keeps queries visible.\n```\n[x](command:evil) <img src=x>\n```"
    return client.store("Loading is lazy", narrative, memory_type="decision", symbols=[LOAD], importance=0.9).id


@pytest.fixture
def editor(daemon: Daemon, project: Path) -> Iterator[Editor]:
    made = Editor(daemon.environ)
    made.initialize(project)
    yield made
    assert made.errors() == []
    assert made.end() == 0


@pytest.fixture
def file(project: Path) -> Path:
    return project / FILE


def diagnostics(editor: Editor, uri: str, count: int, since: int = 0) -> list[Any]:
    """The diagnostics of a file, once there are so many."""
    found = editor.wait(
        "textDocument/publishDiagnostics",
        lambda params: params["uri"] == uri and len(params["diagnostics"]) == count,
        since=since,
    )
    shown: list[Any] = found["diagnostics"]
    return shown
