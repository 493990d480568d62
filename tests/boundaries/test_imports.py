"""Who may import whom, and what a light command must not load."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "alembic", "apscheduler", "attrs", "cattrs", "chromadb", "lsprotocol", "mcp", "numpy", "onnxruntime", "psutil",
    "pygls", "rich", "shtab", "sqlalchemy", "starlette", "structlog", "tokenizers", "tree_sitter", "uvicorn",
    "watchdog", "recalld",
)  # fmt: skip

# The one room that may import each of these.
ROOMS = {
    "watchdog": "daemon/recalld/watch",
    "tree_sitter": "daemon/recalld/code",
    "tree_sitter_language_pack": "daemon/recalld/code",
    "chromadb": "daemon/recalld/vectors",
    "onnxruntime": "daemon/recalld/vectors",
    "tokenizers": "daemon/recalld/vectors",
    "apscheduler": "daemon/recalld/jobs",
    "alembic": "daemon/recalld/store",
    "httpx": "daemon/recalld/model.py",
    "mcp": "client/recall/mcp",
    "mcp_types": "client/recall/mcp",
    "starlette": "daemon/recalld/server/http",
    "uvicorn": "daemon/recalld/server/http",
    "pygls": "client/recall/lsp",
    "lsprotocol": "client/recall/lsp",
}


@functools.cache
def imports(file: Path) -> list[ast.Import | ast.ImportFrom]:
    nodes = ast.walk(ast.parse(file.read_text("utf-8")))
    return [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def test_rooms_look_downwards_only() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("package", ROOMS)
def test_a_heavy_library_is_imported_in_its_own_room_only(package: str) -> None:
    strangers = []
    for file in [*ROOT.glob("client/**/*.py"), *ROOT.glob("daemon/**/*.py")]:
        if file.is_relative_to(ROOT / ROOMS[package]):
            continue
        for node in imports(file):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            if any(name.partition(".")[0] == package for name in names):
                strangers.append(str(file.relative_to(ROOT)))
    assert strangers == []


def test_without_http_nothing_of_it_is_loaded() -> None:
    code = "import recalld.app, sys; print({'starlette', 'uvicorn', 'h11', 'recalld.server.http'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


@pytest.mark.parametrize("statement", ["import recall", "from recall import Client", "import recall.cli.main"])
def test_the_client_loads_nothing_heavy(statement: str) -> None:
    code = f"{statement}; import sys; print('\\n'.join(sorted(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in loaded if name.partition(".")[0] in HEAVY] == []


def test_importing_recall_does_not_pay_for_sockets() -> None:
    code = "import recall, sys; print('zmq' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_a_hook_loads_no_more_than_it_needs() -> None:
    # An agent waits for it at every tool call: pyzmq takes three times as long as the interpreter, typing as long.
    slow = {"zmq", "msgspec", "argparse", "typing", "pathlib", "platformdirs", "dataclasses", "subprocess", "asyncio"}
    code = "import recall.cli.main, recall.hooks.process, sys; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert slow & set(loaded) == set()
