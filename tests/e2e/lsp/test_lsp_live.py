"""What changes elsewhere appears in open files by itself."""

from __future__ import annotations

from pathlib import Path

from recall import Client
from tests.e2e.editor import Editor
from tests.e2e.lsp.conftest import BODY, CHANGED, FILE, LOAD, LOAD_LINE, diagnostics
from tests.e2e.running import MODELS, commit, git


def test_a_memory_that_an_agent_stores_appears_by_itself(client: Client, editor: Editor, file: Path) -> None:
    uri = editor.open(file)
    assert editor.lenses(uri) == []
    stored = client.store("Loading is lazy", symbols=[LOAD])
    editor.wait("workspace/codeLens/refresh")
    assert editor.lenses(uri) == [(LOAD_LINE, "1 memory")]
    since = len(editor.messages)
    client.forget(stored.id)
    editor.wait("workspace/codeLens/refresh", since=since)
    assert editor.lenses(uri) == []


def test_a_switch_of_branches_turns_verdicts_in_open_files(
    client: Client, memory_id: str, editor: Editor, file: Path, project: Path
) -> None:
    uri = editor.open(file)
    assert editor.lenses(uri) == [(LOAD_LINE, "1 memory")]
    git(project, "checkout", "-q", "-b", "other")
    file.write_text(MODELS.replace("return self.lazy + key", "return key"))
    commit(project)
    editor.rewrite(uri, 2, file.read_text())  # as editors do where nothing is unsaved
    assert diagnostics(editor, uri, 1)[0]["code"] == "changed"
    git(project, "checkout", "-q", "-")
    editor.rewrite(uri, 3, file.read_text())
    diagnostics(editor, uri, 0, since=len(editor.messages) - 1)


def test_opening_saving_and_closing_are_told_to_the_daemon(
    client: Client, memory_id: str, editor: Editor, file: Path
) -> None:
    with client.events([FILE], timeout_s=10) as events:
        uri = editor.open(file)
        assert next(events).cause == "opened"  # type: ignore[union-attr]  # a context comes first
    editor.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    editor.edit(uri, 2, *BODY, CHANGED)
    diagnostics(editor, uri, 1)
    since = len(editor.messages)
    editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    diagnostics(editor, uri, 0, since)
    assert editor.lenses(uri) == []
