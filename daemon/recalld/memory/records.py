"""Between the store's rows and the lines of an export. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import structs

from recall.protocol.requests import records as wire
from recalld.memory.clock import iso
from recalld.memory.text import text_hash, type_named
from recalld.memory.trees import PERSONAL
from recalld.store.rows import (
    AnchorRow,
    ExtractionJobRow,
    ExtractionRow,
    FormRow,
    LinkRow,
    MemoryRow,
    RatingRow,
    SessionRow,
    VersionRow,
)
from recalld.store.transfer import Association, EndedSession, Whole

R = TypeVar("R", bound=msgspec.Struct)


def other_id(workspace_id: str, given: str) -> str:
    """The id that a memory gets in a workspace where its own is taken elsewhere; always the same one."""
    digest = hashlib.blake2b(f"{workspace_id}/{given}".encode(), digest_size=6).hexdigest()
    return f"mem-{digest}" if given.startswith("mem-") else f"{digest}-{given}"[:100]


# --- out -----------------------------------------------------------------------------------------


def memory(whole: Whole, days_worked: int) -> wire.MemoryRecord:
    """A memory as a line.

    Args:
        days_worked: on so many days its workspace has been worked in.
    """
    row = whole.row
    values = structs.asdict(row) | {"personal": row.workspace_id == PERSONAL}
    values |= {"idle_days": days_worked - row.reinforced_on, "ratings": whole.ratings, "versions": whole.versions}
    return _convert(values | {"anchors": whole.anchors}, wire.MemoryRecord)


def link(row: LinkRow) -> wire.LinkRecord:
    """A link as a line."""
    return _convert(row, wire.LinkRecord)


def association(tie: Association) -> wire.AssociationRecord:
    """An association as a line."""
    return _convert(tie._asdict(), wire.AssociationRecord)


def session(ended: EndedSession) -> wire.SessionRecord:
    """A session as a line."""
    jobs = [structs.asdict(job) | {"made": made} for job, made in ended.jobs]
    return _convert(structs.asdict(ended.row) | {"jobs": jobs}, wire.SessionRecord)


def _convert(value: Any, kind: type[R]) -> R:
    plain = msgspec.to_builtins(value)
    if isinstance(plain, dict):
        plain["record"] = kind.__struct_config__.tag
    return msgspec.convert(plain, kind)


# --- in ------------------------------------------------------------------------------------------


def whole_of(record: wire.MemoryRecord, memory_id: str, workspace_id: str, days_worked: int) -> Whole:
    """The rows of a memory.

    Raises:
        RecallError: `invalid_params`, there is no such type.
    """
    personal = workspace_id == PERSONAL
    present = record.present_importance
    given = _plain(record, MemoryRow, without=("present_importance",))
    given |= {
        "id": memory_id,
        "workspace_id": workspace_id,
        "memory_type": type_named(record.memory_type),
        "text_hash": text_hash(record.title, record.narrative),
        "present_importance": record.importance_score if present is None else present,
        "reinforced_on": days_worked - record.idle_days,
    }
    row = MemoryRow(**given)
    anchors = [] if personal else [_anchor(each) for each in record.anchors]
    return Whole(row, anchors, _versions(record, row), [_rating(each, memory_id) for each in record.ratings])


def _versions(record: wire.MemoryRecord, row: MemoryRow) -> list[VersionRow]:
    """Its states, each once, the present one last, which is made where a record that somebody wrote lacks it."""
    older = {each.version: each for each in record.versions if each.version <= row.version}
    states = [VersionRow(memory_id=row.id, **_plain(older[n], VersionRow)) for n in sorted(older)]
    if row.version not in older:
        places = [each.path for each in record.anchors if each.kind != "symbol"]
        symbols = [f"{each.path}::{each.symbol}" for each in record.anchors if each.kind == "symbol"]
        values = {name: getattr(row, name) for name in ("version", "title", "narrative", "memory_type")}
        values |= {name: getattr(row, name) for name in ("importance_score", "concepts", "tags")}
        values |= {"at": row.updated_at, "cause": "imported", "source_files": places, "symbols": symbols}
        states.append(VersionRow(memory_id=row.id, **values))
    return states


def _anchor(record: wire.ExportedAnchor) -> AnchorRow:
    forms = [FormRow(**_plain(form, FormRow) | {"marks": tuple(form.marks)}) for form in record.forms]
    return AnchorRow(**_plain(record, AnchorRow, without=("forms",)), forms=forms)


def _rating(record: wire.ExportedRating, memory_id: str) -> RatingRow:
    return RatingRow(memory_id=memory_id, **_plain(record, RatingRow))


def link_of(record: wire.LinkRecord, source_id: str, target_id: str) -> LinkRow:
    """The row of a link."""
    return LinkRow(source_id=source_id, target_id=target_id, kind=record.kind, origin=record.origin, at=iso(record.at))


def association_of(record: wire.AssociationRecord, one_id: str, other: str) -> Association:
    """The row of an association."""
    first, second = sorted((one_id, other))
    return Association(first, second, record.weight, record.at.isoformat())


def session_of(record: wire.SessionRecord, workspace_id: str, ids: dict[str, str]) -> EndedSession:
    """The rows of a session.

    Args:
        ids: of the memories that are here, by what the export calls them; what was made of others is left out.
    """
    given = _plain(record, SessionRow) | {"workspace_id": workspace_id, "status": "ended"}
    jobs = []
    for job in record.jobs:
        row = ExtractionJobRow(session_seq=0, **_plain(job, ExtractionJobRow))
        made = [
            ExtractionRow(
                job_id=job.id, position=each.position, memory_id=ids[each.memory_id], action=each.action, said=each.said
            )
            for each in job.made
            if each.memory_id in ids
        ]
        jobs.append((row, made))
    return EndedSession(SessionRow(**given), jobs)


def texts_of(record: wire.Record) -> Iterator[tuple[str, str]]:
    """All that a record says in words, by where it stands."""
    if isinstance(record, wire.MemoryRecord):
        yield from (("title", record.title), ("narrative", record.narrative), ("evidence", record.evidence or ""))
        yield from (("concepts", "\n".join(record.concepts)), ("tags", "\n".join(record.tags)))
        for n, state in enumerate(record.versions):
            if (state.title, state.narrative) != (record.title, record.narrative):
                yield from ((f"versions[{n}].title", state.title), (f"versions[{n}].narrative", state.narrative))
        yield from ((f"ratings[{n}].context", each.context) for n, each in enumerate(record.ratings))
    elif isinstance(record, wire.SessionRecord):
        yield from (("task", record.task), ("summary", record.summary))
        for n, job in enumerate(record.jobs):
            yield f"jobs[{n}].summary", job.summary
            yield f"jobs[{n}].made", "\n".join(each.said for each in job.made)


def _plain(record: msgspec.Struct, row: type[msgspec.Struct], without: tuple[str, ...] = ()) -> dict[str, Any]:
    """What of a record is in a row by the same name, with times as the store writes them."""
    names = set(row.__struct_fields__).intersection(record.__struct_fields__).difference(without)
    values = {name: getattr(record, name) for name in names}
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in values.items()}
