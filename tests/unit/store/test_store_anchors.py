from __future__ import annotations

from collections.abc import Callable

from msgspec import structs
from sqlalchemy import Connection

from recalld.outline import FINGERPRINT_VERSION
from recalld.store import anchors, memories
from recalld.store.rows import AnchorRow, FormRow, MemoryRow

MakeMemory = Callable[..., MemoryRow]
MakeForm = Callable[..., FormRow]
MakeAnchor = Callable[..., AnchorRow]


def of(connection: Connection, memory_id: str) -> list[AnchorRow]:
    return anchors.anchors_of(connection, [memory_id], with_code=True).get(memory_id, [])


def test_anchors_come_back_in_their_order_with_their_forms(
    connection: Connection, memory: MakeMemory, anchor: MakeAnchor, form: MakeForm
) -> None:
    bound = [
        anchor("b.py", "C.m", form("one"), form("two", source="accepted"), position=1),
        anchor("a.py", position=0),
        anchor("api/", position=2),
    ]
    memories.insert(connection, memory("mem-1"), bound)
    found = of(connection, "mem-1")
    assert [(a.kind, a.path, a.symbol, a.memory_id) for a in found] == [
        ("file", "a.py", None, "mem-1"),
        ("symbol", "b.py", "C.m", "mem-1"),
        ("folder", "api/", None, "mem-1"),
    ]
    assert [(f.fingerprint, f.source, f.code) for f in found[1].forms] == [
        ("one", "stored", "def load(self): ...  # one"),
        ("two", "accepted", "def load(self): ...  # two"),
    ]
    assert len({f.id for a in found for f in a.forms}) == 2
    without = anchors.anchors_of(connection, ["mem-1"])["mem-1"]
    assert {f.code for a in without for f in a.forms} == {""}
    assert anchors.anchors_of(connection, ["mem-none"]) == {}


def test_the_anchors_of_a_place_are_those_of_the_file_its_symbols_and_the_folder(
    connection: Connection, memory: MakeMemory, anchor: MakeAnchor
) -> None:
    memories.insert(connection, memory("mem-1"), [anchor("api/a.py"), anchor("api/", position=1)])
    memories.insert(connection, memory("mem-2"), [anchor("api/a.py", "f")])
    memories.insert(connection, memory("mem-3"), [anchor("api/b.py")])
    memories.insert(connection, memory("mem-4", workspace_id="ws-2"), [anchor("api/a.py")])
    found = anchors.anchors_at(connection, ["ws-1"], ["api/a.py", "api/"])
    assert [(a.memory_id, a.path, a.symbol) for a in found] == [
        ("mem-1", "api/a.py", None),
        ("mem-1", "api/", None),
        ("mem-2", "api/a.py", "f"),
    ]
    assert [a.memory_id for a in anchors.workspace_anchors(connection, "ws-2")] == ["mem-4"]


def test_the_same_form_is_accepted_once(
    connection: Connection, memory: MakeMemory, anchor: MakeAnchor, form: MakeForm
) -> None:
    memories.insert(connection, memory("mem-1"), [anchor("a.py", "f", form("one")), anchor("b.py", position=1)])
    symbol, file = of(connection, "mem-1")
    again = anchors.add_form(connection, symbol.id, form("one", source="accepted", code="other"))
    assert (again.id, again.source, again.code) == (symbol.forms[0].id, "stored", "def load(self): ...  # one")
    elsewhere = anchors.add_form(connection, symbol.id, form("one", path="moved.py"))
    assert elsewhere.id not in (0, again.id)
    for _ in range(2):
        anchors.add_form(connection, file.id, form("whole", symbol=None))
    assert [len(a.forms) for a in of(connection, "mem-1")] == [2, 1]
    whole = anchors.whole(connection, [symbol.id])[symbol.id]
    assert [each.code for each in whole.forms] == ["def load(self): ...  # one"] * 2


def test_a_form_that_was_only_followed_is_no_accepted_one(
    connection: Connection, memory: MakeMemory, anchor: MakeAnchor, form: MakeForm
) -> None:
    memories.insert(connection, memory("mem-1"), [anchor("a.py", "f", form("one"))])
    (symbol,) = of(connection, "mem-1")
    followed = anchors.add_form(connection, symbol.id, form("two", source="followed"))
    accepted = anchors.add_form(connection, symbol.id, form("two", source="accepted"))
    assert (accepted.source, accepted.id > followed.id) == ("accepted", True)
    assert anchors.add_form(connection, symbol.id, form("two", source="followed")).id == followed.id


