"""`recall audit` as people use it: what is listed, what is asked, and what comes of the answers."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from recall import Client
from recall.cli import findings
from recall.cli.main import main
from recall.cli.terminal import Terminal
from tests.e2e.running import MODELS

FILE = "api/models/memory.py"
LOAD = f"{FILE}::Memory.load"
Say = Callable[..., str]


@pytest.fixture
def run(client: Client, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command in the project; what it wrote to stdout."""
    monkeypatch.chdir(project)

    def say(*words: str, code: int = 0) -> str:
        assert main(words) == code
        return capsys.readouterr().out

    return say


def walked(client: Client, *answers: str) -> None:
    """Go through what an audit finds with these answers, and then with none."""
    left = list(answers)

    def ask(question: str) -> str:
        if not left:
            raise EOFError
        return left.pop(0)

    client.sync()
    assert findings.walk(client, client.audit(), Terminal(json=False), ask) == 0
    assert left == []


def superseded(client: Client, name: str) -> str:
    old = client.store(title=f"The {name} thing is done by hand")
    client.store(title=f"Robots do number {name} as of the summer", supersedes=[old.id])
    return old.id


def to_look_at(client: Client) -> list[str]:
    client.sync()
    return [each.memory.id for each in client.audit().findings]


def test_each_answer_does_what_it_says(client: Client, project: Path) -> None:
    kept, later, forgotten = (superseded(client, name) for name in ("one", "two", "three"))
    changed = client.store(title="load adds", symbols=[LOAD], importance_score=1.0)
    (project / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    assert to_look_at(client) == [changed.id, *sorted((kept, later, forgotten))]
    said = {changed.id: "v", kept: "k", later: "l", forgotten: "f"}
    walked(client, *(said[each] for each in to_look_at(client)))
    assert to_look_at(client) == []
    assert client.get(changed.id).verdict == "current"
    assert client.get(forgotten).forgotten_at is not None
    assert client.get(kept).forgotten_at is client.get(later).forgotten_at is None


def test_one_may_supersede_the_other_by_default_the_one_it_is_at_odds_with(client: Client) -> None:
    one = client.store(title="Retries happen in the client")
    other = client.store(title="Retries are the gateway's business")
    client.link(other.id, "contradicts", one.id)
    walked(client, "supersede", "")
    assert client.get(one.id).superseded_by == other.id


def test_a_memory_may_be_edited_or_shown_whole_on_the_way(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = superseded(client, "one")
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\necho 'Another title' > \"$1\"\n")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    walked(client, "w", "e")
    assert client.get(old).title == "Another title"
    assert "superseded by" in capsys.readouterr().out


def test_whoever_has_enough_leaves_the_rest_for_the_next_time(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two", "three"):
        superseded(client, name)
    walked(client, "what?", "", "k", "q")
    assert len(to_look_at(client)) == 2
    assert capsys.readouterr().out.endswith("1 kept; 2 left\n")


def test_what_is_refused_is_said_and_asked_again(
    client: Client, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = client.store(title="show renders", symbols=["api/views.py::show"])
    (project / "api/views.py").unlink()
    walked(client, "v", "f")
    assert f"recall edit {stored.id}" in capsys.readouterr().err
    assert client.get(stored.id).forgotten_at is not None


def test_on_a_terminal_it_asks(client: Client, run: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    old = superseded(client, "one")
    typed = io.StringIO("f\n")
    monkeypatch.setattr("sys.stdin", typed)
    for stream in (typed, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    out = run("audit")
    assert "[f]orget" in out
    assert out.endswith("1 forgotten; nothing is left to look at\n")
    assert client.get(old).forgotten_at is not None
    superseded(client, "two")
    assert "[f]orget" not in run("audit", "--list")


def test_elsewhere_than_on_a_terminal_findings_are_listed(client: Client, run: Say) -> None:
    old = superseded(client, "one")
    out = run("audit")
    assert f"recall forget {old}" in out
    assert out.endswith("1 to look at: 1 superseded\n")
    assert json.loads(run("audit", "--json"))["findings"][0]["memory"]["id"] == old


def test_all_about_something_is_listed_with_the_healthy_ones_marked(client: Client, run: Say) -> None:
    old = client.store(title="The database is MySQL")
    client.store(title="The database is PostgreSQL 16 on its own host", supersedes=[old.id])
    client.sync()
    out = run("audit", "--about", "database")
    assert "healthy · general" in out
    assert "superseded: another stands in its place" in out
    assert out.endswith("2 memories match, 1 to look at\n")
    assert run("audit", "--older-than", "60d") == "0 memories match, 0 to look at\n"


def test_findings_are_answered_by_id_without_a_terminal(client: Client, run: Say) -> None:
    kept, later = superseded(client, "one"), superseded(client, "two")
    assert run("audit", "--keep", kept).startswith("kept The one thing")
    assert run("audit", "--later", later).startswith("put off The two thing")
    assert run("audit") == "nothing to look at; 2 memories left out by what you said before\n"
    assert later in run("audit", "--put-off")
    assert run("audit", "--keep", kept, code=1) == ""


def test_the_list_before_a_project_relies_on_its_memories(client: Client, run: Say) -> None:
    lines = json.loads(run("audit", "--ready", "--json"))["lines"]
    assert [line["ready"] for line in lines] == [False, False, False, True, False, False]
    assert all(line["act"] for line in lines if not line["ready"])
    subjects = ["Caching", "Paging", "Logging", "Retries", "Locks", "Queues", "Search", "Mail", "Fonts", "Taxes"]
    for subject in subjects:
        stored = client.store(title=f"{subject} went through review", memory_type="decision", source_files=[FILE])
        client.rate(stored.id, True)
    client.store(title="Workspace isolation invariant", memory_type="convention", importance_score=1.0)
    client.session_start(session_id="ses-1")
    client.session_end("ses-1", "Decided to keep the connection pool at ten.")
    out = run("audit", "--ready")
    assert out.endswith("6 of 6 ready\n")
    assert out.count("ready  ") == 6
    assert "10 most important architectural decisions" in out


def test_memories_that_name_files_and_invariants_that_are_not_pinned_are_named(client: Client, run: Say) -> None:
    loose = client.store(title="Loading is lazy", narrative="See api/models/memory.py for how.", memory_type="decision")
    weak = client.store(title="Every query filters by tenant", memory_type="security")
    out = run("audit", "--ready")
    assert f"recall edit {loose.id} --file PATH" in out
    assert f"recall pin {weak.id}" in out
