"""One commit, tried on the real daemon: anchor at the parent, go to the commit, read what it says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from recall import Client, RecallError
from recall.protocol.values import SymbolOutline
from tests.bench.history.baselines import path_and_name, whole_file
from tests.bench.history.labels import Label, Place
from tests.bench.history.repository import Repository
from tests.bench.history.scoring import Outcome, Said, doubt
from tests.bench.history.source import python_functions, same_code

SYNC_S = 120
_FATAL = ("unreachable", "shutting_down", "protocol_mismatch")


@dataclass(frozen=True)
class _State:
    """A file and a symbol of it before a commit."""

    file: bytes | None
    code: str | None
    twice: bool
    """The file has more than one symbol of that name."""


class Tree:
    """A working tree that moves through its history while the daemon follows it."""

    def __init__(self, client: Client, repository: Repository) -> None:
        self.repository = repository
        self._client = client
        self._at = ""
        self._opened = False

    def stand_at(self, commit: str) -> None:
        """Move the tree to a commit and let the daemon settle."""
        if commit == self._at:
            return
        self.repository.checkout(commit)
        self._at = commit
        if not self._opened:
            self._client.open_workspace(self.repository.root)
            self._opened = True
        self._client.sync(timeout_s=SYNC_S)

    def anchor(self, place: Place, title: str) -> tuple[str, Said]:
        """Store a memory that is tied to a symbol; its id, empty if refused, and what is said of it at once."""
        try:
            stored = self._client.store(title=title, symbols=[str(place)], force=True)
        except RecallError as error:
            if error.code in _FATAL:
                raise
            return "", Said(None, reason=f"{error.code}: {error.message}")
        said = self.said(stored.id)
        if said.verdict == "missing":  # a file that is not there is kept, and waited for
            self.let_go(stored.id)
            return "", Said(None, reason=said.reason)
        return stored.id, said

    def said(self, memory: str) -> Said:
        """What the daemon says of a memory's anchor now."""
        now = self._client.get(memory).anchors[0]
        place = Place(now.path, now.symbol) if now.symbol else None
        return Said(now.verdict, place, now.reason, now.likeness, tuple(now.candidates))

    def let_go(self, memory: str) -> None:
        """Erase a memory, so that none is there while the next is tried."""
        self._client.forget(memory, purge=True)

    def code(self, place: Place, language: str) -> str | None:
        """The text of a symbol where the tree stands: cut out by `ast`, else by the daemon's outline."""
        content = self._content(place.path)
        if content is None:
            return None
        functions = python_functions(content) if language == "python" else None
        if functions and place.symbol in functions:
            return functions[place.symbol]
        named = [symbol for symbol in self._symbols(place.path) if place.is_place(Place(place.path, symbol.name))]
        if not named:
            return None
        lines = content.decode("utf-8", "replace").split("\n")
        return "\n".join(lines[named[0].line - 1 : named[0].end_line])

    def try_labels(self, labels: Sequence[Label]) -> list[Outcome]:
        """Anchor at the parent, go to the commit, read: for labels that share one commit."""
        commit, parent = labels[0].commit, self.repository.parent(labels[0].commit)
        assert parent is not None
        self.stand_at(parent)
        anchored = [
            self.anchor(label.before, f"{label.commit[:10]} {label.kind} {number} {label.before}")
            for number, label in enumerate(labels)
        ]
        states = [self._state(label) for label in labels]
        self.stand_at(commit)
        outcomes = []
        for label, (memory, said), state in zip(labels, anchored, states, strict=True):
            outcomes.append(self._outcome(label, self.said(memory) if memory else said, state))
            if memory:
                self.let_go(memory)
        return outcomes

    def _state(self, label: Label) -> _State:
        """The code as it is before the commit; the tree stands there."""
        place = label.before
        bare = [re.split(r"[(#]", symbol.name)[0] for symbol in self._symbols(place.path)]
        return _State(self._content(place.path), self.code(place, label.language), bare.count(place.symbol) > 1)

    def _outcome(self, label: Label, said: Said, before: _State) -> Outcome:
        """Beside what the daemon said, what the baselines and the code say; the tree stands at the commit."""
        stayed = self.code(label.before, label.language)
        after = self.code(label.after, label.language) if label.moves else stayed
        same = self._same(label, before.code, after, label.after)
        stands = self._same(label, before.code, stayed, label.before) is True
        by_name = path_and_name(label.before, before.code, stayed)
        by_file = whole_file(before.file, self._content(label.before.path))
        return Outcome(
            label,
            {"anchors": said, "path + name": by_name, "whole file": by_file},
            same_code=same,
            same_text=before.code is not None and before.code == after,
            doubt=doubt(label, same_code=same, stands=stands, twice=before.twice),
        )

    def _same(self, label: Label, before: str | None, after: str | None, place: Place) -> bool | None:
        if before is None or after is None:
            return None
        return same_code(label.language, before, label.before.symbol, after, place.symbol)

    def _symbols(self, path: str) -> list[SymbolOutline]:
        return self._client.outline(path).symbols

    def _content(self, path: str) -> bytes | None:
        file = self.repository.root / path
        return file.read_bytes() if file.is_file() else None
