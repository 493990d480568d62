"""What an agent said last."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recall.hooks.transcript import TAIL_BYTES, last_said
from tests.unit.client.hooks.payloads import turn


def tool(name: str) -> str:
    content = [{"type": "tool_use", "name": name, "input": {}}]
    return json.dumps({"type": "assistant", "message": {"role": "assistant", "content": content}}) + "\n"


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    return tmp_path / "transcript.jsonl"


def test_the_last_text_of_the_agent_itself_counts(transcript: Path) -> None:
    user = json.dumps({"type": "user", "message": {"role": "user", "content": "and now?"}}) + "\n"
    transcript.write_text(
        turn("First.") + turn("Last.") + tool("Edit") + turn("A subagent's.", isSidechain=True) + user
    )
    assert last_said(str(transcript)) == "Last."


def test_a_message_of_several_parts_and_one_that_is_a_mere_text_are_read(transcript: Path) -> None:
    parts = [{"type": "text", "text": "One."}, {"type": "thinking", "thinking": "?"}, {"type": "text", "text": "Two."}]
    transcript.write_text(turn("", message={"content": parts}))
    assert last_said(str(transcript)) == "One.\n\nTwo."
    transcript.write_text(turn("", message={"content": "Plain."}))
    assert last_said(str(transcript)) == "Plain."


def test_only_the_end_of_the_file_is_read(transcript: Path) -> None:
    transcript.write_text(turn("Too far up.") + " " * TAIL_BYTES)
    assert last_said(str(transcript)) == ""
    transcript.write_text(turn("x" * TAIL_BYTES) + turn("Last."))
    assert last_said(str(transcript)) == "Last."


def test_what_is_no_file_says_nothing_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in ("", "/nowhere", str(tmp_path), str(tmp_path / "pipe"), "\0", "/dev/zero"):
        assert last_said(path) == ""


CONTENT = st.recursive(st.none() | st.text() | st.integers(), st.lists)
LINES = CONTENT.map(lambda content: json.dumps({"type": "assistant", "message": {"content": content}}).encode())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary() | LINES)
def test_whatever_stands_in_it_the_file_is_read(transcript: Path, content: bytes) -> None:
    transcript.write_bytes(turn("Before.").encode() + content + b"\n")
    assert isinstance(last_said(str(transcript)), str)
