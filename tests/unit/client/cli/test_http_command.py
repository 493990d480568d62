"""`recall http`: settings that are changed and nothing else, and what is shown."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall import RecallError
from recall.cli.http import change_settings
from recall.cli.main import main
from recall.paths import Paths, make_private
from recall.protocol.requests import StatusReply
from recall.token import renew_token
from tests.unit.client.conftest import Peer, workspace


def status(http: str, *warnings: str) -> StatusReply:
    return StatusReply(
        version="0.1.0", pid=7, epoch="e", ready=True, uptime_s=1, socket="/run/s", home="/h", memory_mb=1,
        vectors="ready", workspaces=[workspace()], jobs=[], queues={}, quarantined=[], warnings=list(warnings),
        http=http,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "http = true\nhttp_port = 1\n"),
        ("context_tokens = 3", "context_tokens = 3\nhttp = true\nhttp_port = 1\n"),
        ("http=false # mine\n# http = 5\n", "http = true # mine\n# http = 5\nhttp_port = 1\n"),
        ("http_port = 7411\nmodel_key = 'a # b'\n", "http_port = 1\nmodel_key = 'a # b'\nhttp = true\n"),
    ],
)
def test_a_setting_is_changed_and_all_else_in_the_file_stays(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / "settings" / "config.toml"
    if before:
        file.parent.mkdir()
        file.write_text(before)
    change_settings(file, {"http": "true", "http_port": "1"})
    assert file.read_text() == after
    change_settings(file, {"http": "true", "http_port": "1"})
    assert file.read_text() == after


@pytest.mark.parametrize("before", ["= broken", 'model_name = """\nhttp = 1\n"""\n', "[part]\na = 1\n"])
def test_a_file_that_cannot_be_changed_safely_is_not_touched(tmp_path: Path, before: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(before)
    with pytest.raises(RecallError, match="set `http = true` in it yourself"):
        change_settings(file, {"http": "true"})
    assert file.read_text() == before


@given(
    lines=st.lists(st.sampled_from(["a = 1", "# http = 2", "", "b = '''\nhttp = 3\n'''", "c = [\n 1,\n]"]), unique=True)
)
def test_whatever_stands_in_the_file_keeps_its_meaning(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    file = tmp_path_factory.mktemp("settings") / "config.toml"
    before = "\n".join(lines)
    file.write_text(before)
    try:
        change_settings(file, {"http": "true"})
    except RecallError:
        assert file.read_text() == before
    else:
        assert tomllib.loads(file.read_text()) == tomllib.loads(before) | {"http": True}


def test_the_state_comes_with_what_a_shell_needs(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    peer.answers["status"] = status("http://127.0.0.1:7411")
    assert main(["http", "status"]) == 0
    said = capsys.readouterr().out
    assert "http://127.0.0.1:7411" in said
    assert "export MEMORIES_WORKSPACE_ID=ws-1  # /project" in said
    assert main(["http", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["workspaces"] == [{"workspace_id": "ws-1", "path": "/project"}]


def test_where_it_is_off_or_down_it_says_what_to_do(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    peer.answers["status"] = status("off")
    assert main(["http", "status"]) == 0
    assert "recall http enable" in capsys.readouterr().out
    peer.answers["status"] = status("down", "/x: no watches left", "HTTP is off, http://127.0.0.1:7411: taken")
    assert main(["http", "status"]) == 1
    assert capsys.readouterr().out == "HTTP is off, http://127.0.0.1:7411: taken\n"


@pytest.mark.usefixtures("paths")
def test_without_a_token_or_a_daemon_it_says_so(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["http", "token"]) == 1
    assert "recall http enable" in capsys.readouterr().err
    assert main(["http", "status"]) == 3
    make_private(paths.data)
    known = renew_token(paths.http_token)
    assert main(["http", "token"]) == 0
    assert capsys.readouterr().out == f"{known}\n"
    assert main(["http", "token", "--rotate"]) == 0
    assert capsys.readouterr().out.strip() not in {"", known}
