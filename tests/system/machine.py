"""A Debian of its own, booted by its own systemd in a container, with one user who has the built wheel in a venv."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
MIRROR = "http://deb.debian.org/debian"
RELEASE = "bookworm"
PACKAGES = "systemd,systemd-sysv,libpam-systemd,dbus,dbus-user-session,python3,python3-venv,git,ca-certificates,procps"
USER, UID = "reader", 1000
HOME = f"/home/{USER}"
BIN = f"{HOME}/venvs/recalld/bin"
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
BOOT_S, LOGIN_S, LOGOUT_S = 60, 30, 60


class NoMachineError(Exception):
    """What is needed for it is not here."""


class CommandError(Exception):
    """A command failed; the message has what it said."""


def make_tree(tree: Path) -> None:
    """Fetch and unpack the system; minutes, and network.

    Raises:
        NoMachineError: it cannot be fetched.
    """
    missing = [program for program in ("debootstrap", "systemd-nspawn", "nsenter") if shutil.which(program) is None]
    if missing or os.getuid() != 0:
        raise NoMachineError(f"needs root and {', '.join(missing) or 'nothing else'}")
    try:
        _run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, str(tree), MIRROR)
    except CommandError as error:
        raise NoMachineError(str(error)) from error
    for file in ("etc/resolv.conf", CERTIFICATES):
        if (Path("/") / file).exists():
            shutil.copyfile(Path("/") / file, tree / file)
    _run("chroot", str(tree), "useradd", "--create-home", "--uid", str(UID), "--shell", "/bin/bash", USER)
    _run("chroot", str(tree), "su", "-", USER, "-c", f"python3 -m venv {HOME}/venvs/recalld")


def install_wheel(tree: Path) -> None:
    """Build the wheel and install it for the user, with all that it needs.

    Raises:
        NoMachineError: what it needs cannot be fetched.
    """
    wheels = tree / "opt" / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    pip = f"PIP_CERT=/{CERTIFICATES} {BIN}/pip install --quiet --disable-pip-version-check"
    (wheel,) = wheels.iterdir()
    command = f"{pip} /opt/wheels/{wheel.name} && {pip} --force-reinstall --no-deps /opt/wheels/{wheel.name}"
    try:
        _run("chroot", str(tree), "su", "-", USER, "-c", command)
    except CommandError as error:
        raise NoMachineError(str(error)) from error


class Machine:
    """The container while it runs. What is left of an earlier run in the user's home is taken away."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self._logins = 0
        for left in (".config", ".local/share/recalld", ".local/state/recalld", "project"):
            shutil.rmtree(tree / HOME.lstrip("/") / left, ignore_errors=True)
        self._container = subprocess.Popen(
            ["systemd-nspawn", "--boot", "--register=no", "--keep-unit", "--console=pipe", "--quiet", "-D", str(tree)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._leader = 0
        wait_until(self._booted, BOOT_S, "the machine to boot")

    def root(self, *words: str, check: bool = True) -> str:
        """What a command prints that root runs in it."""
        enter = ["nsenter", "--target", str(self._leader), "--all", "env", "-i", f"PATH={_PATH}"]
        return _run(*enter, *words, check=check)

    def user(self, command: str, *, check: bool = True) -> str:
        """What the user's shell prints, both streams together."""
        return self.root("su", "-", USER, "-c", f"exec 2>&1; export PATH={BIN}:$PATH; {command}", check=check)

    def recall(self, words: str, *, check: bool = True) -> Any:
        """What `recall` answers the user, as JSON."""
        return json.loads(self.user(f"recall --json {words} 2>/dev/null", check=check))

    def log_in(self) -> None:
        """Log the user in; return once the user's own manager has started what belongs to a login."""
        self._logins += 1
        login = ["--property=User=" + USER, "--property=PAMName=login", "sleep", "infinity"]
        self.root("systemd-run", "--quiet", f"--unit=login-{self._logins}", *login)

        def logged_in() -> bool:
            return self.user("systemctl --user is-active default.target", check=False).strip() == "active"

        wait_until(logged_in, LOGIN_S, "the login")

    def log_out(self) -> None:
        """Log the user out; return once nothing of that user runs any more."""
        self.end_session()
        wait_until(lambda: not self.root("pgrep", "-u", USER, check=False), LOGOUT_S, "the logout")

    def end_session(self) -> None:
        """Log the user out, and do not wait for what that ends."""
        self.root("systemctl", "stop", f"login-{self._logins}")

    def shown(self, name: str) -> str:
        """A property of the service, as the user's manager has it."""
        return self.user(f"systemctl --user show recalld --property={name} --value").strip()

    def power_off(self) -> float:
        """Shut it down in order; seconds it took."""
        started = time.monotonic()
        self.root("systemctl", "poweroff", check=False)
        self._container.wait(BOOT_S)
        return time.monotonic() - started

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._container.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.power_off()
        if self._container.poll() is None:
            self._container.kill()
            self._container.wait()

    def _booted(self) -> bool:
        if not self._leader:
            children = _run("pgrep", "--parent", str(self._container.pid), check=False).split()
            self._leader = int(children[0]) if children else 0
        return bool(self._leader) and self.root("systemctl", "is-system-running", check=False).strip() in (
            "running",
            "degraded",
        )


def wait_until(true: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Ask again and again; for there is nothing in the container to wait on from here."""
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:g} s for {what}")
        time.sleep(0.2)


def _run(*words: str, check: bool = True) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if check and done.returncode:
        said = done.stdout[-2000:] + done.stderr[-2000:]
        raise CommandError(f"{' '.join(words)}: exit code {done.returncode}: {said}")
    return done.stdout
