"""What each hook asks of the daemon, and what it tells the agent."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recall.hooks.link import RefusedError
from recall.hooks.payload import InputError
from recall.hooks.process import answer
from recall.paths import Paths, make_private
from recall.protocol.errors import RecallError
from recall.protocol.requests import (
    OpenWorkspace,
    OpenWorkspaceReply,
    SessionContextReply,
    SessionEnd,
    SessionEndReply,
    SessionGetContext,
    SessionList,
    SessionListReply,
    SessionRecordObservation,
    SessionRecordObservationReply,
    SessionStart,
)
from tests.unit.client.conftest import Peer, workspace
from tests.unit.client.hooks.payloads import EVENTS, said, turn

CWD = "/project"
TEXT = '[Recalld — retrieved for a.py]\nIt is "so".\n[/Recalld]'


def context(text: str = TEXT) -> SessionContextReply:
    return SessionContextReply(session_id="ses-agent", injected_memories=[], context_summary="", text=text)


@pytest.fixture
def daemon(peer: Peer) -> Peer:
    peer.answers |= {
        "session_start": context(),
        "session_get_context": context(),
        "session_record_observation": SessionRecordObservationReply(session_id="ses-agent", recorded=True),
        "session_list": SessionListReply(sessions=[]),
        "session_end": SessionEndReply("ses-agent", "ended", "job-1", 0),
        "open_workspace": OpenWorkspaceReply(workspace=workspace(CWD), created=True),
    }
    return peer


def hook(name: str, **fields: Any) -> str:
    """What a hook tells the agent."""
    out = answer(name, said(name, CWD, **fields), time.monotonic() + 5)
    if not out:
        return ""
    told = json.loads(out)["hookSpecificOutput"]
    assert set(told) == {"hookEventName", "additionalContext"}
    assert told["hookEventName"] == EVENTS[name]
    text: str = told["additionalContext"]
    return text


def refuse(daemon: Peer, method: str, code: str, then: Any) -> None:
    """Have the daemon refuse a request once."""
    answers = iter([RecallError(code, "not now"), *[then] * 9])
    daemon.answers[method] = lambda _: next(answers)


# --- the start -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "anew"),
    [("startup", False), ("resume", False), ("clear", True), ("compact", True), ("fork", False), (7, False)],
)
def test_a_start_begins_the_agents_own_session_and_tells_all_again_where_it_is_lost(
    daemon: Peer, source: object, anew: bool
) -> None:
    assert hook("session-start", source=source) == TEXT
    assert daemon.asked == [(CWD, SessionStart(session_id="ses-agent", project_path=CWD, anew=anew))]


def test_a_repository_that_is_no_workspace_yet_becomes_one(daemon: Peer) -> None:
    refuse(daemon, "session_start", "unknown_tree", context())
    assert hook("session-start") == TEXT
    assert daemon.methods() == ["session_start", "open_workspace", "session_start"]
    assert daemon.asked[1][1] == OpenWorkspace(path=CWD, plain=False)


@pytest.mark.parametrize("code", ["no_repository", "too_wide", "not_a_folder"])
@pytest.mark.parametrize("name", EVENTS)
def test_outside_of_any_project_nothing_happens(daemon: Peer, name: str, code: str) -> None:
    for method in daemon.answers:
        daemon.answers[method] = RecallError("unknown_tree", "none here")
    daemon.answers["open_workspace"] = RecallError(code, "no project")
    assert hook(name) == ""


# --- prompts -------------------------------------------------------------------------------------


def test_a_prompt_is_asked_as_it_is_within_a_small_budget(daemon: Peer) -> None:
    assert hook("user-prompt-submit", prompt="  how is a key loaded?\0 ") == TEXT
    asked = SessionGetContext(session_id="ses-agent", query="how is a key loaded?", token_budget=700, max_memories=3)
    assert daemon.asked == [(CWD, asked)]
    hook("user-prompt-submit", prompt="long " * 1_000)
    assert len(daemon.asked[-1][1].query) == 2_000  # type: ignore[attr-defined]


@pytest.mark.parametrize("prompt", ["", "   ", "/compact", "/model some", None, ["a"]])
def test_a_prompt_that_asks_nothing_costs_nothing(daemon: Peer, prompt: object) -> None:
    assert hook("user-prompt-submit", prompt=prompt) == ""
    assert daemon.asked == []


@pytest.mark.parametrize("code", ["unknown_session", "session_ended", "unknown_tree"])
def test_a_prompt_makes_up_for_a_start_that_nobody_heard(daemon: Peer, code: str) -> None:
    refuse(daemon, "session_get_context", code, context("The answer."))
    daemon.answers["session_start"] = context("The start.")
    assert hook("user-prompt-submit") == "The start.\nThe answer."
    assert daemon.asked[1][1] == SessionStart(session_id="ses-agent", project_path=CWD)


# --- files ---------------------------------------------------------------------------------------


def place(**fields: Any) -> SessionGetContext:
    known: dict[str, Any] = {"session_id": "ses-agent", "file_path": f"{CWD}/a.py"}
    return SessionGetContext(**{**known, "token_budget": 800, "max_memories": 6, **fields})


@pytest.mark.parametrize(
    ("tool", "given", "asked"),
    [
        ("Read", {"file_path": f"{CWD}/a.py"}, place()),
        ("Read", {"file_path": f"{CWD}/a.py", "offset": 10, "limit": 5}, place(lines=(10, 14))),
        ("Read", {"file_path": f"{CWD}/a.py", "limit": 5}, place(lines=(1, 5))),
        ("Read", {"file_path": f"{CWD}/a.py", "offset": 10}, place(lines=(10, 2009))),
        ("Read", {"file_path": f"{CWD}/a.py", "offset": -3, "limit": "x"}, place()),
        ("Edit", {"file_path": "sub/../a.py", "old_string": "x = 1\n", "new_string": ""}, place(excerpts=["x = 1\n"])),
        (
            "MultiEdit",
            {"file_path": f"{CWD}/a.py", "edits": [{"old_string": "a"}, {"old_string": "b"}, {}, 3]},
            place(excerpts=["a", "b"]),
        ),
        ("Write", {"file_path": f"{CWD}/a.py", "content": "x" * 100_000}, place()),
        ("NotebookEdit", {"notebook_path": f"{CWD}/a.ipynb", "cell_id": "1"}, place(file_path=f"{CWD}/a.ipynb")),
    ],
)
def test_a_tool_brings_what_is_known_of_its_file_and_of_the_lines_it_names(
    daemon: Peer, tool: str, given: dict[str, Any], asked: SessionGetContext
) -> None:
    assert hook("pre-tool-use", tool_name=tool, tool_input=given) == TEXT
    assert daemon.asked == [(asked.file_path, asked)]  # by the file itself, so that a worktree below is that


def test_a_file_elsewhere_is_asked_of_the_project_that_the_agent_is_in(daemon: Peer) -> None:
    daemon.answers["session_get_context"] = RecallError("outside_workspace", "elsewhere")
    assert hook("pre-tool-use", tool_input={"file_path": "/project-of-another/a.py"}) == ""
    assert daemon.asked[0][0] == CWD


@pytest.mark.parametrize(
    "fields",
    [
        {"tool_name": "Bash", "tool_input": {"command": "ls"}},
        {"tool_name": "Grep", "tool_input": {"path": "a.py"}},
        {"tool_name": "mcp__recalld__memory_store", "tool_input": {"file_path": "a.py"}},
        {"tool_name": "Read", "tool_input": {}},
        {"tool_name": "Read", "tool_input": None},
        {"tool_name": None},
    ],
)
def test_other_tools_cost_nothing(daemon: Peer, fields: dict[str, Any]) -> None:
    assert hook("pre-tool-use", **fields) == ""
    assert daemon.asked == []


def test_a_subagent_is_told_as_itself(daemon: Peer) -> None:
    hook("pre-tool-use", agent_id="agent-7", agent_type="Explore")
    assert daemon.asked[0][1] == place(agent="agent-7")


def test_a_file_of_a_tree_that_nobody_follows_begins_no_session_there(daemon: Peer) -> None:
    daemon.answers["session_get_context"] = RecallError("unknown_tree", "not followed")
    assert hook("pre-tool-use", tool_input={"file_path": f"{CWD}/vendored/a.py"}) == ""
    assert daemon.methods() == ["session_get_context"]


def test_a_session_that_nobody_began_begins_without_being_told_what_a_tool_does_not_need(daemon: Peer) -> None:
    refuse(daemon, "session_get_context", "unknown_session", context())
    daemon.answers["session_start"] = context("")
    assert hook("pre-tool-use") == TEXT
    assert daemon.asked[1] == (CWD, SessionStart(session_id="ses-agent", project_path=CWD, token_budget=0))


def test_where_there_is_nothing_to_say_nothing_is_said(daemon: Peer) -> None:
    daemon.answers["session_get_context"] = context("")
    assert answer("pre-tool-use", said("pre-tool-use", CWD), time.monotonic() + 5) == b""


# --- what was done -------------------------------------------------------------------------------


def noted(daemon: Peer) -> SessionRecordObservation:
    (request,) = [each for _, each in daemon.asked if isinstance(each, SessionRecordObservation)]
    return request


@pytest.mark.parametrize("tool", ["Edit", "MultiEdit", "Write", "NotebookEdit"])
def test_an_edit_is_noted_with_its_file_and_nothing_that_is_in_it(daemon: Peer, tool: str) -> None:
    given = {"file_path": f"{CWD}/a.py", "content": "hidden", "old_string": "hidden", "new_string": "hidden"}
    hook("post-tool-use", tool_name=tool, tool_input=given, tool_response={"filePath": "a.py", "content": "hidden"})
    assert noted(daemon) == SessionRecordObservation(
        session_id="ses-agent", kind="tool", content=f"{tool} {CWD}/a.py", source_files=[f"{CWD}/a.py"]
    )


def bash(command: str, **fields: Any) -> None:
    hook("post-tool-use", tool_name="Bash", tool_input={"command": command}, **fields)


def test_a_command_is_noted_with_how_it_ended(daemon: Peer) -> None:
    bash("pytest  -q\n  tests")
    assert noted(daemon) == SessionRecordObservation(
        session_id="ses-agent", kind="tool", content="`pytest -q tests` done, exit code 0", attempt="pytest -q tests"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"hook_event_name": "PostToolUseFailure", "error": "Exit code 2\nlong ago\n\n\nE  3 != 4\nFAILED\n1 failed\n"},
        {"tool_response": {"stdout": "long ago\n1\nE  3 != 4\nFAILED\n1 failed\n", "stderr": "", "exit_code": 2}},
    ],
)
def test_a_command_that_failed_is_an_error_with_the_end_of_what_it_wrote(daemon: Peer, fields: dict[str, Any]) -> None:
    bash("pytest", **fields)
    request = noted(daemon)
    assert (request.kind, request.attempt) == ("error", "pytest")
    assert request.content.startswith("`pytest` failed with exit code 2: ")
    assert request.content.endswith("E 3 != 4 · FAILED · 1 failed")


def test_how_a_command_ended_is_said_once(daemon: Peer) -> None:
    bash("make", error="Exit code 3\nboom")
    assert noted(daemon).content == "`make` failed with exit code 3: boom"


def test_what_is_noted_of_a_command_is_bounded(daemon: Peer) -> None:
    bash("x" * 10_000, error="y" * 100_000)
    assert len(noted(daemon).content) < 1_000
    assert len(noted(daemon).attempt) <= 300


def test_a_command_that_was_interrupted_did_not_fail(daemon: Peer) -> None:
    bash("sleep 9", error="interrupted", is_interrupt=True)
    assert (noted(daemon).kind, noted(daemon).attempt) == ("tool", "")


@pytest.mark.parametrize("tool", ["Read", "Grep", "WebFetch", "mcp__a__b"])
def test_what_changes_nothing_is_not_noted(daemon: Peer, tool: str) -> None:
    assert hook("post-tool-use", tool_name=tool, tool_input={"file_path": f"{CWD}/a.py"}) == ""
    assert daemon.asked == []


def test_an_edit_that_failed_changed_nothing(daemon: Peer) -> None:
    hook("post-tool-use", tool_name="Edit", tool_input={"file_path": "a.py"}, error="String not found")
    assert daemon.asked == []


# --- the end -------------------------------------------------------------------------------------


def test_a_turn_ends_with_a_note_and_the_session_goes_on(daemon: Peer) -> None:
    assert hook("stop", last_assistant_message="We chose cents. " * 1_000) == ""
    assert daemon.methods() == ["session_record_observation"]
    assert (noted(daemon).kind, len(noted(daemon).content)) == ("note", 4_000)


def test_an_older_agent_that_does_not_say_what_it_said_has_it_in_its_transcript(daemon: Peer, tmp_path: Path) -> None:
    transcript = tmp_path / "t.jsonl"
    transcript.write_text(turn("We chose cents."))
    hook("stop", last_assistant_message=None, transcript_path=str(transcript))
    assert noted(daemon).content == "We chose cents."


def test_a_turn_in_which_nothing_was_said_is_not_noted(daemon: Peer) -> None:
    hook("stop", last_assistant_message=" \n")
    assert daemon.asked == []


def test_before_a_compaction_all_is_brought_to_the_disk(daemon: Peer, tmp_path: Path) -> None:
    transcript = tmp_path / "t.jsonl"
    transcript.write_text(turn("Half way."))
    assert hook("pre-compact", transcript_path=str(transcript)) == ""
    assert noted(daemon).content == "Half way."
    assert daemon.asked[-1] == (CWD, SessionList(limit=1))


def test_the_end_is_told_what_the_agent_said_last(daemon: Peer, tmp_path: Path) -> None:
    transcript = tmp_path / "t.jsonl"
    transcript.write_text(turn("Fixed the \ud800 rounding."))
    assert hook("session-end", transcript_path=str(transcript)) == ""
    assert daemon.asked == [(CWD, SessionEnd(session_id="ses-agent", summary="Fixed the ? rounding."))]


def test_the_end_of_a_session_that_never_began_begins_none(daemon: Peer) -> None:
    daemon.answers["session_end"] = RecallError("unknown_session", "none")
    assert hook("session-end") == ""
    assert daemon.methods() == ["session_end"]


# --- what goes wrong -----------------------------------------------------------------------------


def test_what_the_daemon_refuses_for_no_reason_to_be_expected_is_a_failure(daemon: Peer) -> None:
    daemon.answers["session_get_context"] = RecallError("internal", "a fault")
    with pytest.raises(RefusedError, match="session_get_context: a fault"):
        hook("pre-tool-use")


def test_a_daemon_that_does_not_answer_is_not_waited_for(daemon: Peer) -> None:
    daemon.answers["session_get_context"] = None
    with pytest.raises(RefusedError, match="timeout"):
        answer("pre-tool-use", said("pre-tool-use", CWD), time.monotonic() + 0.05)


def test_answers_of_any_size_come_through(daemon: Peer) -> None:
    for size in (1, 200, 255, 256, 70_000, 3_000_000):
        daemon.answers["session_get_context"] = context("x" * size)
        assert hook("pre-tool-use") == "x" * size


def test_what_listens_there_and_is_no_daemon_is_a_failure(paths: Paths) -> None:
    make_private(paths.runtime)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(paths.requests))
        stranger.listen()

        def serve() -> None:
            caller, _ = stranger.accept()
            with caller:
                caller.recv(1000)
                caller.sendall(b"HTTP/1.1 200 OK\r\n" + bytes(100))

        serving = threading.Thread(target=serve)
        serving.start()
        with pytest.raises(RefusedError, match="malformed"):
            hook("stop")
        serving.join()


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\xff\xfe", b"[]", b"{}", b'{"session_id": "s"}', b"[" * 100_000])
def test_what_no_agent_says_is_a_failure(daemon: Peer, body: bytes) -> None:
    with pytest.raises(InputError):
        answer("stop", body, time.monotonic() + 5)
    assert daemon.asked == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [*["cwd", "session_id", "source", "prompt", "tool_name", "tool_input", "tool_response", "error", "agent_id"]]
FIELDS += ["transcript_path", "last_assistant_message", "is_interrupt"]
INPUTS = ("file_path", "notebook_path", "offset", "limit", "old_string", "edits", "command")
TOOLS = st.sampled_from(["Read", "Edit", "MultiEdit", "Write", "NotebookEdit", "Bash"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    st.sampled_from(list(EVENTS)),
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4),
    st.dictionaries(st.sampled_from(INPUTS), JSON, max_size=4),
    TOOLS | JSON,
)
def test_whatever_an_agent_says_the_answer_is_none_or_well_formed(
    daemon: Peer, name: str, fields: dict[str, Any], tool_input: dict[str, Any], tool: Any
) -> None:
    try:
        out = answer(name, said(name, **{"tool_name": tool, "tool_input": tool_input, **fields}), time.monotonic() + 5)
    except InputError:
        return
    if out:
        assert json.loads(out)["hookSpecificOutput"]["additionalContext"]
