"""An editor as the language server sees it: bare frames over pipes, so that broken ones can be sent too."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CAPABILITIES: dict[str, Any] = {
    "workspace": {"codeLens": {"refreshSupport": True}, "workspaceFolders": True},
    "window": {"showDocument": {"support": True}},
    "textDocument": {"publishDiagnostics": {"relatedInformation": True}},
}
Message = dict[str, Any]


class RefusedError(Exception):
    """The server answered with an error."""

    def __init__(self, error: Message) -> None:
        super().__init__(error["message"])
        self.code: int = error["code"]
        self.data = error.get("data")


class Editor:
    """Starts `recall lsp` and talks to it.

    Attributes:
        messages: all that came from the server by itself, in order.
    """

    def __init__(self, environ: dict[str, str], *options: str, process_id: int | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "recall", "lsp", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ,
        )
        self.messages: list[Message] = []
        self.texts: dict[str, str] = {}
        self._process_id = os.getpid() if process_id is None else process_id
        self._answers: dict[int | str | None, Message] = {}
        self._news = threading.Condition()
        self._last = 0
        self._errors: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._drain, daemon=True).start()

    # --- the protocol ------------------------------------------------------------------------------

    def initialize(self, *folders: Path, capabilities: Message = CAPABILITIES, options: Any = None) -> Message:
        params = {
            "processId": self._process_id,
            "rootUri": folders[0].as_uri() if folders else None,
            "capabilities": capabilities,
            "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name} for folder in folders],
            "initializationOptions": options,
        }
        result: Message = self.request("initialize", params)
        self.notify("initialized", {})
        return result

    def request(self, method: str, params: Any = None, timeout_s: float = 20) -> Any:
        return self.answer(self.send(method, params), timeout_s)

    def send(self, method: str, params: Any = None) -> int:
        self._last += 1
        self.frame({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params})
        return self._last

    def answer(self, request: int | str | None, timeout_s: float = 20) -> Any:
        with self._news:
            assert self._news.wait_for(lambda: request in self._answers, timeout_s), f"no answer to {request}"
            message = self._answers.pop(request)
        if "error" in message:
            raise RefusedError(message["error"])
        return message["result"]

    def notify(self, method: str, params: Any = None) -> None:
        self.frame({"jsonrpc": "2.0", "method": method, "params": params})

    def frame(self, message: Any) -> None:
        self.raw(json.dumps(message).encode())

    def raw(self, body: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def wait(
        self, method: str, fits: Callable[[Any], bool] = lambda _: True, timeout_s: float = 20, since: int = 0
    ) -> Any:
        """The first message of this method that fits, from the given place in `messages` on."""
        found: list[Any] = []

        def there() -> bool:
            found[:] = [
                m.get("params") for m in self.messages[since:] if m["method"] == method and fits(m.get("params"))
            ]
            return bool(found)

        with self._news:
            assert self._news.wait_for(there, timeout_s), f"no {method}: {self.messages[since:]}"
        return found[0]

    def end(self) -> int:
        """Shut the server down in order; its exit code."""
        self.request("shutdown")
        self.notify("exit")
        return self.process.wait(10)

    def errors(self) -> list[Any]:
        """What popped up as an error."""
        return [m for m in self.messages if m["method"] == "window/showMessage" and m["params"]["type"] == 1]

    # --- files ----------------------------------------------------------------------------------------

    def open(self, file: Path, text: str | None = None) -> str:
        uri, text = file.as_uri(), file.read_text() if text is None else text
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def edit(self, uri: str, version: int, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        span = {"start": position(*start), "end": position(*end)}
        changes = [{"range": span, "text": text}]
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def rewrite(self, uri: str, version: int, text: str) -> None:
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def lenses(self, uri: str) -> list[tuple[int, str]]:
        found = self.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
        return [(lens["range"]["start"]["line"], lens["command"]["title"]) for lens in found]

    def hover(self, uri: str, line: int, character: int) -> str | None:
        found = self.request(
            "textDocument/hover", {"textDocument": {"uri": uri}, "position": position(line, character)}
        )
        return None if found is None else str(found["contents"]["value"])

    def actions(self, uri: str, line: int, end_line: int | None = None, diagnostics: Any = ()) -> list[Message]:
        span = {"start": position(line, 0), "end": position(line if end_line is None else end_line, 0)}
        context = {"diagnostics": list(diagnostics)}
        found: list[Message] = self.request(
            "textDocument/codeAction", {"textDocument": {"uri": uri}, "range": span, "context": context}
        )
        return found

    def act(self, action: Message) -> Any:
        command = action["command"]
        return self.command(command["command"], *command["arguments"])

    def command(self, name: str, *arguments: Any) -> Any:
        return self.request("workspace/executeCommand", {"command": name, "arguments": list(arguments)})

    def until(self, true: Callable[[], bool], what: str, timeout_s: float = 20) -> None:
        """Ask until it is so, at the latest after the next news or a moment."""
        deadline = time.monotonic() + timeout_s
        while not true():
            assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
            with self._news:
                self._news.wait(0.05)

    # --- reading ----------------------------------------------------------------------------------------

    def _read(self) -> None:
        assert self.process.stdout is not None
        stream = self.process.stdout
        while header := stream.readline():
            assert header.startswith(b"Content-"), header  # nothing else may stand on standard output
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                header = stream.readline()
            self._take(json.loads(stream.read(length)))

    def _take(self, message: Message) -> None:
        with self._news:
            if "method" not in message:
                self._answers[message["id"]] = message
            else:
                self.messages.append(message)
            self._news.notify_all()
        if "method" in message and "id" in message:
            self.frame({"jsonrpc": "2.0", "id": message["id"], "result": {"success": True}})

    def _drain(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._errors.put(line)


def position(line: int, character: int) -> Message:
    return {"line": line, "character": character}
