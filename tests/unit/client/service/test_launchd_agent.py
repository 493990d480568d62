"""The agent for launchd: rendered and checked here, run only where there is a launchd."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import Any

import pytest

from recall import RecallError
from recall.paths import find_paths
from recall.service.definition import MARKER, template
from recall.service.launchd import Launchd, render

ODD = "odd & <name> \"q\" '$HOME' ü"
# launchd.plist(5), with the type of each.
DOCUMENTED: dict[str, type | tuple[type, ...]] = {
    "Label": str, "Disabled": bool, "UserName": str, "GroupName": str, "Program": str, "ProgramArguments": list,
    "EnableGlobbing": bool, "EnableTransactions": bool, "KeepAlive": (bool, dict), "RunAtLoad": bool,
    "RootDirectory": str, "WorkingDirectory": str, "EnvironmentVariables": dict, "Umask": (int, str), "TimeOut": int,
    "ExitTimeOut": int, "ThrottleInterval": int, "InitGroups": bool, "WatchPaths": list, "QueueDirectories": list,
    "StartOnMount": bool, "StartInterval": int, "StartCalendarInterval": (dict, list), "StandardInPath": str,
    "StandardOutPath": str, "StandardErrorPath": str, "Debug": bool, "WaitForDebugger": bool,
    "SoftResourceLimits": dict, "HardResourceLimits": dict, "Nice": int, "ProcessType": str,
    "AbandonProcessGroup": bool,
    "LowPriorityIO": bool, "LowPriorityBackgroundIO": bool, "LaunchOnlyOnce": bool, "MachServices": dict,
    "Sockets": dict, "LaunchEvents": dict, "SessionCreate": bool, "LegacyTimers": bool,
    "MaterializeDatalessFiles": bool, "LimitLoadToHosts": list, "LimitLoadFromHosts": list,
    "LimitLoadToSessionType": (str, list), "LimitLoadToHardware": dict, "LimitLoadFromHardware": dict,
    "AssociatedBundleIdentifiers": (str, list), "inetdCompatibility": dict, "BundleProgram": str,
}  # fmt: skip
KEPT_ALIVE = {"SuccessfulExit", "NetworkState", "PathState", "OtherJobEnabled", "Crashed", "AfterInitialDemand"}
LIMITS = {
    "Core", "CPU", "Data", "FileSize", "MemoryLock", "NumberOfFiles", "NumberOfProcesses", "ResidentSetSize", "Stack",
}  # fmt: skip


def agent() -> dict[str, Any]:
    known = {"PATH": "/usr/bin:/bin", "RECALLD_HOME": f"/Users/{ODD}"}
    text = template("launchd/dev.recalld.daemon.plist")
    xml = render(text, "dev.recalld.daemon", f"/opt/{ODD}/python", known, Path(f"/logs/{ODD}/service.log"))
    document: dict[str, Any] = plistlib.loads(xml.encode())
    return document


def test_it_has_only_keys_that_launchd_documents_with_the_types_it_documents() -> None:
    document = agent()
    assert {key: value for key, value in document.items() if not isinstance(value, DOCUMENTED.get(key, ()))} == {}
    assert set(document["KeepAlive"]) <= KEPT_ALIVE
    assert set(document["SoftResourceLimits"]) <= LIMITS
    assert document["ProcessType"] in {"Background", "Standard", "Adaptive", "Interactive"}


def test_paths_stand_in_it_as_they_are() -> None:
    document = agent()
    assert document["ProgramArguments"] == [f"/opt/{ODD}/python", "-m", "recalld", "--service"]
    assert document["EnvironmentVariables"] == {"PATH": "/usr/bin:/bin", "RECALLD_HOME": f"/Users/{ODD}"}
    assert document["StandardOutPath"] == document["StandardErrorPath"] == f"/logs/{ODD}/service.log"


def test_it_starts_at_login_and_anew_after_a_failure_but_not_after_a_stop() -> None:
    document = agent()
    assert document["RunAtLoad"] is True
    assert document["KeepAlive"] == {"SuccessfulExit": False, "Crashed": True}
    assert document["ThrottleInterval"] >= 10
    assert document["Umask"] == 0o077


def test_the_interpreter_is_read_back_from_the_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    environ = {"RECALLD_HOME": str(tmp_path / "home")}
    service = Launchd(find_paths(environ), environ)
    assert service.file.is_relative_to(tmp_path / "Library" / "LaunchAgents")
    assert service.python() is None
    service.file.parent.mkdir(parents=True)
    service.file.write_text(service.rendered())
    assert MARKER in service.file.read_text()
    assert service.python() == agent_python(service)
    service.file.write_text(f"<!-- {MARKER} --> broken")
    with pytest.raises(RecallError, match="is broken"):
        service.python()


def agent_python(service: Launchd) -> str:
    return str(plistlib.loads(service.file.read_bytes())["ProgramArguments"][0])
