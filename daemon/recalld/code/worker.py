"""A worker process of the parser pool: `python -m recalld.code.worker LIMITS`.

It may crash, hang and be killed at any time: it holds nothing that anyone needs.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from recalld.code.reading import outline
from recalld.code.wire import ANSWER_HEAD, EXIT_OUT_OF_MEMORY, NOTE, REQUEST_HEAD, Forbid, Limits, Task

_NICENESS = 10


def main() -> None:
    """Answer tasks from standard input until it ends."""
    limits = msgspec.json.decode(sys.argv[1], type=Limits)
    _restrict(limits.memory_mb)
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever a grammar may print is no answer
    forbidden: set[str] = set()
    _write(answers, ANSWER_HEAD.pack(0, 0))
    encode = msgspec.msgpack.Encoder().encode
    for message in _messages():
        if isinstance(message, Forbid):
            forbidden.update(message.hashes)
            continue

        def note(content_hash: str, task_id: int = message.id) -> None:
            os.pwrite(limits.notebook_fd, NOTE.pack(task_id, content_hash.encode()), 0)

        signal.setitimer(signal.ITIMER_REAL, limits.alarm_s)
        try:
            found = outline(
                message.root,
                message.path,
                limits.max_file_bytes,
                limits.max_symbols,
                forbidden,
                note,
                message.cut_out,
                message.unsaved,
            )
            answer = encode(found)
        except MemoryError:
            os._exit(EXIT_OUT_OF_MEMORY)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _write(answers, ANSWER_HEAD.pack(len(answer), message.id) + answer)


def _restrict(memory_mb: int) -> None:
    """Leave the processor to those who wait, and take no more memory than allowed, where the system has a limit."""
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, ValueError):  # not every system takes it; the time limit still holds
        resource.setrlimit(resource.RLIMIT_DATA, (memory_mb << 20, memory_mb << 20))


def _messages() -> Iterator[Task | Forbid]:
    decode = msgspec.msgpack.Decoder(Task | Forbid).decode
    received = bytearray()
    head = REQUEST_HEAD.size
    while data := os.read(0, 65_536):
        received += data
        while len(received) >= head and len(received) >= (end := head + REQUEST_HEAD.unpack_from(received)[0]):
            message = bytes(received[head:end])
            del received[:end]
            yield decode(message)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


if __name__ == "__main__":
    main()
