"""A real HTTP server that answers as a model's endpoint would, or as it should not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Endpoint:
    """What an endpoint was asked, and how it is to answer.

    Attributes:
        asked: path, headers and body of each request.
        answer: writes the answer with the handler; `says` and `status` make such.
        released: set when the server ends; who hangs waits for it.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] = status(500)
        self.released = threading.Event()
        self.url = ""

    def hang(self, _: BaseHTTPRequestHandler) -> None:
        """Answer nothing."""
        self.released.wait(60)

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer with a byte now and then, without an end."""
        handler.send_response(200)
        handler.end_headers()
        try:
            while not self.released.wait(0.05):
                handler.wfile.write(b" ")
                handler.wfile.flush()
        except OSError:
            pass  # whoever asked has gone


def says(content: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """A completion with this content."""
    return sends(json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode())


def drafts(*memories: dict[str, Any]) -> Callable[[BaseHTTPRequestHandler], None]:
    """A completion that proposes these memories."""
    return says(json.dumps({"memories": memories}))


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """A refusal."""
    return lambda handler: _send(handler, code, b"{}", headers)


def sends(body: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """These bytes, whatever they are."""
    return lambda handler: _send(handler, 200, body, {"Content-Type": "application/json"})


def _send(handler: BaseHTTPRequestHandler, code: int, body: bytes, headers: dict[str, str]) -> None:
    handler.send_response(code)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """A server while the context lasts."""
    made = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.asked.append((self.path, dict(self.headers), body))
            made.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        made.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
