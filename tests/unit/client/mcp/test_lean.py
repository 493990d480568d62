"""The server's import, without most of the SDK."""

from __future__ import annotations

import subprocess
import sys

LOADED = """
import sys
from recall.mcp.lean import import_server
{before}
server = import_server()
assert len(server.tools()) == 12
print(*sorted(sys.modules))
"""
FAILS_ONCE = """
import importlib
import recall.mcp.lean as lean
whole = importlib.import_module
def failing(name):
    importlib.import_module = whole
    whole("mcp.types")
    raise ImportError("this version needs what was left out")
importlib.import_module = failing
"""


def loaded(before: str = "") -> set[str]:
    code = LOADED.format(before=before)
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_neither_client_nor_high_level_server_is_imported() -> None:
    modules = loaded()
    assert "mcp.server.lowlevel.server" in modules
    assert not {name for name in modules if name.startswith(("mcp.client", "mcp.server.mcpserver", "httpx2"))}


def test_a_version_that_needs_them_gets_them() -> None:
    assert {"mcp.client", "mcp.server.mcpserver"} <= loaded(FAILS_ONCE)
