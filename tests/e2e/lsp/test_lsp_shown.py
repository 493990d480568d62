"""What the language server shows, with a real daemon behind it."""

from __future__ import annotations

from pathlib import Path

from recall import Client
from tests.e2e.editor import Editor, position
from tests.e2e.lsp.conftest import BODY, CHANGED, FILE, LOAD, LOAD_LINE, diagnostics
from tests.e2e.running import MODELS


def test_a_lens_stands_above_a_symbol_and_above_the_file(
    client: Client, memory_id: str, editor: Editor, file: Path
) -> None:
    client.store("All models are frozen", source_files=[FILE])
    client.store("Everything is documented", source_files=["api/"])
    uri = editor.open(file)
    assert editor.lenses(uri) == [(0, "1 memory of this file"), (LOAD_LINE, "1 memory")]


def test_hovering_a_name_shows_its_memories_where_it_is_declared_and_used(
    memory_id: str, editor: Editor, file: Path
) -> None:
    uri = editor.open(file, MODELS + "\n\nMemory().load('x')\n")
    shown = editor.hover(uri, LOAD_LINE, 9)
    assert shown is not None
    assert shown.startswith("**Loading is lazy** · decision · importance 0.90\n\n````text\nExplicit loading keeps")
    assert f"[{FILE}:9-11 Memory.load]({file.as_uri()}#L9)" in shown
    assert f"(recall://memory/{memory_id})" in shown
    assert editor.hover(uri, MODELS.count("\n") + 2, 11) == shown
    assert editor.hover(uri, 0, 1) is None
    assert editor.hover(uri, 999, 0) is None


def test_a_stale_memory_is_a_hint_while_the_text_is_not_saved_and_goes_when_it_is_undone(
    client: Client, memory_id: str, editor: Editor, file: Path
) -> None:
    uri = editor.open(file)
    editor.edit(uri, 2, *BODY, CHANGED)
    (hint,) = diagnostics(editor, uri, 1)
    assert (hint["severity"], hint["source"], hint["code"]) == (4, "recalld", "changed")
    assert hint["message"].startswith("Loading is lazy: the body of Memory.load changed")
    assert hint["range"] == {"start": position(LOAD_LINE, 8), "end": position(LOAD_LINE, 12)}
    assert editor.lenses(uri) == [(LOAD_LINE, "1 memory · 1 stale")]
    assert "⚠ **changed**" in (editor.hover(uri, LOAD_LINE, 9) or "")
    assert client.get(memory_id).verdict == "current"
    since = len(editor.messages)
    editor.edit(uri, 3, (10, 0), (10, len(CHANGED)), "        return self.lazy + key")
    assert diagnostics(editor, uri, 0, since) == []
    assert editor.lenses(uri) == [(LOAD_LINE, "1 memory")]


def test_a_hint_says_where_the_code_could_be_now(client: Client, editor: Editor, file: Path, project: Path) -> None:
    body = "def total(lines):\n    return sum(line.price * line.count for line in lines if not line.free)\n"
    (project / "a.py").write_text("x = 1\n\n\n" + body)
    client.sync()
    client.store("Totals are rounded once", symbols=["a.py::total"])
    for name in ("b.py", "c.py"):
        (project / name).write_text("\n" + body.replace("total", "amount"))
    client.sync()
    uri = editor.open(project / "a.py", "x = 1\n")
    (hint,) = diagnostics(editor, uri, 1)
    assert hint["code"] == "ambiguous"
    related = {
        (each["location"]["uri"], each["location"]["range"]["start"]["line"]) for each in hint["relatedInformation"]
    }
    assert related == {((project / name).as_uri(), 1) for name in ("b.py", "c.py")}


def test_what_is_superseded_or_tied_to_a_folder_is_no_hint(client: Client, editor: Editor, file: Path) -> None:
    old = client.store("Loading is eager", symbols=[LOAD]).id
    client.store("Loading is lazy now", symbols=[f"{FILE}::connect"], supersedes=[old])
    uri = editor.open(file)
    editor.edit(uri, 2, *BODY, CHANGED)
    editor.until(lambda: (LOAD_LINE, "1 memory · 1 stale") in editor.lenses(uri), "the verdict")
    assert not [m for m in editor.messages if m["method"] == "textDocument/publishDiagnostics"]
