"""Code actions, commands, pages, links, symbols: what can be done from an editor."""

from __future__ import annotations

from pathlib import Path

from recall import Client
from recall.paths import find_paths
from tests.e2e.editor import Editor
from tests.e2e.lsp.conftest import FILE, LOAD, LOAD_LINE, diagnostics
from tests.e2e.running import MODELS, Daemon


def test_a_comment_becomes_a_memory_of_the_symbol_around_it(client: Client, editor: Editor, file: Path) -> None:
    text = MODELS.replace(
        "        return self.lazy", "        # Keys are joined,\n        # never hashed.\n        return self.lazy"
    )
    uri = editor.open(file, text)
    editor.lenses(uri)
    titles = {action["title"]: action for action in editor.actions(uri, 10)}
    action = titles["Remember as decision about load: “Keys are joined, never hashed.”"]
    stored = editor.act(action)
    memory = client.get(stored["id"])
    assert (memory.narrative, memory.memory_type, memory.symbols) == (
        "Keys are joined,\nnever hashed.",
        "decision",
        [LOAD],
    )
    editor.wait("window/showMessage", lambda params: params["message"].startswith("Remembered as decision"))
    editor.until(lambda: editor.lenses(uri) == [(LOAD_LINE, "1 memory")], "the new lens")


def test_a_selection_outside_symbols_becomes_a_memory_of_its_lines(
    client: Client, editor: Editor, project: Path
) -> None:
    uri = editor.open(project / "README.md")
    editor.lenses(uri)
    (action,) = (a for a in editor.actions(uri, 0, 2) if "pattern" in a["title"])
    assert client.get(editor.act(action)["id"]).anchors[0].path == "README.md"


def test_actions_of_a_stale_memory_settle_it(client: Client, memory_id: str, editor: Editor, file: Path) -> None:
    file.write_text(MODELS.replace("return self.lazy + key", "return key"))
    client.sync()
    uri = editor.open(file)
    hints = diagnostics(editor, uri, 1)
    found = {action["title"]: action for action in editor.actions(uri, LOAD_LINE, diagnostics=hints)}
    assert set(found) == {
        "Show 1 memory · 1 stale",
        "Still true: “Loading is lazy”",
        "Was useful: “Loading is lazy”",
        "Was not useful: “Loading is lazy”",
        "Forget “Loading is lazy”",
    }
    still = found["Still true: “Loading is lazy”"]
    assert (still["kind"], still["diagnostics"]) == ("quickfix", hints)
    since = len(editor.messages)
    assert editor.act(found["Was useful: “Loading is lazy”"])["rating_recorded"]
    assert editor.act(still)["verdict"] == "current"
    diagnostics(editor, uri, 0, since)
    editor.act(found["Forget “Loading is lazy”"])
    editor.until(lambda: editor.lenses(uri) == [], "the lens to go")
    assert client.get(memory_id).forgotten_at is not None


def test_plugins_that_ask_for_a_text_are_offered_more(
    memory_id: str, daemon: Daemon, project: Path, file: Path
) -> None:
    editor = Editor(daemon.environ)
    editor.initialize(project, options={"prompts": True})
    uri = editor.open(file)
    editor.lenses(uri)
    titles = [action["title"] for action in editor.actions(uri, LOAD_LINE)]
    assert "Remember something about load …" in titles
    assert "Edit “Loading is lazy” …" in titles
    editor.end()


def test_a_memory_is_edited_and_superseded_by_command(client: Client, memory_id: str, editor: Editor) -> None:
    edited = editor.command(
        "recall.edit", {"id": memory_id, "text": "Loading is explicit.", "title": "Explicit loading"}
    )
    assert (edited["title"], edited["version"]) == ("Explicit loading", 2)
    newer = editor.command("recall.supersede", {"id": memory_id, "text": "Loading is batched."})
    memory = client.get(newer["id"])
    assert (memory.memory_type, memory.symbols) == ("decision", [LOAD])
    assert client.get(memory_id).superseded_by == newer["id"]


def test_commands_that_look_answer_with_a_page_and_open_it(
    client: Client, memory_id: str, editor: Editor, project: Path
) -> None:
    shown = editor.command("recall.show", {"ids": [memory_id]})
    opened = editor.wait("window/showDocument")
    assert opened["uri"] == shown["uri"]
    page = Path(opened["uri"].removeprefix("file://"))
    assert page.read_text() == shown["markdown"]
    assert page.is_relative_to(find_paths().runtime)
    assert shown["markdown"].startswith("# Loading is lazy\n")
    found = editor.command("recall.search", {"query": "how is loading done", "open": False})
    assert [each["id"] for each in found["results"]] == [memory_id]
    assert f"[Loading is lazy](recall://memory/{memory_id})" in found["markdown"]
    assert editor.command("recall.explore", {"query": "loading", "open": False})["nodes"]
    assert "# To look at" in editor.command("recall.audit", {"open": False})["markdown"]
    assert len([m for m in editor.messages if m["method"] == "window/showDocument"]) == 1
    client.forget(memory_id)
    editor.until(lambda: not page.exists(), "the page of what was forgotten to go")


def test_an_editor_that_opens_no_documents_is_told_in_a_message(memory_id: str, daemon: Daemon, project: Path) -> None:
    editor = Editor(daemon.environ)
    editor.initialize(project, capabilities={})
    editor.command("recall.show", {"uri": (project / FILE).as_uri(), "ids": [memory_id]})
    assert "Loading is lazy" in editor.wait("window/showMessage")["message"]
    assert editor.end() == 0


def test_ids_of_memories_are_links_to_their_pages(memory_id: str, editor: Editor, file: Path) -> None:
    uri = editor.open(file, f"# {memory_id}: see recall://memory/{memory_id}, not xmem-12345678 or mem-short\n")
    editor.lenses(uri)
    links = editor.request("textDocument/documentLink", {"textDocument": {"uri": uri}})
    assert [link["range"]["start"]["character"] for link in links] == [2, 24]
    resolved = [editor.request("documentLink/resolve", link)["target"] for link in links]
    assert len(set(resolved)) == 1
    page = editor.open(Path(resolved[0].removeprefix("file://")))
    assert editor.request("textDocument/documentLink", {"textDocument": {"uri": page}})


def test_memories_are_workspace_symbols(client: Client, memory_id: str, editor: Editor, file: Path) -> None:
    client.store("Nothing is tied here", memory_type="preference")
    uri = editor.open(file)
    editor.lenses(uri)
    found = editor.request("workspace/symbol", {"query": "lazy loading"})
    assert [(each["name"], each["containerName"]) for each in found] == [("Loading is lazy", "decision")]
    assert found[0]["location"]["uri"] == uri
    assert found[0]["location"]["range"]["start"]["line"] == LOAD_LINE
    assert [each["name"] for each in editor.request("workspace/symbol", {"query": "ARE TI"})] == []
    assert [each["name"] for each in editor.request("workspace/symbol", {"query": "is ti"})] == ["Nothing is tied here"]
    assert {each["name"] for each in editor.request("workspace/symbol", {"query": ""})} == {
        "Loading is lazy",
        "Nothing is tied here",
    }
