"""The index over the vectors: which memories stand in it, and which are near a vector.

Runs in the vectors' process, in one thread; whatever Chroma raises goes through and ends that process, because an index
that failed once is trusted again only after it was opened anew.
"""

from __future__ import annotations

import sys
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recalld.vectors.embedding import DIMENSIONS
from recalld.vectors.pieces import PAGE, Pieces, Said
from recalld.vectors.whole import Near, Piece, Whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

EXACT_PIECES = 4_000
"""Workspaces of up to so many pieces are compared whole."""
MAX_KEPT_PIECES = 20_000
"""Pieces of small workspaces kept at hand, 30 MB."""
_PROBED_PIECES = 32
_SPARE_AROUND = 4
"""So many times what is wanted around a memory is looked for."""
# The model computes in whole bytes, of a range that it chooses for each batch: the same text, embedded among others,
# has a cosine of 0.988 and more. Texts that say the same in other words reach 0.96.
SAME_COSINE = 0.98
_SAME_PIECES = 10
"""Pieces that are looked through for a vector's own: as many may be the same, word for word."""


class Item(NamedTuple):
    """A memory as it goes into the index."""

    memory_id: str
    workspace_id: str
    text_hash: str
    vectors: Matrix
    """float32 [pieces, 384]"""
    beside: Matrix | None = None
    """float32 [1, 384], of the text together with what stands beside it, where something does"""

    @property
    def pieces(self) -> int:
        """How many vectors it has."""
        return len(self.vectors) + (self.beside is not None)


class _Entry(NamedTuple):
    workspace_id: str
    text_hash: str
    pieces: int
    """All of them, the one with the neighbours too."""
    beside: bool
    generation: str
    """The rebuild under way when it was put in, or the last one before."""


@dataclass(slots=True)
class _Workspace:
    memories: set[str] = field(default_factory=set)
    pieces: int = 0