def test_an_anchor_is_found_where_any_of_its_forms_stood_and_by_its_id(
    connection: Connection, memory: MakeMemory, anchor: MakeAnchor, form: MakeForm
) -> None:
    memories.insert(connection, memory("mem-1"), [anchor("a.py", "f", form("one"), form("one", path="moved.py"))])
    memories.insert(connection, memory("mem-2"), [anchor("b.py", "g", form("two", path="b.py"))])
    other = of(connection, "mem-2")[0].id
    assert [a.memory_id for a in anchors.anchors_at(connection, ["ws-1"], ["moved.py"])] == ["mem-1"]
    assert [a.memory_id for a in anchors.anchors_at(connection, ["ws-1"], ["moved.py"], [other])] == ["mem-1", "mem-2"]
    assert anchors.anchors_at(connection, ["ws-2"], ["moved.py"], [other]) == []
    assert [a.forms for a in anchors.anchors_at(connection, ["ws-1"], ["moved.py"], with_forms=False)] == [[]]


def test_an_edit_keeps_the_anchors_it_names_again_with_all_their_forms(
    connection: Connection, memory: MakeMemory, anchor: MakeAnchor, form: MakeForm
) -> None:
    row = memory("mem-1")
    memories.insert(connection, row, [anchor("a.py", "f", form("one")), anchor("b.py", position=1)])
    before = of(connection, "mem-1")
    memories.update(connection, row, "edited", [anchor("c.py"), anchor("a.py", "f", form("two"), position=1)])
    after = of(connection, "mem-1")
    assert [(a.path, a.symbol) for a in after] == [("c.py", None), ("a.py", "f")]
    assert after[1].id == before[0].id
    assert after[0].id not in {a.id for a in before}
    assert [f.fingerprint for f in after[1].forms] == ["one", "two"]


def test_the_id_of_an_anchor_that_is_gone_is_not_given_again(
    connection: Connection, memory: MakeMemory, anchor: MakeAnchor, form: MakeForm
) -> None:
    memories.insert(connection, memory("mem-1"), [anchor("a.py", "f", form("one"))])
    gone = of(connection, "mem-1")[0]
    memories.purge(connection, ["mem-1"])
    memories.insert(connection, memory("mem-2"), [anchor("a.py", "f", form("one"))])
    new = of(connection, "mem-2")[0]
    assert new.id > gone.id
    assert new.forms[0].id > gone.forms[0].id


def test_forms_of_another_version_are_given_in_batches_until_they_are_renewed_or_kept(
    connection: Connection, memory: MakeMemory, anchor: MakeAnchor, form: MakeForm
) -> None:
    forms = [form(f"old {n}", fingerprint_version=FINGERPRINT_VERSION - 1, beside="beside") for n in range(3)]
    now = form("new", fingerprint_version=FINGERPRINT_VERSION)
    memories.insert(connection, memory("mem-1"), [anchor("a.py", "f", *forms, now)])
    first = anchors.outdated_forms(connection, 0, 2)
    assert [(each.fingerprint, each.code, each.beside) for each in first] == [
        (each.fingerprint, each.code, each.beside) for each in forms[:2]
    ]
    rest = anchors.outdated_forms(connection, first[-1].id, 2)
    assert [each.fingerprint for each in rest] == ["old 2"]

    made = {"fingerprint": "made", "header": "anew", "size": 99, "marks": (1, 2), "beside": "other"}
    renewed = structs.replace(first[0], fingerprint_version=FINGERPRINT_VERSION, **made)
    anchors.renew_forms(connection, [renewed], [first[1].id])
    assert [each.fingerprint for each in anchors.outdated_forms(connection, 0, 9)] == ["old 2"]
    after = of(connection, "mem-1")[0].forms
    assert [each.fingerprint for each in after] == ["made", "old 1", "old 2", "new"]
    assert structs.replace(after[0], marks=tuple(after[0].marks)) == renewed
    assert structs.replace(after[1], fingerprint_version=first[1].fingerprint_version) == first[1]


def test_forms_that_keep_an_older_fingerprint_are_given_again_when_the_version_is_another_one(
    connection: Connection, memory: MakeMemory, anchor: MakeAnchor, form: MakeForm
) -> None:
    kept_by_an_older_release = form("old", fingerprint_version=-(FINGERPRINT_VERSION - 1))
    memories.insert(connection, memory("mem-1"), [anchor("a.py", "f", kept_by_an_older_release)])
    assert [each.fingerprint for each in anchors.outdated_forms(connection, 0, 9)] == ["old"]
