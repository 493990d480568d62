"""`recall hook` as Claude Code runs it: real processes, a real daemon, and all that can go wrong."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from recall import Client
from recall.hooks import registration
from recall.sockets import listening
from tests.e2e.conftest import a_daemon
from tests.e2e.running import MODELS, Daemon, git, wait_until
from tests.unit.client.hooks.payloads import EVENTS, said, turn

FILE = "api/models/memory.py"
LOAD, CONNECT = f"{FILE}::Memory.load", f"{FILE}::connect"


@pytest.fixture(scope="module")
def running() -> Iterator[Daemon]:
    """A daemon that all tests share which leave it alone."""
    with a_daemon() as made:
        made.start()
        yield made


@pytest.fixture
def client(running: Daemon, project: Path) -> Iterator[Client]:
    with Client(project) as made:
        made.sync()
        yield made
        made.close_tree()


def run(
    name: str, body: bytes, daemon: Daemon, command: list[str] | None = None, **environ: str
) -> subprocess.CompletedProcess[bytes]:
    words = command or [sys.executable, "-m", "recall", "hook", name]
    ran = subprocess.run(
        words, input=body, env=daemon.environ | environ, cwd="/", capture_output=True, timeout=10, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    return ran


def told(name: str, project: Path, daemon: Daemon, **fields: Any) -> str:
    """What a hook tells the agent."""
    out = run(name, said(name, str(project), **fields), daemon).stdout
    if not out:
        return ""
    answer = json.loads(out)
    assert answer == {
        "hookSpecificOutput": {
            "hookEventName": EVENTS[name],
            "additionalContext": answer["hookSpecificOutput"]["additionalContext"],
        }
    }
    text: str = answer["hookSpecificOutput"]["additionalContext"]
    return text


def failures(daemon: Daemon) -> list[str]:
    file = daemon.paths.logs / "hooks.log"
    return [json.loads(line)["message"] for line in file.read_text().splitlines()] if file.exists() else []


def test_a_working_day_of_an_agent(running: Daemon, client: Client, project: Path, tmp_path: Path) -> None:
    client.store("Load adds the key", "Because keys are prefixed.", symbols=[LOAD], importance_score=0.6)
    client.store("Connect takes any URL", "It is unchecked.", symbols=[CONNECT], importance_score=0.6)
    client.store("Every query filters by workspace", "Or it leaks.", importance_score=1.0)
    client.sync()
    transcript = tmp_path / "transcript.jsonl"

    def hook(name: str, **fields: Any) -> str:
        return told(name, project, running, transcript_path=str(transcript), **fields)

    # It starts, and is told what matters; not the same again.
    start = hook("session-start")
    assert "Every query filters by workspace" in start
    assert hook("session-start", source="resume") == ""

    # A compaction later it has to be told again, and the file it reads then brings nothing new.
    assert "Every query filters by workspace" in hook("session-start", source="compact")
    read = {"tool_name": "Read", "tool_input": {"file_path": str(project / FILE)}}
    assert hook("pre-tool-use", **read) == ""
    assert hook("user-prompt-submit", prompt="what URLs does connect take?") == ""

    # Somebody stores something; a prompt brings it, once.
    client.store("Totals are rounded at the end", "Once per order, half to even.", importance_score=0.3)
    client.sync()
    prompt = "how are the totals of an order rounded?"
    assert "half to even" in hook("user-prompt-submit", prompt=prompt)
    assert hook("user-prompt-submit", prompt=prompt) == ""
    assert hook("user-prompt-submit", prompt="bake a sourdough loaf at home") == ""

    # It edits, which makes a memory stale; touching that place tells so, and others do not.
    edit = {"file_path": str(project / FILE), "old_string": "self.lazy + key", "new_string": "key"}
    assert hook("pre-tool-use", tool_name="Edit", tool_input=edit) == ""
    (project / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    hook("post-tool-use", tool_name="Edit", tool_input=edit, tool_response={"filePath": str(project / FILE)})
    client.sync()
    elsewhere = {"file_path": str(project / FILE), "offset": 14, "limit": 2}
    assert hook("pre-tool-use", tool_name="Read", tool_input=elsewhere) == ""
    stale = hook("pre-tool-use", tool_name="Read", tool_input={**elsewhere, "offset": 9})
    assert "Load adds the key" in stale
    assert "changed: the body of Memory.load changed" in stale
    assert "changed since it was given" in stale
    assert hook("pre-tool-use", **read) == ""

    # Tests fail, and pass after another edit.
    tests = {"tool_name": "Bash", "tool_input": {"command": "pytest -q"}}
    hook("post-tool-use", **tests, hook_event_name="PostToolUseFailure", error="Exit code 1\nKeyError: 'prefix'")
    hook("post-tool-use", tool_name="Write", tool_input={"file_path": str(project / "api/views.py"), "content": "x"})
    hook("post-tool-use", **tests)
    assert (
        hook("stop", last_assistant_message="We decided to keep keys without a prefix, because callers add it.") == ""
    )
    assert client.session_list(limit=1).sessions[0].status == "open"
    assert hook("pre-compact") == ""

    # It ends, and memories are made of it.
    transcript.write_text(turn("Convention: every cache key is lower case."))
    assert hook("session-end") == ""
    (session,) = client.session_list(limit=1).sessions
    assert (session.session_id, session.status) == ("ses-agent", "ended")
    assert session.summary == "Convention: every cache key is lower case."
    job = session.extraction_job_id or ""
    wait_until(lambda: client.session_job(job).status in ("done", "failed"), 20, "the extraction")
    made = [client.get(each.id) for each in client.session_job(job).memories]
    fixes = [memory.narrative for memory in made if memory.memory_type == "bug_fix"]
    assert any("Changes to api/views.py fixed `pytest -q`" in text and "KeyError" in text for text in fixes)
    assert any("without a prefix" in memory.narrative for memory in made)
    assert any("lower case" in memory.narrative for memory in made)
    assert failures(running) == []


def test_several_agents_at_once_are_each_told_once(running: Daemon, client: Client, project: Path) -> None:
    client.store("Load adds the key", "It is a prefix.", symbols=[LOAD])
    agents = [f"agent-{number}" for number in range(3)]
    read = {"tool_name": "Read", "tool_input": {"file_path": str(project / FILE)}}

    def ask(agent: str) -> str:
        return told("pre-tool-use", project, running, session_id=agent, **read)

    with ThreadPoolExecutor(2) as pool:
        texts = list(pool.map(ask, agents * 2))
    assert sum("Load adds the key" in text for text in texts) == len(agents)


def test_a_worktree_is_told_what_its_own_code_says(
    running: Daemon, client: Client, project: Path, tmp_path: Path
) -> None:
    client.store("Load adds the key", "It is a prefix.", symbols=[LOAD])
    tree = project / ".worktrees" / "other"
    git(project, "worktree", "add", "-q", str(tree), "-b", "other")
    (tree / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    told("session-start", tree, running)
    with Client(tree) as other:
        other.sync()
        read = {"tool_name": "Read", "tool_input": {"file_path": str(tree / FILE)}}
        # From the main tree's folder, as a subagent in a worktree has it.
        assert "changed: the body of Memory.load changed" in told(
            "pre-tool-use", project, running, agent_id="agent-1", **read
        )
        other.close_tree()


def test_outside_of_projects_nothing_is_made(running: Daemon, tmp_path: Path) -> None:
    failed = len(failures(running))
    with Client("/", start=False) as client:
        before = client.status().workspaces
        for folder in ("/", str(tmp_path), "/nowhere"):
            for name in EVENTS:
                assert run(name, said(name, folder), running).stdout == b""
        assert client.status().workspaces == before
    assert len(failures(running)) == failed


def test_an_unknown_name_and_help_do_no_harm(running: Daemon, project: Path) -> None:
    assert run("subagent-stop", said("stop", str(project)), running).stdout == b""
    for words in (["hook", "no", "such"], ["hook", "--help"], ["-C", "/", "hook", "nothing"]):
        ran = subprocess.run([sys.executable, "-m", "recall", *words], capture_output=True, check=False, input=b"")
        assert ran.returncode in (0, 2)


@pytest.mark.parametrize("body", [b"", b"\x00\xff\xfe", b"{", b"[]", b"{}", b"[" * 200_000, os.urandom(4_000)])
def test_nonsense_on_standard_input_is_answered_with_nothing_and_noted(
    running: Daemon, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: bytes
) -> None:
    assert run("pre-tool-use", body, running, RECALLD_HOME=str(tmp_path / "h")).stdout == b""
    (line,) = (tmp_path / "h/logs/hooks.log").read_text().splitlines()
    assert "InputError" in line


def in_shell(line: str, daemon: Daemon, body: bytes) -> None:
    ran = subprocess.run(
        ["sh", "-c", line, "sh", sys.executable],
        input=body,
        env=daemon.environ,
        capture_output=True,
        timeout=10,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout == b"" or "Always told" in json.loads(ran.stdout)["hookSpecificOutput"]["additionalContext"]


@pytest.mark.parametrize("closed", [">&-", "<&-", "2>&-", "<&- >&- 2>&-", ">/dev/full"])
def test_closed_and_full_streams_do_no_harm(running: Daemon, client: Client, project: Path, closed: str) -> None:
    client.store("Always told", "Yes.", importance_score=1.0)
    in_shell(f'"$1" -m recall hook session-start {closed}', running, said("session-start", str(project)))
    assert client.status().ready


def test_the_registered_command_answers_and_is_silent_where_the_program_is_gone(
    running: Daemon, client: Client, project: Path
) -> None:
    client.store("Always told", "Yes.", importance_score=1.0)
    for program, answers in ((f"{sys.executable} -m recall", True), ("/gone/recall", False)):
        (group,) = registration.hooks(program)["SessionStart"]
        ran = run("", said("session-start", str(project)), running, ["sh", "-c", group["hooks"][0]["command"]])
        assert bool(ran.stdout) == answers


def test_a_reader_that_is_gone_does_no_harm(running: Daemon, client: Client, project: Path) -> None:
    client.store("Always told", "Yes.", importance_score=1.0)
    in_shell('"$1" -m recall hook session-start | true', running, said("session-start", str(project)))


def test_a_home_that_cannot_be_written_does_no_harm(running: Daemon, project: Path) -> None:
    for home in ("/dev/null/home", "/proc/1/home"):
        assert run("stop", b"nonsense", running, RECALLD_HOME=home).stdout == b""
        assert run("session-start", said("session-start", str(project)), running, RECALLD_HOME=home).stdout == b""


@contextlib.contextmanager
def within(limit_s: float) -> Iterator[None]:
    # Half a second is the limit; three times that, because others work on the machine that tests this.
    started = time.monotonic()
    yield
    assert time.monotonic() - started < limit_s


def test_standard_input_that_never_ends_is_not_waited_for(running: Daemon, project: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "recall", "hook", "stop"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=running.environ,
    ) as hook:
        with within(1.5):
            hook.wait(5)
        assert hook.returncode == 0


def test_a_daemon_that_hangs_is_not_waited_for_and_doctor_says_so(daemon: Daemon, project: Path) -> None:
    daemon.start()
    told("session-start", project, daemon)
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        for name in EVENTS:
            with within(1.5):
                run(name, said(name, str(project)), daemon)
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    assert any("timeout" in message or "TimeUp" in message for message in failures(daemon))
    assert "hooks fail: " in daemon.recall("doctor", cwd=project, check=False).stdout


def test_without_a_daemon_the_start_begins_one_and_the_others_are_silent(daemon: Daemon, project: Path) -> None:
    for name in EVENTS:
        if name != "session-start":
            assert run(name, said(name, str(project)), daemon).stdout == b""
    assert run("session-start", said("session-start", str(project.parent)), daemon).stdout == b""  # no repository
    assert not listening(daemon.paths)

    def started() -> bool:
        run("session-start", said("session-start", str(project), session_id="ses-first"), daemon)
        return listening(daemon.paths)

    wait_until(started, 20, "the daemon")
    with Client(project) as client:
        client.store("Every query filters by workspace", "Or it leaks.", importance_score=1.0)
        client.sync()
    # The prompt makes up for what the start could not say, as in a session that never heard of its own.
    assert "Every query filters by workspace" in told("user-prompt-submit", project, daemon, prompt="now go on")
    daemon.recall("down", cwd=project)


def test_a_daemon_that_is_killed_and_comes_back_goes_on_with_the_session(daemon: Daemon, project: Path) -> None:
    daemon.start()
    with Client(project) as client:
        client.store("Load adds the key", "It is a prefix.", symbols=[LOAD])
        client.sync()
    read = {"tool_name": "Read", "tool_input": {"file_path": str(project / FILE)}}
    assert "Load adds the key" in told("pre-tool-use", project, daemon, **read)
    told("stop", project, daemon, last_assistant_message="We decided to prefix every key.")
    with Client(project) as client:
        client.session_list()
    daemon.kill()
    assert told("pre-tool-use", project, daemon, **read) == ""
    assert told("stop", project, daemon, last_assistant_message="Lost.") == ""
    daemon.start()
    assert told("pre-tool-use", project, daemon, **read) == ""  # it has it still
    told("session-end", project, daemon)
    with Client(project) as client:
        (session,) = client.session_list().sessions
        assert (session.status, session.observations) == ("ended", 1)


def test_no_process_is_left_behind(running: Daemon, client: Client, project: Path) -> None:
    def mine() -> int:
        return sum(
            "hook" in (process.info["cmdline"] or ()) and process.info["ppid"] == os.getpid()
            for process in psutil.process_iter(["cmdline", "ppid"])
        )

    for name in EVENTS:
        told(name, project, running)
    assert mine() == 0
