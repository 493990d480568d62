"""Where the daemon's sockets are, as text. Imports next to nothing, because an agent's hooks need no more than this.

`paths` makes of it what everybody else needs, and says where all the rest is.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as `typing` has it, whose import takes as long as the interpreter's start
if TYPE_CHECKING:
    from collections.abc import Mapping

APP = "recalld"
# sun_path holds 108 bytes on Linux and 104 on macOS, with the final NUL.
_MAX_SOCKET_BYTES = 100


def home_folder(environ: Mapping[str, str]) -> str | None:
    """The folder that `RECALLD_HOME` names, absolute; None where it names none."""
    home = environ.get("RECALLD_HOME")
    return os.path.join(os.getcwd(), os.path.expanduser(home)) if home else None  # noqa: PTH109, PTH111, PTH118


def runtime_folder(environ: Mapping[str, str]) -> str:
    """The folder of the sockets."""
    home = home_folder(environ)
    if home is not None:
        return _short(f"{home.rstrip('/')}/run")
    # platformdirs falls back to a folder it makes for all programs where /run/user is missing (ssh, containers).
    given = environ.get("XDG_RUNTIME_DIR") or login_folder()
    if given and sys.platform != "darwin":
        return _short(f"{given.rstrip('/')}/{APP}")
    return f"{_fallback()}/default"


def requests_socket(environ: Mapping[str, str]) -> str:
    """The socket that answers."""
    return f"{runtime_folder(environ)}/requests.sock"


def login_folder() -> str | None:
    """The runtime folder of the user's logins; su and cron do not name it, and a daemon started at login is there."""
    folder = f"/run/user/{os.getuid()}" if hasattr(os, "getuid") else ""
    try:
        return folder if os.stat(folder).st_uid == os.getuid() else None  # noqa: PTH116
    except OSError:
        return None


def _short(folder: str) -> str:
    """The folder itself, or, where a socket's path in it would be too long, one under a hash."""
    if len(os.fsencode(f"{folder}/requests.sock")) <= _MAX_SOCKET_BYTES:
        return folder
    import hashlib  # noqa: PLC0415  # late: hardly ever needed

    return f"{_fallback()}/{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"


def _fallback() -> str:
    # macOS hands out a private temporary folder per user; elsewhere the name carries the user id.
    base = "/tmp"  # noqa: S108
    if sys.platform == "darwin":
        import tempfile  # noqa: PLC0415  # late: needed nowhere else

        base = tempfile.gettempdir()
    return f"{base}/{APP}-{os.getuid() if hasattr(os, 'getuid') else 0}"
