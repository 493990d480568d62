"""What a call is: a request, and how its reply becomes a result."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from recall.protocol import requests as wire
from recall.protocol.codec import ReplyEnvelope, result_of

R = TypeVar("R")
FilePath = str | os.PathLike[str]


class Call(Generic[R]):
    """One request, and how its reply is read.

    Args:
        request: what to ask.
        about_tree: whether it concerns a tree, so that the envelope names one.
        work_s: seconds the daemon may take for it on top of the usual deadline.
        finish: makes the result out of the reply; without it the reply is the result.
    """

    def __init__(
        self,
        request: wire.Request,
        *,
        about_tree: bool = True,
        work_s: float = 0.0,
        finish: Callable[[Any], R] | None = None,
    ) -> None:
        self.request = request
        self.about_tree = about_tree
        self.work_s = work_s
        self._finish = finish

    def result(self, envelope: ReplyEnvelope) -> R:
        """The result that an answer holds.

        Raises:
            RecallError: the refusal that it holds.
        """
        reply = result_of(envelope, self.request.reply)
        result: R = self._finish(reply) if self._finish else reply
        return result


def describe(method: Callable[..., Any], build: Callable[..., Any], name: str) -> None:
    """Give a client's method the name, signature and text of the function that builds its call."""
    signature = inspect.signature(build)
    client = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    method.__signature__ = signature.replace(parameters=[client, *signature.parameters.values()])  # type: ignore[attr-defined]  # read by inspect
    method.__name__, method.__qualname__, method.__doc__ = name, name, build.__doc__


def paths_of(paths: Iterable[FilePath]) -> list[str]:
    """The paths as the wire has them."""
    return [os.fspath(path) for path in paths]
