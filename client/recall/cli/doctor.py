"""`recall doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from recall import __version__, offline, versions
from recall.cli.daemon import stopped
from recall.cli.invocation import Commands, Invocation
from recall.cli.service import look
from recall.hooks import failures
from recall.offline import Check, Examined
from recall.paths import Paths, find_paths
from recall.protocol import PROTOCOL_VERSION
from recall.protocol.errors import RecallError
from recall.protocol.requests import HelloReply, StatusReply
from recall.service import service_here

HELLO_S = 2.0
MODEL = "vectors/all-MiniLM-L6-v2/model_int8.onnx"
MANY_REQUESTS = 500
_FIXES = (
    ("vectors are down", "recall reindex"),
    ("no watches left", "raise fs.inotify.max_user_watches, see `watch` above; until then nothing is lost, only later"),
    ("HTTP", "recall http status says more; recall http enable --port N takes another port"),
)
_WATCH_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add(
        "doctor", doctor, "look for what is wrong, and say what to do; with --mend, mend what can be"
    )
    command.add_argument("--mend", action="store_true", help="mend what is damaged; what was there is kept beside it")


def doctor(invocation: Invocation) -> int:
    """`recall doctor`."""
    terminal = invocation.terminal
    if invocation.options.mend:
        _mend(invocation)
    checks = list(_checks(invocation, find_paths()))
    healthy = all(check.ok for check in checks)
    if terminal.json:
        terminal.document({"ok": healthy, "checks": checks})
        return int(not healthy)
    style = terminal.style
    for check in checks:
        mark = style.good("✓") if check.ok else style.bad("✗")
        terminal.say(f"{mark} {check.name:9} {check.message}")
        if check.fix:
            terminal.say(f"  {'':9} {style.accent('→')} {check.fix}")
    return int(not healthy)


def _checks(invocation: Invocation, paths: Paths) -> Iterator[Check]:
    yield _python()
    yield _git()
    yield _model()
    yield from _folders(paths)
    yield from _hooks(paths)
    yield from _service(paths)
    yield from _examined()
    try:
        with invocation.client(start=False) as client:
            client.timeout_s = min(client.timeout_s, HELLO_S)
            yield _version(client.hello(), paths)
            yield from _state(client.status())
    except RecallError as error:
        fix = "recall up" if error.code == "unreachable" else f"recall down, then recall up; the log is {paths.log}"
        yield Check("daemon", ok=False, message=error.message, fix=fix)


def _mend(invocation: Invocation) -> None:
    """Have what is damaged mended, while no daemon runs; one that ran is started again."""
    if not any(check.mendable and not check.ok for check in _examined()):
        invocation.terminal.note("there is nothing to mend")
        return
    with stopped(invocation):
        for done in offline.run(Examined, "mend").checks:
            invocation.terminal.note(f"{done.name}: {done.message}")


def _examined() -> list[Check]:
    try:
        return offline.run(Examined, "examine").checks
    except RecallError as error:
        return [Check("store", ok=False, message=error.message)]


def _python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Check("python", ok=True, message=f"{version} at {sys.executable}")


def _git() -> Check:
    git = shutil.which("git")
    if git is None:
        return Check("git", ok=False, message="git is not on the PATH", fix="install git")
    said = subprocess.run([git, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return Check("git", ok=bool(said), message=f"{said or 'does not run'} at {git}")


def _model() -> Check:
    # Only finds where the daemon's package is; the client never imports it.
    package = importlib.util.find_spec("recalld")
    if package is None or package.origin is None:
        return Check(
            "model", ok=False, message="the package recalld is missing", fix="pip install --force-reinstall recalld"
        )
    model = Path(package.origin).parent / MODEL
    if not model.is_file():
        return Check("model", ok=False, message=f"{model} is missing", fix="pip install --force-reinstall recalld")
    return Check("model", ok=True, message=f"{model.stat().st_size / 1e6:.0f} MB at {model}")


def _folders(paths: Paths) -> Iterator[Check]:
    for name, folder in (("data", paths.data), ("runtime", paths.runtime)):
        try:
            found = folder.stat()
        except FileNotFoundError:
            yield Check(name, ok=True, message=f"{folder} is made when the daemon starts")
            continue
        except OSError as error:
            yield Check(name, ok=False, message=f"{folder}: {error.strerror}", fix="make it readable for you")
            continue
        if found.st_uid != os.getuid():
            yield Check(name, ok=False, message=f"{folder} belongs to another user", fix=f"remove {folder}")
        elif stat.S_IMODE(found.st_mode) & 0o077:
            yield Check(name, ok=False, message=f"{folder} is open to other users", fix=f"chmod 700 {folder}")
        else:
            yield Check(name, ok=True, message=f"{folder} is yours alone")


def _hooks(paths: Paths) -> Iterator[Check]:
    """What hooks, which are silent, have to say; nothing where they never failed."""
    try:
        failed = failures.recent(paths)
    except OSError as error:
        yield Check("hooks", ok=False, message=f"{error.filename}: {error.strerror}", fix="make it readable for you")
        return
    if failed:
        last = failed[-1]
        when = datetime.fromtimestamp(last["at"], UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        message = f"hooks fail: {len(failed):,} in the last day, at {when} {last.get('hook')}: {last.get('message')}"
        fix = "recall status says whether the daemon answers; a timeout now and then, on a busy machine, does no harm"
        yield Check("hooks", ok=False, message=message, fix=fix)


def _version(hello: HelloReply, paths: Paths) -> Check:
    message = f"{hello.version}, protocol {hello.protocol}, process {hello.pid}, at {paths.requests}"
    if (hello.version, hello.protocol) == (__version__, PROTOCOL_VERSION):
        return Check("daemon", ok=True, message=message)
    return Check(
        "daemon",
        ok=False,
        message=f"{message}; but this client is {__version__}, protocol {PROTOCOL_VERSION}",
        fix=versions.difference(hello.version) or "recall down, then recall up, so that the installed version runs",
    )


def _service(paths: Paths) -> Iterator[Check]:
    """How the login service is; nothing where none is installed."""
    service = service_here(paths)
    try:
        found = look(service, paths) if service is not None and service.file.exists() else None
    except (RecallError, OSError) as error:
        yield Check("service", ok=False, message=str(error), fix="recall service status says more")
        return
    if found is not None:
        problems = "; ".join(found.problems)
        yield Check("service", ok=not problems, message=f"{found.name} is {found.state} at {found.file}", fix=problems)


def _state(status: StatusReply) -> Iterator[Check]:
    down = status.vectors.startswith("down")
    yield Check("vectors", ok=not down, message=status.vectors, fix="recall reindex" if down else "")
    yield _watches(status)
    for name in status.quarantined:
        yield Check("parser", ok=True, message=f"leaves alone until it changes: {name}")
    yield _queues(status)
    for warning in status.warnings:
        yield Check("warning", ok=False, message=warning, fix=_fix(warning, status))


def _queues(status: StatusReply) -> Check:
    """Whether somebody asks for more than can be done: some of it is refused then, as `busy`."""
    waiting = status.queues.get("requests", 0)
    message = f"{waiting:,} requests under way, {sum(status.queues.values()) - waiting:,} files to be read"
    if waiting <= MANY_REQUESTS:
        return Check("queues", ok=True, message=f"{message}; {status.memory_mb:.0f} MB of memory")
    return Check("queues", ok=False, message=message, fix="find out which program asks so much, and end it")


def _fix(warning: str, status: StatusReply) -> str:
    """What to do about a warning of the daemon's."""
    failed = next((job.name for job in status.jobs if f"the job {job.name} failed" in warning), None)
    if failed is not None:
        return f"recall jobs --run {failed} tries it now, and says what is wrong"
    for said, fix in _FIXES:
        if said in warning:
            return fix
    return "recall down, then recall up; where it stays, the log says more"


def _watches(status: StatusReply) -> Check:
    used = sum(workspace.watched_folders for workspace in status.workspaces)
    message = f"{used:,} folders"
    limit = int(_WATCH_LIMIT.read_text()) if _WATCH_LIMIT.exists() else None
    if limit is not None:
        message += f"; this system allows {limit:,} watches a user"
    polling = [workspace.path for workspace in status.workspaces if "polling" in workspace.watch]
    if not polling:
        return Check("watch", ok=True, message=message)
    fix = f"sysctl fs.inotify.max_user_watches={max(524_288, 2 * (limit or 0))}, then recall down and recall up"
    return Check("watch", ok=False, message=f"{message}; polling {', '.join(polling)}", fix=fix if limit else "")
