"""Broken frames, wrong arguments, and files that are not ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recall import Client
from tests.e2e.editor import Editor, RefusedError, position
from tests.e2e.lsp.conftest import LOAD_LINE
from tests.e2e.running import MODELS, Daemon


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("recall.search", []),
        ("recall.search", [{"query": 7}]),
        ("recall.search", ["lazy"]),
        ("recall.search", [{"query": "x"}, {"query": "y"}]),
        ("recall.show", [{"ids": "mem-1"}]),
        ("recall.rate", [{"id": "mem-000000000000"}]),
        ("recall.remember", [{}]),
        ("recall.verify", [None]),
        ("recall.nothing", [{}]),
    ],
)
def test_wrong_arguments_of_commands_are_refused(editor: Editor, name: str, arguments: list[Any]) -> None:
    with pytest.raises(RefusedError) as refused:
        editor.command(name, *arguments)
    assert refused.value.code == -32602


@pytest.mark.parametrize(
    ("name", "argument", "code"),
    [
        ("recall.verify", {"id": "mem-000000000000"}, "unknown_id"),
        ("recall.show", {"ids": ["../../etc/passwd"]}, "unknown_id"),
        ("recall.remember", {"text": "", "title": ""}, "empty_title"),
        ("recall.remember", {"text": "x", "memory_type": "opinion"}, "invalid_params"),
        ("recall.search", {"query": "x", "uri": "file:///"}, "unknown_tree"),
        ("recall.explore", {}, "invalid_params"),
    ],
)
def test_what_the_daemon_refuses_is_said_with_its_code(
    client: Client, editor: Editor, file: Path, name: str, argument: Any, code: str
) -> None:
    editor.lenses(editor.open(file))
    with pytest.raises(RefusedError) as refused:
        editor.command(name, argument)
    assert (refused.value.code, (refused.value.data or {})["code"]) == (-32803, code)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"method": "textDocument/hover", "params": {"textDocument": 7}}, -32602),
        ({"method": "textDocument/hover", "params": None}, -32602),
        ({"method": "textDocument/codeLens", "params": {"textDocument": {}}}, -32602),
        ({"method": "textDocument/codeAction", "params": {"textDocument": {"uri": "x"}, "range": []}}, -32602),
        ({"method": "workspace/executeCommand", "params": []}, -32602),
        ({"method": "no/such/thing", "params": {}}, -32601),
    ],
)
def test_a_malformed_request_gets_one_error(editor: Editor, frame: Any, code: int) -> None:
    editor.frame({"jsonrpc": "2.0", "id": "broken", **frame})
    with pytest.raises(RefusedError) as refused:
        editor.answer("broken")
    assert refused.value.code == code


def test_frames_that_are_no_messages_harm_nobody(memory_id: str, editor: Editor, file: Path) -> None:
    uri = editor.open(file)
    for body in (
        b"{",
        b"[]",
        b"7",
        b"null",
        b'"x"',
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"jsonrpc": "1.0", "id": 1}',
    ):
        editor.raw(body)
    for method, params in (
        ("textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"range": 7}]}),
        (
            "textDocument/didChange",
            {"textDocument": {"uri": "file:///never/opened", "version": 2}, "contentChanges": []},
        ),
        ("textDocument/didOpen", {}),
        ("textDocument/didClose", {"textDocument": {"uri": "file:///never/opened"}}),
        ("$/cancelRequest", {"id": 4711}),
        ("no/such/thing", {}),
    ):
        editor.notify(method, params)
    editor.edit(uri, 2, (99, 99), (999, 999), "\n")
    editor.edit(uri, 3, (5, 9), (2, 1), "")
    assert (
        editor.request("textDocument/hover", {"textDocument": {"uri": uri}, "position": position(9999, 9999)}) is None
    )
    editor.rewrite(uri, 4, MODELS)
    editor.until(lambda: editor.lenses(uri) == [(LOAD_LINE, "1 memory")], "the lens")


def test_text_that_is_no_unicode_is_shown_nothing_and_harms_nobody(memory_id: str, editor: Editor, file: Path) -> None:
    uri = editor.open(file, MODELS + "\ud800 \x00")
    assert editor.lenses(uri) == []
    assert editor.hover(uri, LOAD_LINE, 9) is None
    editor.rewrite(uri, 2, MODELS)
    editor.until(lambda: editor.lenses(uri) == [(LOAD_LINE, "1 memory")], "the lens")


def test_requests_before_initialize_are_refused(daemon: Daemon) -> None:
    editor = Editor(daemon.environ)
    with pytest.raises(RefusedError) as refused:
        editor.request("textDocument/codeLens", {"textDocument": {"uri": "file:///x"}})
    assert refused.value.code == -32002
    editor.notify("exit")
    assert editor.process.wait(10) == 1


def test_what_is_no_file_or_in_no_project_is_ignored(
    client: Client, editor: Editor, tmp_path: Path, daemon: Daemon
) -> None:
    outside = tmp_path / "outside" / "loose.py"
    outside.parent.mkdir()
    outside.write_text(MODELS)
    editor.open(outside)
    for uri in (
        "untitled:Untitled-1",
        "git:/x/y.py?ref=HEAD",
        outside.as_uri(),
        "file://elsewhere/x.py",
        "file:relative",
    ):
        item = {"uri": uri, "languageId": "python", "version": 1, "text": MODELS}
        editor.notify("textDocument/didOpen", {"textDocument": item})
        assert editor.lenses(uri) == []
        assert editor.hover(uri, LOAD_LINE, 9) is None
        assert editor.actions(uri, LOAD_LINE) == []
    assert str(outside.parent) not in {each.path for each in client.status().workspaces}
