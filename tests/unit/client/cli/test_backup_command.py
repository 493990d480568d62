"""`recall backup`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recall.cli.main import main
from recall.paths import Paths
from recall.protocol.requests import Backup, BackupReply
from tests.unit.client.conftest import Peer


def test_it_names_the_file_from_the_current_folder(
    peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    peer.answers["backup"] = BackupReply(path="/b/all.db", memories=1_200, workspaces=3, bytes=4_200_000)
    assert main(["backup", "all.db"]) == 0
    assert capsys.readouterr().out == "1,200 memories in /b/all.db (4.2 MB, looked through)\n"
    assert peer.asked[-1][1] == Backup(path=str(tmp_path / "all.db"))
    assert main(["backup", "all.db", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["memories"] == 1_200


@pytest.mark.usefixtures("paths")
@pytest.mark.parametrize("words", [[], ["a.db", "--restore", "b.db"]])
def test_it_takes_one_file(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", *words]) == 2
    assert "recall backup --restore FILE" in capsys.readouterr().err


@pytest.mark.parametrize(("content", "code"), [(None, "not_a_backup"), ("rubbish", "not_a_backup")])
def test_a_file_that_is_no_backup_is_refused_before_the_daemon_is_stopped(
    peer: Peer, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, code: str
) -> None:
    file = tmp_path / "some.db"
    if content is not None:
        file.write_text(content)
    assert main(["backup", "--restore", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code
    assert peer.methods() == []


def test_a_store_that_a_daemon_has_open_is_not_touched(paths: Paths, tmp_path: Path) -> None:
    from recall import offline
    from recall.protocol.errors import RecallError
    from recall.protocol.values import Value
    from recalld.lifecycle import DaemonLock, make_folders

    make_folders(paths)
    lock = DaemonLock(paths.lock)
    lock.acquire()
    with pytest.raises(RecallError) as refusal:
        offline.run(Value, "restore", str(tmp_path / "some.db"))
    lock.release()
    assert refusal.value.code == "busy"
    assert "`recall down`" in refusal.value.message
