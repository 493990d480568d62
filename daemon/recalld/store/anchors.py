"""Anchors and the forms of code that they accept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import structs
from sqlalchemy import ColumnElement, Connection, Select, delete, exists, func, insert, select, update

from recalld.outline import FINGERPRINT_VERSION
from recalld.store.rows import AnchorRow, FormRow
from recalld.store.schema import anchor_forms, anchors, memories
from recalld.store.statements import in_batches, last_id

_LONG = ("code", "beside", "namesakes")
_FORM_WITHOUT_CODE = [column for column in anchor_forms.c if column.name not in _LONG]
_MADE_OF_CODE = ("fingerprint", "header", "size", "marks", "beside", "fingerprint_version")
_KEPT = -FINGERPRINT_VERSION
"""The version of a form that keeps an older fingerprint, because this version's cannot be made of its code."""


def anchors_of(
    connection: Connection, memory_ids: Sequence[str], *, with_code: bool = False
) -> dict[str, list[AnchorRow]]:
    """The anchors of these memories in their order, with their forms, oldest first; memories without any are left out.

    Args:
        with_code: read the forms' code and what stood beside it too; they are long, and empty otherwise.
    """
    found: list[AnchorRow] = []
    for batch in in_batches(memory_ids):
        found += _anchors(connection, select(anchors), anchors.c.memory_id.in_(batch), with_code=with_code)
    by_memory: dict[str, list[AnchorRow]] = {}
    for anchor in found:
        by_memory.setdefault(anchor.memory_id, []).append(anchor)
    return by_memory


def workspace_anchors(connection: Connection, workspace_id: str) -> list[AnchorRow]:
    """All anchors of a workspace's memories that are not forgotten, without the forms' code."""
    live = (memories.c.workspace_id == workspace_id) & memories.c.forgotten_at.is_(None)
    return _anchors(connection, select(anchors).join(memories), live, with_code=False)


def anchors_at(
    connection: Connection,
    workspace_ids: Sequence[str],
    paths: Sequence[str],
    ids: Sequence[int] = (),
    *,
    with_forms: bool = True,
) -> list[AnchorRow]:
    """The anchors with any form at just these files and folders, their symbols included, without the forms' code.

    Of memories of these workspaces that are not forgotten.

    Args:
        ids: of further anchors to give with them.
        with_forms: else they have none.
    """
    wanted = set(ids)
    for batch in in_batches(paths):
        wanted.update(connection.scalars(select(anchors.c.id).where(anchors.c.path.in_(batch))))
        wanted.update(connection.scalars(select(anchor_forms.c.anchor_id).where(anchor_forms.c.path.in_(batch))))
    # Asked for one by one: a join would have all memories of the workspaces looked through.
    memory = (memories.c.id == anchors.c.memory_id) & memories.c.workspace_id.in_(workspace_ids)
    live = exists().where(memory & memories.c.forgotten_at.is_(None))
    found: list[AnchorRow] = []
    for some in in_batches(sorted(wanted)):
        condition = anchors.c.id.in_(some) & live
        found += _anchors(connection, select(anchors), condition, with_code=False, with_forms=with_forms)
    return found


def whole(connection: Connection, anchor_ids: Sequence[int]) -> dict[int, AnchorRow]:
    """These anchors with their forms' code, by id."""
    found: list[AnchorRow] = []
    for batch in in_batches(anchor_ids):
        found += _anchors(connection, select(anchors), anchors.c.id.in_(batch), with_code=True)
    return {anchor.id: anchor for anchor in found}


def _anchors(
    connection: Connection,
    query: Select[Any],
    condition: ColumnElement[bool],
    *,
    with_code: bool,
    with_forms: bool = True,
) -> list[AnchorRow]:
    query = query.where(condition).order_by(anchors.c.memory_id, anchors.c.position, anchors.c.id)
    found = [AnchorRow(**row, forms=[]) for row in connection.execute(query).mappings()]
    by_id = {anchor.id: anchor for anchor in found} if with_forms else {}
    wanted = anchor_forms.c if with_code else _FORM_WITHOUT_CODE
    for batch in in_batches(list(by_id)):
        forms = select(*wanted).where(anchor_forms.c.anchor_id.in_(batch)).order_by(anchor_forms.c.id)
        for row in connection.execute(forms).mappings():
            values = dict.fromkeys(_LONG, "") | dict(row)
            by_id[values.pop("anchor_id")].forms.append(FormRow(**values))
    return found


