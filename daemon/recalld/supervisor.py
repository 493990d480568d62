"""Who runs the daemon as a service and wants to hear how it is: systemd's notify protocol, the daemon's half of it."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import MutableMapping

log = logging.getLogger(__name__)

RETRY_S = 0.05
SIGNS_OF_LIFE = 3
"""How many the watchdog hears in the time after which it would take the daemon for dead."""


class Supervisor:
    """Whoever watches over this process; where nobody does, nothing is said.

    Args:
        address: of its datagram socket, a path or, after an `@`, an abstract name; None where there is none.
        watchdog_s: seconds without a sign of life after which it kills the daemon; 0 where it does not.
    """

    def __init__(self, address: str | None = None, watchdog_s: float = 0.0) -> None:
        self._watchdog_s = watchdog_s
        self._task: asyncio.Task[None] | None = None
        self._socket: socket.socket | None = None
        if address is not None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)
            self._address = f"\0{address[1:]}" if address.startswith("@") else address

    @classmethod
    def of(cls, environ: MutableMapping[str, str]) -> Supervisor:
        """The supervisor that systemd names in the environment, out of which it is taken, as children have none."""
        address = environ.pop("NOTIFY_SOCKET", None)
        watchdog_us, pid = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
        watched = watchdog_us.isdigit() and pid in ("", str(os.getpid()))
        return cls(address or None, int(watchdog_us) / 1e6 if watched else 0.0)

    def ready(self) -> None:
        """Say that the daemon serves, and from now on that its event loop turns."""
        if self._socket is not None:
            self._task = asyncio.create_task(self._attend(), name="supervisor")

    def stopping(self) -> None:
        """Say that the daemon goes down, as it was asked to."""
        if self._task is not None:
            self._task.cancel()
        self._say(b"STOPPING=1")
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _attend(self) -> None:
        while not self._say(b"READY=1"):  # noqa: ASYNC110  # nobody tells when there is room again
            await asyncio.sleep(RETRY_S)
        while self._watchdog_s:
            self._say(b"WATCHDOG=1")
            await asyncio.sleep(self._watchdog_s / SIGNS_OF_LIFE)

    def _say(self, state: bytes) -> bool:
        """Send a state; False where the supervisor has no time for it now."""
        if self._socket is None:
            return True
        try:
            self._socket.sendto(state, self._address)
        except BlockingIOError:
            return False
        except OSError as error:
            log.warning("the service manager does not hear %s: %s", state.decode(), error)
        return True
