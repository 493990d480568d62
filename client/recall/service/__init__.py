"""The login service: the daemon run by systemd's user manager (Linux) or by launchd (macOS).

Every client that has to start the daemon lets the service do so where it is installed; so there is one way in which it
runs, and one lock.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from recall.paths import Paths
from recall.protocol.errors import RecallError
from recall.service.definition import Service, State
from recall.service.systemd import Systemd, reaching_manager

__all__ = ["Service", "State", "reaching_manager", "service_here", "starter"]


def service_here(paths: Paths, environ: Mapping[str, str] | None = None) -> Service | None:
    """The login service of the daemon that has these paths, installed or not; None where the system knows none."""
    environ = os.environ if environ is None else environ
    if sys.platform == "darwin":
        from recall.service.launchd import Launchd  # noqa: PLC0415  # late: plistlib is needed nowhere else

        return Launchd(paths, environ)
    return Systemd(paths, environ) if sys.platform.startswith("linux") else None


def starter(paths: Paths) -> list[str] | None:
    """The command that starts the daemon by its login service; None where none is installed that could."""
    service = service_here(paths)
    if service is None:
        return None
    try:
        python = service.python()
    except (OSError, RecallError):
        return None
    return service.start_command() if python and os.access(python, os.X_OK) else None
