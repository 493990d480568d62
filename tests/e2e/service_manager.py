"""A `systemctl` for tests: one service of one user, by the unit's file and systemd's notify protocol. Run as a program.

It stands for systemd where none runs; `tests/system` has the real one.
"""

# ruff: noqa: T201  # a program

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

READY_S = 20


def main(folder: Path, words: list[str]) -> int:
    if words == ["--version"]:
        print("systemd 255 (for tests)")
        return 0
    words = [word for word in words if word not in ("--user", "--no-pager")]
    with (folder / "told").open("a") as told:
        told.write(" ".join(words) + "\n")
    verb, name = words[0], next((word for word in words[1:] if not word.startswith("-")), "")
    unit = Path(os.environ["XDG_CONFIG_HOME"]) / "systemd" / "user" / name
    wants = unit.parent / "default.target.wants" / name
    if verb == "show" and name:
        show(folder, wants)
    elif verb == "enable":
        wants.parent.mkdir(exist_ok=True)
        wants.unlink(missing_ok=True)
        wants.symlink_to(unit)
    elif verb in ("disable", "restart", "start"):
        if verb != "start":
            stop(folder)
        if verb == "disable":
            wants.unlink()
        elif not running(folder):
            return start(folder, unit)
    return 0


def start(folder: Path, unit: Path) -> int:
    lines = [line.partition("=") for line in unit.read_text().splitlines() if "=" in line]
    (command,) = [shlex.split(value.lstrip(":")) for key, _, value in lines if key == "ExecStart"]
    environ = dict(shlex.split(value)[0].split("=", 1) for key, _, value in lines if key == "Environment")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        address = folder / "notify"
        address.unlink(missing_ok=True)
        heard.bind(str(address))
        heard.settimeout(READY_S)
        environ |= {"HOME": os.environ["HOME"], "NOTIFY_SOCKET": str(address)}
        with (folder / "output").open("ab") as output:
            child = subprocess.Popen(
                command, env=environ, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        (folder / "pid").write_text(json.dumps(child.pid))
        heard.settimeout(0.05)
        for _ in range(READY_S * 20):
            try:
                if heard.recv(100) == b"READY=1":
                    return 0
            except TimeoutError:
                if child.poll() is not None:
                    break
    print("Job failed because the control process exited with error code.", file=sys.stderr)
    return 1


def running(folder: Path) -> int:
    try:
        pid = int(json.loads((folder / "pid").read_text()))
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if stat.rpartition(")")[2].split()[0] == "Z" else pid


def stop(folder: Path) -> None:
    pid = running(folder)
    if pid:
        os.kill(pid, signal.SIGTERM)
        while running(folder):
            time.sleep(0.02)


def show(folder: Path, wants: Path) -> None:
    pid = running(folder)
    print(f"MainPID={pid}")
    print(f"ActiveState={'active' if pid else 'inactive'}\nSubState={'running' if pid else 'dead'}")
    print(f"UnitFileState={'enabled' if wants.is_symlink() else 'disabled'}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
