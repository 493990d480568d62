from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from recall.cli import session
from recall.cli.main import main
from recall.cli.terminal import Style
from recall.protocol.requests import (
    SessionContextReply,
    SessionEnd,
    SessionEndReply,
    SessionGetContext,
    SessionJob,
    SessionJobReply,
    SessionListReply,
    SessionRecordObservation,
    SessionRecordObservationReply,
    SessionStart,
)
from recall.protocol.values import ExtractedMemory, Session
from tests.unit.client.conftest import Peer

pytestmark = pytest.mark.usefixtures("paths", "folder")

PLAIN = Style(colour=False)
TEN = "2026-03-31T10:00:00Z"
CONTEXT = SessionContextReply(session_id="ses-1", injected_memories=[], context_summary="No memories injected.")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path.resolve()


def job(**fields: Any) -> SessionJobReply:
    known: dict[str, Any] = {"id": "job-1", "session_id": "ses-1", "status": "done", "cause": "ended"}
    return SessionJobReply(**{**known, "queued_at": TEN, "finished_at": TEN, **fields})


MADE = ExtractedMemory(id="mem-1", title="Cents", memory_type="decision", action="stored", said="Chose cents")


def test_a_session_starts_with_all_that_is_known_of_the_work(peer: Peer, folder: Path) -> None:
    peer.answers["session_start"] = CONTEXT
    words = "session start api --id ses-1 --task totals --file api/a.py --branch main --budget 90 --limit 3"
    assert main(words.split()) == 0
    assert peer.asked[-1][1] == SessionStart(
        project_path=f"{folder}/api",
        session_id="ses-1",
        task="totals",
        files=[f"{folder}/api/a.py"],
        branch="main",
        token_budget=90,
        max_memories=3,
    )
    assert main(["session", "start"]) == 0
    assert peer.asked[-1][1] == SessionStart()


def test_what_is_asked_for_on_the_way_is_sent(peer: Peer, folder: Path) -> None:
    peer.answers["session_get_context"] = CONTEXT
    words = "session context ses-1 --task totals --file a.py --budget 90 --limit 3 --no-personal"
    assert main(words.split()) == 0
    assert peer.asked[-1][1] == SessionGetContext(
        session_id="ses-1", task="totals", files=[f"{folder}/a.py"], token_budget=90, max_memories=3, personal=False
    )


def test_what_a_compacted_context_lost_is_asked_for_again(peer: Peer) -> None:
    peer.answers["session_start"] = CONTEXT
    assert main(["session", "start", "--id", "ses-1", "--anew"]) == 0
    assert peer.asked[-1][1] == SessionStart(session_id="ses-1", anew=True)


@pytest.mark.parametrize(("place", "lines"), [("a.py", None), ("a.py:7", (7, 7)), ("a.py:7-9", (7, 9))])
def test_one_place_is_asked_for(peer: Peer, folder: Path, place: str, lines: tuple[int, int] | None) -> None:
    peer.answers["session_get_context"] = CONTEXT
    assert main(["session", "context", "ses-1", "--at", place]) == 0
    assert peer.asked[-1][1] == SessionGetContext(session_id="ses-1", file_path=f"{folder}/a.py", lines=lines)


def test_one_question_is_asked(peer: Peer) -> None:
    peer.answers["session_get_context"] = CONTEXT
    assert main(["session", "context", "ses-1", "--question", "how are keys loaded?"]) == 0
    assert peer.asked[-1][1] == SessionGetContext(session_id="ses-1", query="how are keys loaded?")


def test_what_was_tried_is_sent_with_how_it_went(peer: Peer) -> None:
    peer.answers["session_record_observation"] = SessionRecordObservationReply(session_id="ses-1", recorded=True)
    assert main(["session", "observe", "ses-1", "failed", "--kind", "error", "--attempt", "pytest"]) == 0
    asked = SessionRecordObservation(session_id="ses-1", content="failed", kind="error", attempt="pytest")
    assert peer.asked[-1][1] == asked


