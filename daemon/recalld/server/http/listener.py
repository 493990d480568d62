"""The port: bound to loopback, each connection with its limits, on the daemon's own event loop.

uvicorn's protocol is used without uvicorn's server, which would take over signals and wake up ten times a second.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from recall.paths import Paths
from recall.protocol.errors import RecallError
from recall.token import read_token, renew_token
from recalld.config import Config
from recalld.memory.addressing import Addressing
from recalld.server.dispatch import Dispatch
from recalld.server.http.answering import Answering, application
from recalld.server.http.guard import Guard, own_names
from recalld.server.http.problems import MEDIA_TYPE, TOO_LONG_A_HEAD, encode

log = logging.getLogger(__name__)
# Of broken requests whoever sent them is told; only what breaks in here is worth a line in the log.
logging.getLogger("uvicorn.error").setLevel(logging.ERROR)

HEADER_BYTES = 65_536
"""The request line and all headers together; the longest path, written with per cent signs, has room in it."""
BACKLOG = 128


class Http:
    """The HTTP side of a daemon.

    Attributes:
        url: where it answers, without a final `/`; empty where it does not.
        fault: why it does not.
    """

    def __init__(self, config: Config, paths: Paths, dispatch: Dispatch, addressing: Addressing) -> None:
        self.url = ""
        self.fault = ""
        self._config = config
        self._paths = paths
        self._app = application(Answering(dispatch, addressing, config.http_body_bytes, config.http_timeout_s))
        self._state = ServerState()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. Where that cannot be, the daemon goes on without: `fault` says why."""
        host, port = self._config.http_host, self._config.http_port
        try:
            token = read_token(self._paths.http_token) or renew_token(self._paths.http_token)
            bound = _bind(host, port)
        except OSError as error:
            where = f"{error.filename}" if error.filename else _shown(host, port)
            self.fault = (
                f"HTTP is off, {where}: {error.strerror or error}; free it, or set http_port to another, "
                "then `recall http enable`"
            )
            log.warning("%s", self.fault)
            return
        port = bound.getsockname()[1]
        guard = Guard(self._app, token, own_names(host, port))
        settings = uvicorn.Config(
            guard,
            http=_Connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,  # the daemon's own log is set up already
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=HEADER_BYTES,
        )
        settings.load()
        loop = asyncio.get_running_loop()
        most, timeout_s = self._config.http_connections, self._config.http_timeout_s
        self._server = await loop.create_server(
            lambda: _Connection(settings, self._state, loop, most, timeout_s), sock=bound, backlog=BACKLOG
        )
        self.url = _shown(host, port)
        log.info("answering by HTTP at %s", self.url)

    async def stop(self, timeout_s: float) -> None:
        """Listen no more, let answers under way be sent for so long, then hang up."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(set(self._state.tasks), timeout=timeout_s)
        for connection in list(self._state.connections):
            connection.transport.abort()


class _Connection(H11Protocol):
    """A connection that is given up when it is too slow, to send a request's head or to take an answer.

    Args:
        most: connections at once; one more than that is closed.
        timeout_s: how long it may take for either.
    """

    def __init__(
        self, config: uvicorn.Config, state: ServerState, loop: asyncio.AbstractEventLoop, most: int, timeout_s: float
    ) -> None:
        super().__init__(config, state, {}, loop)
        self.access_log = False  # it would hold what was searched for, and by mistake a token
        self._most = most
        self._timeout_s = timeout_s
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._most:
            transport.abort()
            return
        self._hurry()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        answering = self.cycle is not None and not self.cycle.response_complete
        if not answering:
            self._hurry()  # it sends a head, or a body that nobody waits for any more
        elif not self.flow.write_paused:
            self._at_ease()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._hurry()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._at_ease()

    def connection_lost(self, exc: Exception | None) -> None:
        self._at_ease()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Say in our own words what uvicorn would say in plain text; called while h11's complaint is handled."""
        complaint = sys.exception()
        status = complaint.error_status_hint if isinstance(complaint, h11.RemoteProtocolError) else 400
        if status == TOO_LONG_A_HEAD:
            error = RecallError("too_large", f"the headers are over the limit of {HEADER_BYTES} bytes: send less")
        else:
            status, error = 400, RecallError("malformed", f"this is no HTTP/1.1 request: {complaint or msg}")
        body = encode(error, status)
        headers = [
            ("content-type", MEDIA_TYPE),
            ("content-length", str(len(body))),
            ("connection", "close"),
        ]
        for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _hurry(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self._timeout_s, self.transport.abort)

    def _at_ease(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def _shown(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
