"""The agents that are known, and what has to stand in which of their files."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

SERVER = "recalld"
WRITTEN = ("claude-code", "cursor")
"""Agents whose files are written; for others it is said what to put where."""


class Target(NamedTuple):
    """One file of an agent, and what belongs into it."""

    file: Path
    hooks: bool
    """Hooks, or the entry of the server."""


class Advice(NamedTuple):
    """What a person puts where."""

    file: str
    entry: str


def program() -> list[str]:
    """How this installation is run by others: by its name where that finds it, else by its path."""
    own, found = Path(sys.executable).with_name("recall"), shutil.which("recall")
    if found and (not own.exists() or Path(found).samefile(own)):
        return ["recall"]
    return [str(own)] if own.exists() else [sys.executable, "-m", "recall"]


def server(words: Sequence[str]) -> dict[str, Any]:
    """The entry of the server, as most agents want it."""
    return {"command": words[0], "args": [*words[1:], "mcp"]}


def targets(agent: str, root: Path | None) -> list[Target]:
    """The files of an agent.

    Args:
        agent: one of `WRITTEN`.
        root: of the project; None for those that hold for all projects of the user.
    """
    home = Path.home()
    if agent == "cursor":
        return [Target((root or home) / ".cursor" / "mcp.json", hooks=False)]
    if root is not None:
        return [Target(root / ".claude" / "settings.json", hooks=True), Target(root / ".mcp.json", hooks=False)]
    configured = os.environ.get("CLAUDE_CONFIG_DIR")
    folder = Path(configured).expanduser() if configured else home / ".claude"
    servers = (folder if configured else home) / ".claude.json"
    return [Target(folder / "settings.json", hooks=True), Target(servers, hooks=False)]


def advice(agent: str, words: Sequence[str]) -> Advice:
    """What to put where for an agent whose files are not written."""
    entry = server(words)
    servers = {"mcpServers": {SERVER: entry}}
    known: dict[str, tuple[str, dict[str, Any]]] = {
        "opencode": (
            "opencode.json in the project, or ~/.config/opencode/opencode.json",
            {"mcp": {SERVER: {"type": "local", "command": [*words, "mcp"], "enabled": True}}},
        ),
        "vscode": (".vscode/mcp.json in the project", {"servers": {SERVER: {"type": "stdio", **entry}}}),
        "zed": (
            "~/.config/zed/settings.json, or .zed/settings.json in the project",
            {"context_servers": {SERVER: entry}},
        ),
        "windsurf": ("~/.codeium/windsurf/mcp_config.json", servers),
        "gemini": ("~/.gemini/settings.json, or .gemini/settings.json", servers),
    }
    if agent == "codex":
        toml = f"[mcp_servers.{SERVER}]\ncommand = {json.dumps(words[0])}\nargs = {json.dumps(entry['args'])}"
        return Advice("~/.codex/config.toml", toml)
    file, document = known.get(agent, (f"the file in which {agent} keeps its MCP servers", servers))
    return Advice(file, json.dumps(document, indent=2))


def shell(words: Sequence[str]) -> str:
    """The program as a shell runs it."""
    return shlex.join(words)


def marketplace() -> Path | None:
    """The folder from which Claude Code can install the plugin, in an installed package or in a clone."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "share", package.parents[1]):
        if (folder / ".claude-plugin" / "marketplace.json").is_file():
            return folder
    return None
