"""The SDK without what a server on standard input and output does not need.

Whatever is imported of `mcp`, its packages' own `__init__` bring all the rest: client, high-level server, HTTP. That
is a quarter of the time until the handshake, and on a machine that has just started, with files still to be read from
the disk, two fifths. So those two packages are put in place bare, and what the server imports of them comes alone.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

SERVER = "recall.mcp.server"
_OURS = ("mcp.", "recall.mcp.")


def import_server() -> Any:
    """`recall.mcp.server`; with the packages of the SDK as they are, should a version of it need them.

    For a process that is nothing but this server: whoever imports `mcp` in it later finds it bare.
    """
    # The SDK makes some thousand classes; to look among them for garbage meanwhile takes a tenth of the time.
    gc.disable()
    try:
        _put_bare_packages()
        return importlib.import_module(SERVER)
    except (ImportError, AttributeError):
        for name in [name for name in sys.modules if f"{name}.".startswith(_OURS)]:
            del sys.modules[name]
        return importlib.import_module(SERVER)
    finally:
        gc.enable()


def _put_bare_packages() -> None:
    spec = importlib.util.find_spec("mcp")
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError("there is no package mcp")
    (folder,) = spec.submodule_search_locations
    for name in ("mcp", "mcp.server"):
        package = ModuleType(name)
        package.__path__ = [str(Path(folder, *name.split(".")[1:]))]
        sys.modules[name] = package
