"""What Claude Code says to its hooks, as it says it."""

from __future__ import annotations

import json
from typing import Any

EVENTS = {
    "session-start": "SessionStart",
    "user-prompt-submit": "UserPromptSubmit",
    "pre-tool-use": "PreToolUse",
    "post-tool-use": "PostToolUse",
    "pre-compact": "PreCompact",
    "stop": "Stop",
    "session-end": "SessionEnd",
}
OWN: dict[str, dict[str, Any]] = {
    "session-start": {"source": "startup", "model": "some-model"},
    "user-prompt-submit": {"prompt": "which URLs does connect take?"},
    "pre-tool-use": {"tool_name": "Read", "tool_input": {"file_path": "a.py"}, "tool_use_id": "toolu_1"},
    "post-tool-use": {
        "tool_name": "Bash",
        "tool_input": {"command": "ls", "description": "List"},
        "tool_response": {"stdout": "a.py", "stderr": "", "interrupted": False, "isImage": False},
        "tool_use_id": "toolu_1",
        "duration_ms": 12,
    },
    "pre-compact": {"trigger": "auto", "custom_instructions": ""},
    "stop": {"stop_hook_active": False, "last_assistant_message": "Done."},
    "session-end": {"reason": "prompt_input_exit"},
}


def said(name: str, /, cwd: str = "/project", **fields: Any) -> bytes:
    """A hook's input; fields replace those of an ordinary one."""
    common = {
        "session_id": "ses-agent",
        "transcript_path": "/nowhere/transcript.jsonl",
        "cwd": cwd,
        "permission_mode": "default",
        "hook_event_name": EVENTS[name],
    }
    return json.dumps({**common, **OWN[name], **fields}).encode()


def turn(text: str, **fields: Any) -> str:
    """A line of the file in which Claude Code keeps a conversation."""
    entry = {
        "type": "assistant",
        "isSidechain": False,
        "message": {"role": "assistant", "content": [{"type": "text", "text": text}]},
    }
    return json.dumps({**entry, **fields}) + "\n"
