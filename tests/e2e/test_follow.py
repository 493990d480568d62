"""What happens in a tree reaches whoever listens, with no request made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from recall import Client
from recall.protocol.events import AnyEvent, ContextPushed, VerdictChanged
from recall.stream import EventStream
from tests.e2e.conftest import a_daemon
from tests.e2e.running import MODELS, Daemon, commit, git, wait_until

FILE = "api/models/memory.py"


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with a_daemon() as made:
        made.start()
        yield made


@pytest.fixture
def own_daemon() -> Iterator[Daemon]:
    with a_daemon() as made:
        yield made


def contexts(stream: EventStream, path: str) -> ContextPushed:
    deadline = time.monotonic() + 10
    for event in stream:
        if isinstance(event, ContextPushed) and event.file_path == path:
            return event
        assert time.monotonic() < deadline
    raise AssertionError(f"no context of {path} was pushed")


def count(client: Client) -> int:
    return next(one.files for one in client.status().workspaces if one.tree_id == client.tree_id)


def everything(stream: EventStream) -> list[AnyEvent]:
    return list(stream)


def store_lazy(client: Client) -> str:
    return client.store(
        title="SQLAlchemy lazy loading strategy",
        narrative="All relationships use lazy='raise'.",
        memory_type="decision",
        source_files=[FILE],
        importance_score=0.95,
    ).id


def test_saving_a_file_pushes_its_context(daemon: Daemon, project: Path) -> None:
    with Client(project) as client:
        stored = store_lazy(client)
        client.sync()
        with client.events(timeout_s=10) as stream:
            (project / FILE).write_text(MODELS + "\nLIMIT = 3\n")
            pushed = contexts(stream, FILE)
        assert pushed.cause == "saved"
        assert [brief.id for brief in pushed.context.memories] == [stored]
        assert pushed.context.text.startswith(f"[Recalld — retrieved for {FILE}]")


def test_an_atomic_save_pushes_the_context_of_the_file_alone(daemon: Daemon, project: Path) -> None:
    with Client(project) as client:
        store_lazy(client)
        client.sync()
        with client.events(timeout_s=1) as stream:
            swap = project / "api/models/.memory.py.swp~"
            swap.write_text(MODELS + "\nLIMIT = 4\n")
            swap.rename(project / FILE)
            pushed = [event.file_path for event in everything(stream) if isinstance(event, ContextPushed)]
        assert pushed == [FILE]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports opens")
def test_opening_a_file_pushes_its_context(daemon: Daemon, project: Path) -> None:
    with Client(project) as client:
        client.sync()
        stored = store_lazy(client)
        client.sync()
        with client.events(timeout_s=10) as stream:
            subprocess.run(["cat", FILE], cwd=project, capture_output=True, check=True)
            pushed = contexts(stream, FILE)
        assert (pushed.cause, [brief.id for brief in pushed.context.memories]) == ("opened", [stored])


def test_an_editor_can_say_that_it_opened_a_file(daemon: Daemon, project: Path) -> None:
    with Client(project) as client:
        store_lazy(client)
        client.sync()
        with client.events(timeout_s=10) as stream:
            client.opened(FILE)
            assert contexts(stream, FILE).cause == "opened"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports opens")
def test_a_search_over_the_tree_pushes_nothing(daemon: Daemon, project: Path) -> None:
    for number in range(40):
        (project / "api" / f"module_{number}.py").write_text(f"def f{number}():\n    return {number}\n")
    with Client(project) as client:
        store_lazy(client)
        client.sync()
        with client.events(timeout_s=1) as stream:
            subprocess.run(["grep", "-r", "return", "."], cwd=project, capture_output=True, check=True)
            assert [event for event in everything(stream) if isinstance(event, ContextPushed)] == []


def test_a_memory_stored_elsewhere_reaches_the_open_file(daemon: Daemon, project: Path) -> None:
    with Client(project) as client:
        client.sync()
        client.opened(FILE)
        with client.events(timeout_s=10) as stream:
            stored = store_lazy(client)
            pushed = contexts(stream, FILE)
        assert (pushed.cause, [brief.id for brief in pushed.context.memories]) == ("memory", [stored])


def test_a_change_turns_the_verdict_and_reverting_heals_it(daemon: Daemon, project: Path) -> None:
    with Client(project) as client:
        stored = client.store(title="load adds the key", symbols=[f"{FILE}::Memory.load"])
        client.sync()
        with client.events(timeout_s=10) as stream:
            (project / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
            turned = next(event for event in stream if isinstance(event, VerdictChanged))
            assert (turned.memory_id, turned.previous, turned.verdict) == (stored.id, "current", "changed")
            assert "Memory.load" in turned.reason
            (project / FILE).write_text(MODELS)
            healed = next(event for event in stream if isinstance(event, VerdictChanged))
            assert healed.verdict == "current"


def test_reformatting_and_comments_leave_a_memory_current(daemon: Daemon, project: Path) -> None:
    with Client(project) as client:
        stored = client.store(title="load adds the key", symbols=[f"{FILE}::Memory.load"])
        text = MODELS.replace(
            "        return self.lazy + key", "        # as agreed\n        return (self.lazy\n            + key)"
        )
        (project / FILE).write_text(text.replace('"""Load one."""', '"""Load exactly one."""'))
        client.sync()
        assert client.get(stored.id).verdict == "current"


def test_sync_reflects_every_change_made_before_it(daemon: Daemon, project: Path) -> None:
    with Client(project) as client:
        client.sync()
        for round_ in range(10):
            (project / FILE).write_text(MODELS + f"\n\ndef added_{round_}():\n    pass\n")
            client.sync()
            assert f"added_{round_}" in {symbol.name for symbol in client.outline(FILE).symbols}


def test_a_branch_switch_is_followed_there_and_back(daemon: Daemon, project: Path) -> None:
    git(project, "checkout", "-q", "-b", "side")
    (project / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    commit(project)
    git(project, "checkout", "-q", "-")
    with Client(project) as client:
        stored = client.store(title="load adds the key", symbols=[f"{FILE}::Memory.load"])
        git(project, "checkout", "-q", "side")
        client.sync()
        assert client.get(stored.id).verdict == "changed"
        git(project, "checkout", "-q", "-")
        client.sync()
        assert client.get(stored.id).verdict == "current"


def test_what_git_ignores_is_never_parsed(daemon: Daemon, project: Path) -> None:
    (project / ".gitignore").write_text("build/\n*.gen.py\n")
    (project / "build").mkdir()
    (project / "build/out.py").write_text("def out(): pass\n")
    (project / "api/x.gen.py").write_text("def x(): pass\n")
    with Client(project) as client:
        client.sync()
        files = count(client)
        (project / "build/more.py").write_text("def more(): pass\n")
        client.sync()
        assert count(client) == files == 4


def test_files_that_break_a_grammar_cost_a_worker_and_nothing_else(own_daemon: Daemon, project: Path) -> None:
    (project / "bad.md").write_bytes(b"* - + " * 100)
    (project / "bad.kt").write_bytes(os.urandom(300_000).hex().encode()[:400_000])
    for name in ("deep.js", "Deep.java", "Deep.cs"):
        (project / name).write_text("(" * 50_000 + "{" * 50_000)
    own_daemon.start(parse_timeout_s=1)
    with Client(project) as client:
        client.sync(timeout_s=60)
        assert "Memory.load" in {symbol.name for symbol in client.outline(FILE).symbols}
        named = "\n".join(client.status().quarantined)
        assert "bad.md" in named
        own_daemon.stop()
    own_daemon.start(parse_timeout_s=1)
    with Client(project) as client:
        client.sync(timeout_s=60)
        assert "\n".join(client.status().quarantined) == named


def test_workspaces_do_not_see_each_other(daemon: Daemon, project: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "a.py").write_text("def a(): pass\n")
    with Client(project) as here, Client(other) as there:
        stored = store_lazy(here)
        assert there.search("lazy loading").results == []
        assert there.list().total == 0
        with pytest.raises(Exception, match="no memory") as refusal:
            there.get(stored)
        assert getattr(refusal.value, "code", "") == "unknown_id"
        assert here.search("lazy loading").results[0].id == stored


def test_a_folder_inside_a_project_is_part_of_it(daemon: Daemon, project: Path) -> None:
    up = daemon.recall("up", "--json", cwd=project / "api" / "models")
    assert json.loads(up.stdout)["workspace"]["path"] == str(project.resolve())


def test_a_subscriber_that_lost_the_daemon_asks_again(own_daemon: Daemon, project: Path) -> None:
    own_daemon.start()
    with Client(project) as client:
        store_lazy(client)
        client.sync()
        missed: list[str | None] = []
        with client.events(timeout_s=20, on_missed=missed.append) as stream:
            client.opened(FILE)
            assert contexts(stream, FILE).cause == "opened"
            own_daemon.stop()
            own_daemon.start()
            wait_until(lambda: bool(client.hello().pid), 5, "the daemon")
            assert contexts(stream, FILE).context.memories
        assert missed[0] is None