class ChromaIndex:
    """What memories are near a vector, within workspaces. To be opened first."""

    def __init__(self) -> None:
        self._pieces = Pieces()
        self._entries: dict[str, _Entry] = {}
        self._workspaces: dict[str, _Workspace] = defaultdict(_Workspace)
        self._unseen: set[str] = set()
        self._generation = ""
        # Small workspaces that were asked of lately, the latest last.
        self._wholes: OrderedDict[str, Whole] = OrderedDict()

    def open(self, folder: Path, url: str = "") -> None:
        """Connect, read what the index holds, and see that it answers.

        Args:
            folder: of Chroma's files; made when missing. With `url` it only names the collection.
            url: of a Chroma server that keeps the index instead.
        """
        self._pieces.open(folder, url)
        self._read_entries()
        self._probe()

    @property
    def of_new_scheme(self) -> bool:
        """Whether it was emptied for another way to embed, and nobody said since that it is full again."""
        return self._pieces.of_new_scheme

    def complete(self) -> None:
        """Note that it is full again."""
        self._pieces.complete()

    def close(self) -> None:
        """Let go of the files."""
        self._pieces.close()

    # --- what stands in it --------------------------------------------------------------------------

    def begin_comparison(self, generation: str = "") -> None:
        """Begin to compare with what should stand in the index.

        Args:
            generation: of the rebuild under way, which from now on is that of whatever is put in; empty without one.
        """
        self._unseen = set(self._entries)
        self._generation = generation

    def compare(self, wanted: Iterable[tuple[str, str, str]]) -> tuple[list[str], list[str]]:
        """What of the wanted memories (id, workspace, text hash) is to be done.

        Returns:
            Those that are missing or are indexed with other text; and those that only are of an older generation.
        """
        outdated, older = [], []
        for memory_id, workspace_id, text_hash in wanted:
            self._unseen.discard(memory_id)
            entry = self._entries.get(memory_id)
            if entry is None or (entry.workspace_id, entry.text_hash) != (workspace_id, text_hash):
                outdated.append(memory_id)
            elif self._generation and entry.generation != self._generation:
                older.append(memory_id)
        return outdated, older

    def end_comparison(self) -> list[str]:
        """The memories in the index that were not among the wanted ones."""
        strangers, self._unseen = list(self._unseen), set()
        return strangers

    def upsert(self, items: Sequence[Item]) -> None:
        """Put memories in, each in place of what the index held of it."""
        self._pieces.require_files()
        standing = self._standing([item for item in items if self._is_renewed(item)])
        put = [item for item in items if item.memory_id not in standing]
        if standing:
            self._renew([item for item in items if item.memory_id in standing])
        if put:
            self._put(put)

    def _entry(self, item: Item) -> _Entry:
        return _Entry(item.workspace_id, item.text_hash, item.pieces, item.beside is not None, self._generation)

    def _is_renewed(self, item: Item) -> bool:
        """Whether it stands here as it is, but for a rebuild."""
        known, entry = self._entries.get(item.memory_id), self._entry(item)
        return known is not None and known != entry and known._replace(generation=entry.generation) == entry

    def _standing(self, items: Sequence[Item]) -> set[str]:
        """Those of which the index has each vector as it should be, and finds it.

        To put one in place of another costs Chroma 6 ms, seven times what a new one costs, and searches wait for it;
        this costs half a millisecond.
        """
        if not items:
            return set()
        wanted = [_piece_id(item.memory_id, number) for item in items for number in range(item.pieces)]
        count = min(_SAME_PIECES, sum(one.pieces for one in self._workspaces.values()))
        nearest = self._pieces.nearest(_stacked(items), count)
        astray = {
            wish.rpartition("#")[0]
            for wish, near in zip(wanted, nearest, strict=True)
            if near.get(wish, -1.0) < SAME_COSINE
        }
        return {item.memory_id for item in items} - astray

    def _renew(self, items: Sequence[Item]) -> None:
        """Note that these were embedded anew."""
        self._pieces.say(*self._described(items))
        for item in items:
            self._entries[item.memory_id] = self._entry(item)

    def _put(self, items: Sequence[Item]) -> None:
        self._pieces.put(*self._described(items), _stacked(items))
        surplus = []
        for item in items:
            known = self._entries.get(item.memory_id)
            if known is not None:
                surplus += [_piece_id(item.memory_id, n) for n in range(item.pieces, known.pieces)]
            self._remember(item.memory_id, self._entry(item))
        if surplus:
            self._pieces.delete(surplus)
        self._change_wholes({item.memory_id for item in items}, items)

    def _described(self, items: Sequence[Item]) -> tuple[list[str], list[Said]]:
        """The ids of all pieces, and what is to be said of each."""
        ids = [_piece_id(item.memory_id, number) for item in items for number in range(item.pieces)]
        return ids, [said for item in items for said in item.pieces * [_said_of(item.memory_id, self._entry(item))]]

    def delete(self, memory_ids: Iterable[str]) -> None:
        """Take memories out; those that the index does not have are passed over."""
        self._pieces.require_files()
        known = {memory_id: self._entries[memory_id] for memory_id in memory_ids if memory_id in self._entries}
        pieces = [_piece_id(memory_id, number) for memory_id, entry in known.items() for number in range(entry.pieces)]
        if pieces:
            self._pieces.delete(pieces)
        for memory_id in known:
            self._forget(memory_id)
        self._change_wholes(known.keys())

    # --- what is near -------------------------------------------------------------------------------

    def count(self, workspace_ids: Collection[str]) -> int:
        """How many memories of these workspaces there are."""
        return sum(len(self._workspaces[one].memories) for one in workspace_ids if one in self._workspaces)

    def query(self, vector: Matrix, workspace_ids: Collection[str], n: int) -> list[Near]:
        """The memories of these workspaces that are nearest to a vector, by themselves or with what stands beside them.

        Args:
            vector: float32 [384].
            workspace_ids: no memory of another workspace is returned.
            n: at most so many memories.

        Returns:
            Nearest by themselves first.
        """
        self._pieces.require_files()
        scope = {one for one in workspace_ids if one in self._workspaces}
        eligible = sum(self._workspaces[one].pieces for one in scope)
        if n < 1 or eligible == 0:
            return []
        total = sum(one.pieces for one in self._workspaces.values())
        # Measured at 50,000 pieces: unfiltered 1-2 ms, restricted to named pieces 6-27 ms however few they are,
        # and a filter by metadata over 100 ms. A small workspace is compared whole in less than any of these.
        if eligible <= EXACT_PIECES:
            return _best([near for one in scope for near in self._whole(one).nearest(vector, n)], n)
        if eligible * 2 < total:
            ids, reachable = self._piece_ids(scope), eligible
        else:
            ids, reachable = None, total
        # As many pieces as hold n of the memories if all are alike; more if those were not enough.
        reach = n * reachable // self.count(scope) + 1
        while True:
            reach = min(reach, reachable)
            nearest = self._nearest(vector, reach, ids)
            found = {each: near for each, near in nearest.items() if self._workspace_of(each) in scope}
            if len(found) >= n or reach == reachable:
                return self._ranked(found, n)
            reach *= 4

    def cosines(self, vector: Matrix, memory_ids: Collection[str], n: int) -> list[Near]:
        """How near just these memories are to a vector, however far that is.

        Args:
            vector: float32 [384].
            memory_ids: those that the index does not have are left out.
            n: at most so many, the nearest.
        """
        self._pieces.require_files()
        known = {memory_id: self._entries[memory_id] for memory_id in memory_ids if memory_id in self._entries}
        scope = {entry.workspace_id for entry in known.values()}
        if sum(self._workspaces[one].pieces for one in scope) <= EXACT_PIECES:
            return _best([near for one in scope for near in self._whole(one).nearest(vector, n, known)], n)
        pieces = [_piece_id(memory_id, number) for memory_id, entry in known.items() for number in range(entry.pieces)]
        nearest: defaultdict[str, dict[bool, float]] = defaultdict(dict)
        for start in range(0, len(pieces), PAGE):
            owners, matrix = self._read_pieces(pieces[start : start + PAGE])
            for (owner, beside), similarity in zip(owners, (matrix @ vector).tolist(), strict=True):
                nearest[owner][beside] = max(similarity, nearest[owner].get(beside, -1.0))
        return self._ranked(nearest, n)

    def around(
        self, memory_ids: Collection[str], workspace_ids: Collection[str], n: int
    ) -> dict[str, list[tuple[str, float]]]:
        """The memories that are nearest to each of these, by how it begins.

        Args:
            memory_ids: those that the index does not have are left out.
            workspace_ids: no memory of another workspace is returned.
            n: at most so many for each, itself left out.

        Returns:
            By id: (memory id, cosine of its nearest piece), nearest first.
        """
        self._pieces.require_files()
        known = [_piece_id(memory_id, 0) for memory_id in memory_ids if memory_id in self._entries]
        if not known:
            return {}
        owners, vectors = self._read_pieces(known)
        # What stands beside a memory holds its text, so its neighbours may come before all that is near by itself.
        reach = _SPARE_AROUND * n + 1
        around = {}
        for (memory_id, _), vector in zip(owners, vectors, strict=True):
            near = self.query(vector, workspace_ids, reach)
            around[memory_id] = [(each.memory_id, each.cosine) for each in near if each.memory_id != memory_id][:n]
        return around

    def _ranked(self, found: Mapping[str, Mapping[bool, float]], n: int) -> list[Near]:
        """The n best, nearest by themselves first. What was not among the nearest is less near than all that was."""
        least = min((min(near.values()) for near in found.values()), default=0.0)
        ranked = []
        for memory_id, near in found.items():
            own = near.get(False, least)
            ranked.append(Near(memory_id, own, near.get(True, least) if self._entries[memory_id].beside else own))
        return _best(ranked, n)

    def _whole(self, workspace_id: str) -> Whole:
        whole = self._wholes.pop(workspace_id, None)
        if whole is None:
            whole = Whole(*self._read_pieces(self._piece_ids([workspace_id])))
        self._wholes[workspace_id] = whole
        while sum(len(each.pieces) for each in self._wholes.values()) > MAX_KEPT_PIECES:
            self._wholes.popitem(last=False)
        return whole

    def _change_wholes(self, gone: AbstractSet[str], items: Sequence[Item] = ()) -> None:
        """Have the workspaces at hand hold these items, and of other memories none that is gone."""
        for workspace_id, whole in list(self._wholes.items()):
            if workspace_id not in self._workspaces or self._workspaces[workspace_id].pieces > EXACT_PIECES:
                del self._wholes[workspace_id]
                continue
            mine = [item for item in items if item.workspace_id == workspace_id]
            if mine or not gone.isdisjoint(whole.memory_ids):
                pieces = [piece for item in mine for piece in _owned(item)]
                self._wholes[workspace_id] = whole.but(gone, pieces, _stacked(mine))

    def _read_pieces(self, piece_ids: list[str]) -> tuple[list[Piece], Matrix]:
        found, vectors = self._pieces.vectors(piece_ids)
        return [self._owner(piece_id) for piece_id in found], vectors

    def _nearest(self, vector: Matrix, n: int, ids: list[str] | None) -> dict[str, dict[bool, float]]:
        """The memories of the n nearest pieces, with how near they are by themselves, and with their neighbours."""
        (found,) = self._pieces.nearest(vector[None], n, ids)
        nearest: defaultdict[str, dict[bool, float]] = defaultdict(dict)
        for piece_id, cosine in found.items():
            owner, beside = self._owner(piece_id)
            nearest[owner].setdefault(beside, cosine)
        return nearest

    def _owner(self, piece_id: str) -> Piece:
        """Whose a piece is, and whether it is the one with the neighbours, which is the last."""
        memory_id, _, number = piece_id.rpartition("#")
        entry = self._entries.get(memory_id)
        return Piece(memory_id, entry is not None and entry.beside and int(number) == entry.pieces - 1)

    # --- opening ------------------------------------------------------------------------------------

    def _read_entries(self) -> None:
        """Read what the index holds; a memory of which only some pieces are there is taken out."""
        found: dict[str, list[tuple[str, _Entry]]] = defaultdict(list)
        for piece_id, said in self._pieces.all():
            found[str(said["memory"])].append((piece_id, _entry_of(said)))
        torn: list[str] = []
        for memory_id, pieces in found.items():
            entry = pieces[0][1]
            if len(pieces) == entry.pieces and all(other == entry for _, other in pieces):
                self._remember(memory_id, entry)
            else:
                torn += [piece_id for piece_id, _ in pieces]
        self._pieces.delete(torn)

    def _probe(self) -> None:
        # Chroma opens and counts without a look at the vectors' files; asking for named pieces fails if they are gone.
        memories = list(self._entries)
        sample = [_piece_id(each, 0) for each in memories[:: len(memories) // _PROBED_PIECES + 1]]
        if sample:
            _, vectors = self._pieces.vectors(sample[:1])
            self._pieces.nearest(vectors, len(sample), sample)
            self._pieces.nearest(vectors, len(sample))

    def _piece_ids(self, workspace_ids: Iterable[str]) -> list[str]:
        memories = (memory_id for one in workspace_ids for memory_id in self._workspaces[one].memories)
        return [_piece_id(memory_id, n) for memory_id in memories for n in range(self._entries[memory_id].pieces)]

    def _workspace_of(self, memory_id: str) -> str | None:
        entry = self._entries.get(memory_id)
        return entry.workspace_id if entry else None

    def _remember(self, memory_id: str, entry: _Entry) -> None:
        self._forget(memory_id)
        self._entries[memory_id] = entry
        workspace = self._workspaces[entry.workspace_id]
        workspace.memories.add(memory_id)
        workspace.pieces += entry.pieces

    def _forget(self, memory_id: str) -> None:
        entry = self._entries.pop(memory_id, None)
        if entry is not None:
            workspace = self._workspaces[entry.workspace_id]
            workspace.memories.discard(memory_id)
            workspace.pieces -= entry.pieces
            if not workspace.memories:
                del self._workspaces[entry.workspace_id]


def _best(found: list[Near], n: int) -> list[Near]:
    """The n best, nearest by themselves first."""
    found.sort(key=lambda each: -max(each.cosine, each.beside))
    return sorted(found[:n], key=lambda each: -each.cosine)


def _said_of(memory_id: str, entry: _Entry) -> Said:
    """What is said of each piece of a memory."""
    workspace_id, text_hash, pieces, beside, generation = entry
    return {
        "memory": memory_id,
        "workspace": workspace_id,
        "hash": text_hash,
        "pieces": pieces,
        "beside": beside,
        "generation": generation,
    }


def _entry_of(said: Said) -> _Entry:
    generation = sys.intern(str(said.get("generation", "")))  # indices of older versions have none
    return _Entry(str(said["workspace"]), str(said["hash"]), int(said["pieces"]), bool(said["beside"]), generation)


def _stacked(items: Sequence[Item]) -> Matrix:
    import numpy as np  # noqa: PLC0415

    some = [rows for item in items for rows in (item.vectors, item.beside) if rows is not None]
    stacked: Matrix = np.concatenate(some) if some else np.zeros((0, DIMENSIONS), dtype=np.float32)
    return stacked


def _owned(item: Item) -> list[Piece]:
    """Whose each of its stacked vectors is."""
    beside = [] if item.beside is None else [Piece(item.memory_id, beside=True)]
    return [Piece(item.memory_id, beside=False)] * len(item.vectors) + beside


def _piece_id(memory_id: str, number: int) -> str:
    return f"{memory_id}#{number}"
