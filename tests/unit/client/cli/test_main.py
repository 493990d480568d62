from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from recall import __version__
from recall.cli.main import MODULES, build_parser, main
from recall.protocol.errors import RecallError
from recall.protocol.requests import (
    Affected,
    AffectedReply,
    Audit,
    AuditReply,
    Edit,
    ForgetReply,
    ListMemories,
    ListReply,
    RateReply,
    Search,
    SearchReply,
    Store,
    StoreReply,
    SyncReply,
)
from recall.protocol.values import Brief, Finding
from tests.unit.client.cli.test_render import memory
from tests.unit.client.conftest import Peer

pytestmark = pytest.mark.usefixtures("paths", "folder")

STORED = StoreReply(
    id="mem-1",
    title="T",
    memory_type="decision",
    importance_score=0.7,
    created_at="2026-01-01T00:00:00Z",
    warnings=["api/gone.py does not exist"],
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    inside = tmp_path / "project" / "api"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    return inside.resolve()


def asked(peer: Peer) -> Any:
    return peer.asked[-1][1]


def test_a_result_goes_to_stdout_and_its_warnings_to_stderr(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    peer.answers["store"] = STORED
    assert main(["store", "T", "-c", "N"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("stored T")
    assert err == "warning: api/gone.py does not exist\n"


def test_json_is_one_document_with_the_names_of_the_wire(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    peer.answers["store"] = STORED
    assert main(["--json", "store", "T", "-c", "N"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["id"] == "mem-1"
    assert document["warnings"] == ["api/gone.py does not exist"]
    assert document["similar"] == []


def test_everything_that_can_be_said_of_a_memory_is_sent(peer: Peer, folder: Path) -> None:
    peer.answers["store"] = STORED
    words = (
        "store T -c N --type decision --file a.py --file sub/ --symbol a.py::C.m --concept X --tag y --importance 0.9"
    )
    more = "--confidence 0.5 --session ses-1 --evidence pytest --personal --force --unresolved"
    assert main([*words.split(), *more.split()]) == 0
    assert asked(peer) == Store(
        title="T",
        narrative="N",
        memory_type="decision",
        source_files=[f"{folder}/a.py", f"{folder}/sub/"],
        symbols=[f"{folder}/a.py::C.m"],
        concepts=["X"],
        tags=["y"],
        importance_score=0.9,
        confidence=0.5,
        session_id="ses-1",
        evidence="pytest",
        personal=True,
        force=True,
        unresolved=True,
    )


def test_the_text_may_come_from_standard_input(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.answers["store"] = STORED
    read, write = os.pipe()
    os.write(write, "a — b\n".encode())
    os.close(write)
    monkeypatch.setattr(sys, "stdin", os.fdopen(read, encoding="utf-8"))
    assert main(["store", "-c", "-"]) == 0
    assert (asked(peer).title, asked(peer).narrative) == (None, "a — b")


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("a.py", "/api/a.py"),
        ("../a.py", "/a.py"),
        (".", "/api"),
        ("./x/../y/", "/api/y/"),
        ("a.py:7-9", "/api/a.py:7-9"),
    ],
)
def test_files_are_named_from_the_current_folder(peer: Peer, folder: Path, given: str, means: str) -> None:
    peer.answers["store"] = STORED
    main(["store", "T", "--file", given])
    assert asked(peer).source_files == [str(folder.parent) + means]


def test_a_folder_reached_by_a_link_is_named_by_its_own_name(peer: Peer, folder: Path, tmp_path: Path) -> None:
    peer.answers["store"] = STORED
    (tmp_path / "link").symlink_to(folder)
    main(["store", "T", "--file", str(tmp_path / "link" / "a.py")])
    assert asked(peer).source_files == [f"{folder}/a.py"]


def test_dash_c_runs_as_if_started_there(peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.answers["store"] = STORED
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["-C", "there", "store", "T", "--file", "a.py"]) == 0
    assert peer.asked[-1][0] == str((tmp_path / "there").resolve())
    assert asked(peer).source_files == [str((tmp_path / "there").resolve() / "a.py")]


def test_a_refusal_is_one_line_and_exit_code_1(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    peer.answers["get"] = RecallError("unknown_id", "no memory has the id mem-9\nhere")
    assert main(["show", "mem-9"]) == 1
    assert capsys.readouterr() == ("", "recall: no memory has the id mem-9 here\n")


def test_a_refusal_is_a_document_too_where_json_was_asked_for(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    peer.answers["get"] = RecallError("unknown_id", "no such memory", field="id")
    assert main(["show", "mem-9", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["error"] == {"code": "unknown_id", "message": "no such memory", "field": "id", "details": {}}
    assert err == "recall: no such memory\n"


def test_without_a_daemon_the_exit_code_is_3(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["search", "x", "--no-start"], ["status"]):
        assert main(words) == 3
        assert "`recall up` starts one" in capsys.readouterr().err


def test_stopping_where_nothing_runs_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["down"]) == 0
    assert capsys.readouterr().out == "no daemon runs\n"


@pytest.mark.parametrize(
    "words",
    [
        "store",
        "store T --symbol no-separator",
        "forget",
        "forget mem-1 --containing x",
        "forget --purge --containing x",
        "audit --verify mem-1 --about x",
        "audit --verify mem-1 --limit 3",
        "audit --keep mem-1 --list",
        "audit --keep mem-1 --later mem-1",
        "audit --ready --about x",
    ],
)
def test_options_that_make_no_sense_together_are_exit_code_2(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 2
    assert capsys.readouterr().err.startswith("recall: ")


@pytest.mark.parametrize("words", ["", "serch x", "rate mem-1", "list --sort colour", "search x --timeout 0", "show"])
def test_what_the_parser_refuses_is_exit_code_2(words: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words.split())
    assert caught.value.code == 2


@pytest.mark.parametrize(("age", "days"), [("30d", 30), ("12h", 0.5), ("2w", 14), ("6m", 180), ("1y", 365)])
def test_an_age_is_sent_in_days(peer: Peer, age: str, days: float) -> None:
    peer.answers["forget"] = ForgetReply(ids=["mem-1"], titles=["T"])
    assert main(["forget", "--older-than", age, "--containing", "x", "--dry-run"]) == 0
    request = asked(peer)
    assert (request.older_than_days, request.containing, request.dry_run) == (days, "x", True)


def test_a_rating_says_which_way(peer: Peer) -> None:
    peer.answers["rate"] = RateReply(
        memory_id="mem-1", previous_importance=0.8, updated_importance=0.6, rating_recorded=True
    )
    main(["rate", "mem-1", "--not-useful", "--context", "misled me"])
    assert (asked(peer).useful, asked(peer).context) == (False, "misled me")


def test_a_question_needs_no_quotes(peer: Peer) -> None:
    peer.answers["search"] = SearchReply(results=[])
    main(["search", "lazy", "loading", "--type", "decision", "--type", "pattern", "--limit", "3", "--explain"])
    assert asked(peer) == Search(query="lazy loading", memory_types=["decision", "pattern"], limit=3, explain=True)


def test_filters_are_sent_with_paths_made_absolute(peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    line = (
        "--concept a --concept b --tag t --file api/ --symbol api/x.py::A.b --session s --since 2026-01-31 "
        "--until 2026-02-01T10:00:00Z --verdict changed --verdict missing --min-importance 0.5 --no-personal"
    )
    given = line.split()
    wanted: dict[str, Any] = {
        "concepts": ["a", "b"],
        "tags": ["t"],
        "source_files": [f"{tmp_path.resolve()}/api/"],
        "symbols": [f"{tmp_path.resolve()}/api/x.py::A.b"],
        "session_id": "s",
        "since": "2026-01-31",
        "until": "2026-02-01T10:00:00Z",
        "verdicts": ["changed", "missing"],
        "min_importance": 0.5,
        "personal": False,
    }
    peer.answers |= {"search": SearchReply(results=[]), "list": ListReply(memories=[], total=0)}
    main(["list", *given])
    assert asked(peer) == ListMemories(**wanted)
    main(["search", "x", *given, "--budget", "90", "--near", "y.py::f"])
    place = f"{tmp_path.resolve()}/y.py"
    assert asked(peer) == Search(query="x", token_budget=90, file_path=place, symbol=f"{place}::f", **wanted)


def test_an_age_since_which_is_sent_as_a_time(peer: Peer) -> None:
    peer.answers["search"] = SearchReply(results=[])
    main(["search", "x", "--since", "2w"])
    ago = datetime.now(UTC) - datetime.fromisoformat(asked(peer).since)
    assert timedelta(days=14) <= ago < timedelta(days=14, minutes=1)
    with pytest.raises(SystemExit) as refusal:
        main(["search", "x", "--since", "9999999y"])
    assert refusal.value.code == 2


def test_an_edit_sends_only_what_was_given(peer: Peer) -> None:
    peer.answers["edit"] = memory()
    main(["edit", "mem-1", "--importance", "0.5", "--tag", "x"])
    assert asked(peer) == Edit(id="mem-1", importance_score=0.5, tags=["x"])


SYNCED = SyncReply(waited_ms=1.0)
DOUBTFUL = Brief(id="mem-1", title="T", memory_type="decision", importance_score=0.7, verdict="changed", reason="body")


def test_an_audit_waits_for_what_was_saved_and_says_what_to_do(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    finding = Finding(kind="code", memory=DOUBTFUL, reason="changed: body", act="verify", how="recall audit --verify 1")
    reply = AuditReply(memories=[DOUBTFUL], checked=4, total=1, findings=[finding], findings_total=1)
    peer.answers |= {"sync": SYNCED, "audit": reply}
    assert main(["audit", "--limit", "3", "--put-off"]) == 0
    assert peer.methods() == ["sync", "audit"]
    assert asked(peer) == Audit(limit=3, put_off=True)
    out, err = capsys.readouterr()
    assert out.startswith("• T  mem-1\n  code: changed: body")
    assert "`recall audit --keep ID`" in err


def test_an_audit_about_something_lists_all_of_it(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    reply = AuditReply(memories=[], checked=0, total=0, matching=[DOUBTFUL], matching_total=1, healthy=["mem-1"])
    peer.answers |= {"sync": SYNCED, "audit": reply}
    assert main(["audit", "--about", "sessions", "--older-than", "60d"]) == 0
    assert asked(peer) == Audit(about="sessions", older_than_days=60)
    assert "healthy" in capsys.readouterr().out


def test_an_audit_that_finds_nothing_asks_for_nothing(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    peer.answers |= {"sync": SYNCED, "audit": AuditReply(memories=[], checked=2, total=0)}
    assert main(["audit"]) == 0
    assert asked(peer) == Audit()
    assert capsys.readouterr() == ("nothing to look at\n", "")


def test_what_is_still_true_is_verified_one_by_one(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    peer.answers |= {"sync": SYNCED, "verify": memory()}
    assert main(["audit", "--verify", "mem-1", "mem-2"]) == 0
    assert [getattr(request, "id", None) for _, request in peer.asked] == [None, "mem-1", "mem-2"]
    assert capsys.readouterr().out == "verified Lazy loading  mem-1\n" * 2
    assert main(["audit", "--json", "--verify", "mem-1"]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)["memories"]] == ["mem-1"]


@pytest.mark.parametrize(
    ("words", "stale", "code", "says"),
    [
        ("affected", 0, 0, True),
        ("affected", 1, 1, True),
        ("affected --quiet", 0, 0, False),
        ("affected --quiet", 1, 1, True),
        ("affected --quiet --json", 0, 0, True),
    ],
)
def test_whether_a_change_leaves_a_memory_behind_is_the_exit_code(
    peer: Peer, capsys: pytest.CaptureFixture[str], words: str, stale: int, code: int, says: bool
) -> None:
    reply = AffectedReply(since="HEAD", files=["a.py"], memories=[DOUBTFUL][:stale], stale=stale)
    peer.answers |= {"sync": SYNCED, "affected": reply}
    assert main(words.split()) == code
    assert peer.methods() == ["sync", "affected"]
    out, err = capsys.readouterr()
    assert (bool(out), bool(err)) == (says, bool(stale))


@pytest.mark.parametrize(("words", "shown"), [("affected", ["mem-1", "mem-2"]), ("affected -q", ["mem-1"])])
def test_a_quiet_look_at_a_change_lists_only_what_it_leaves_behind(
    peer: Peer, capsys: pytest.CaptureFixture[str], words: str, shown: list[str]
) -> None:
    agreeing = Brief(id="mem-2", title="U", memory_type="decision", importance_score=0.7, verdict="current")
    reply = AffectedReply(since="HEAD", files=["a.py"], memories=[DOUBTFUL, agreeing], stale=1)
    peer.answers |= {"sync": SYNCED, "affected": reply}
    assert main(words.split()) == 1
    listed = capsys.readouterr().out.splitlines()
    assert [line.rpartition(" ")[2] for line in listed if line.startswith("•")] == shown
    assert listed[-1] == "1 file changed since HEAD: 2 memories touched, 1 no longer agreeing with the code"


def test_a_change_may_be_that_since_a_commit(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    reply = AffectedReply(since="main~3", files=["a.py"], memories=[DOUBTFUL], stale=1)
    peer.answers |= {"sync": SYNCED, "affected": reply}
    assert main(["affected", "--diff", "main~3", "--json"]) == 1
    assert asked(peer) == Affected(revision="main~3")
    out, err = capsys.readouterr()
    assert (json.loads(out)["stale"], err) == (1, "")


def edit_with(peer: Peer, monkeypatch: pytest.MonkeyPatch, script: str) -> int:
    peer.answers |= {"get": memory(title="Old", narrative="text"), "edit": memory()}
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{sys.executable} -c '{script}'")
    return main(["edit", "mem-1"])


def test_an_edit_without_options_opens_the_editor(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    script = 'import sys; open(sys.argv[1], "w").write("New\\n\\nfirst\\nsecond\\n")'
    assert edit_with(peer, monkeypatch, script) == 0
    assert asked(peer) == Edit(id="mem-1", title="New", narrative="first\nsecond")


def test_an_editor_that_changes_nothing_sends_nothing(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert edit_with(peer, monkeypatch, "pass") == 0
    assert peer.methods() == ["get"]


def test_an_editor_that_fails_changes_nothing(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert edit_with(peer, monkeypatch, "raise SystemExit(3)") == 2
    assert peer.methods() == ["get"]


def run(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recall", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_the_version_is_printed() -> None:
    assert run("--version").stdout == f"recall {__version__}\n"


def test_a_reader_that_has_enough_is_no_failure(peer: Peer) -> None:
    many = [Brief(id=f"mem-{n}", title="x" * 200, memory_type="general", importance_score=0.5) for n in range(5000)]
    peer.answers["list"] = ListReply(memories=many, total=len(many))
    command = f"{sys.executable} -m recall list --limit 500 | head -n 1"
    piped = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout.startswith("mem-0")


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh", "fish"])
def test_completion_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert [name for name in MODULES if name not in script] == []


@pytest.mark.parametrize("command", MODULES)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        build_parser(command).parse_args([command, "--help"])
    assert caught.value.code == 0
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "strangers"), [("search x", "rich shtab psutil recall.start recall.aio"), ("--help", "rich shtab psutil")]
)
def test_a_command_loads_only_what_it_needs(words: str, strangers: str) -> None:
    code = (
        "import sys\nfrom recall.cli.main import main\n"
        "try:\n    main(sys.argv[1:] + ['--no-start'])\nexcept SystemExit:\n    pass\n"
        "print(chr(10).join(sys.modules))"
    )
    environ = {**os.environ, "RECALLD_HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", code, *words.split()], capture_output=True, text=True, env=environ, check=True
    )
    assert set(strangers.split()) & set(done.stdout.split()) == set()
