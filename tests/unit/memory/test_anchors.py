from __future__ import annotations

import pytest
from msgspec import structs

from recall.protocol.errors import RecallError
from recalld.memory import anchors
from recalld.outline import Outline, Symbol
from recalld.store.rows import AnchorRow


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


def test_parameter_types_may_be_spelled_with_spaces_and_given_where_they_are_not_needed() -> None:
    for types in ("byte[], OutputStream", "byte..., java.io.OutputStream", "byte[],OutputStream<T>"):
        assert anchors.find_symbol(SESSIONS, f"CopyUtils.copy({types})").name == "CopyUtils.copy(byte[],OutputStream)"
    assert anchors.find_symbol(SESSIONS, "merge(int)").name == "merge"


def test_of_functions_defined_twice_the_name_means_the_one_in_force() -> None:
    twice = [symbol("load", "function"), symbol("load#2", "function"), symbol("C.x"), symbol("C.x#2")]
    script = Outline("a.py", "parsed", "python", symbols=twice)
    assert anchors.find_symbol(script, "load").name == "load#2"
    assert anchors.find_symbol(script, "C.x").name == "C.x"
    assert anchors.find_symbol(Outline("a.c", "parsed", "c", symbols=twice), "load").name == "load"


def test_an_unknown_symbol_is_refused_with_near_names() -> None:
    with pytest.raises(RecallError, match=r"did you mean Session\.get_redirect_target") as refusal:
        anchors.find_symbol(SESSIONS, "get_redirect_targt")
    assert refusal.value.code == "unknown_symbol"


COOKIES = Outline(
    "flask/sessions.py",
    "parsed",
    symbols=[
        symbol(f"{kind}.{name}")
        for kind in ("SessionInterface", "SecureCookieSessionInterface", "Command")
        for name in ("save_session", "open_session", "should_set_cookie", "get_root")
    ],
)


def test_near_names_are_those_of_the_class_that_was_named_first() -> None:
    near = anchors.near_names(COOKIES, "SecureCookieSessionInterface.save_sesion")
    assert near[:2] == ["SecureCookieSessionInterface.save_session", "SessionInterface.save_session"]
    assert len(near) == 3


@pytest.mark.parametrize(
    "spelled",
    [
        "(c *Command) get_rot",
        "func (c *Command) get_rot(name string)",
        "(*Command).get_root",
        "(c *Command[T]) get_root",
        "Command::get_root",
        "Command<T>::get_rot",
        "Command#get_rot",
        "ns::Command::get_root(int) const",
    ],
)
def test_a_name_as_another_language_writes_it_finds_its_symbol_near(spelled: str) -> None:
    assert anchors.near_names(COOKIES, spelled)[0] == "Command.get_root"


@pytest.mark.parametrize("nothing", ["(", "::", ".", " ", "(c *Command)"])
def test_a_name_of_which_nothing_is_left_is_near_to_none(nothing: str) -> None:
    assert anchors.near_names(COOKIES, nothing) == []


def test_how_many_more_a_name_could_mean_is_said() -> None:
    several = Outline("a.java", "parsed", symbols=[symbol(f"C.copy(T{n})") for n in range(9)])
    with pytest.raises(
        RecallError, match=r"could be C\.copy\(T0\) or .*C\.copy\(T5\) and 3 more: say which"
    ) as refusal:
        anchors.find_symbol(several, "C.copy")
    assert len(refusal.value.details["candidates"]) == 9
    with pytest.raises(RecallError, match=r"Adapter\.get: say which"):
        anchors.find_symbol(SESSIONS, "get")


def test_a_reference_without_a_symbol_is_refused() -> None:
    with pytest.raises(RecallError, match="path::name"):
        anchors.split_reference("requests/sessions.py")
    assert anchors.split_reference("a.py::B.c") == ("a.py", "B.c")


def test_lines_of_a_file_are_told_from_a_path() -> None:
    assert anchors.split_lines("api/models.py:20-31") == ("api/models.py", 20, 31)
    assert anchors.split_lines("api/models.py") is None
    assert anchors.split_lines("api/models.py:20") == ("api/models.py", 20, 20)
    for no_lines in ("api/models.py:a-b", "api/models.py:20-", "api/models.py:" + "9" * 5000):
        assert anchors.split_lines(no_lines) is None
    with pytest.raises(RecallError, match="before the first; write lines as path:120-140"):
        anchors.split_lines("api/models.py:31-20")
    with pytest.raises(RecallError, match="counted from 1"):
        anchors.split_lines("api/models.py:0-5")


def test_lines_belong_to_the_innermost_symbol_around_them() -> None:
    outer, inner = symbol("Session", "class"), symbol("Session.get")
    outline = Outline("a.py", "parsed", symbols=[structs.replace(outer, line=1, end_line=9, end=90), inner])
    assert anchors.enclosing(outline, 3, 5) == inner
    assert anchors.enclosing(outline, 3, 6) == outline.symbols[0]
    assert anchors.enclosing(outline, 8, 10) is None


def test_an_anchor_is_written_as_a_person_would() -> None:
    assert anchors.reference(AnchorRow(kind="symbol", path="a.py", symbol="C.m")) == "a.py::C.m"
    assert anchors.reference(AnchorRow(kind="lines", path="a.py", symbol="C.m", lines="3-5")) == "a.py:3-5"
    assert anchors.reference(AnchorRow(kind="folder", path="api/")) == "api/"
