"""Serving an editor over standard input and output, until it says so, goes away or dies."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from typing import NoReturn

from pygls.exceptions import JsonRpcParseError
from pygls.io_ import StdoutWriter, run_async

from recall.lsp.features import register
from recall.lsp.processes import runs
from recall.lsp.server import Server
from recall.protocol.errors import RecallError

PARENT_S = 2.0
"""How often it is looked whether the editor's process is still there."""


def serve(*, start: bool) -> NoReturn:
    """Serve until the end; the exit code is 0 where the editor had asked for it in order, 1 where it went away.

    Args:
        start: start the daemon where none runs, and make repositories workspaces.

    Raises:
        RecallError: standard input is no pipe that an editor could write to.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="recall lsp: %(message)s")
    # The library tells of each refusal with a trace, and of what is answered anyway.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    # Whatever else might print would break the protocol: it prints to standard error.
    answers = os.dup(1)
    os.dup2(2, 1)
    code = asyncio.new_event_loop().run_until_complete(_serve(answers, start=start))
    # A thread may still be starting a daemon; nobody waits for it any more.
    os._exit(code)


async def _serve(answers: int, *, start: bool) -> int:
    server = Server(start=start)
    register(server)
    reader = asyncio.StreamReader()
    try:
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    except ValueError:
        message = "an editor starts `recall lsp` and talks to it over pipes: see client/EDITORS.md for how"
        raise RecallError("invalid_params", message) from None
    server.protocol.set_writer(StdoutWriter(os.fdopen(answers, "wb")))

    def unreadable(error: Exception, source: object) -> None:
        if isinstance(error, ValueError):  # no JSON, so that nobody knows of which request
            server.protocol.refuse(None, JsonRpcParseError(str(error)))
        server.report_server_error(error, source)

    reading = asyncio.create_task(run_async(threading.Event(), reader, server.protocol, error_handler=unreadable))
    watching = asyncio.create_task(_parent_gone(server))
    await asyncio.wait({reading, watching, server.ended}, return_when=asyncio.FIRST_COMPLETED)
    await server.stop()
    return server.ended.result() if server.ended.done() else 1


async def _parent_gone(server: Server) -> None:
    """Return once the process that started the server, as it named itself, is no more."""
    while True:
        await asyncio.sleep(PARENT_S)
        if server.process_id is not None and not runs(server.process_id):
            return
