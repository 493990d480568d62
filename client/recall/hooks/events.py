"""What each hook asks of the daemon, and what it tells the agent."""

from __future__ import annotations

import os
import re

from recall.hooks.payload import Payload, one_line, whole
from recall.hooks.session import AgentSession
from recall.hooks.transcript import last_said

TYPE_CHECKING = False  # see `recall.runtime`
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Hook = Callable[[Payload, AgentSession], str]
    """Returns what the agent is told; empty where there is nothing to say."""

LOST = frozenset({"compact", "clear"})
"""Sources of a SessionStart after which nothing is left of what the agent was told before."""
PLACE_TOKENS, PLACE_MEMORIES = 800, 6
PROMPT_TOKENS, PROMPT_MEMORIES = 700, 3
MAX_QUERY = 2_000
MAX_EXCERPT, MAX_EXCERPTS = 20_000, 50
READ_LINES = 2_000
"""Lines that the tool Read reads where it is not told how many."""
MAX_COMMAND, MAX_ERROR = 300, 500
ERROR_LINES = 4
"""Of what a command wrote before it failed, so many lines from the end."""
MAX_SAID = 4_000

_EDITS = frozenset({"Edit", "MultiEdit", "Write", "NotebookEdit"})
_FILES = _EDITS | {"Read"}
_ONLY_CODE = re.compile(r"exit code \d+", re.IGNORECASE)
_EXIT_CODE = re.compile(r"\bexit(?:ed)?\b[^\n\d]{0,30}(\d+)", re.IGNORECASE)


def session_start(payload: Payload, session: AgentSession) -> str:
    """What is worth knowing at the start; after a compaction all of it again."""
    return session.begin(anew=payload.text("source") in LOST)


def user_prompt_submit(payload: Payload, session: AgentSession) -> str:
    """What answers the prompt, and what is worth knowing at the start where nobody has said it yet."""
    prompt = payload.text("prompt").strip()
    if not prompt or prompt.startswith("/"):
        return ""
    asked = {"query": prompt[:MAX_QUERY], "token_budget": PROMPT_TOKENS, "max_memories": PROMPT_MEMORIES}
    reply = session.ask("session_get_context", asked, token_budget=None)
    return "\n".join(filter(None, [session.handed_over, reply["text"]]))


def pre_tool_use(payload: Payload, session: AgentSession) -> str:
    """What is known of the file that a tool is about to read or write, and of the lines that it names."""
    tool, file = payload.text("tool_name"), _file(payload)
    if tool not in _FILES or not file:
        return ""
    asked: dict[str, Any] = {"file_path": file, "token_budget": PLACE_TOKENS, "max_memories": PLACE_MEMORIES}
    first, count = payload.line("tool_input", "offset"), payload.line("tool_input", "limit")
    if tool == "Read" and (first or count):
        asked["lines"] = [first or 1, (first or 1) + (count or READ_LINES) - 1]
    elif excerpts := _replaced(payload):
        asked["excerpts"] = excerpts
    if agent := payload.text("agent_id"):
        asked["agent"] = agent[:100]
    text: str = session.ask("session_get_context", asked, place=file)["text"]
    return text


def post_tool_use(payload: Payload, session: AgentSession) -> str:
    """Notes what was done: which file was edited, which command was run and how it ended; never what is in a file."""
    tool = payload.text("tool_name")
    if tool in _EDITS and (file := _file(payload)):
        if payload.text("error"):
            return ""
        _note(session, kind="tool", content=f"{tool} {file}", source_files=[file])
    elif tool == "Bash" and (command := one_line(payload.text("tool_input", "command"), MAX_COMMAND)):
        _note_command(payload, session, command)
    return ""


def pre_compact(payload: Payload, session: AgentSession) -> str:
    """Notes what was said last, and sees to it that all that was noted is on the disk."""
    _note_said(session, last_said(payload.text("transcript_path")))
    session.sync()
    return ""


def stop(payload: Payload, session: AgentSession) -> str:
    """Notes what the agent said at the end of its turn; the session goes on."""
    _note_said(session, payload.text("last_assistant_message") or last_said(payload.text("transcript_path")))
    return ""


def session_end(payload: Payload, session: AgentSession) -> str:
    """Ends the session, with what the agent said last as its summary."""
    said = whole(last_said(payload.text("transcript_path"))).strip()
    session.ask("session_end", {"summary": said[:MAX_SAID]}, begin=False)
    return ""


HOOKS: dict[str, tuple[str, Hook]] = {
    "session-start": ("SessionStart", session_start),
    "user-prompt-submit": ("UserPromptSubmit", user_prompt_submit),
    "pre-tool-use": ("PreToolUse", pre_tool_use),
    "post-tool-use": ("PostToolUse", post_tool_use),
    "pre-compact": ("PreCompact", pre_compact),
    "stop": ("Stop", stop),
    "session-end": ("SessionEnd", session_end),
}
"""By name, the event as the agent calls it, and what is done."""


def _file(payload: Payload) -> str:
    """The file that a tool is called for, absolute; empty where there is none."""
    given = payload.text("tool_input", "file_path") or payload.text("tool_input", "notebook_path")
    return os.path.normpath(os.path.join(payload.text("cwd") or "/", given)) if given else ""  # noqa: PTH118


def _replaced(payload: Payload) -> list[str]:
    """The texts that an edit is about to replace."""
    edits = payload.get("tool_input", "edits")
    given = [edit.get("old_string") for edit in edits if isinstance(edit, dict)] if isinstance(edits, list) else []
    texts = [payload.text("tool_input", "old_string"), *(whole(each) for each in given if isinstance(each, str))]
    return [text[:MAX_EXCERPT] for text in texts if text][:MAX_EXCERPTS]


def _note_command(payload: Payload, session: AgentSession, command: str) -> None:
    error = payload.text("error")
    if payload.get("is_interrupt") or payload.get("tool_response", "interrupted"):
        _note(session, kind="tool", content=f"`{command}` was interrupted")
    elif error or _exit_code(payload):
        code = _exit_code(payload) or next(iter(_EXIT_CODE.findall(error)), "")
        output = error or payload.text("tool_response", "stderr") or payload.text("tool_response", "stdout")
        ended = f"`{command}` failed" + (f" with exit code {code}" if code else "")
        _note(session, kind="error", content=f"{ended}: {_end_of(output)}", attempt=command)
    else:
        _note(session, kind="tool", content=f"`{command}` done, exit code 0", attempt=command)


def _exit_code(payload: Payload) -> int:
    return payload.line("tool_response", "exit_code") or payload.line("tool_response", "exitCode")


def _end_of(output: str) -> str:
    lines = [line for line in output[-4 * MAX_ERROR :].splitlines() if line.strip()]
    if lines and _ONLY_CODE.fullmatch(lines[0].strip()):
        del lines[0]  # said already
    return one_line(" · ".join(" ".join(line.split()) for line in lines[-ERROR_LINES:]), MAX_ERROR)


def _note_said(session: AgentSession, said: str) -> None:
    said = whole(said).strip()
    if said:
        _note(session, kind="note", content=said[:MAX_SAID])


def _note(session: AgentSession, **observation: Any) -> None:
    session.ask("session_record_observation", observation)
