"""What a command says, and where: results to stdout, all else to stderr."""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO

import msgspec

from recall.protocol.errors import RecallError

VERDICT_COLOURS = {
    "missing": "31",
    "ambiguous": "35",
    "changed": "33",
    "moved+changed": "33",
    "moved": "36",
    "current": "32",
}
# Control characters in a memory's text must not reach the terminal, which would obey them.
_HARMLESS = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (9, 10)}


class Style:
    """Colours, where they are wanted."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def bold(self, text: str) -> str:
        """For titles."""
        return self._in("1", text)

    def dim(self, text: str) -> str:
        """For what is there to be copied or skipped."""
        return self._in("2", text)

    def good(self, text: str) -> str:
        """For what is well."""
        return self._in("32", text)

    def bad(self, text: str) -> str:
        """For what is wrong."""
        return self._in("31", text)

    def warn(self, text: str) -> str:
        """For what should be looked at."""
        return self._in("33", text)

    def accent(self, text: str) -> str:
        """For kinds and commands."""
        return self._in("36", text)

    def verdict(self, verdict: str) -> str:
        """A verdict in its own colour."""
        return self._in(VERDICT_COLOURS[verdict], verdict)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


class Terminal:
    """Standard output and error of one command.

    Args:
        json: results are JSON, one document.
    """

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self.style = Style(_wants_colour(sys.stdout))
        self._error_style = Style(_wants_colour(sys.stderr))
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")

    @property
    def interactive(self) -> bool:
        """Whether a person sees stderr as it is written."""
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def say(self, text: str) -> None:
        """A result for people."""
        print(text, flush=True)

    def document(self, value: Any) -> None:
        """A result for programs: one line of JSON, indented on a terminal."""
        encoded = msgspec.json.encode(value)
        if sys.stdout.isatty():
            encoded = msgspec.json.format(encoded)
        print(encoded.decode(), flush=True)

    def line(self, value: Any) -> None:
        """One of many results for programs."""
        print(msgspec.json.encode(value).decode(), flush=True)

    def note(self, text: str) -> None:
        """Something besides the result."""
        print(self._error_style.dim(text), file=sys.stderr, flush=True)

    def warn(self, warning: str) -> None:
        """A warning that came with a result."""
        print(f"{self._error_style.warn('warning:')} {harmless(warning)}", file=sys.stderr)

    def complain(self, message: str) -> None:
        """The one line that says what went wrong and what to do."""
        print(f"{self._error_style.bad('recall:')} {harmless(' '.join(message.split()))}", file=sys.stderr)

    def refuse(self, error: RecallError) -> None:
        """A refusal; programs get it as a document too."""
        if self.json:
            self.document(
                {
                    "error": {
                        "code": error.code,
                        "message": error.message,
                        "field": error.field,
                        "details": error.details,
                    }
                }
            )
        self.complain(error.message)


def harmless(value: Any) -> Any:
    """The same value with control characters in its texts replaced."""
    if isinstance(value, str):
        return value.translate(_HARMLESS)
    if isinstance(value, list):
        return [harmless(item) for item in value]
    if isinstance(value, dict):
        return {key: harmless(item) for key, item in value.items()}
    if isinstance(value, msgspec.Struct):
        return msgspec.convert(harmless(msgspec.to_builtins(value)), type(value))
    return value


def _wants_colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
