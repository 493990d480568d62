"""`recall export` and `recall import`, as far as they go without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recall.cli.main import main
from recall.protocol.requests import ExportReply
from tests.unit.client.conftest import Peer


@pytest.mark.usefixtures("paths")
def test_markdown_needs_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--format", "markdown"]) == 2
    assert "name a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "name one that `recall export` wrote"),
        ("not json\n", "name one that `recall export` wrote"),
        ('{"title": "x"}\n', "name one that `recall export` wrote"),
        ('{"recalld_export": 99, "version": "9.0"}\n', "recalld 9.0 wrote this file: upgrade"),
    ],
)
def test_a_file_that_is_no_export_is_refused_whole(
    peer: Peer, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    file = tmp_path / "some.jsonl"
    file.write_text(content)
    assert main(["import", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "not_an_export"
    main(["import", str(file)])
    assert said in capsys.readouterr().err
    assert peer.methods() == []


def test_an_export_that_breaks_off_leaves_what_was_there(peer: Peer, tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    file.write_text("the last one")
    pages = iter([ExportReply(records=[], after="memories:1", total=2)])
    peer.answers["export_page"] = lambda _: next(pages, None)
    assert main(["export", str(file), "--timeout", "0.2"]) == 1
    assert file.read_text() == "the last one"
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["all.jsonl"]
