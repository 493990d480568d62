"""Taking memories out, and bringing them in: whole, and a page at a time, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from recall.protocol import requests as wire
from recall.protocol.errors import RecallError
from recall.protocol.requests import records as lines
from recalld.events import Event, MemoryTouched
from recalld.memory import door, linking, records
from recalld.memory.renewal import Renewal
from recalld.memory.trees import PERSONAL, Tree, Trees
from recalld.memory.verdicts import Verdicts
from recalld.memory.workdays import Workdays
from recalld.outline import FINGERPRINT_VERSION
from recalld.store import Store, anchors, transfer
from recalld.store.transfer import Whole
from recalld.vectors import Vectors

MAX_PAGE_BYTES = 4 * 1024 * 1024
READ_AT_ONCE = 50
"""Memories that are read in one transaction, with all the code of their forms."""
TIED_AT_ONCE = 500
"""Memories whose ties make one page; each has few."""
_MEMORIES, _TIES, _SESSIONS = "memories", "ties", "sessions"

_encoder = msgspec.json.Encoder()


class _Kept(NamedTuple):
    """What became of one page of an import."""

    reply: wire.ImportReply
    stored: list[Whole]


class Transfer:
    """Exports and imports of a tree's workspace."""

    def __init__(
        self,
        store: Store,
        trees: Trees,
        verdicts: Verdicts,
        vectors: Vectors,
        workdays: Workdays,
        renewal: Renewal,
        publish: Callable[[Event], None],
    ) -> None:
        self._store = store
        self._trees = trees
        self._verdicts = verdicts
        self._vectors = vectors
        self._workdays = workdays
        self._renewal = renewal
        self._publish = publish

    # --- out -------------------------------------------------------------------------------------

    async def export_page(self, tree: Tree, request: wire.ExportPage) -> wire.ExportReply:
        """The next records, at most so many and at most 4 MiB of them, but for a single one that is larger.

        Raises:
            RecallError: `invalid_params`, `after` is of no page.
        """
        part, after = _place(request.after)
        scope = [tree.workspace_id, PERSONAL] if request.personal else [tree.workspace_id]
        if part == _MEMORIES:
            found, last = await self._memories(scope, after, request)
            part, after = (part, last) if found else (_TIES, 0)
        elif part == _TIES:
            found, last = await self._ties(scope, after, request)
            part, after = (part, last) if last else (_SESSIONS, 0)
        else:
            ended = await self._store.truth.read(transfer.sessions_after, tree.workspace_id, after, request.limit)
            found = [records.session(each) for each in ended]
            part, after = (part, ended[-1].row.seq) if ended else ("", 0)
        total = await self._store.truth.read(transfer.count, scope, forgotten=request.forgotten)
        return wire.ExportReply(records=found, after=f"{part}:{after}" if part else "", total=total)

    async def _memories(
        self, scope: Sequence[str], after: int, request: wire.ExportPage
    ) -> tuple[list[lines.Record], int]:
        found: list[lines.Record] = []
        size = 0
        while len(found) < request.limit:
            limit = min(READ_AT_ONCE, request.limit - len(found))
            read = await self._store.truth.read(
                transfer.memories_after, scope, after, limit, forgotten=request.forgotten
            )
            for whole in read:
                record = records.memory(whole, self._workdays.of(whole.row.workspace_id))
                size += len(_encoder.encode(record))
                if found and size > MAX_PAGE_BYTES:
                    return found, after
                found.append(record)
                after = whole.row.seq
            if len(read) < limit:
                break
        return found, after

    async def _ties(self, scope: Sequence[str], after: int, request: wire.ExportPage) -> tuple[list[lines.Record], int]:
        last, linked, tied = await self._store.truth.read(
            transfer.ties_after, scope, after, TIED_AT_ONCE, forgotten=request.forgotten
        )
        return [*map(records.link, linked), *map(records.association, tied)], last

    # --- in --------------------------------------------------------------------------------------

    async def import_page(self, tree: Tree, request: wire.ImportPage) -> wire.ImportReply:
        """Take in records. What is here already stays as it is; an id that another workspace has gets another one."""
        taken: list[lines.Record] = []
        refused: list[wire.RefusedRecord] = []
        for index, record in enumerate(request.records):
            try:
                await self._let_in(tree, record)
                taken.append(record)
            except RecallError as refusal:
                name = record.id if isinstance(record, lines.MemoryRecord | lines.SessionRecord) else ""
                refused.append(wire.RefusedRecord(index=index, id=name, code=refusal.code, message=refusal.message))
        days = {each: self._workdays.of(each) for each in (tree.workspace_id, PERSONAL)}
        kept = await self._store.truth.write(_keep, tree.workspace_id, taken, days, personal=request.personal)
        await self._tell(tree, kept.stored)
        kept.reply.refused = refused
        return kept.reply

    async def _let_in(self, tree: Tree, record: lines.Record) -> None:
        """Look at what a record says and points to.

        Raises:
            RecallError: `secret_found`, `outside_workspace`, `invalid_params`.
        """
        await door.refuse(dict(records.texts_of(record)))
        if isinstance(record, lines.MemoryRecord):
            records.whole_of(record, record.id, tree.workspace_id, 0)
            for anchor in record.anchors:
                for path in (anchor.path, *(form.path for form in anchor.forms)):
                    if tree.relative(path) != path:
                        raise RecallError("outside_workspace", f"{path} is no path inside a project", field="anchors")

    async def _tell(self, tree: Tree, stored: Sequence[Whole]) -> None:
        """Have memories that came in judged by the code that is here, and indexed, and tell whom they concern."""
        if not stored:
            return
        forms = [form for whole in stored for anchor in whole.anchors for form in anchor.forms]
        if any(abs(form.fingerprint_version) != FINGERPRINT_VERSION for form in forms):
            await self._renewal.run()  # they come from another version
        ids = [whole.row.id for whole in stored]
        bound = await self._store.truth.read(anchors.anchors_of, ids)
        judged = [anchor for each in bound.values() for anchor in each]
        if judged:
            for other in self._trees.of_workspace(tree.workspace_id):
                await self._verdicts.judge(other, judged)
        self._vectors.touch(ids)
        for whole in stored:
            self._publish(MemoryTouched(whole.row.workspace_id, whole.row.id, whole.row.title, "stored"))


