"""What a change touches: symbols, files and folders that are different from what was committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from recall import Client, RecallError
from recall.protocol.requests import AffectedReply
from tests.e2e.running import MODELS, commit, git

FILE = "api/models/memory.py"
CHANGED = MODELS.replace("self.lazy + key", "key")


def affected(client: Client, revision: str | None = None) -> AffectedReply:
    client.sync()
    return client.affected(revision)


def touched(client: Client, revision: str | None = None) -> dict[str, list[str]]:
    """Titles, each with why."""
    return {brief.title: brief.why for brief in affected(client, revision).memories}


@pytest.fixture
def tied(client: Client) -> Client:
    """A memory on each symbol, on the file, and on two folders."""
    client.store(title="load", symbols=[f"{FILE}::Memory.load"])
    client.store(title="connect", symbols=[f"{FILE}::connect"])
    client.store(title="show", symbols=["api/views.py::show"])
    client.store(title="file", source_files=[FILE])
    client.store(title="folder", source_files=["api"])
    client.store(title="everything", source_files=["."])
    client.store(title="free")
    return client


def test_without_a_change_nothing_is_touched(tied: Client) -> None:
    assert affected(tied) == AffectedReply(since="HEAD", files=[], memories=[], stale=0)


def test_a_changed_symbol_touches_its_memory_and_leaves_its_neighbours_alone(tied: Client, project: Path) -> None:
    (project / FILE).write_text(CHANGED)
    reply = affected(tied)
    assert reply.files == [FILE]
    assert {brief.title: (brief.why, brief.verdict) for brief in reply.memories} == {
        "load": (["symbol Memory.load changed"], "changed"),
        "file": ([f"file {FILE} changed"], "current"),
        "folder": (["folder api/ (1 file changed)"], "current"),
        "everything": (["folder ./ (1 file changed)"], "current"),
    }
    assert reply.stale == 1


def test_comments_and_formatting_touch_no_symbol(tied: Client, project: Path) -> None:
    (project / FILE).write_text(
        MODELS.replace("        return self.lazy", "        # comment\n\n        return self.lazy")
    )
    assert {"load", "connect"} & set(touched(tied)) == set()


@pytest.mark.parametrize("staged", [True, False])
def test_what_is_removed_new_and_untracked_is_named(tied: Client, project: Path, staged: bool) -> None:
    tied.store(title="late", symbols=["api/late.py::late"])
    (project / "api/views.py").unlink()
    (project / "api/late.py").write_text("def late():\n    return 1\n")
    (project / ".gitignore").write_text("*.log\n")
    (project / "api/noise.log").write_text("noise")
    if staged:
        git(project, "add", "-A")
    reply = affected(tied)
    assert reply.files == [".gitignore", "api/late.py", "api/views.py"]
    assert {brief.title: brief.why for brief in reply.memories} == {
        "show": ["symbol show removed"],
        "late": ["symbol late is new"],
        "folder": ["folder api/ (2 files changed)"],
        "everything": ["folder ./ (3 files changed)"],
    }


def test_a_file_that_is_removed_or_new_touches_its_memory(client: Client, project: Path) -> None:
    client.store(title="views", source_files=["api/views.py"])
    client.store(title="late", source_files=["api/late.txt"])
    (project / "api/views.py").unlink()
    (project / "api/late.txt").write_text("late\n")
    assert touched(client) == {"views": ["file api/views.py removed"], "late": ["file api/late.txt is new"]}


def test_a_symbol_that_moved_to_another_file_says_from_where(tied: Client, project: Path) -> None:
    body = "\n\ndef connect(url: str) -> str:\n    return url\n"
    (project / FILE).write_text(MODELS.replace(body, ""))
    (project / "api/net.py").write_text(
        "def connect(url: str) -> str:\n    return url\n\n\ndef other():\n    return 2\n"
    )
    reply = affected(tied)
    why = {brief.title: (brief.why, brief.verdict) for brief in reply.memories}
    assert why["connect"] in (
        ([f"symbol connect moved from {FILE}::connect"], "moved"),
        (["symbol connect removed"], "ambiguous"),  # its body is too little to be evidence
    )


def test_lines_are_touched_with_the_symbol_around_them(client: Client, project: Path) -> None:
    client.store(title="in load", source_files=[f"{FILE}:9-11"])
    client.store(title="in connect", source_files=[f"{FILE}:14-15"])
    (project / FILE).write_text(CHANGED)
    assert touched(client) == {"in load": ["symbol Memory.load changed"]}


def test_a_renamed_file_takes_its_symbols_along(tied: Client, project: Path) -> None:
    git(project, "mv", FILE, "api/models/renamed.py")
    why = touched(tied)
    assert why["load"] == [f"symbol Memory.load moved from {FILE}::Memory.load"]
    assert why["file"] == [f"file api/models/renamed.py moved from {FILE}"]


def test_decisions_come_first_then_the_stale_then_the_nearest_then_the_most_important(
    client: Client, project: Path
) -> None:
    load = [f"{FILE}::Memory.load"]
    client.store(title="folder", source_files=["api"], importance_score=0.99)
    client.store(title="file", source_files=[FILE], importance_score=0.9)
    client.store(title="stale", symbols=load, importance_score=0.1)
    client.store(title="stale and important", symbols=load, importance_score=0.2)
    client.store(title="decided of the folder", source_files=["api"], memory_type="decision", importance_score=0.1)
    client.store(title="decided of the symbol", symbols=load, memory_type="decision", importance_score=0.1)
    true_now = client.store(title="true", symbols=load, importance_score=0.1)
    (project / FILE).write_text(CHANGED)
    client.sync()
    client.verify(true_now.id)
    reply = affected(client)
    assert [brief.title for brief in reply.memories] == [
        "decided of the symbol",
        "decided of the folder",
        "stale and important",
        "stale",
        "true",
        "file",
        "folder",
    ]
    assert reply.stale == 3


def test_a_memory_with_several_ties_comes_once_with_the_nearest_reason_first(client: Client, project: Path) -> None:
    client.store(title="all", source_files=["api", FILE], symbols=[f"{FILE}::Memory.load"], evidence="pytest -k load")
    (project / FILE).write_text(CHANGED)
    (only,) = affected(client).memories
    assert only.why == ["symbol Memory.load changed", f"file {FILE} changed", "folder api/ (1 file changed)"]
    assert only.evidence == "pytest -k load"


def test_since_a_revision_committed_changes_count_too(tied: Client, project: Path) -> None:
    git(project, "tag", "before")
    (project / FILE).write_text(CHANGED)
    commit(project)
    assert touched(tied) == {}
    reply = affected(tied, "before")
    assert (reply.since, reply.files) == ("before", [FILE])
    assert "load" in {brief.title for brief in reply.memories}


def test_what_was_changed_back_touches_no_symbol(tied: Client, project: Path) -> None:
    (project / FILE).write_text(CHANGED)
    commit(project)
    (project / FILE).write_text(MODELS)
    assert "load" in touched(tied)
    assert touched(tied, "HEAD~1") == {}


def test_an_unknown_revision_is_refused(client: Client) -> None:
    with pytest.raises(RecallError) as refusal:
        client.affected("--output=x")
    assert (refusal.value.code, refusal.value.field) == ("unknown_revision", "revision")
    assert "--output=x" in refusal.value.message


def test_a_plain_folder_has_nothing_to_compare_with(house: object, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    with Client(plain) as client:
        with pytest.raises(RecallError) as refusal:
            client.affected()
        client.close_tree()
    assert refusal.value.code == "no_repository"


def test_before_the_first_commit_everything_is_new(house: object, tmp_path: Path) -> None:
    root = tmp_path / "young"
    root.mkdir()
    git(root, "init", "-q")
    (root / "a.py").write_text("def first():\n    return 1\n")
    with Client(root) as client:
        client.sync()
        client.store(title="first", symbols=["a.py::first"])
        assert touched(client) == {"first": ["symbol first is new"]}
        client.close_tree()


def test_a_file_that_cannot_be_compared_by_symbols_counts_as_a_whole(client: Client, project: Path) -> None:
    (project / "api/made.py").write_text("# DO NOT EDIT\ndef made():\n    return 1\n")
    commit(project)
    (project / "api/made.py").write_text("def made():\n    return 1\n")
    client.sync()
    client.store(title="made", symbols=["api/made.py::made"])
    assert touched(client) == {"made": ["file api/made.py changed"]}


def test_the_files_of_then_leave_nothing_behind(tied: Client, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = project.parent / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    (project / FILE).write_text(CHANGED)
    assert "load" in touched(tied)
    assert list(scratch.iterdir()) == []
