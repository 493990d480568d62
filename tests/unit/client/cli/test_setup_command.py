"""`recall setup`: what it writes into files of agents, and takes back."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recall.cli.main import main
from recall.hooks import registration
from recall.setup.changes import Hooks, Server, taken_back
from recall.setup.jsontext import JsonError, parse
from tests.unit.client.test_jsontext import DOCUMENTS, written

pytestmark = pytest.mark.usefixtures("paths")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, and in it the folder that is worked in; a home without anything."""
    home, root = tmp_path / "somebody", tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    (root / "api").mkdir()
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    monkeypatch.chdir(root / "api")
    return root


def files_in(*folders: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def commands(settings: Path) -> list[str]:
    document = json.loads(settings.read_text())
    return [hook["command"] for groups in document["hooks"].values() for group in groups for hook in group["hooks"]]


def test_claude_code_gets_hooks_and_the_server_in_the_projects_files(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["setup", "claude-code"]) == 0
    document = json.loads((project / ".claude/settings.json").read_text())
    assert set(document["hooks"]) == {event for event, _, _ in registration.EVENTS}
    for command in commands(project / ".claude/settings.json"):
        assert re.fullmatch(r"\S*recall hook [a-z-]+ 2>/dev/null \|\| :", command)
    entry = json.loads((project / ".mcp.json").read_text())["mcpServers"]["recalld"]
    assert entry["args"] == ["mcp"]
    assert Path(entry["command"]).name == "recall"
    assert "/plugin install recalld@recalld" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (["cursor"], ["project/.cursor/mcp.json"]),
        (["cursor", "--user"], ["somebody/.cursor/mcp.json"]),
        (["claude-code", "--user"], ["somebody/.claude.json", "somebody/.claude/settings.json"]),
    ],
)
def test_each_agent_has_its_files(project: Path, words: list[str], files: list[str]) -> None:
    above = project.parent
    assert main(["setup", *words]) == 0
    assert sorted(files_in(project, above / "somebody")) == sorted(str(above / file) for file in files)
    assert main(["setup", *words, "--remove"]) == 0
    assert files_in(project, above / "somebody") == {}


def test_a_configured_folder_of_claude_code_is_used(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(project.parent / "conf"))
    assert main(["setup", "claude-code", "--user"]) == 0
    assert sorted(path.name for path in (project.parent / "conf").iterdir()) == [".claude.json", "settings.json"]


MINE = """{
    // how I like it
    "permissions": { "allow": ["Bash(ls)"] },
    "hooks": {
        "Stop": [
            { "hooks": [{ "type": "command", "command": "say done" }] }, // mine
        ]
    }
}"""


def test_what_stands_in_a_file_stays_and_comes_back_to_the_letter(project: Path) -> None:
    settings = project / ".claude/settings.json"
    settings.parent.mkdir()
    settings.write_text(MINE)
    settings.chmod(0o640)
    assert main(["setup", "claude-code"]) == 0
    text = settings.read_text()
    assert "// how I like it" in text
    assert '{ "hooks": [{ "type": "command", "command": "say done" }] }, // mine' in text
    assert len(parse(text).value["hooks"]["Stop"]) == 2
    assert main(["setup", "claude-code"]) == 0
    assert settings.read_text() == text
    assert main(["setup", "claude-code", "--remove"]) == 0
    assert settings.read_text() == MINE
    assert stat.S_IMODE(settings.stat().st_mode) == 0o640
    assert main(["setup", "claude-code", "--remove"]) == 0
    assert settings.read_text() == MINE


def test_what_was_changed_meanwhile_stays_when_it_is_taken_back(project: Path) -> None:
    settings = project / ".claude/settings.json"
    assert main(["setup", "claude-code"]) == 0
    document = json.loads(settings.read_text())
    document["model"] = "some"
    document["hooks"]["Stop"][0]["hooks"].append({"type": "command", "command": "say done"})
    settings.write_text(json.dumps(document))
    assert main(["setup", "claude-code", "--remove"]) == 0
    assert json.loads(settings.read_text()) == {
        "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say done"}]}]},
        "model": "some",
    }


def test_hooks_of_an_older_installation_are_replaced(project: Path) -> None:
    settings = project / ".claude/settings.json"
    settings.parent.mkdir()
    old = {"type": "command", "command": "'/gone/with space/recall' hook stop"}
    settings.write_text(json.dumps({"hooks": {"Stop": [{"hooks": [old]}], "Notification": [{"hooks": [old]}]}}))
    assert main(["setup", "claude-code"]) == 0
    assert "gone" not in settings.read_text()
    assert len(commands(settings)) == len(registration.EVENTS)


