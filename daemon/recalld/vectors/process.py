"""The parent's end of the vectors' process."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import Callable
from typing import Any, cast

import msgspec

from recalld.vectors.embedding import ModelUnusable, VectorsUnavailable

CALL_S = 120.0
"""A request that takes longer means that the process hangs; opening an index of 100,000 takes seconds."""
FAREWELL_S = 0.3

_ENVIRONMENT = {
    "ORT_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "MALLOC_ARENA_MAX": "2",
    "OPENBLAS_NUM_THREADS": "1",  # its products are small: a second thread costs more than it saves
}

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[int, Any])


class VectorProcess:
    """A process with the model and the index, which answers requests in the order they are made."""

    def __init__(self, process: asyncio.subprocess.Process, on_end: Callable[[], None]) -> None:
        self._process = process
        self._requests = cast("asyncio.StreamWriter", process.stdin)  # both are there where they are piped
        self._answers = cast("asyncio.StreamReader", process.stdout)
        self._on_end = on_end
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._fault: VectorsUnavailable | None = None
        self._reader = asyncio.create_task(self._read(), name="answers of the vectors' process")

    @classmethod
    async def start(cls, on_end: Callable[[], None]) -> VectorProcess:
        """Start a process; nothing is loaded in it yet.

        Args:
            on_end: called once it has ended, for whatever reason.
        """
        process = await asyncio.create_subprocess_exec(
            # -P: what lies in the folder where the daemon was started is none of its modules.
            *(sys.executable, "-P", "-m", "recalld.vectors.worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **_ENVIRONMENT},
        )
        return cls(process, on_end)

    async def call(self, operation: str, *arguments: Any) -> Any:
        """Ask for one of `worker.Operations`.

        Raises:
            VectorsUnavailable: the process has ended, ended meanwhile, or had to be killed because it hung.
            ModelUnusable: it ended because of the model.
        """
        self.check()
        number = next(self._numbers)
        frame = _encoder.encode((number, operation, arguments))
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._requests.write(len(frame).to_bytes(4, "big") + frame)
            async with asyncio.timeout(CALL_S):
                return await answer
        except TimeoutError:
            self._fault = VectorsUnavailable(f"{operation} took longer than {CALL_S:.0f} s")
            self._process.kill()
            raise self._fault from None
        finally:
            self._waiting.pop(number, None)

    def check(self) -> None:
        """See that the process is there.

        Raises:
            VectorsUnavailable: it has ended; `ModelUnusable` where it was because of the model.
        """
        if self._fault is not None:
            raise self._fault

    async def stop(self) -> None:
        """End it: asked to go, and killed if it does not within a moment."""
        self._requests.close()
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
        await self._reader

    async def _read(self) -> None:
        try:
            while True:
                length = int.from_bytes(await self._answers.readexactly(4), "big")
                number, result = _decoder.decode(await self._answers.readexactly(length))
                if number == 0:
                    self._fault = (ModelUnusable if result["model"] else VectorsUnavailable)(result["fault"])
                    self._fault.add_note(result["trace"])
                elif number in self._waiting and not self._waiting[number].done():
                    self._waiting[number].set_result(result)
        except asyncio.IncompleteReadError:
            code = await self._process.wait()
        self._fault = self._fault or VectorsUnavailable(f"the vectors' process ended ({_explained(code)})")
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(self._fault)
        self._on_end()


def _explained(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
