"""The last thing that an agent said, from the end of the file in which it keeps its conversation."""

from __future__ import annotations

import json
import os
import stat

TYPE_CHECKING = False  # see `recall.runtime`
if TYPE_CHECKING:
    from typing import Any

TAIL_BYTES = 256 * 1024
"""So much of the file's end is read, and no more."""


def last_said(path: str) -> str:
    """What the agent said last, as text; empty where nothing is found, or there is no such file."""
    for line in reversed(_tail(path).splitlines()):
        if b'"assistant"' not in line:
            continue
        try:
            said = _said(json.loads(line))
        except (ValueError, RecursionError):
            continue  # cut off at the front, or still being written
        if said:
            return said
    return ""


def _tail(path: str) -> bytes:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116  # a pipe would keep us waiting
            return b""
        with open(path, "rb") as file:  # noqa: PTH123
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            return file.read(TAIL_BYTES)
    except (OSError, ValueError):
        return b""


def _said(entry: Any) -> str:
    """The text of a line of the file, if it is one of the agent's own and none of a subagent's."""
    if not isinstance(entry, dict) or entry.get("type") != "assistant" or entry.get("isSidechain"):
        return ""
    message = entry.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text"]
    return "\n\n".join(text for text in texts if isinstance(text, str) and text.strip())
