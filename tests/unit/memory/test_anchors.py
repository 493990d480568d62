from __future__ import annotations

import pytest

from recall.protocol.errors import RecallError
from recalld.memory import anchors
from recalld.outline import Outline, Symbol
from recalld.store.rows import AnchorRow, VerdictRow


def symbol(name: str, kind: str = "method", fingerprint: str = "f1", header: str = "h1") -> Symbol:
    return Symbol(name, kind, 3, 5, 10, 30, f"def {name}", fingerprint, header, 12, -1)


SESSIONS = Outline(
    "requests/sessions.py",
    "parsed",
    "python",
    "hash",
    "stamp",
    90,
    [
        symbol("Session", "class"),
        symbol("Session.get"),
        symbol("Session.get_redirect_target"),
        symbol("Adapter.get"),
        symbol("merge", "function"),
        symbol("CopyUtils.copy(byte[],OutputStream)"),
        symbol("CopyUtils.copy(Reader,Writer)"),
    ],
)


def anchored(name: str, fingerprint: str = "f1") -> AnchorRow:
    found = anchors.find_symbol(SESSIONS, name)
    form = anchors.form_of_symbol(SESSIONS, found, b"x" * 40, "2026-04-01T09:15:00Z")
    form.fingerprint = fingerprint
    return AnchorRow(id=7, kind="symbol", path=SESSIONS.path, symbol=found.name, forms=[form])


def test_a_bare_name_means_the_only_symbol_of_that_name() -> None:
    assert anchors.find_symbol(SESSIONS, "merge").name == "merge"
    assert anchors.find_symbol(SESSIONS, "get_redirect_target").name == "Session.get_redirect_target"


def test_a_bare_name_that_several_have_is_refused_with_all_of_them() -> None:
    with pytest.raises(RecallError) as refusal:
        anchors.find_symbol(SESSIONS, "get")
    assert refusal.value.details["candidates"] == ["Session.get", "Adapter.get"]


def test_overloads_share_their_bare_name() -> None:
    with pytest.raises(RecallError) as refusal:
        anchors.find_symbol(SESSIONS, "CopyUtils.copy")
    assert len(refusal.value.details["candidates"]) == 2
    assert anchors.find_symbol(SESSIONS, "CopyUtils.copy(Reader,Writer)").name == "CopyUtils.copy(Reader,Writer)"


def test_an_unknown_symbol_is_refused_with_near_names() -> None:
    with pytest.raises(RecallError, match=r"did you mean Session\.get_redirect_target") as refusal:
        anchors.find_symbol(SESSIONS, "get_redirect_targt")
    assert refusal.value.code == "unknown_symbol"


def test_a_reference_without_a_symbol_is_refused() -> None:
    with pytest.raises(RecallError, match="path::name"):
        anchors.split_reference("requests/sessions.py")
    assert anchors.split_reference("a.py::B.c") == ("a.py", "B.c")


def test_code_with_an_accepted_fingerprint_is_current() -> None:
    said = anchors.verdict_of(anchored("Session.get"), SESSIONS, exists=True)
    assert (said.verdict, said.line, said.end_line) == ("current", 3, 5)


def test_code_with_another_fingerprint_is_changed_and_says_since_when() -> None:
    said = anchors.verdict_of(anchored("Session.get", "older"), SESSIONS, exists=True)
    assert said.verdict == "changed"
    assert said.reason == "the code of Session.get changed since 2026-04-01"


def test_a_symbol_that_went_is_missing_and_so_is_one_whose_file_went() -> None:
    bare = Outline(SESSIONS.path, "parsed")
    assert anchors.verdict_of(anchored("Session.get"), bare, exists=True).verdict == "missing"
    assert anchors.verdict_of(anchored("Session.get"), None, exists=False).verdict == "missing"


def test_a_file_anchor_is_current_while_the_file_is_there() -> None:
    anchor = AnchorRow(kind="file", path="a.py")
    assert anchors.verdict_of(anchor, None, exists=True).verdict == "current"
    assert anchors.verdict_of(anchor, None, exists=False).verdict == "missing"


def test_a_memory_shows_the_worst_of_its_anchors_with_the_reason() -> None:
    rows = [
        VerdictRow(anchor_id=1, verdict="current", reason="", path="a", symbol=None),
        VerdictRow(anchor_id=2, verdict="changed", reason="the code of f changed", path="a", symbol="f"),
    ]
    assert anchors.worst(rows) == ("changed", "the code of f changed")
    assert anchors.worst([]) == (None, "")
