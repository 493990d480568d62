"""What people say of real commits: the labelled data, read as it comes, and where its repositories are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Kind = Literal["event", "row", "quiet", "format"]
"""A labelled step of a history; a labelled rename or move; a commit that leaves the symbol alone; one that only
formats or documents it."""
_CHANGES = ("body", "parameter", "return")


@dataclass(frozen=True)
class Place:
    """Where a symbol stands; without a path, nowhere."""

    path: str
    symbol: str

    def __str__(self) -> str:
        return f"{self.path}::{self.symbol}"

    def is_place(self, other: Place | None) -> bool:
        """Whether both are one symbol; where only one side names parameter types, the names decide."""
        if other is None or self.path != other.path:
            return False
        here, there = "".join(self.symbol.split()), "".join(other.symbol.split())
        if "(" in here and "(" in there:
            return here == there
        return here.partition("(")[0] == there.partition("(")[0]


@dataclass(frozen=True)
class Label:
    """What one commit did to one symbol."""

    kind: Kind
    repository: str
    language: str
    commit: str
    types: tuple[str, ...]
    before: Place
    after: Place
    contested: bool = False
    """The people who made the data doubt it themselves."""

    @property
    def moves(self) -> bool:
        """Whether the symbol has another place afterwards."""
        return self.before != self.after

    @property
    def changes(self) -> bool:
        """Whether the label says that body, parameters or return changed."""
        return any(word in kind.lower() for kind in self.types for word in _CHANGES)


@dataclass(frozen=True)
class History:
    """The labelled steps of one symbol, in no order that can be relied on."""

    id: str
    repository: str
    language: str
    start_commit: str
    events: list[Label]

    @property
    def places(self) -> list[Place]:
        """Where the symbol has been, each once."""
        return list(dict.fromkeys(place for event in self.events for place in (event.after, event.before)))


@dataclass
class Labelled:
    """All labels of one file."""

    histories: list[History] = field(default_factory=list)
    rows: list[Label] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)
    """Labels that do not name a symbol on both sides of the commit."""

    @property
    def repositories(self) -> list[str]:
        """The repositories in question, sorted."""
        return sorted({each.repository for each in self.histories} | {each.repository for each in self.rows})

    def labels(self, repository: str) -> list[Label]:
        """All labels of a repository."""
        events = [event for history in self.histories for event in history.events]
        return [label for label in (*events, *self.rows) if label.repository == repository]


def load(file: Path) -> Labelled:
    """Read a file of labels: `histories`, and any lists called `…renames_and_moves`."""
    data = json.loads(file.read_text("utf-8"))
    labelled = Labelled()
    for history in data.get("histories", []):
        repository, language = history["repo"], history.get("lang", "python")
        events = list(_labels("event", repository, language, history["events"], labelled.unusable))
        if events:
            labelled.histories.append(History(history["id"], repository, language, history["start_commit"], events))
    for name, rows in data.items():
        if not name.endswith("renames_and_moves"):
            continue
        language = name.partition("_")[0]
        for row in rows:
            labelled.rows += _labels("row", row["repo"], row.get("lang", language), [row], labelled.unusable)
    return labelled


def _labels(
    kind: Kind, repository: str, language: str, rows: list[dict[str, Any]], unusable: list[str]
) -> Iterator[Label]:
    for row in rows:
        sides = [row.get(name) for name in ("file_before", "name_before", "file_after", "name_after")]
        types = tuple(row["types"] if "types" in row else [row["type"]])
        if not all(sides):
            unusable.append(f"{repository} {row['commit'][:10]} {', '.join(types)}: {sides}")
            continue
        before, after = Place(*sides[:2]), Place(*sides[2:])  # type: ignore[arg-type]  # none is None
        yield Label(kind, repository, language, row["commit"], types, before, after, bool(row.get("contested")))


def find_repository(folder: Path, name: str) -> Path | None:
    """The local clone of `owner/name` in a folder of clones; None if there is none."""
    joined, short = name.replace("/", "+"), name.rpartition("/")[2]
    for candidate in (f"{joined}/repo", joined, f"{joined}.git", name, f"{name}.git", short, f"{short}.git"):
        path = folder / candidate
        if (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir()):
            return path.resolve()
    return None
