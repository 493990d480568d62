"""`recall mcp`: the memory as an MCP server, for agents."""

from __future__ import annotations

import sys
from pathlib import Path

from recall.cli.invocation import Commands, Invocation


def register(commands: Commands) -> None:
    """Declare the command."""
    commands.add(
        "mcp",
        mcp,
        "serve agents over MCP, on standard input and output; the same as `recall --mcp`",
        epilog='in a client\'s configuration: {"mcpServers": {"recalld": {"command": "recall", "args": ["mcp"]}}}',
    )


def mcp(invocation: Invocation) -> int:
    """`recall mcp`."""
    if sys.stdin.isatty():
        invocation.terminal.note("waiting for an MCP client on standard input: README says how to set one up")
    from recall.mcp.lean import import_server
    from recall.mcp.projects import Projects

    options = invocation.options
    folder = None if options.directory == "." else Path.cwd()
    projects = Projects(start=not options.no_start, timeout_s=options.timeout, folder=folder)
    code: int = import_server().run(projects)
    return code
