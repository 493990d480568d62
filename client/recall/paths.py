"""Where the daemon and its clients meet: folders, socket, lock, config. One place for both sides.

`RECALLD_HOME` names one folder for everything and makes a second, separate daemon. Otherwise the
platform's own folders are taken (platformdirs).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from recall.runtime import APP, home_folder, runtime_folder


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
    runtime, home = Path(runtime_folder(environ)), home_folder(environ)
    if home is not None:
        root = Path(home)
        return Paths(root, root / "data", runtime, root / "config.toml", root / "logs")
    import platformdirs  # noqa: PLC0415  # late: not needed where RECALLD_HOME is set

    data = Path(platformdirs.user_data_dir(APP, appauthor=False))
    config = Path(platformdirs.user_config_dir(APP, appauthor=False)) / "config.toml"
    return Paths(data, data, runtime, config, Path(platformdirs.user_log_dir(APP, appauthor=False)))


def make_private(folder: Path) -> None:
    """Make a folder that only its owner can enter.

    Raises:
        PermissionError: it exists and belongs to somebody else.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to another user: remove it, or set RECALLD_HOME to a folder of yours")
    folder.chmod(0o700)
