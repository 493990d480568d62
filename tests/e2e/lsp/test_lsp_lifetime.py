"""Many editors, a daemon that is not there, and the end."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from recall import Client
from tests.e2e.conftest import a_daemon
from tests.e2e.editor import Editor, RefusedError
from tests.e2e.lsp.conftest import BODY, CHANGED, FILE, LOAD, LOAD_LINE, diagnostics
from tests.e2e.running import Daemon, git, runs, wait_until


def test_several_editors_and_trees_at_once_see_the_same_memories(
    client: Client, memory_id: str, editor: Editor, daemon: Daemon, project: Path, tmp_path: Path, file: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(project), str(clone))
    other = Editor(daemon.environ)
    other.initialize(project, clone)
    uris = [editor.open(file), other.open(file), other.open(clone / FILE)]
    for asked, uri in zip((editor, other, other), uris, strict=True):
        asked.until(lambda asked=asked, uri=uri: asked.lenses(uri) == [(LOAD_LINE, "1 memory")], f"the lens of {uri}")  # type: ignore[misc]
    other.edit(uris[2], 2, *BODY, CHANGED)
    diagnostics(other, uris[2], 1)
    assert editor.lenses(uris[0]) == other.lenses(uris[1]) == [(LOAD_LINE, "1 memory")]
    assert other.end() == 0


def test_a_folder_that_is_added_is_meant_by_commands_that_name_no_file(
    client: Client, memory_id: str, daemon: Daemon, project: Path
) -> None:
    editor = Editor(daemon.environ)
    editor.initialize()
    folder = {"uri": project.as_uri(), "name": "project"}
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [folder], "removed": []}})
    assert editor.command("recall.show", {"ids": [memory_id]})["markdown"].startswith("# Loading is lazy")
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [folder]}})
    with pytest.raises(RefusedError):
        editor.command("recall.show", {"ids": [memory_id]})
    assert editor.end() == 0


def test_a_missing_daemon_is_started_and_a_lost_one_found_again(project: Path, file: Path) -> None:
    with a_daemon() as daemon:
        editor = Editor(daemon.environ)
        editor.initialize(project)
        uri = editor.open(file)
        editor.until(daemon.paths.requests.exists, "a daemon")
        with Client(project) as client:
            client.store("Loading is lazy", symbols=[LOAD])
            editor.until(lambda: editor.lenses(uri) == [(LOAD_LINE, "1 memory")], "the lens")
            pid = client.hello().pid
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not runs(pid), 10, "the daemon to be gone")
        assert editor.lenses(uri) == [(LOAD_LINE, "1 memory")]
        editor.edit(uri, 2, (0, 0), (0, 0), "\n")
        with Client(project) as client:
            client.store("Connections are pooled", symbols=[f"{FILE}::connect"])
        editor.until(lambda: len(editor.lenses(uri)) == 2, "the second lens", timeout_s=40)
        assert editor.errors() == []
        assert editor.end() == 0
        daemon.recall("down", cwd=project)


def test_nothing_is_started_where_that_is_forbidden(project: Path, file: Path) -> None:
    with a_daemon() as daemon:
        editor = Editor(daemon.environ, "--no-start")
        editor.initialize(project)
        uri = editor.open(file)
        assert editor.lenses(uri) == []
        assert editor.command("recall.search", {"query": "lazy"}) is None
        assert not daemon.paths.requests.exists()
        daemon.start()
        with Client(project) as client:
            client.store("Loading is lazy", symbols=[LOAD])

        def shown_after_saving() -> bool:
            editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
            return editor.lenses(uri) == [(LOAD_LINE, "1 memory")]

        editor.until(shown_after_saving, "the lens of a daemon that came")
        assert editor.end() == 0


def test_the_server_ends_with_its_editor(daemon: Daemon, project: Path, file: Path) -> None:
    short_lived = subprocess.Popen(["sleep", "60"])
    editor = Editor(daemon.environ, process_id=short_lived.pid)
    editor.initialize(project)
    editor.lenses(editor.open(file))
    short_lived.kill()
    short_lived.wait()
    assert editor.process.wait(10) == 1
    closed = Editor(daemon.environ)
    closed.initialize(project)
    assert closed.process.stdin is not None
    closed.process.stdin.close()
    assert closed.process.wait(10) == 1


def test_nothing_is_left_behind_at_the_end_nor_by_a_server_that_was_killed(
    client: Client, memory_id: str, daemon: Daemon, project: Path
) -> None:
    editor = Editor(daemon.environ)
    editor.initialize(project)
    shown = editor.command("recall.show", {"uri": (project / FILE).as_uri(), "ids": [memory_id]})
    page = Path(shown["uri"].removeprefix("file://"))
    assert (page.stat().st_mode & 0o777, page.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    editor.process.kill()
    editor.process.wait()
    after = Editor(daemon.environ)
    after.initialize(project)
    newer = after.command("recall.search", {"uri": (project / FILE).as_uri(), "query": "loading"})
    assert not page.parent.exists()
    assert after.end() == 0
    assert not Path(newer["uri"].removeprefix("file://")).parent.exists()