def test_an_observation_needs_no_quotes_and_may_come_from_standard_input(
    peer: Peer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer.answers["session_record_observation"] = SessionRecordObservationReply(session_id="ses-1", recorded=True)
    words = "session observe ses-1 chose cents --kind decision --file a.py --symbol a.py::C.m"
    assert main(words.split()) == 0
    assert peer.asked[-1][1] == SessionRecordObservation(
        session_id="ses-1",
        content="chose cents",
        kind="decision",
        source_files=[f"{folder}/a.py"],
        symbols=[f"{folder}/a.py::C.m"],
    )
    monkeypatch.setattr(sys, "stdin", io.StringIO("from\na pipe\n"))
    assert main(["session", "observe", "ses-1", "-"]) == 0
    assert peer.asked[-1][1] == SessionRecordObservation(session_id="ses-1", content="from\na pipe")


def test_a_session_ends_with_its_summary_and_says_how_to_see_what_comes_of_it(
    peer: Peer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    peer.answers["session_end"] = SessionEndReply(
        session_id="ses-1", status="ended", extraction_job_id="job-1", estimated_memories=2
    )
    assert main(["session", "end", "ses-1", "--summary", "Fixed it."]) == 0
    assert peer.asked[-1][1] == SessionEnd(session_id="ses-1", summary="Fixed it.")
    assert capsys.readouterr().out == "ended ses-1  2 memories or so to come: recall session job job-1\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO("Chose cents.\n"))
    assert main(["session", "end", "ses-1", "--summary", "-"]) == 0
    assert peer.asked[-1][1] == SessionEnd(session_id="ses-1", summary="Chose cents.")


def test_a_job_is_watched_until_it_is_done(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    steps = iter([job(status="queued", finished_at=None), job(status="running", finished_at=None)])
    peer.answers["session_job"] = lambda _: next(steps, job(memories=[MADE], drafted_by="rules"))
    assert main(["session", "job", "job-1"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "done job-1 of ses-1  1 memory, drafted by the rules",
        "stored     decision  Cents  mem-1",
        "           “Chose cents”",
    ]


def test_a_job_need_not_be_waited_for_and_one_that_failed_is_exit_code_1(
    peer: Peer, capsys: pytest.CaptureFixture[str]
) -> None:
    peer.answers["session_job"] = job(status="queued", finished_at=None)
    assert main(["session", "job", "job-1", "--no-wait", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "queued"
    peer.answers["session_job"] = job(status="failed", note="given up after 3 tries")
    assert main(["session", "job", "job-1"]) == 1
    assert "given up after 3 tries" in capsys.readouterr().out
    peer.answers["session_job"] = job(memories=[MADE], drafted_by="rules")
    assert main(["session", "job", "job-1", "--retry"]) == 0
    assert peer.asked[-1][1] == SessionJob(id="job-1", retry=True)


def test_sessions_are_listed_with_what_they_were_about(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    known: dict[str, Any] = {"tree_id": "tree-1", "started_at": TEN, "active_at": TEN}
    ended = Session(session_id="ses-1", status="ended", summary="Fixed it.\nChose cents.", observations=3, **known)
    still = Session(session_id="ses-2", status="open", branch="main", task="totals", dropped=1, **known)
    peer.answers["session_list"] = SessionListReply(sessions=[ended, still])
    assert main(["session", "list", "--limit", "2"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "ses-1  ended  2026-03-31 10:00:00  3 observations",
        "  Fixed it. Chose cents.",
        "ses-2  open   2026-03-31 10:00:00  0 observations  1 dropped  main",
        "  totals",
    ]
    assert session.sessions(SessionListReply(sessions=[]), PLAIN) == "no sessions"


def test_the_text_to_inject_stands_by_itself() -> None:
    reply = SessionContextReply(
        session_id="ses-1",
        injected_memories=[],
        context_summary="1 high-importance memory injected.",
        text="[Recalld — retrieved for session]\nCents\n[/Recalld]",
        tokens=12,
        left_out=2,
        stale=1,
        resumed=True,
        last_summary="Fixed it.",
    )
    assert session.started(reply, PLAIN).splitlines() == [
        "1 high-importance memory injected.",
        "ses-1 · goes on",
        "last session: Fixed it.",
        "",
        "[Recalld — retrieved for session]",
        "Cents",
        "[/Recalld]",
        "",
        "12 tokens, 2 left out, 1 stale",
    ]
    assert session.given(CONTEXT, PLAIN).splitlines() == ["No memories injected."]


@pytest.mark.parametrize("words", ["session", "session begin", "session end", "session observe ses-1"])
def test_what_is_no_session_command_is_exit_code_2(words: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words.split())
    assert caught.value.code == 2
