"""What a session is given when a file is touched or a question is asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recall import Client, RecallError
from tests.e2e.running import MODELS, commit, git, wait_until
from tests.inproc.conftest import House

FILE = "api/models/memory.py"
LOAD, CONNECT = f"{FILE}::Memory.load", f"{FILE}::connect"
LOAD_LINES = (9, 11)


def titles(client: Client, session_id: str, **asked: object) -> set[str]:
    reply = client.session_get_context(session_id, **asked)  # type: ignore[arg-type]
    return {brief.title for brief in reply.injected_memories}


@pytest.fixture
def session(client: Client) -> str:
    """A session that was given nothing, in a project with memories."""
    session_id = client.session_start().session_id
    client.store("Load adds the key", "It is a prefix.", symbols=[LOAD])
    client.store("Connect takes any URL", "Unchecked.", symbols=[CONNECT])
    client.store("Models are plain", "No logic.", source_files=[FILE])
    client.store("The API is versioned", "In the path.", source_files=["api/"])
    client.store("We ship on Fridays", "Always.", source_files=["./"], importance_score=1.0)
    client.store("Views return requests", "As they are.", source_files=["api/views.py"])
    return session_id


def test_a_file_brings_what_is_tied_to_it_to_its_code_and_to_its_folders_and_nothing_else(
    client: Client, session: str
) -> None:
    given = client.session_get_context(session, file_path=FILE)
    assert {brief.title for brief in given.injected_memories} == {
        "Load adds the key", "Connect takes any URL", "Models are plain", "The API is versioned",
    }  # fmt: skip
    assert given.text.count(f"[Recalld — retrieved for {FILE}]") == 4
    assert given.context_summary == "4 memories injected, 0 of high importance."


def test_lines_leave_out_what_is_tied_to_other_code(client: Client, session: str) -> None:
    around = {"Models are plain", "The API is versioned"}
    assert titles(client, session, file_path=FILE, lines=LOAD_LINES) == {"Load adds the key"} | around
    assert titles(client, session, file_path=FILE) == {"Connect takes any URL"}


@pytest.mark.parametrize("excerpt", ["return self.lazy + key", "return self.lazy + key\r\n"])
def test_an_excerpt_stands_for_the_lines_that_hold_it(client: Client, session: str, excerpt: str) -> None:
    assert "Load adds the key" in titles(client, session, file_path=FILE, excerpts=[excerpt], max_memories=1)
    assert "Connect takes any URL" not in titles(client, session, file_path=FILE, excerpts=[excerpt])


def test_an_excerpt_that_is_not_in_the_file_stands_for_all_of_it(client: Client, session: str) -> None:
    assert len(titles(client, session, file_path=FILE, excerpts=["not there"])) == 4


def test_a_place_is_told_once_and_again_when_its_code_changed_with_the_reason(
    client: Client, session: str, project: Path
) -> None:
    assert "Load adds the key" in titles(client, session, file_path=FILE)
    again = client.session_get_context(session, file_path=FILE)
    assert (again.text, again.injected_memories, again.already_given) == ("", [], 4)
    (project / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    client.sync()
    changed = client.session_get_context(session, file_path=FILE)
    assert [brief.title for brief in changed.injected_memories] == ["Load adds the key"]
    assert "changed: the body of Memory.load changed" in changed.text
    assert "changed since it was given" in changed.text
    assert changed.stale == 1


def test_what_code_that_is_gone_was_about_is_said_whatever_lines_are_touched(
    client: Client, session: str, project: Path
) -> None:
    (project / FILE).write_text(MODELS.partition("def connect")[0])
    client.sync()
    given = client.session_get_context(session, file_path=FILE, lines=(1, 1))
    assert "missing" in {brief.verdict for brief in given.injected_memories}


def test_of_many_who_ask_at_once_one_is_given_a_memory(client: Client, session: str, project: Path) -> None:
    def ask(_: int) -> int:
        with Client(project) as own:
            return len(own.session_get_context(session, file_path=FILE).injected_memories)

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(ask, range(6))) == 4


def test_a_context_that_was_compacted_is_given_all_of_it_again(client: Client, session: str) -> None:
    assert len(titles(client, session, file_path=FILE)) == 4
    started = client.session_start(session_id=session, anew=True)
    assert started.resumed
    assert started.already_given == 0
    assert "We ship on Fridays" in started.text
    assert "Load adds the key" in started.text
    assert "changed since it was given" not in started.text
    assert client.session_start(session_id=session).injected_memories == []


def test_a_subagent_is_given_what_it_does_not_have_and_takes_nothing_from_the_session(
    client: Client, session: str
) -> None:
    assert len(titles(client, session, file_path=FILE, agent="agent-1")) == 4
    assert titles(client, session, file_path=FILE, agent="agent-1") == set()
    assert len(titles(client, session, file_path=FILE, agent="agent-2")) == 4
    assert len(titles(client, session, file_path=FILE)) == 4


def test_a_question_brings_what_answers_it_and_nothing_where_nothing_does(client: Client, session: str) -> None:
    client.sync()
    asked = client.session_get_context(session, query="which URLs does connect take?", max_memories=3)
    assert asked.injected_memories[0].title == "Connect takes any URL"
    assert "We ship on Fridays" not in asked.text
    assert client.session_get_context(session, query="which URLs does connect take?").text == ""
    assert client.session_get_context(session, query="bake a sourdough loaf at home").text == ""


def test_the_budget_and_the_number_hold(client: Client, session: str) -> None:
    tiny = client.session_get_context(session, file_path=FILE, token_budget=5)
    assert (tiny.text, tiny.left_out) == ("", 4)
    assert len(titles(client, session, file_path=FILE, max_memories=2)) == 2
    assert len(titles(client, session, file_path=FILE, max_memories=2)) == 2


def test_each_tree_tells_what_its_own_code_says(client: Client, session: str, project: Path, tmp_path: Path) -> None:
    changed = "changed: the body of Memory.load changed"
    git(project, "worktree", "add", "-q", str(tmp_path / "other"), "-b", "other")
    (tmp_path / "other" / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    with Client(tmp_path / "other") as other:
        other.sync()
        assert changed in other.session_get_context(session, file_path=tmp_path / "other" / FILE).text
        other.close_tree()
    assert changed not in client.session_get_context(session, file_path=FILE).text


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"file_path": "/etc/passwd"}, "outside_workspace"),
        ({"file_path": FILE, "lines": (9, 3)}, "invalid_params"),
        ({"agent": "agent-1"}, "invalid_params"),
    ],
)
def test_what_cannot_be_meant_is_refused(client: Client, session: str, asked: dict[str, object], code: str) -> None:
    with pytest.raises(RecallError) as refusal:
        client.session_get_context(session, **asked)  # type: ignore[arg-type]
    assert refusal.value.code == code


def test_a_command_that_failed_and_is_done_after_a_change_becomes_an_error_and_its_fix(
    client: Client, session: str, project: Path
) -> None:
    failing = "`pytest -q tests` failed: AssertionError: 3 != 4 in the totals of an order"
    client.session_record_observation(session, failing, "error", attempt="pytest -q tests")
    client.session_record_observation(session, "Edit", "tool", source_files=[project / FILE])
    client.session_record_observation(session, "`pytest -q tests` done", "tool", attempt="pytest -q tests")
    job = client.session_end(session).extraction_job_id
    wait_until(lambda: client.session_job(job).status == "done", 20, "the extraction")
    (made,) = client.session_job(job).memories
    memory = client.get(made.id)
    assert memory.memory_type == "bug_fix"
    assert memory.source_files == [FILE]
    assert f"Changes to {FILE} fixed `pytest -q tests`. It showed as: `pytest -q tests` failed" in memory.narrative


def test_only_a_repository_is_taken_unasked(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "home").mkdir()
    git(tmp_path / "home", "init", "-q")
    (tmp_path / "home" / "a.md").write_text("# A\n")
    commit(tmp_path / "home", f"a home of {tmp_path}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with Client(house.paths.home, start=False) as client:
        for folder, code in (("plain", "no_repository"), ("home", "too_wide")):
            with pytest.raises(RecallError) as refusal:
                client.open_workspace(tmp_path / folder, plain=False)
            assert refusal.value.code == code
