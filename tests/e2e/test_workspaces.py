"""Which project a folder is, and what is known of it as folders come, go, move and turn into repositories."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from recall import Client, RecallError
from tests.e2e.conftest import a_daemon
from tests.e2e.running import MODELS, Daemon, commit, git


@pytest.fixture(scope="module", autouse=True)
def daemon() -> Iterator[Daemon]:
    with a_daemon() as made:
        made.start()
        yield made


def workspace(path: Path) -> str:
    with Client(path) as client:
        return client.open_workspace(path).workspace.workspace_id


def titles(path: Path) -> list[str]:
    with Client(path) as client:
        return [brief.title for brief in client.list().memories]


def remember(path: Path, title: str) -> str:
    with Client(path) as client:
        return client.store(title=title).id


def test_clones_share_the_workspace_and_its_memories(project: Path, tmp_path: Path) -> None:
    remember(project, "of the original")
    git(tmp_path, "clone", "-q", str(project), "clone")
    git(tmp_path, "clone", "-q", f"file://{tmp_path}/clone", "clone of the clone")
    assert workspace(tmp_path / "clone") == workspace(project) == workspace(tmp_path / "clone of the clone")
    assert titles(tmp_path / "clone") == ["of the original"]


def test_clones_of_one_remote_share_the_workspace_however_it_is_written(project: Path, tmp_path: Path) -> None:
    git(project, "remote", "add", "origin", "git@example.invalid:Team/Tool.git")
    shutil.copytree(project, tmp_path / "https")
    git(tmp_path / "https", "remote", "set-url", "origin", "https://someone@EXAMPLE.invalid/Team/Tool/")
    shutil.copytree(project, tmp_path / "fork")
    git(tmp_path / "fork", "remote", "set-url", "origin", "https://example.invalid/Other/Tool")
    assert workspace(tmp_path / "https") == workspace(project)
    assert workspace(tmp_path / "fork") != workspace(project)


def test_clones_of_a_bare_repository_share_the_workspace(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(project), "bare.git")
    shutil.rmtree(project)
    for name in ("one", "two"):
        git(tmp_path, "clone", "-q", str(tmp_path / "bare.git"), name)
    assert workspace(tmp_path / "one") == workspace(tmp_path / "two")


def test_a_worktree_shares_the_workspace_with_a_tree_of_its_own(project: Path, tmp_path: Path) -> None:
    git(project, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    with Client(project) as here, Client(tmp_path / "side") as there:
        one, other = (each.open_workspace(each.path).workspace for each in (here, there))
    assert one.workspace_id == other.workspace_id
    assert one.tree_id != other.tree_id


def test_a_changed_origin_loses_nothing(project: Path) -> None:
    git(project, "remote", "add", "origin", "https://example.invalid/a/b")
    remember(project, "kept")
    git(project, "remote", "set-url", "origin", "https://elsewhere.invalid/x/y")
    with Client(project) as client:
        client.close_tree()
    assert titles(project) == ["kept"]


def test_a_renamed_repository_keeps_its_workspace(project: Path, tmp_path: Path) -> None:
    remember(project, "kept")
    project.rename(tmp_path / "renamed")
    assert titles(tmp_path / "renamed") == ["kept"]


def test_a_repository_keeps_its_workspace_from_before_its_first_commit(tmp_path: Path) -> None:
    root = tmp_path / "young"
    root.mkdir()
    git(root, "init", "-q")
    remember(root, "from before")
    (root / "a.py").write_text(f"# {tmp_path}\n")
    commit(root)
    with Client(root) as client:
        client.close_tree()
    assert titles(root) == ["from before"]
    root.rename(tmp_path / "older")
    assert titles(tmp_path / "older") == ["from before"]


def test_a_plain_folder_keeps_its_workspace_when_it_becomes_a_repository(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    (root / "inner").mkdir(parents=True)
    (root / "a.py").write_text(f"# {tmp_path}\n")
    remember(root, "from before")
    assert workspace(root / "inner") == workspace(root)
    git(root, "init", "-q")
    assert titles(root) == ["from before"]
    commit(root)
    assert titles(root) == ["from before"]
    with Client(root) as client:
        client.close_tree()
    assert titles(root) == ["from before"]


def test_two_plain_folders_are_two_workspaces(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    assert workspace(tmp_path / "one") != workspace(tmp_path / "two")


def test_a_repository_inside_a_project_is_its_own(project: Path) -> None:
    nested = project / "vendor/lib"
    nested.mkdir(parents=True)
    with Client(project) as client:
        client.sync()
        git(nested, "init", "-q")
        (nested / "lib.py").write_text("def lib(): pass\n")
        commit(nested)
        client.sync()
        files = client.status().workspaces
        assert [one.files for one in files if one.tree_id == client.tree_id] == [3]
    assert workspace(nested) != workspace(project)
    with Client(nested) as inner:
        inner.sync()
        assert inner.outline("lib.py").symbols[0].name == "lib"


def test_a_submodule_is_its_own(project: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "-q")
    (library / "l.py").write_text(f"# {tmp_path}\n")
    commit(library)
    git(project, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library), "sub")
    assert workspace(project / "sub") == workspace(library) != workspace(project)


@pytest.mark.parametrize("path", ["/", "~", "/tmp"])
def test_a_folder_too_wide_is_refused(daemon: Daemon, path: str) -> None:
    with Client(path) as client, pytest.raises(RecallError) as refusal:
        client.open_workspace(client.path)
    assert refusal.value.code == "too_wide"


@pytest.mark.parametrize("path", ["/no/such/folder", "/dev/null/x"])
def test_what_is_no_folder_is_refused(daemon: Daemon, path: str) -> None:
    with Client(daemon.home, start=False) as client, pytest.raises(RecallError) as refusal:
        client.open_workspace(path)
    assert refusal.value.code == "not_a_folder"


def test_another_workspace_can_be_asked_for(project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "unrelated"
    copy.mkdir()
    (copy / "u.py").write_text("def u(): pass\n")
    remember(copy, "of the copy")
    remember(project, "of the project")
    with Client(copy, workspace_id=workspace(project)) as client:
        client.sync()
        assert [brief.title for brief in client.list().memories] == ["of the project"]
        assert [symbol.name for symbol in client.outline("u.py").symbols] == ["u"]
        shown = next(one for one in client.status().workspaces if one.tree_id == client.tree_id)
        assert (shown.scanning, shown.files, shown.workspace_id) == (False, 1, client.workspace_id)
        client.close_tree()
    assert titles(copy) == ["of the project"]
    with Client(copy, workspace_id="ws-none") as client, pytest.raises(RecallError) as refusal:
        client.list()
    assert refusal.value.code == "unknown_workspace"


def test_a_folder_inside_the_tree_speaks_for_it(project: Path) -> None:
    remember(project, "here")
    assert titles(project / "api/models") == ["here"]
    with Client(project / "api") as client:
        assert client.outline("api/views.py").status == "parsed"


def test_a_closed_tree_comes_back_with_all_that_was(project: Path) -> None:
    with Client(project) as client:
        stored = client.store(title="load", symbols=["api/models/memory.py::load"])
        client.sync()
        tree_id = client.tree_id
        client.close_tree()
        assert tree_id not in {one.tree_id for one in client.status().workspaces}
        with Client(project, start=False) as stranger, pytest.raises(RecallError) as refusal:
            stranger.list()
        assert refusal.value.code == "unknown_tree"
        (project / "api/models/memory.py").write_text(MODELS.replace("self.lazy + key", "key"))
        client.sync()
        assert client.get(stored.id).verdict == "changed"
        assert client.tree_id == tree_id


def test_a_tree_that_was_deleted_and_made_again_is_followed_again(project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(project, copy)
    with Client(project) as client:
        stored = client.store(title="load", symbols=["api/models/memory.py::load"])
        client.sync()
        for _ in range(2):
            shutil.rmtree(project)
            shutil.copytree(copy, project)
            client.sync()
            assert client.get(stored.id).verdict == "current"
            (project / "api/models/memory.py").write_text("def load(): return 0\n")
            client.sync()
            assert client.get(stored.id).verdict == "missing"


def test_a_tree_that_is_gone_is_refused_clearly(project: Path) -> None:
    with Client(project) as client:
        client.sync()
        shutil.rmtree(project)
        with contextlib.suppress(RecallError):
            client.sync()  # it may be found out only now
        with pytest.raises(RecallError) as refusal:
            client.sync()
        assert refusal.value.code == "not_a_folder"
        assert client.hello().pid


def test_a_tree_whose_root_is_renamed_is_followed_at_its_new_place(project: Path, tmp_path: Path) -> None:
    with Client(project) as client:
        stored = client.store(title="load", symbols=["api/models/memory.py::load"])
        client.sync()
    project.rename(tmp_path / "moved")
    with Client(tmp_path / "moved") as client:
        client.sync()
        assert client.get(stored.id).verdict == "current"
        (tmp_path / "moved/api/models/memory.py").write_text(MODELS.replace("self.lazy + key", "key"))
        client.sync()
        assert client.get(stored.id).verdict == "changed"


def test_other_content_at_the_same_place_is_another_workspace(project: Path, tmp_path: Path) -> None:
    remember(project, "of the first")
    shutil.rmtree(project)
    project.mkdir()
    git(project, "init", "-q")
    (project / "other.py").write_text(f"# {tmp_path} other\n")
    commit(project)
    with Client(project) as client:
        client.sync()
    assert titles(project) == []


def test_a_restart_takes_up_the_trees_that_were_followed(project: Path, tmp_path: Path) -> None:
    with a_daemon() as daemon:
        daemon.start()
        plain = tmp_path / "plain"
        closed = tmp_path / "closed"
        for folder in (plain, closed):
            folder.mkdir()
            (folder / "p.py").write_text("def p(): pass\n")
            workspace(folder)
        workspace(project)
        with Client(closed) as client:
            client.close_tree()
        daemon.stop()
        daemon.start()
        with Client(plain, start=False) as client:
            client.sync()
            assert {one.path for one in client.status().workspaces} == {str(project), str(plain)}
            assert [symbol.name for symbol in client.outline("p.py").symbols] == ["p"]
