"""The MCP server over HTTP, for programs of others that test nothing else: `python -m tests.others.serve PORT`."""

from __future__ import annotations

import sys

import uvicorn

from recall.mcp.projects import Projects
from recall.mcp.server import Bridge


def main() -> None:
    """Serve the working directory's memory on a port of this machine, at `/mcp`."""
    bridge = Bridge(Projects())
    uvicorn.run(bridge.server.streamable_http_app(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")


if __name__ == "__main__":
    main()