def test_what_somebody_added_to_the_servers_entry_stays(project: Path) -> None:
    file = project / ".cursor/mcp.json"
    file.parent.mkdir()
    file.write_text('{"mcpServers": {"recalld": {"command": "/old/recall", "args": ["mcp"], "env": {"A": "b"}}}}')
    assert main(["setup", "cursor"]) == 0
    entry = json.loads(file.read_text())["mcpServers"]["recalld"]
    assert (entry["env"], entry["args"]) == ({"A": "b"}, ["mcp"])
    assert entry["command"] != "/old/recall"


def test_a_symlink_stays_one_and_a_private_file_private(project: Path) -> None:
    real = project / "real.json"
    real.write_text("{}")
    real.chmod(0o600)
    (project / ".cursor").mkdir()
    (project / ".cursor/mcp.json").symlink_to(real)
    assert main(["setup", "cursor"]) == 0
    assert (project / ".cursor/mcp.json").is_symlink()
    assert "recalld" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_the_file_is_kept_as_it_was_before_the_first_change(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / ".cursor/mcp.json"
    file.parent.mkdir()
    file.write_text('{"mcpServers": {}}')
    for _ in range(2):
        assert main(["setup", "cursor", "--json"]) == 0
        (said,) = json.loads(capsys.readouterr().out)["files"]
        if said["action"] == "changed":
            kept = Path(said["kept_as"])
    assert kept.read_text() == '{"mcpServers": {}}'
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_dry_run_shows_the_change_and_makes_none(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["setup", "claude-code", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "would be created" in out
    assert '+  "mcpServers": {' in out
    assert files_in(project, project.parent / "somebody") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"mcpServers": {', "line 1, column 17"),
        ('{"mcpServers": 3}', "`mcpServers` is no object"),
        ("[]", "is no object"),
        ('{"mcpServers": {"recalld": {"command": "other"}}}', "another program's"),
    ],
)
def test_a_file_that_cannot_be_changed_is_left_alone_and_so_are_the_others(
    project: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".mcp.json").write_text(text)
    assert main(["setup", "claude-code"]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert '{"mcpServers": {"recalld": {"command":' in error
    assert files_in(project) == {str(project / ".mcp.json"): text.encode()}


def test_bytes_that_are_no_text_are_left_alone(project: Path) -> None:
    (project / ".mcp.json").write_bytes(b"\xff\xfe{}")
    assert main(["setup", "claude-code"]) == 1
    assert (project / ".mcp.json").read_bytes() == b"\xff\xfe{}"


def test_a_folder_that_cannot_be_written_is_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / ".cursor").write_text("a file")
    assert main(["setup", "cursor"]) == 1
    assert os.fspath(project / ".cursor") in capsys.readouterr().err


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("codex", '[mcp_servers.recalld]\ncommand = "'),
        ("opencode", '"type": "local"'),
        ("vscode", '"servers": {'),
        ("zed", '"context_servers": {'),
        ("windsurf", "~/.codeium/windsurf/mcp_config.json"),
        ("gemini", '"mcpServers": {'),
        ("some-new-agent", "the file in which some-new-agent keeps its MCP servers"),
    ],
)
def test_for_other_agents_it_is_said_what_to_put_where(
    project: Path, agent: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["setup", agent]) == 0
    assert said in capsys.readouterr().out
    assert files_in(project, project.parent / "somebody") == {}


REGISTRATIONS = st.sampled_from(
    [
        Hooks(registration.hooks()),
        Server({"command": "recall", "args": ["mcp"]}),
        Hooks(registration.hooks("'/a b/recall'")),
    ]
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(DOCUMENTS.flatmap(written) | st.sampled_from(["", " \n", "{}", "{ }\n"]), REGISTRATIONS)
def test_any_file_is_to_the_letter_what_it_was_once_all_is_taken_back(text: str, ours: Any) -> None:
    try:
        changed = ours.put(text)
    except JsonError:
        return
    assert ours.put(changed) == changed
    assert taken_back(ours, changed, text) == text


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(DOCUMENTS.flatmap(written), REGISTRATIONS)
def test_any_file_that_was_changed_meanwhile_keeps_all_that_is_not_ours(text: str, ours: Any) -> None:
    try:
        changed = ours.put(text)
    except JsonError:
        return
    back = taken_back(ours, f"// a note\n{changed}", text)
    assert back is not None
    assert parse(back).value == parse(text).value