def insert_anchors(connection: Connection, bound: Iterable[tuple[str, Sequence[AnchorRow]]]) -> None:
    """Add anchors with their forms.

    Args:
        bound: ids of memories, each with its anchors; the ids that those and their forms bring are not used.
    """
    anchor_id = last_id(connection, anchors)
    form_id = last_id(connection, anchor_forms)
    anchor_values: list[dict[str, Any]] = []
    form_values: list[dict[str, Any]] = []
    for memory_id, its_anchors in bound:
        for anchor in its_anchors:
            anchor_id += 1
            values = structs.asdict(anchor) | {"id": anchor_id, "memory_id": memory_id}
            del values["forms"]
            anchor_values.append(values)
            for form in anchor.forms:
                form_id += 1
                form_values.append(structs.asdict(form) | {"id": form_id, "anchor_id": anchor_id})
    if anchor_values:
        connection.execute(insert(anchors), anchor_values)
    if form_values:
        connection.execute(insert(anchor_forms), form_values)


def replace_anchors(connection: Connection, memory_id: str, wanted: Sequence[AnchorRow]) -> None:
    """Make these a memory's anchors.

    One that ties to the same code as before stays the same anchor and keeps all forms it had.
    """
    before = {_tie(anchor): anchor.id for anchor in anchors_of(connection, [memory_id]).get(memory_id, [])}
    for anchor in wanted:
        anchor_id = before.pop(_tie(anchor), None)
        if anchor_id is None:
            insert_anchors(connection, [(memory_id, [anchor])])
            continue
        connection.execute(update(anchors).where(anchors.c.id == anchor_id).values(position=anchor.position))
        for form in anchor.forms:
            add_form(connection, anchor_id, form)
    if before:
        connection.execute(delete(anchors).where(anchors.c.id.in_(before.values())))


def _tie(anchor: AnchorRow) -> tuple[str, str, str | None, str | None]:
    return anchor.kind, anchor.path, anchor.symbol, anchor.lines


def add_form(connection: Connection, anchor_id: int, form: FormRow) -> FormRow:
    """Accept one more form; the one that stands there already if the anchor has it.

    Returns:
        The form as it is stored, with its id.
    """
    same = select(func.min(anchor_forms.c.id)).where(
        anchor_forms.c.anchor_id == anchor_id,
        anchor_forms.c.path == form.path,
        anchor_forms.c.symbol.is_not_distinct_from(form.symbol),
        anchor_forms.c.fingerprint == form.fingerprint,
        anchor_forms.c.excerpt == form.excerpt,
    )
    if form.source == "accepted":  # one that was only followed until now is not what this says
        same = same.where(anchor_forms.c.source != "followed")
    form_id = connection.execute(same).scalar()
    if form_id is not None:
        return _whole_forms(connection, select(anchor_forms).where(anchor_forms.c.id == form_id))[0]
    stored = structs.replace(form, id=last_id(connection, anchor_forms) + 1)
    connection.execute(insert(anchor_forms), [structs.asdict(stored) | {"anchor_id": anchor_id}])
    return stored


def outdated_forms(connection: Connection, after: int, limit: int) -> list[FormRow]:
    """The next forms whose fingerprints are of another version, by id, whole.

    Those that keep theirs are not given again while the version stays the same.

    Args:
        after: the id of the last one of before, 0 for the first.
    """
    version = anchor_forms.c.fingerprint_version
    outdated = (anchor_forms.c.id > after) & version.not_in([FINGERPRINT_VERSION, _KEPT])
    return _whole_forms(connection, select(anchor_forms).where(outdated).order_by(anchor_forms.c.id).limit(limit))


def renew_forms(connection: Connection, renewed: Iterable[FormRow], kept: Iterable[int]) -> None:
    """Give forms new fingerprints, with all that is made along with them.

    Args:
        renewed: by their ids.
        kept: ids of forms that keep the fingerprints they have.
    """
    for form in renewed:
        values = {name: getattr(form, name) for name in _MADE_OF_CODE}
        connection.execute(update(anchor_forms).where(anchor_forms.c.id == form.id).values(values))
    for form_id in kept:
        connection.execute(update(anchor_forms).where(anchor_forms.c.id == form_id).values(fingerprint_version=_KEPT))


def _whole_forms(connection: Connection, query: Select[Any]) -> list[FormRow]:
    rows = connection.execute(query).mappings()
    return [FormRow(**{name: value for name, value in row.items() if name != "anchor_id"}) for row in rows]
