"""`recall http`: let the daemon answer over HTTP too, and say where and with which token."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from recall.cli.daemon import stop
from recall.cli.invocation import Commands, Invocation
from recall.cli.terminal import Style
from recall.connection import listening
from recall.paths import Paths, find_paths, make_private
from recall.protocol.errors import RecallError
from recall.protocol.requests import StatusReply
from recall.start import start_daemon
from recall.token import read_token, renew_token


def register(commands: Commands) -> None:
    """Declare the commands."""
    group = commands.group(
        "http",
        "let programs ask over HTTP, on this machine alone and with a token",
        epilog='example: recall http enable; curl -H "Authorization: Token $(recall http token)" '
        "http://127.0.0.1:7411/openapi.json",
    )
    command = group.add("enable", enable, "answer over HTTP from now on; a daemon that runs is restarted")
    command.add_argument("--port", type=port, metavar="N", help="listen at this port; 0 for any that is free")
    group.add("disable", disable, "answer over HTTP no more; the token stays")
    group.add("status", status, "show where it answers, and the ids of the workspaces")
    command = group.add("token", token, "print the token, to be sent as `Authorization: Token …` or `Bearer …`")
    command.add_argument("--rotate", action="store_true", help="make a new one; the old one is refused from now on")


def port(text: str) -> int:
    """A port, for argparse."""
    value = int(text)
    if not 0 <= value <= 65_535:
        raise ValueError(text)
    return value


def enable(invocation: Invocation) -> int:
    """`recall http enable`."""
    paths = find_paths()
    wanted = {"http": "true"}
    if invocation.options.port is not None:
        wanted["http_port"] = str(invocation.options.port)
    change_settings(paths.config_file, wanted)
    if read_token(paths.http_token) is None:
        make_private(paths.data)
        renew_token(paths.http_token)
    _restart(invocation, paths, start=not invocation.options.no_start)
    return _show(invocation)


def disable(invocation: Invocation) -> int:
    """`recall http disable`."""
    paths = find_paths()
    change_settings(paths.config_file, {"http": "false"})
    _restart(invocation, paths)
    return _show(invocation)


def status(invocation: Invocation) -> int:
    """`recall http status`."""
    return _show(invocation)


def token(invocation: Invocation) -> int:
    """`recall http token`."""
    paths = find_paths()
    known = read_token(paths.http_token)
    if invocation.options.rotate:
        make_private(paths.data)
        known = renew_token(paths.http_token)
        _restart(invocation, paths)
    if known is None:
        raise RecallError("unauthorized", "there is no token yet: `recall http enable` makes one")
    if invocation.terminal.json:
        invocation.terminal.document({"token": known, "file": str(paths.http_token)})
    else:
        invocation.terminal.say(known)
    return 0


def change_settings(file: Path, changes: dict[str, str]) -> None:
    """Set some settings in the settings file, and leave all else in it as it is.

    Args:
        file: made where it does not exist.
        changes: values as TOML, by name.

    Raises:
        RecallError: `invalid_params`, the file cannot be understood, and so is not touched.
    """
    before = file.read_text("utf-8") if file.exists() else ""
    text = before
    for name, value in changes.items():
        line = re.compile(rf"^{name}[ \t]*=[ \t]*\w+", re.MULTILINE)  # a comment after it stays
        text, found = line.subn(f"{name} = {value}", text, count=1)
        if not found:
            text += ("" if not text or text.endswith("\n") else "\n") + f"{name} = {value}\n"
    try:
        expected = tomllib.loads(before) | tomllib.loads("\n".join(f"{name} = {changes[name]}" for name in changes))
        understood = tomllib.loads(text) == expected
    except tomllib.TOMLDecodeError:
        understood = False
    if not understood:
        wanted = ", ".join(f"`{name} = {value}`" for name, value in changes.items())
        raise RecallError("invalid_params", f"{file} cannot be changed safely: set {wanted} in it yourself")
    if text != before:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f"{file.name}.new")
        fresh.touch(0o600)  # it may hold an API key
        fresh.write_text(text, "utf-8")
        if file.exists():
            fresh.chmod(file.stat().st_mode & 0o777)
        fresh.replace(file)


def _restart(invocation: Invocation, paths: Paths, *, start: bool = False) -> None:
    """Let a daemon that runs read the settings and the token anew; with `start`, run one in any case."""
    running = listening(paths)
    if running:
        with invocation.client(start=False) as client:
            stop(client)
    if running or start:
        start_daemon(paths)


def _show(invocation: Invocation) -> int:
    paths = find_paths()
    if not listening(paths):
        raise RecallError("unreachable", "no daemon runs: `recall up` starts one", sent=False)
    with invocation.client(start=False) as client:
        reply = client.status()
    if invocation.terminal.json:
        workspaces = [{"workspace_id": each.workspace_id, "path": each.path} for each in reply.workspaces]
        warnings = [each for each in reply.warnings if each.startswith("HTTP")]
        said = {"http": reply.http, "token_file": str(paths.http_token), "workspaces": workspaces, "warnings": warnings}
        invocation.terminal.document(said)
    else:
        invocation.terminal.say(shown(reply, paths, invocation.terminal.style))
    return 1 if reply.http == "down" else 0


def shown(reply: StatusReply, paths: Paths, style: Style) -> str:
    """Where it answers, and what a shell needs to ask there."""
    if reply.http == "off":
        return f"HTTP is off: {style.accent('recall http enable')} turns it on"
    if reply.http == "down":
        return "\n".join(each for each in reply.warnings if each.startswith("HTTP"))
    lines = [
        f"answers at {style.bold(reply.http)}, described at {reply.http}/openapi.json",
        f"token in {paths.http_token}",
        "",
        'export MEMORIES_API_TOKEN="$(recall http token)"',
    ]
    lines += [f"export MEMORIES_WORKSPACE_ID={each.workspace_id}  # {each.path}" for each in reply.workspaces]
    return "\n".join(lines)
