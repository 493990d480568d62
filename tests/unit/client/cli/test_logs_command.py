"""`recall logs`: the last lines, of some level, and what comes after, also across a rotation."""

from __future__ import annotations

import json
import logging
import logging.handlers
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall.cli.logs import Following, last, shown
from recall.cli.main import main
from recall.cli.terminal import Style
from recall.paths import Paths, make_private


def line(number: int, level: str = "info", **more: object) -> str:
    return json.dumps({"event": f"event {number}", "level": level, "logger": "recalld.app", "timestamp": "t", **more})


@pytest.fixture
def log(paths: Paths) -> Path:
    make_private(paths.logs)
    return paths.log


def test_the_last_lines_are_shown(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.write_text("".join(f"{line(number)}\n" for number in range(9)))
    assert main(["logs", "-n", "2"]) == 0
    assert capsys.readouterr().out == "t info     recalld.app event 7\nt info     recalld.app event 8\n"
    assert main(["--json", "logs", "-n", "1"]) == 0
    assert capsys.readouterr().out == f"{line(8)}\n"


def test_only_lines_of_a_level_and_graver_ones_count(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    levels = ["error", "debug", "critical", "info", "warning", "info"]
    log.write_text("".join(f"{line(number, level)}\n" for number, level in enumerate(levels)))
    assert main(["--json", "logs", "--level", "warning", "-n", "2"]) == 0
    assert [json.loads(row)["level"] for row in capsys.readouterr().out.splitlines()] == ["critical", "warning"]


@given(rows=st.integers(0, 40), parts=st.integers(1, 4), wanted=st.integers(0, 50))
def test_the_last_lines_are_found_in_older_parts_too(
    tmp_path_factory: pytest.TempPathFactory, rows: int, parts: int, wanted: int
) -> None:
    file = tmp_path_factory.mktemp("logs") / "daemon.log"
    names = [file.with_name(f"{file.name}.{number}") for number in range(parts - 1, 0, -1)] + [file]
    size = -(-rows // parts)
    for number, part in enumerate(names):
        part.write_text("".join(f"{line(row)}\n" for row in range(number * size, min((number + 1) * size, rows))))
    expected = [line(row) for row in range(max(0, rows - wanted), rows)]
    assert [entry.raw for entry in last(file, wanted, "debug")] == expected


@pytest.mark.parametrize("torn", ['{"event": "half', "no JSON", "[1]", "\ufffd\ufffd"])
def test_a_torn_line_is_shown_as_it_is(log: Path, capsys: pytest.CaptureFixture[str], torn: str) -> None:
    log.write_text(f"{line(1)}\n{torn}\n")
    assert main(["logs", "--level", "error"]) == 0
    assert capsys.readouterr().out == f"{torn}\n"
    assert main(["--json", "logs", "-n", "1"]) == 0
    assert json.loads(capsys.readouterr().out) == {"event": torn}


def test_what_is_logged_cannot_command_the_terminal(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.write_text(f"{line(1, path='a' + chr(27) + '[2J')}\n")
    assert main(["logs"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "path=a" in out


def test_a_trace_stands_below_its_line() -> None:
    text = shown({"event": "failed", "level": "error", "exception": "Traceback\n  boom"}, Style(colour=False))
    assert text == "error    failed\n    Traceback\n      boom"


def test_no_log_is_no_fault_of_its_own(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert not paths.log.exists()
    assert main(["logs"]) == 3
    assert "`recall up` starts the daemon" in capsys.readouterr().err


def test_following_misses_nothing_when_the_log_is_rotated(log: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(log, maxBytes=300, backupCount=2, encoding="utf-8")
    handler.emit(logging.makeLogRecord({"msg": "before"}))
    seen = []
    with Following(log) as following:
        for number in range(20):
            handler.emit(logging.makeLogRecord({"msg": f"line {number} {'x' * 30}"}))
            seen += [entry.raw.split(" x")[0] for entry in following.fresh()]
    handler.close()
    assert seen == [f"line {number}" for number in range(20)]


def test_following_shows_a_line_once_it_is_whole(log: Path) -> None:
    log.write_text("")
    with Following(log) as following, log.open("a") as writing:
        writing.write('{"event": ')
        writing.flush()
        assert list(following.fresh()) == []
        writing.write('"done"}\n')
        writing.flush()
        assert [entry.fields for entry in following.fresh()] == [{"event": "done"}]
