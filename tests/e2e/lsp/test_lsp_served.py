"""What editors get that ask for more: pages as documents of their own, and what a file's memories are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recall import Client
from recall.paths import find_paths
from tests.e2e.editor import Editor
from tests.e2e.lsp.conftest import BODY, CHANGED, LOAD, LOAD_LINE
from tests.e2e.running import Daemon

ASKS_FOR_PAGES = {
    "workspace": {"codeLens": {"refreshSupport": True}, "textDocumentContent": {"dynamicRegistration": True}},
    "window": {"showDocument": {"support": True}},
}


@pytest.fixture
def editor(daemon: Daemon, project: Path) -> Iterator[Editor]:
    made = Editor(daemon.environ)
    said = made.initialize(project, capabilities=ASKS_FOR_PAGES, options={"summaries": True})
    assert said["capabilities"]["workspace"]["textDocumentContent"] == {"schemes": ["recall"]}
    yield made
    assert made.errors() == []
    assert made.end() == 0


def page(editor: Editor, uri: str) -> str:
    return str(editor.request("workspace/textDocumentContent", {"uri": uri})["text"])


def test_an_editor_that_asks_for_pages_gets_them_without_files(
    client: Client, memory_id: str, editor: Editor, file: Path
) -> None:
    editor.lenses(editor.open(file))
    shown = editor.command("recall.show", {"ids": [memory_id]})
    assert shown["uri"] == f"recall://memory/{memory_id}/Loading%20is%20lazy.md"
    assert editor.wait("window/showDocument")["uri"] == shown["uri"]
    assert page(editor, shown["uri"]) == page(editor, f"recall://memory/{memory_id}") == shown["markdown"]
    explored = editor.command("recall.explore", {"query": "loading", "open": False})
    assert (explored["uri"], page(editor, explored["uri"])) == ("recall://memory/explore.md", explored["markdown"])
    assert list(find_paths().runtime.glob("pages-*/*")) == []


def test_a_page_is_asked_for_anew_when_its_memory_changes(client: Client, memory_id: str, editor: Editor) -> None:
    uri = f"recall://memory/{memory_id}"
    assert "Loading is lazy" in page(editor, uri)
    since = len(editor.messages)
    client.edit(memory_id, title="Loading is explicit")
    editor.wait("workspace/textDocumentContent/refresh", lambda params: params["uri"] == uri, since=since)
    assert page(editor, uri).startswith("# Loading is explicit\n")
    since = len(editor.messages)
    client.forget(memory_id)
    editor.wait("workspace/textDocumentContent/refresh", lambda params: params["uri"] == uri, since=since)
    assert "forgotten" in page(editor, uri)


def test_a_page_is_asked_for_anew_when_the_code_of_its_memory_changes(
    client: Client, memory_id: str, editor: Editor, file: Path
) -> None:
    uri = f"recall://memory/{memory_id}"
    assert "changed" not in page(editor, uri)
    since = len(editor.messages)
    file.write_text(file.read_text().replace("return self.lazy + key", "return key"))
    editor.wait("workspace/textDocumentContent/refresh", lambda params: params["uri"] == uri, since=since)
    editor.until(lambda: "⚠ **changed**" in page(editor, uri), "the verdict")


def test_a_list_that_is_shown_again_is_asked_for_anew(client: Client, memory_id: str, editor: Editor) -> None:
    first = editor.command("recall.search", {"query": "lazy loading", "open": False})
    since = len(editor.messages)
    second = editor.command("recall.search", {"query": "zebra", "open": False})
    assert editor.wait("workspace/textDocumentContent/refresh", since=since) == {"uri": first["uri"]}
    assert page(editor, first["uri"]) == second["markdown"] != first["markdown"]


@pytest.mark.parametrize(
    "uri",
    [
        "recall://memory/mem-000000000000",
        "recall://memory/",
        "recall://memory/..%2F..%2Fetc",
        "recall://memory/nothing.md",
        "recall:",
        "recall://[",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_page_that_is_not_there_says_so(client: Client, editor: Editor, uri: str) -> None:
    said = page(editor, uri)
    assert said.count("\n") == 1
    assert "root:" not in said


def test_the_memories_of_a_file_are_told_and_told_again_when_they_change(
    client: Client, memory_id: str, editor: Editor, file: Path
) -> None:
    uri = editor.open(file)
    told = editor.wait("recall/file", lambda params: params["title"] == "1 memory")
    assert (told["uri"], told["stale"], [each["id"] for each in told["memories"]]) == (uri, 0, [memory_id])
    editor.edit(uri, 2, *BODY, CHANGED)
    assert editor.wait("recall/file", lambda params: params["title"] == "1 memory · 1 stale")["stale"] == 1
    client.store("Keys are joined", symbols=[LOAD])
    editor.wait("recall/file", lambda params: params["title"].startswith("2 memories"))
    since = len(editor.messages)
    client.forget([each["id"] for each in summary(editor)["memories"]])
    assert editor.wait("recall/file", lambda params: not params["memories"], since=since)["title"] == ""


def test_a_hover_links_to_memories_as_the_plugin_wishes(daemon: Daemon, memory_id: str, file: Path) -> None:
    editor = Editor(daemon.environ)
    editor.initialize(file.parent, options={"memoryUri": "command:recall.show?{id}"})
    uri = editor.open(file)
    editor.lenses(uri)
    assert f"[{memory_id}](command:recall.show?{memory_id})" in str(editor.hover(uri, LOAD_LINE, 9))
    assert editor.end() == 0


def test_links_in_served_pages_are_relative_where_a_plugin_wishes(
    daemon: Daemon, client: Client, memory_id: str, project: Path, file: Path
) -> None:
    editor = Editor(daemon.environ)
    editor.initialize(project / "api", capabilities=ASKS_FOR_PAGES, options={"relativeLinks": True})
    editor.lenses(editor.open(file))
    shown = editor.command("recall.show", {"ids": [memory_id]})
    assert "(/models/memory.py#L9)" in shown["markdown"]
    found = editor.command("recall.search", {"query": "lazy loading"})
    assert f"[Loading is lazy](../{memory_id})" in found["markdown"]
    assert page(editor, f"recall://memory/{memory_id}") == shown["markdown"]
    event = {
        "added": [{"uri": project.as_uri(), "name": ""}],
        "removed": [{"uri": file.parents[1].as_uri(), "name": ""}],
    }
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    assert "(/api/models/memory.py#L9)" in page(editor, shown["uri"])
    assert editor.end() == 0


@pytest.mark.parametrize("options", [None, [], {"memoryUri": 7, "prompts": None}, {"memoryUri": "x:", "summaries": []}])
def test_options_that_make_no_sense_are_as_none(daemon: Daemon, memory_id: str, file: Path, options: Any) -> None:
    editor = Editor(daemon.environ)
    editor.initialize(file.parent, options=options)
    uri = editor.open(file)
    editor.lenses(uri)
    assert f"(recall://memory/{memory_id})" in str(editor.hover(uri, LOAD_LINE, 9))
    assert editor.end() == 0


def test_nobody_is_told_who_did_not_ask(daemon: Daemon, client: Client, memory_id: str, file: Path) -> None:
    editor = Editor(daemon.environ)
    said = editor.initialize(file.parent)
    editor.lenses(editor.open(file))
    client.store("Keys are joined", symbols=[LOAD])
    editor.wait("workspace/codeLens/refresh")
    assert "textDocumentContent" not in said["capabilities"]["workspace"]
    assert not {"recall/file", "workspace/textDocumentContent/refresh"} & {m["method"] for m in editor.messages}
    assert editor.end() == 0


def summary(editor: Editor) -> Any:
    return [m["params"] for m in editor.messages if m["method"] == "recall/file"][-1]
