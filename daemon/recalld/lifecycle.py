"""What comes before everything else in the daemon's life: private folders, the one lock, the log."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import logging.handlers
import os
import resource
import signal
import sys
import time
from pathlib import Path

import psutil
import structlog

from recall import __version__
from recall.paths import Paths, make_private
from recalld.config import Config

MOST_DESCRIPTORS = 65_536
TAKE_OVER_S = 5.0
"""How long a daemon that is told to make room may take; its own limit is two seconds."""
_LOOK_AGAIN_S = 0.02


class AlreadyRunning(Exception):  # noqa: N818  # a finding rather than a mistake
    """Another daemon holds the lock.

    Attributes:
        pid: its process id; 0 where it had no time yet to write it.
        version: its version, or an empty text.
    """

    def __init__(self, pid: int, version: str) -> None:
        super().__init__(f"a daemon runs already, as process {pid}")
        self.pid = pid
        self.version = version


class DaemonLock:
    """Lets one daemon live for each data folder.

    The system gives the lock back when its holder ends, however it ends, so it is never stale. The file stays.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, and write process id and version into it.

        Raises:
            AlreadyRunning: somebody else has it.
            PermissionError: the file belongs to somebody else.
        """
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid, _, version = os.read(descriptor, 100).decode("utf-8", "replace").strip().partition(" ")
            os.close(descriptor)
            raise AlreadyRunning(int(pid) if pid.isdigit() else 0, version) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()} {__version__}\n".encode())
        self._descriptor = descriptor

    def take_over(self, timeout_s: float = TAKE_OVER_S) -> None:
        """Take the lock, if need be from a daemon that has it: that one is told to stop, in order.

        Args:
            timeout_s: seconds until this gives up.

        Raises:
            AlreadyRunning: it does not stop.
            PermissionError: it, or the file, belongs to somebody else.
        """
        deadline = time.monotonic() + timeout_s
        seen = told = 0
        while True:
            try:
                return self.acquire()
            except AlreadyRunning as running:
                if time.monotonic() > deadline:
                    raise
                # Seen twice, because for a moment a new holder's lock stands with the id of the one before.
                if running.pid and running.pid == seen != told:
                    told = running.pid
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(running.pid, signal.SIGTERM)
                seen = running.pid
            time.sleep(_LOOK_AGAIN_S)

    def keep(self) -> None:
        """Take the lock anew where its file was deleted, so that no second daemon gets it; quick.

        Raises:
            AlreadyRunning: one has it already.
            OSError: the file cannot be made; to be tried again.
        """
        if self._descriptor is None or not self._file.parent.exists() or self._is_in_place(self._descriptor):
            return
        deleted = self._descriptor
        self.acquire()
        os.close(deleted)

    def _is_in_place(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._file.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def make_folders(paths: Paths) -> None:
    """Make the daemon's folders, which only their owner can enter.

    Raises:
        PermissionError: one of them belongs to somebody else.
    """
    # Under a folder that all may write to, the one that carries the user's id is to be private already.
    private = [paths.runtime.parent] if _for_all(paths.runtime.parent.parent) else []
    for folder in (paths.data, *private, paths.runtime, paths.logs):
        make_private(folder)


def take_all_descriptors() -> None:
    """Let this process have as many open files as the system allows it: with none left, ZeroMQ ends it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def descriptors() -> tuple[int, int]:
    """How many files, sockets and pipes this process has open, and how many it may have."""
    return psutil.Process().num_fds(), resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def configure_logging(config: Config, paths: Paths, *, to_stderr: bool | None = None) -> None:
    """Send all logs, those of libraries included, as one JSON object a line into a file that is rotated.

    Args:
        config: level, and size and number of the files.
        paths: of the log.
        to_stderr: whether lines for people go to stderr besides; by default where that is a terminal.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    file = logging.handlers.RotatingFileHandler(
        paths.log, maxBytes=config.log_max_bytes, backupCount=config.log_backups, encoding="utf-8"
    )
    file.setFormatter(_formatter(shared, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()))
    handlers: list[logging.Handler] = [file]
    if sys.stderr.isatty() if to_stderr is None else to_stderr:
        people = logging.StreamHandler(sys.stderr)
        people.setFormatter(_formatter(shared, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())))
        handlers.append(people)
    logging.basicConfig(level=config.log_level.upper(), handlers=handlers, force=True)
    logging.captureWarnings(capture=True)
    for chatty in ("apscheduler", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _formatter(
    shared: list[structlog.typing.Processor], *rendering: structlog.typing.Processor
) -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering]
    )


def _for_all(folder: Path) -> bool:
    return folder.exists() and bool(folder.stat().st_mode & 0o002)
