"""Small projects to which things happen, and what the table of verdicts asks for after each."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from recall.protocol.values import Verdict
from tests.inproc.generated.code import BODIES, DRESSES, Body, Syntax, edited, render

T = TypeVar("T")

FILES, FUNCTIONS = 3, 2
"""Files of a project, and functions in each."""


@dataclass
class Function:
    """A function in a file; `key` says which memory is about it, and is None where none is."""

    name: str
    body: Body
    key: str | None


@dataclass
class File:
    """A file with its functions, which are methods of `owner` where there is one."""

    path: str
    owner: str
    functions: list[Function] = field(default_factory=list)
    dress: int = 0


@dataclass(frozen=True)
class Expected:
    """What an anchor is to say."""

    verdict: Verdict
    place: str
    """`path::symbol`; empty for code that is nowhere, or could be in several places."""
    candidates: frozenset[str] = frozenset()


class Project:
    """A project and the oracle for its verdicts.

    Operations are made of a kind and two numbers that choose what they are done to; what cannot be done is not.
    Bodies and names are never used twice, so that nothing is like anything by chance; copies are made on purpose,
    but never where the code once was and would be recognised, and what has copies is left alone until it is deleted.
    """

    def __init__(self, syntax: Syntax, *, methods: bool) -> None:
        self.syntax = syntax
        self._bodies = list(BODIES)
        self._count = self._first = self._second = 0
        self.files: list[File] = []
        for _ in range(FILES):
            file = File(self._path(), self._type() if methods else "")
            file.functions = [Function(self._fresh(), self._bodies.pop(), "") for _ in range(FUNCTIONS)]
            for function in file.functions:
                function.key = function.name
            self.files.append(file)
        self.stored = copy.deepcopy(self.files)
        self._been = {key: {place} for key, place in self.anchors().items()}
        """By key, all places where the code has been."""
        self.deleted: dict[str, tuple[File, Function]] = {}
        """By key, what was deleted without a copy, and the file where it stood."""
        self.split: dict[str, frozenset[str]] = {}
        """By key, the places of the copies of what was deleted with more than one."""
        self.renamed: tuple[str, str] | None = None
        """The file that the last operation renamed: from, to."""

    # --- what there is --------------------------------------------------------------------------------

    def texts(self) -> dict[str, str]:
        """The files as they are written."""
        return {
            file.path: render(self.syntax, file.owner, [(each.name, each.body) for each in file.functions], file.dress)
            for file in self.files
        }

    def anchors(self) -> dict[str, str]:
        """By key, the places as stored."""
        return {each.key: _place(file, each) for file in self.stored for each in file.functions if each.key}

    def expected(self) -> dict[str, Expected]:
        """What each anchor is to say now: it moved if it stands elsewhere than stored, changed if its body did."""
        told: dict[str, Expected] = {}
        stands = {each.key: (file, each) for file in self.files for each in file.functions if each.key}
        for file in self.stored:
            for then in file.functions:
                key = then.key or ""
                if key in self.split:
                    told[key] = Expected("ambiguous", "", self.split[key])
                elif key not in stands:
                    told[key] = Expected("missing", "")
                else:
                    place = _place(*stands[key])
                    moved, changed = place != _place(file, then), stands[key][1].body != then.body
                    told[key] = Expected(_VERDICTS[moved, changed], place)
        return told

    # --- what happens ---------------------------------------------------------------------------------

    def do(self, kind: str, first: int, second: int) -> str:
        """Do it; say what was done, or nothing if there is nothing that it can be done to."""
        self.renamed = None
        self._first, self._second = first, second
        done = OPERATIONS[kind](self)
        for file, function in self._about():
            self._been[function.key or ""].add(_place(file, function))
        return done

    def rename(self) -> str:
        if not (found := self._pick(self._free())):
            return ""
        file, function = found
        old, function.name = _place(file, function), self._fresh()
        return f"{old} renamed to {function.name}"

    def move(self) -> str:
        if not (found := self._pick(self._free())):
            return ""
        file, function = found
        old, others = _place(file, function), [each for each in self.files if each is not file]
        to = others[self._second % len(others)]
        file.functions.remove(function)
        to.functions.insert(self._second % (len(to.functions) + 1), function)
        return f"{old} moved to {to.path}"

    def edit(self) -> str:
        if not (found := self._pick(self._free())):
            return ""
        _, function = found
        self._count += 1
        function.body = edited(function.body, self._count)
        return f"{_place(*found)} edited a little"

    def rewrite(self) -> str:
        found = self._pick(self._free())
        if not found or not self._bodies:
            return ""
        found[1].body = self._bodies.pop()
        return f"{_place(*found)} rewritten"

    def rename_and_edit(self) -> str:
        return self._and_edit(self.rename)

    def move_and_edit(self) -> str:
        return self._and_edit(self.move)

    def _and_edit(self, do: Callable[[], str]) -> str:
        found = self._pick(self._free())
        if not found or not (done := do()):
            return ""
        self._count += 1
        found[1].body = edited(found[1].body, self._count)
        return f"{done} and edited a little"

    def shuffle(self) -> str:
        file = self.files[self._first % len(self.files)]
        file.functions.reverse()
        return f"{file.path} turned upside down"

    def reformat(self) -> str:
        file = self.files[self._first % len(self.files)]
        file.dress = (file.dress + 1) % DRESSES
        return f"{file.path} reformatted"

    def rename_file(self) -> str:
        if not (file := self._pick(self._free_files())):
            return ""
        old, file.path = file.path, self._path()
        self.renamed = (old, file.path) if self._second % 2 else None
        return f"{old} renamed to {file.path}{'' if self.renamed else ', as a deleted file and a new one'}"

    def rename_owner(self) -> str:
        file = self._pick(self._free_files())
        if not file or not file.owner:
            return ""
        old, file.owner = file.owner, self._type()
        return f"type {old} of {file.path} renamed to {file.owner}"

    def add(self) -> str:
        if not self._bodies:
            return ""
        file = self.files[self._first % len(self.files)]
        file.functions.append(Function(self._fresh(), self._bodies.pop(), None))
        return f"{_place(file, file.functions[-1])} written"

    def copy(self) -> str:
        """A copy under its name in another file; there may be two."""
        if not (found := self._pick([each for each in self._about() if self._copies_go_to(*each)])):
            return ""
        file, function = found
        to = self._copies_go_to(file, function)[0]
        to.functions.append(Function(function.name, function.body, None))
        return f"{_place(file, function)} copied to {to.path}"

    def delete(self) -> str:
        if not (found := self._pick(self._about())):
            return ""
        file, function = found
        key = function.key or ""
        copies = self._copies(function)
        file.functions.remove(function)
        if not copies:
            self.deleted[key] = file, function
        elif len(copies) == 1:
            copies[0][1].key = key
        else:
            self.split[key] = frozenset(_place(*each) for each in copies)
        return f"{_place(file, function)} deleted{f', {len(copies)} of its copies stay' if copies else ''}"

    def replace(self) -> str:
        found = self._pick(self._free())
        if not found or not self._bodies:
            return ""
        file, function = found
        at = file.functions.index(function)
        file.functions[at] = Function(self._fresh(), self._bodies.pop(), None)
        self.deleted[function.key or ""] = file, function
        return f"{_place(file, function)} deleted, and {file.functions[at].name} written in its place"

    def bring_back(self) -> str:
        if not (key := self._pick(sorted(self.deleted))):
            return ""
        file, function = self.deleted.pop(key)
        file.functions.append(function)
        return f"{_place(file, function)} written again"

    def revert(self) -> str:
        self.files = copy.deepcopy(self.stored)
        self.deleted, self.split = {}, {}
        return "all reverted"

    # --- choosing -------------------------------------------------------------------------------------

    def _pick(self, of: Sequence[T]) -> T | None:
        return of[self._first % len(of)] if of else None

    def _about(self) -> list[tuple[File, Function]]:
        """Functions that a memory is about."""
        return [(file, each) for file in self.files for each in file.functions if each.key]

    def _copies(self, function: Function) -> list[tuple[File, Function]]:
        return [
            (file, each)
            for file in self.files
            for each in file.functions
            if each is not function and each.name == function.name
        ]

    def _copies_go_to(self, file: File, function: Function) -> list[File]:
        taken = [file, *(of for of, _ in self._copies(function))]
        been = self._been[function.key or ""]
        return [
            each
            for each in self.files
            if not any(each is other for other in taken) and _place(each, function) not in been
        ]

    def _free(self) -> list[tuple[File, Function]]:
        """Functions that a memory is about and that have no copy."""
        return [(file, each) for file, each in self._about() if not self._copies(each)]

    def _free_files(self) -> list[File]:
        """Files that hold neither copies nor what was copied."""
        return [file for file in self.files if not any(self._copies(each) for each in file.functions)]

    def _fresh(self) -> str:
        """A name that was not there before, and is not like one that was."""
        self._count += 1
        return f"{_VERBS[self._count % len(_VERBS)]}_{_NOUNS[self._count % len(_NOUNS)]}"

    def _type(self) -> str:
        return self._fresh().title().replace("_", "")

    def _path(self) -> str:
        return f"shop/{self._fresh()}.{self.syntax.suffix}"


OPERATIONS: dict[str, Callable[[Project], str]] = {
    name: getattr(Project, name)
    for name in (
        "rename", "move", "edit", "rewrite", "rename_and_edit", "move_and_edit", "shuffle", "reformat", "rename_file",
        "rename_owner", "add", "copy", "delete", "replace", "bring_back", "revert",
    )
}  # fmt: skip
_VERDICTS: dict[tuple[bool, bool], Verdict] = {
    (False, False): "current",
    (True, False): "moved",
    (False, True): "changed",
    (True, True): "moved+changed",
}
_VERBS = ("weigh", "borrow", "crush", "ignite", "polish", "unfold", "scatter", "harvest", "join", "mute", "query")
_NOUNS = (
    "amber", "birch", "cedar", "dune", "elk", "fjord", "grove", "heath", "islet", "juniper", "knoll", "lagoon", "moss",
)  # fmt: skip


def _place(file: File, function: Function) -> str:
    return f"{file.path}::{file.owner + '.' if file.owner else ''}{function.name}"
