"""How the hooks are registered with Claude Code: for which event, which tools, and with what time."""

from __future__ import annotations

from typing import Any

TIMEOUT_S = 5
"""A hook ends within half a second by itself; this is for a machine that is out of breath."""

EVENTS: tuple[tuple[str, str, str], ...] = (
    ("SessionStart", "", "session-start"),
    ("UserPromptSubmit", "", "user-prompt-submit"),
    ("PreToolUse", "Read|Edit|MultiEdit|Write|NotebookEdit", "pre-tool-use"),
    ("PostToolUse", "Edit|MultiEdit|Write|NotebookEdit|Bash", "post-tool-use"),
    ("PostToolUseFailure", "Bash", "post-tool-use"),
    ("PreCompact", "", "pre-compact"),
    ("Stop", "", "stop"),
    ("SessionEnd", "", "session-end"),
)
"""Event, the tools that it is for (empty where it is for none), and the hook's name."""


def hooks(command: str = "recall") -> dict[str, list[dict[str, Any]]]:
    """What stands under `hooks` in settings and in the plugin, by event.

    Args:
        command: how a shell runs `recall`.
    """
    registered: dict[str, list[dict[str, Any]]] = {}
    for event, matcher, name in EVENTS:
        # Silent and successful also where the program is gone, or each tool call would complain of it.
        run = {"type": "command", "command": f"{command} hook {name} 2>/dev/null || :", "timeout": TIMEOUT_S}
        group: dict[str, Any] = {"matcher": matcher} if matcher else {}
        registered.setdefault(event, []).append(group | {"hooks": [run]})
    return registered
