"""Where the daemon and its clients meet: folders, socket, lock, config. One place for both sides.

`RECALLD_HOME` names one folder for everything and makes a second, separate daemon. Otherwise the
platform's own folders are taken (platformdirs).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

_APP = "recalld"
# sun_path holds 108 bytes on Linux and 104 on macOS, with the final NUL.
_MAX_SOCKET_BYTES = 100


class Paths(NamedTuple):
    """The folders and files of one daemon."""

    home: Path
    """What `RECALLD_HOME` or the platform's data folder names; shown to people."""
    data: Path
    runtime: Path
    config_file: Path
    logs: Path

    @property
    def requests(self) -> Path:
        """The socket that answers."""
        return self.runtime / "requests.sock"

    @property
    def events(self) -> Path:
        """The socket that pushes."""
        return self.runtime / "events.sock"

    @property
    def lock(self) -> Path:
        """Held for as long as a daemon runs; holds its process id."""
        return self.data / "daemon.lock"

    @property
    def log(self) -> Path:
        """The structured log, one JSON object a line."""
        return self.logs / "daemon.log"

    @property
    def http_token(self) -> Path:
        """The token that HTTP asks for; made when it is first enabled."""
        return self.data / "http.token"

    @property
    def requests_address(self) -> str:
        """The ZeroMQ address of the socket that answers."""
        return f"ipc://{self.requests}"

    @property
    def events_address(self) -> str:
        """The ZeroMQ address of the socket that pushes."""
        return f"ipc://{self.events}"


def find_paths(environ: dict[str, str] | None = None) -> Paths:
    """The paths that this environment names. Makes no folder."""
    environ = dict(os.environ) if environ is None else environ
    home = environ.get("RECALLD_HOME")
    if home:
        root = Path(home).expanduser().absolute()
        return Paths(root, root / "data", _short(root / "run"), root / "config.toml", root / "logs")
    import platformdirs  # noqa: PLC0415  # late: not needed where RECALLD_HOME is set

    data = Path(platformdirs.user_data_dir(_APP, appauthor=False))
    runtime = Path(_runtime_dir(environ))
    config = Path(platformdirs.user_config_dir(_APP, appauthor=False)) / "config.toml"
    return Paths(data, data, runtime, config, Path(platformdirs.user_log_dir(_APP, appauthor=False)))


def make_private(folder: Path) -> None:
    """Make a folder that only its owner can enter.

    Raises:
        PermissionError: it exists and belongs to somebody else.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to another user: remove it, or set RECALLD_HOME to a folder of yours")
    folder.chmod(0o700)


def _runtime_dir(environ: dict[str, str]) -> str:
    # platformdirs falls back to a folder it makes for all programs where /run/user is missing (ssh, containers).
    given = environ.get("XDG_RUNTIME_DIR")
    if given and sys.platform != "darwin":
        return str(_short(Path(given) / _APP))
    return str(_fallback_runtime() / "default")


def _short(folder: Path) -> Path:
    """The folder itself, or, where a socket's path in it would be too long, one under a hash."""
    if len(os.fsencode(folder / "requests.sock")) <= _MAX_SOCKET_BYTES:
        return folder
    import hashlib  # noqa: PLC0415  # late: hardly ever needed, and every command would wait for it

    return _fallback_runtime() / hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]


def _fallback_runtime() -> Path:
    # macOS hands out a private temporary folder per user; elsewhere the name carries the user id.
    base = "/tmp"  # noqa: S108
    if sys.platform == "darwin":
        import tempfile  # noqa: PLC0415  # late: every agent's hook would wait for it elsewhere

        base = tempfile.gettempdir()
    return Path(base) / f"{_APP}-{os.getuid() if hasattr(os, 'getuid') else 0}"
