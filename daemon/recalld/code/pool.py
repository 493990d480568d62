"""The parser pool: outlines of files, made in processes that may crash, hang or be killed."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection
from itertools import chain
from pathlib import Path
from typing import Protocol

import msgspec

from recalld.code.process import Job, WorkerProcess
from recalld.code.wire import Forbid
from recalld.outline import CutOut, Outline

log = logging.getLogger(__name__)

IN_FLIGHT = 2
"""Jobs a process has at once, so that it never waits for the next."""
MAX_ATTEMPTS = 3
"""How often a job is given out again after its process died of something else, or nobody knows of what."""

_decode = msgspec.msgpack.Decoder(Outline).decode


class Quarantine(Protocol):
    """Bytes that crashed or hung a grammar, by a hash of the bytes and of the grammar's name."""

    def reason(self, content_hash: str) -> str | None:
        """Why they are not parsed; None if they may be."""

    def add(self, content_hash: str, path: str, reason: str) -> None:
        """Have them never parsed again."""

    def hashes(self) -> Collection[str]:
        """All hashes; a process gets them when it starts, so that no file costs a question."""


class ParserPool:
    """Outlines files in worker processes, started at first need and let go when idle.

    A file that crashes its process, or takes too long, is quarantined by the hash of its bytes; what else that
    process had is given to another. Runs on the event loop of its first use.
    """

    def __init__(
        self,
        *,
        workers: int,
        timeout_s: float,
        idle_s: float,
        max_file_bytes: int,
        max_symbols: int,
        memory_mb: int,
        quarantine: Quarantine,
        before_read: Callable[[Path], None],
        after_read: Callable[[Path], None],
    ) -> None:
        """Make a pool; no process runs yet.

        Args:
            workers: how many processes at most.
            timeout_s: time one file may take.
            idle_s: time without work after which the processes are let go.
            max_file_bytes: larger files are not read.
            max_symbols: symbols given of one file at most.
            memory_mb: memory one process may take, where the system can limit it.
            quarantine: what is never parsed.
            before_read: called before a file may be opened.
            after_read: called after it was, once for each `before_read`.
        """
        self.crashes = 0
        """Processes that were lost to a file, or killed by someone else."""
        self._workers = workers
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        self._limits = (max_file_bytes, max_symbols, memory_mb)
        self._quarantine = quarantine
        self._before_read = before_read
        self._after_read = after_read
        self._urgent: deque[Job] = deque()
        self._waiting: deque[Job] = deque()
        self._processes: list[WorkerProcess] = []
        self._starting: set[asyncio.Task[None]] = set()
        self._failed_starts = 0
        self._last_job = 0
        self._idle: asyncio.TimerHandle | None = None
        self._stopped = False

    async def outline(
        self,
        root: Path,
        path: str,
        *,
        urgent: bool = False,
        cut_out: CutOut | None = None,
        unsaved: bytes | None = None,
    ) -> Outline:
        """Read and parse one file.

        Whatever is wrong with the file is said in the outline's status and note. Callers bound how many they
        ask for at once; all wait here.

        Args:
            root: the tree's folder.
            path: the file, relative to it, with `/`.
            urgent: overtake all that are not.
            cut_out: the file is one definition, cut out of another file; its outline has its one symbol, or none.
            unsaved: what the file is to hold; then nothing is read from the disk.
        """
        self._last_job += 1
        job = Job(self._last_job, root, path, cut_out, unsaved, asyncio.get_running_loop().create_future())
        if self._stopped:
            return Outline(path, "unreadable", note="the daemon is stopping")
        (self._urgent if urgent else self._waiting).append(job)
        self._dispatch()
        return await job.answer

    def prepare(self) -> None:
        """Start the processes, because there will be work for all of them in a moment."""
        self._start_up_to(self._workers)

    def backlog(self) -> int:
        """How many files wait or are being parsed."""
        return len(self._urgent) + len(self._waiting) + sum(len(process.jobs) for process in self._processes)

    async def stop(self) -> None:
        """Kill the processes and answer whoever waits; nothing is left running."""
        self._stopped = True
        if self._idle is not None:
            self._idle.cancel()
        if self._starting:
            await asyncio.wait(self._starting)
        for process in self._processes:
            process.kill()
        await asyncio.gather(*(process.gone.wait() for process in self._processes))
        self._refuse_waiting("the daemon is stopping")

    def answered(self, process: WorkerProcess, answers: list[tuple[Job, bytes]]) -> None:
        """Pass on what a process answered, and give it more."""
        for job, encoded in answers:
            self._read(job)
            if job.answer.done():
                continue  # its caller was cancelled
            outline = _decode(encoded)
            if outline.status == "quarantined":
                outline.note = self._quarantine.reason(outline.note) or "crashed the parser"
            job.done(outline)
        if process.up:
            self._failed_starts = 0
        self._dispatch()

    def lost(self, process: WorkerProcess) -> None:
        """Quarantine what a process died of, and give what else it had to another."""
        self._processes = [other for other in self._processes if other is not process]
        jobs = list(process.jobs.values())
        process.jobs.clear()
        for job in jobs:
            self._read(job)
        if self._stopped:
            self._urgent.extend(jobs)
            return
        if process.timed_out or not process.retired:
            self.crashes += 1
            log.warning("a parser process was lost: exit code %s", process.exit_code)
        if not process.up:
            self._urgent.extendleft(reversed(jobs))
            self._start_failed()
        elif jobs:
            self._urgent.extendleft(reversed(jobs[1:]))  # they have waited
            self._lost_at(process, jobs[0])
        self._dispatch()

    def _read(self, job: Job) -> None:
        if job.unsaved is None:
            self._after_read(job.full_path)

    def _lost_at(self, process: WorkerProcess, job: Job) -> None:
        """Decide what becomes of the file that a process was at when it ended."""
        noted, parsed = process.last_note()
        job.attempts += 1
        if job.attempts >= MAX_ATTEMPTS:
            job.done(Outline(job.path, "unreadable", note="the parser died before it could be read"))
        elif noted == job.id and (not process.was_killed or job.attempts > 1):
            reason = process.cause_of_death()
            log.warning("%s is left alone until it changes: it %s", job.full_path, reason)
            self._quarantine.add(parsed, job.path, reason)
            for other in self._processes:
                if not other.retired:
                    other.send(Forbid([parsed]))
            self._urgent.appendleft(job)  # to be read again, not parsed
        elif process.timed_out:
            job.done(Outline(job.path, "unreadable", note=f"cannot be read within {self._timeout_s:g} s"))
        else:
            self._urgent.append(job)  # behind the innocent

    def _dispatch(self) -> None:
        """Give waiting jobs to processes that have room, the urgent first."""
        if self._stopped:
            return
        for queue in (self._urgent, self._waiting):
            while queue:
                if queue[0].answer.done():  # cancelled
                    queue.popleft()
                    continue
                ready = [p for p in self._processes if not p.retired and len(p.jobs) < IN_FLIGHT]
                if not ready:
                    self._start_missing()
                    return
                process = min(ready, key=lambda p: len(p.jobs))
                if process.jobs:
                    self._start_missing()
                job = queue.popleft()
                if job.unsaved is None:
                    self._before_read(job.full_path)
                process.give(job)
        self._rest_if_idle()

    def _start_missing(self) -> None:
        """Start as many processes as there is work for."""
        self._start_up_to(len(self._urgent) + len(self._waiting))

    def _start_up_to(self, wanted: int) -> None:
        running = sum(not process.retired for process in self._processes)
        while running + len(self._starting) < self._workers and len(self._starting) < wanted:
            task = asyncio.create_task(self._start(), name="parser process")
            self._starting.add(task)
            task.add_done_callback(self._started)

    async def _start(self) -> None:
        process = WorkerProcess(self, self._timeout_s)
        try:
            await process.start(*self._limits)
        except OSError as error:
            log.error("a parser process cannot be started: %s", error)  # noqa: TRY400  # the cause is known
            self._start_failed()
            return
        if process.gone.is_set():
            return
        if forbidden := self._quarantine.hashes():
            process.send(Forbid(list(forbidden)))
        self._processes.append(process)

    def _started(self, task: asyncio.Task[None]) -> None:
        self._starting.discard(task)
        self._dispatch()

    def _start_failed(self) -> None:
        """After several in a row give up on what waits; the next request tries again."""
        self._failed_starts += 1
        if self._failed_starts >= MAX_ATTEMPTS:
            self._failed_starts = 0
            self._refuse_waiting("the parser cannot be started")

    def _refuse_waiting(self, note: str) -> None:
        for job in chain(self._urgent, self._waiting):
            job.done(Outline(job.path, "unreadable", note=note))
        self._urgent.clear()
        self._waiting.clear()

    def _rest_if_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._processes and not any(process.jobs for process in self._processes):
            self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._let_go)

    def _let_go(self) -> None:
        for process in self._processes:
            if not process.retired:
                process.retire()