def _place(after: str) -> tuple[str, int]:
    if not after:
        return _MEMORIES, 0
    part, _, number = after.partition(":")
    if part not in (_MEMORIES, _TIES, _SESSIONS) or not number.isdigit():
        raise RecallError("invalid_params", f"{after!r} is of no page: leave it empty to begin", field="after")
    return part, int(number)


def _keep(
    connection: Connection,
    workspace_id: str,
    taken: Sequence[lines.Record],
    days_worked: dict[str, int],
    *,
    personal: bool,
) -> _Kept:
    """Write one page: memories first, so that what ties them finds them."""
    reply = wire.ImportReply(stored=0, known=0)
    brought = [record for record in taken if isinstance(record, lines.MemoryRecord)]
    asked_for = [record for record in brought if personal or not record.personal]
    reply.left_out = len(brought) - len(asked_for)
    stored = _keep_memories(connection, workspace_id, asked_for, days_worked, reply)
    for record in taken:
        if not isinstance(record, lines.MemoryRecord):
            _keep_tie(connection, workspace_id, record, reply)
    return _Kept(reply, stored)


def _keep_memories(
    connection: Connection,
    workspace_id: str,
    brought: Sequence[lines.MemoryRecord],
    days_worked: dict[str, int],
    reply: wire.ImportReply,
) -> list[Whole]:
    targets = {record.id: PERSONAL if record.personal else workspace_id for record in brought}
    others = {each: records.other_id(target, each) for each, target in targets.items()}
    here = transfer.here(connection, {*others, *others.values()})
    fresh: dict[str, Whole] = {}
    for record in brought:
        target, own = targets[record.id], record.id
        if own in here and here[own].workspace_id != target:
            own = reply.renamed[record.id] = others[record.id]
        whole = records.whole_of(record, own, target, days_worked[target])
        known = here.get(own)
        if known is None:
            if own not in fresh:
                fresh[own] = whole
            continue
        if (known.text_hash, known.version) == (whole.row.text_hash, whole.row.version):
            reply.known += 1
        else:
            reply.differing.append(own)
    transfer.add_memories(connection, list(fresh.values()))
    reply.stored = len(fresh)
    return list(fresh.values())


def _keep_tie(connection: Connection, workspace_id: str, record: lines.Record, reply: wire.ImportReply) -> None:
    if isinstance(record, lines.SessionRecord):
        named = {each.memory_id for job in record.jobs for each in job.made}
        session = records.session_of(record, workspace_id, _ids_here(connection, workspace_id, named))
        taken = transfer.taken_jobs(connection, [job.id for job, _ in session.jobs])
        new = transfer.add_session(connection, session, {each: records.other_id(workspace_id, each) for each in taken})
    elif isinstance(record, lines.LinkRecord):
        ids = _ids_here(connection, workspace_id, {record.source_id, record.target_id})
        if not {record.source_id, record.target_id} <= ids.keys():
            reply.left_out += 1
            return
        link = records.link_of(record, ids[record.source_id], ids[record.target_id])
        new = not transfer.has_link(connection, link)
        try:
            linking.add(connection, link)
        except RecallError as refusal:  # it is said here the other way round
            reply.warnings.append(f"a link was left out: {refusal.message}")
            new = False
    elif isinstance(record, lines.AssociationRecord):
        ids = _ids_here(connection, workspace_id, {record.one_id, record.other_id})
        if len(ids) < 2:
            reply.left_out += 1
            return
        tie = records.association_of(record, ids[record.one_id], ids[record.other_id])
        new = transfer.add_association(connection, tie)
    else:
        return
    reply.tied += new


def _ids_here(connection: Connection, workspace_id: str, given: Collection[str]) -> dict[str, str]:
    """What the memories that a record names are called here, of those that this workspace sees."""
    scope = (workspace_id, PERSONAL)
    others = {each: [records.other_id(target, each) for target in scope] for each in given}
    here = transfer.here(connection, {*given, *(other for some in others.values() for other in some)})
    found: dict[str, str] = {}
    for each in given:
        candidates = (name for name in (*others[each], each) if name in here and here[name].workspace_id in scope)
        name = next(candidates, None)
        if name is not None:
            found[each] = name
    return found
