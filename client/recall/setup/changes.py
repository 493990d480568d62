"""What registering changes in an agent's file: the text with it, and the text without it again. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from recall.setup.agents import SERVER
from recall.setup.jsontext import JsonError, Node, append, find, is_blank, parse, put, remove

SERVERS = "mcpServers"
_OURS = re.compile(r"\brecall'?\"? hook [a-z-]+")


class Registration(Protocol):
    """What is put into a file, and found in it again."""

    document: dict[str, Any]
    """It alone, as a person would paste it."""

    def put(self, text: str) -> str:
        """A file's text with it, once; what others put there stays.

        Raises:
            JsonError: the text is no JSON, or has something else where it belongs.
        """

    def found(self, text: str) -> Registration | None:
        """As it stands in a text, be it from another version; None where it does not.

        Raises:
            JsonError: the text is no JSON.
        """

    def take(self, text: str, before: str | None) -> str:
        """A file's text without it.

        Args:
            before: the text before it was put in, if that is known: what was empty then is left empty.

        Raises:
            JsonError: the text is no JSON.
        """


def taken_back(registration: Registration, text: str, before: str | None) -> str | None:
    """A file's text without a registration: to the letter what it was, unless something else was changed since.

    Args:
        before: as it was; None where there was no file, or nobody knows.

    Returns:
        None where there was no file.

    Raises:
        JsonError: the text is no JSON.
    """
    known = registration.found(text)
    if known is None:
        return text
    try:
        if known.put(before or "") == text:
            return before
    except JsonError:
        pass  # mended since
    return registration.take(text, before)


class Server:
    """The entry of the server.

    Args:
        entry: what stands under its name.
    """

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self._entry = dict(entry)
        self.document = {SERVERS: {SERVER: self._entry}}

    def put(self, text: str) -> str:
        """As `Registration` says; what somebody added to our entry stays too."""
        known = _at(text, (SERVERS, SERVER))
        if known is None:
            return put(text, (SERVERS, SERVER), self._entry)
        if not _is_server(known.value):
            raise JsonError(f"`{SERVERS}.{SERVER}` is another program's: rename it or take it out")
        for name in ("command", "args"):
            text = put(text, (SERVERS, SERVER, name), self._entry[name])
        return text

    def found(self, text: str) -> Registration | None:
        """As `Registration` says."""
        known = _at(text, (SERVERS, SERVER))
        return Server(known.value) if known is not None and _is_server(known.value) else None

    def take(self, text: str, before: str | None) -> str:
        """As `Registration` says."""
        return _without_empty(remove(text, (SERVERS, SERVER)), before, [(SERVERS,)])


class Hooks:
    """Hooks, by event the groups that belong there."""

    def __init__(self, hooks: Mapping[str, Sequence[Any]]) -> None:
        self._hooks = {event: list(groups) for event, groups in hooks.items()}
        self.document = {"hooks": self._hooks}

    def put(self, text: str) -> str:
        """As `Registration` says."""
        if _groups(text) == self._hooks:
            return text
        text = _without_groups(text)
        for event, groups in self._hooks.items():
            for group in groups:
                text = append(text, ("hooks", event), group)
        return text

    def found(self, text: str) -> Registration | None:
        """As `Registration` says."""
        groups = _groups(text)
        return Hooks(groups) if groups else None

    def take(self, text: str, before: str | None) -> str:
        """As `Registration` says."""
        paths = [*(("hooks", event) for event in _groups(text)), ("hooks",)]
        return _without_empty(_without_groups(text), before, paths)


def _at(text: str, path: Sequence[str | int]) -> Node | None:
    return None if is_blank(text) else find(parse(text), path)


def _is_server(entry: Any) -> bool:
    """Whether an entry runs `recall mcp`."""
    command, args = (entry.get("command"), entry.get("args")) if isinstance(entry, dict) else (None, None)
    words = [command, *args] if isinstance(args, list) else [command]
    return words[-1] == "mcp" and any(isinstance(word, str) and word.rpartition("/")[2] == "recall" for word in words)


def _groups(text: str) -> dict[str, list[Any]]:
    """By event, the groups that hold a hook of ours; only events that have one."""
    found = _at(text, ("hooks",))
    events = found.value if found and isinstance(found.value, dict) else {}
    ours = {
        event: [group for group in groups if _ours_in(group)]
        for event, groups in events.items()
        if isinstance(groups, list)
    }
    return {event: groups for event, groups in ours.items() if groups}


def _ours_in(group: Any) -> list[int]:
    """Which of a group's hooks are ours."""
    hooks = group.get("hooks") if isinstance(group, dict) else None
    commands = [each.get("command") if isinstance(each, dict) else None for each in hooks or ()]
    return [at for at, command in enumerate(commands) if isinstance(command, str) and _OURS.search(command)]


def _without_groups(text: str) -> str:
    """The text without our hooks, and without the groups that had nothing else."""
    for event in _groups(text):
        node = _at(text, ("hooks", event))
        for at, group in reversed(list(enumerate(node.value if node else ()))):
            mine = _ours_in(group)
            if mine and len(mine) == len(group["hooks"]):
                text = remove(text, ("hooks", event, at))
                continue
            for inner in reversed(mine):
                text = remove(text, ("hooks", event, at, "hooks", inner))
    return text


def _without_empty(text: str, before: str | None, paths: Sequence[Sequence[str]]) -> str:
    """The text without what is empty at these paths and was not there before."""
    for path in paths:
        node = _at(text, path)
        if node is not None and not node.value and (before is None or _at(before, path) is None):
            text = remove(text, path)
    return text
