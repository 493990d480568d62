"""The unit that `recall service install` writes."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall import RecallError
from recall.paths import find_paths
from recall.service.definition import environment, name_of, template
from recall.service.systemd import Systemd, quoted, render

TEMPLATE = template("systemd/recalld.service")
ODD = "odd name %h %% $HOME ${HOME} {a} ü;#"
ODDER = f'{ODD} "quoted" \\x'


def unit(python: str = "/opt/venv/bin/python", version: int = 254, **known: str) -> str:
    return render(TEMPLATE, "recalld.service", python, known, version)


def settings(text: str) -> dict[str, str]:
    lines = (line for line in text.splitlines() if line and line[0] not in "#[")
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def test_no_placeholder_is_left() -> None:
    text = unit()
    assert "$" not in text
    assert settings(text)["ExecStart"] == ':"/opt/venv/bin/python" -m recalld --service'


def test_back_off_is_left_out_where_systemd_does_not_know_it() -> None:
    assert {"RestartSteps", "RestartMaxDelaySec"} <= set(settings(unit(version=254)))
    old = settings(unit(version=253))
    assert {"RestartSteps", "RestartMaxDelaySec"} & set(old) == set()
    assert old["Restart"] == "on-failure"


def test_back_off_never_reaches_the_limit_of_starts() -> None:
    known = settings(unit())
    first, last, steps, burst = 1, 120, int(known["RestartSteps"]), int(known["StartLimitBurst"])
    assert (known["RestartSec"], known["RestartMaxDelaySec"], known["StartLimitIntervalSec"]) == ("1s", "2min", "5min")
    waits = [first * (last / first) ** (min(number, steps) / steps) for number in range(30)]
    starts = [sum(waits[:number]) for number in range(30)]
    assert max(sum(begun <= start < begun + 300 for start in starts) for begun in starts) < burst


@given(st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs", "Cc"]), min_size=1))
def test_a_word_is_one_word_whatever_it_holds(text: str) -> None:
    # POSIX shells and systemd agree on quotes and backslashes before them; specifiers are systemd's own.
    (word,) = shlex.split(quoted(text).replace("`", ""), comments=False)
    assert word.replace("%%", "%") == text.replace("`", "")


@pytest.mark.parametrize("version", [252, 257])
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path, version: int) -> None:
    python = tmp_path / ODD / "python"
    python.parent.mkdir()
    python.symlink_to(shutil.which("true") or "/bin/true")
    installed = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=True).stdout
    if int(installed.split()[1]) < version:
        pytest.skip(f"systemd is older than {version}")
    file = tmp_path / "recalld.service"
    file.write_text(unit(str(python), version, RECALLD_HOME=f"/home/{ODDER}", PATH="/usr/bin:/bin"))
    run = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--recursive-errors=no", str(file)],
        capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path)},
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("letter", ['"', "'", "\\"])
def test_an_interpreter_that_systemd_would_not_run_is_refused(letter: str) -> None:
    with pytest.raises(RecallError, match="runs no program with a quote"):
        unit(f"/opt/a{letter}b/python")


def test_a_path_that_would_end_the_line_is_refused() -> None:
    with pytest.raises(RecallError, match="control character") as caught:
        unit("/opt/a\nExecStartPre=/bin/evil")
    assert caught.value.code == "service_failed"


def test_each_home_has_a_service_of_its_own(tmp_path: Path) -> None:
    environs = [{}, {"RECALLD_HOME": str(tmp_path / "a")}, {"RECALLD_HOME": str(tmp_path / "b")}]
    names = [name_of(find_paths(environ), environ) for environ in environs]
    assert names[0] == "recalld"
    assert len(set(names)) == 3


def test_the_daemon_is_told_where_its_folders_and_git_are_and_nothing_else(tmp_path: Path) -> None:
    environ = {"XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "", "RECALLD_LOG_LEVEL": "debug", "AWS_KEY": "k"}
    known = environment(find_paths(environ), environ)
    assert set(known) == {"PATH", "XDG_DATA_HOME"}
    assert str(Path(shutil.which("git") or "").parent) in known["PATH"].split(":")
    home = {"RECALLD_HOME": str(tmp_path), "XDG_DATA_HOME": "/data"}
    assert environment(find_paths(home), home) == {"PATH": known["PATH"], "RECALLD_HOME": str(tmp_path)}


def test_the_interpreter_is_read_back_from_the_unit(tmp_path: Path) -> None:
    environ = {"RECALLD_HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path)}
    service = Systemd(find_paths(environ), environ)
    assert service.python() is None
    service.file.parent.mkdir(parents=True)
    service.file.write_text(unit(f"/opt/{ODD}/python"))
    assert service.python() == f"/opt/{ODD}/python"


def test_a_unit_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    environ = {"RECALLD_HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path)}
    service = Systemd(find_paths(environ), environ)
    service.file.parent.mkdir(parents=True)
    service.file.write_text("[Service]\nExecStart=/usr/bin/mine\n")
    for do in (service.python, service.uninstall):
        with pytest.raises(RecallError, match="move it away"):
            do()
    assert service.file.read_text() == "[Service]\nExecStart=/usr/bin/mine\n"
