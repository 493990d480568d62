"""The daemon's side of one worker process: what it was given, what it answered, how long it has been at it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import Protocol, cast

import msgspec

from recalld.code.wire import ANSWER_HEAD, EXIT_OUT_OF_MEMORY, NOTE, REQUEST_HEAD, Forbid, Limits, Task
from recalld.outline import CutOut, Outline

START_LIMIT_S = 30.0
"""Time a process may take to come up."""

_KILLED_FROM_OUTSIDE = frozenset({-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP})
_encode = msgspec.msgpack.Encoder().encode


class Job:
    """One file to outline, until it is answered."""

    __slots__ = ("answer", "attempts", "cut_out", "full_path", "id", "path", "root", "unsaved")

    def __init__(
        self,
        number: int,
        root: Path,
        path: str,
        cut_out: CutOut | None,
        unsaved: bytes | None,
        answer: asyncio.Future[Outline],
    ) -> None:
        self.id = number
        self.root = root
        self.path = path
        self.full_path = root / path
        self.cut_out = cut_out
        self.unsaved = unsaved
        self.attempts = 0
        self.answer = answer

    def done(self, outline: Outline) -> None:
        """Give the answer to whoever waits for it, if someone still does."""
        if not self.answer.done():
            outline.path = self.path
            self.answer.set_result(outline)


class Owner(Protocol):
    """What a process tells."""

    def answered(self, process: WorkerProcess, answers: list[tuple[Job, bytes]]) -> None:
        """Jobs were answered with encoded outlines, and there is room for others."""

    def lost(self, process: WorkerProcess) -> None:
        """The process has ended; its jobs are not answered."""


class WorkerProcess(asyncio.SubprocessProtocol):
    """One process, and the jobs it has been given and has not answered, in their order."""

    def __init__(self, owner: Owner, timeout_s: float) -> None:
        self.jobs: OrderedDict[int, Job] = OrderedDict()
        self.up = False
        self.retired = False
        """It gets no more jobs."""
        self.timed_out = False
        self.exit_code: int | None = None
        self.gone = asyncio.Event()
        self._owner = owner
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._notebook = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # closed when the process is gone
        self._received = bytearray()
        self._busy_since = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.SubprocessTransport

    async def start(self, max_file_bytes: int, max_symbols: int, memory_mb: int) -> None:
        """Start the process.

        Raises:
            OSError: the system starts no more.
        """
        limits = Limits(
            max_file_bytes=max_file_bytes,
            max_symbols=max_symbols,
            memory_mb=memory_mb,
            alarm_s=self._timeout_s * 2 + 1,
            notebook_fd=self._notebook.fileno(),
        )
        arguments = ("-P", "-m", "recalld.code.worker", msgspec.json.encode(limits).decode())
        try:
            await self._loop.subprocess_exec(
                lambda: self,
                sys.executable,
                *arguments,
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=(limits.notebook_fd,),
                start_new_session=True,
            )
        except OSError:
            self._notebook.close()
            raise

    @property
    def pid(self) -> int:
        """The process id."""
        return self._transport.get_pid() or 0

    def give(self, job: Job) -> None:
        """Send a job; it is answered in its turn."""
        if not self.jobs:
            self._busy_since = self._loop.time()
        self.jobs[job.id] = job
        self.send(Task(job.id, os.fsencode(job.root), os.fsencode(job.path), job.cut_out, job.unsaved))
        if self._timer is None:
            self._check_time()

    def send(self, message: Task | Forbid) -> None:
        """Send a message."""
        body = _encode(message)
        self._stdin().write(REQUEST_HEAD.pack(len(body)) + body)

    def retire(self) -> None:
        """Let the process end by itself."""
        self.retired = True
        self._stdin().close()

    def kill(self) -> None:
        """End the process now."""
        self.retired = True
        if self._transport.get_returncode() is None:
            self._transport.kill()

    def cause_of_death(self) -> str:
        """Why the process ended, in words."""
        if self.timed_out:
            return f"takes longer than {self._timeout_s:g} s to parse"
        code = self.exit_code or 0
        if code == EXIT_OUT_OF_MEMORY:
            return "needs too much memory to parse"
        if code < 0:
            return f"crashes the parser ({signal.Signals(-code).name})"
        return f"stops the parser (exit code {code})"

    @property
    def was_killed(self) -> bool:
        """Whether someone else ended it, be it the system for want of memory."""
        return not self.timed_out and self.exit_code in _KILLED_FROM_OUTSIDE

    def last_note(self) -> tuple[int, str]:
        """The number of the job that it began to parse last, and the hash to quarantine."""
        written = os.pread(self._notebook.fileno(), NOTE.size, 0)
        if len(written) < NOTE.size:
            return 0, ""
        number, quarantine_hash = NOTE.unpack(written)
        return number, quarantine_hash.decode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102  # asyncio's
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002, D102  # asyncio's; there is one pipe
        self._busy_since = self._loop.time()
        received = self._received
        received += data
        answers: list[tuple[Job, bytes]] = []
        position = 0
        while len(received) - position >= ANSWER_HEAD.size:
            length, number = ANSWER_HEAD.unpack_from(received, position)
            start = position + ANSWER_HEAD.size
            if len(received) < start + length:
                break
            position = start + length
            if number:
                answers.append((self.jobs.pop(number), bytes(received[start:position])))
            else:
                self.up = True
                self._check_time()
        del received[:position]
        self._owner.answered(self, answers)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002, D102  # asyncio's
        if self._timer is not None:
            self._timer.cancel()
        self.exit_code = self._transport.get_returncode()
        self._owner.lost(self)
        self._notebook.close()
        self.gone.set()

    def _stdin(self) -> asyncio.WriteTransport:
        return cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))

    def _check_time(self) -> None:
        """End the process if it has been at one file for too long, else look again when it would have been."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.jobs:
            return
        deadline = self._busy_since + (self._timeout_s if self.up else START_LIMIT_S)
        if self._loop.time() >= deadline:
            self.timed_out = True
            self.kill()
        else:
            self._timer = self._loop.call_at(deadline, self._check_time)
