"""What may not be true any more, who says that it still is, and what is kept of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from recall import Client, RecallError
from tests.e2e.running import MODELS, git
from tests.inproc.conftest import House

FILE = "api/models/memory.py"
LOAD, CONNECT = f"{FILE}::Memory.load", f"{FILE}::connect"
CHANGED = MODELS.replace("self.lazy + key", "key")


def change(client: Client, project: Path, text: str = CHANGED) -> None:
    (project / FILE).write_text(text)
    client.sync()


# --- audit ---------------------------------------------------------------------------------------


def test_the_stale_are_listed_the_worst_first_then_the_most_important(client: Client, project: Path) -> None:
    client.store(title="gone", symbols=["api/views.py::show"], importance_score=0.1)
    client.store(title="changed", symbols=[LOAD], importance_score=0.5, evidence="pytest -k load")
    client.store(title="changed too", symbols=[LOAD, CONNECT], importance_score=0.6)
    client.store(title="true", symbols=[CONNECT])
    client.store(title="free")
    change(client, project)
    (project / "api/views.py").unlink()
    client.sync()
    reply = client.audit()
    assert [(brief.title, brief.verdict, brief.evidence) for brief in reply.memories] == [
        ("gone", "missing", None),
        ("changed too", "changed", None),
        ("changed", "changed", "pytest -k load"),
    ]
    assert all(brief.reason for brief in reply.memories)
    assert (reply.checked, reply.total) == (4, 3)
    limited = client.audit(limit=1)
    assert ([brief.title for brief in limited.memories], limited.total) == (["gone"], 3)


def test_an_audit_can_be_narrowed_by_age_and_by_what_it_is_about(house: House, client: Client, project: Path) -> None:
    client.store(title="Sessions expire after a day", symbols=[LOAD])
    house.pass_days(100)
    client.store(title="Database connections are pooled", symbols=[LOAD])
    change(client, project)

    def titles(**narrowed: object) -> tuple[list[str], int]:
        reply = client.audit(**narrowed)  # type: ignore[arg-type]  # the parameters vary
        return [brief.title for brief in reply.memories], reply.checked

    assert titles(older_than_days=60) == (["Sessions expire after a day"], 1)
    assert titles(older_than_days=200) == ([], 0)
    assert titles(about="pooling of database connections") == (["Database connections are pooled"], 1)


def test_forgotten_memories_are_not_audited(client: Client, project: Path) -> None:
    stored = client.store(title="forgotten", symbols=[LOAD])
    change(client, project)
    client.forget(stored.id)
    assert (client.audit().checked, client.audit().memories) == (0, [])


# --- still true ----------------------------------------------------------------------------------


def test_what_is_verified_is_true_of_the_code_of_now_and_of_the_code_before(client: Client, project: Path) -> None:
    stored = client.store(title="load adds", symbols=[LOAD])
    change(client, project)
    verified = client.verify(stored.id)
    assert (verified.verdict, verified.version) == ("current", 2)
    client.sync()
    assert client.get(stored.id).verdict == "current"
    change(client, project, MODELS)
    assert client.get(stored.id).verdict == "current"
    change(client, project, MODELS.replace("self.lazy + key", "None"))
    assert client.get(stored.id).verdict == "changed"
    assert client.audit().total == 1


def test_what_is_verified_in_one_worktree_is_true_in_the_other(client: Client, project: Path, tmp_path: Path) -> None:
    git(project, "worktree", "add", "-q", str(tmp_path / "side"))
    stored = client.store(title="load adds", symbols=[LOAD])
    with Client(tmp_path / "side") as side:
        side.sync()
        change(client, project)
        change(side, tmp_path / "side")
        assert (client.get(stored.id).verdict, side.get(stored.id).verdict) == ("changed", "changed")
        side.verify(stored.id)
        assert (client.get(stored.id).verdict, side.get(stored.id).verdict) == ("current", "current")
        side.close_tree()


def test_code_that_moved_is_verified_where_it_stands_now(client: Client, project: Path) -> None:
    stored = client.store(title="load adds", symbols=[LOAD])
    git(project, "mv", FILE, "api/models/renamed.py")
    client.sync()
    (project / "api/models/renamed.py").write_text(CHANGED)
    client.sync()
    (anchor,) = client.get(stored.id).anchors
    assert (anchor.path, anchor.verdict) == ("api/models/renamed.py", "moved+changed")
    (anchor,) = client.verify(stored.id).anchors
    assert (anchor.path, anchor.verdict) == ("api/models/renamed.py", "current")
    assert (anchor.stored_path, anchor.stored_symbol) == (FILE, "Memory.load")


def test_a_memory_is_verified_by_those_of_its_anchors_whose_code_is_there(client: Client, project: Path) -> None:
    stored = client.store(title="two", symbols=[LOAD, "api/views.py::show"])
    (project / "api/views.py").unlink()
    change(client, project)
    assert [anchor.verdict for anchor in client.verify(stored.id).anchors] == ["current", "missing"]


def test_what_has_no_code_left_cannot_be_verified(client: Client, project: Path) -> None:
    stored = client.store(title="gone", symbols=["api/views.py::show"])
    (project / "api/views.py").unlink()
    client.sync()
    with pytest.raises(RecallError) as refusal:
        client.verify(stored.id)
    assert refusal.value.code == "invalid_params"
    assert f"recall edit {stored.id}" in refusal.value.message
    assert client.get(stored.id).version == 1


def test_a_memory_without_code_is_verified_by_word_alone(client: Client) -> None:
    stored = client.store(title="Deploys happen on Tuesdays")
    assert (client.verify(stored.id).version, client.verify(stored.id).verdict) == (2, None)


def test_what_is_forgotten_or_unknown_cannot_be_verified(client: Client) -> None:
    stored = client.store(title="forgotten")
    client.forget(stored.id)
    for memory_id, code in ((stored.id, "forgotten"), ("mem-none", "unknown_id")):
        with pytest.raises(RecallError) as refusal:
            client.verify(memory_id)
        assert refusal.value.code == code


# --- an edit -------------------------------------------------------------------------------------


def test_an_edit_that_names_new_files_keeps_the_symbols_that_have_moved(client: Client, project: Path) -> None:
    stored = client.store(title="load", symbols=[LOAD])
    git(project, "mv", FILE, "api/models/renamed.py")
    client.sync()
    edited = client.edit(stored.id, source_files=["api/views.py"])
    assert (edited.symbols, edited.source_files) == ([LOAD], ["api/views.py"])
    assert {(anchor.path, anchor.verdict) for anchor in edited.anchors} == {
        ("api/models/renamed.py", "current"),
        ("api/views.py", "current"),
    }


def test_an_edit_that_names_other_symbols_lets_go_of_the_ones_before(client: Client, project: Path) -> None:
    stored = client.store(title="load", symbols=[LOAD], source_files=["api"])
    edited = client.edit(stored.id, symbols=[CONNECT])
    assert (edited.symbols, edited.source_files) == ([CONNECT], ["api/"])
    assert client.edit(stored.id, source_files=[f"{FILE}::connect", FILE]).symbols == [CONNECT]
    assert [anchor.verdict for anchor in client.get(stored.id).anchors] == ["current", "current"]


# --- history -------------------------------------------------------------------------------------


def test_the_history_tells_who_said_what_when_and_where_the_code_has_been(
    house: House, client: Client, project: Path
) -> None:
    stored = client.store(title="load adds", symbols=[LOAD], source_files=["api"])
    house.pass_days(1)
    change(client, project)
    client.verify(stored.id)
    history = client.history(stored.id)
    assert [(version.version, version.cause) for version in history.versions] == [(2, "verified"), (1, "stored")]
    folder, symbol = history.anchors
    assert (folder.kind, folder.path, folder.now.verdict) == ("folder", "api/", "current")
    assert (symbol.kind, symbol.path, symbol.symbol) == ("symbol", FILE, "Memory.load")
    assert [(step.path, step.symbol, step.source) for step in symbol.steps] == [
        (FILE, "Memory.load", "stored"),
        (FILE, "Memory.load", "accepted"),
    ]
    assert symbol.steps[0].at < symbol.steps[1].at
    assert (symbol.now.verdict, symbol.now.line) == ("current", 9)
