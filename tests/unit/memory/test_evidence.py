from __future__ import annotations

import random
from collections.abc import Mapping
from hashlib import blake2b

from recalld.code.extract import extract
from recalld.code.languages import BY_NAME, language_of
from recalld.memory.evidence import Finding, became, folder_became, search, standing
from recalld.memory.forms import form_of_file, form_of_symbol
from recalld.memory.snapshot import Snapshot
from recalld.outline import Outline
from recalld.store.rows import FormRow, FormSource

LOAD = '''def load_settings(path, defaults):
    """Settings of a file over what holds without it."""
    merged = dict(defaults)
    for line in path.read_text().splitlines():
        name, _, value = line.partition("=")
        merged[name.strip()] = value.strip()
    return merged
'''
SAVE = """def save_settings(path, settings):
    lines = [f"{name}={value}" for name, value in sorted(settings.items())]
    path.write_text("\\n".join(lines))
    return len(lines)
"""
STORE = """class Store:
    def __init__(self, root):
        self._root = root

    @property
    def root(self):
        return self._root

    def keys(self):
        return sorted(entry.name for entry in self._root.iterdir())
"""
JAVA = """class Store {
  private final Path root;
  Store(Path root) { this.root = root; }
  Path getRoot() { return root; }
  int count(String prefix) { return list(root, prefix).size() + offset(prefix); }
}
"""


def outline_of(path: str, text: str) -> Outline:
    content = text.encode()
    language = language_of(path, content) or BY_NAME["python"]
    symbols = extract(content, language, 500).symbols
    hashed = blake2b(content, digest_size=16).hexdigest()
    return Outline(path, "parsed", language.name, hashed, "1:2:3", text.count("\n"), symbols)


def tree(files: Mapping[str, str | None]) -> Snapshot:
    """A tree with these files; None for those that are gone."""
    snapshot = Snapshot({path: outline_of(path, text) if text is not None else None for path, text in files.items()})
    snapshot.contents = {path: text.encode() for path, text in files.items() if text is not None}
    return snapshot


def form(path: str, name: str, text: str, source: FormSource = "stored", form_id: int = 1) -> FormRow:
    outline = outline_of(path, text)
    (symbol,) = [symbol for symbol in outline.symbols if symbol.name == name]
    made = form_of_symbol(outline, symbol, text.encode(), "2030-01-01T00:00:00Z", source)
    made.id = form_id
    return made


def at(finding: Finding | None) -> str | None:
    assert finding is not None
    return f"{finding.place.outline.path}::{finding.place.symbol.name}" if finding.place else None


def found(forms: list[FormRow], files: Mapping[str, str | None]) -> Finding:
    snapshot = tree(files)
    for each in forms:
        if snapshot.outlines.get(each.path) is None:
            likely = became(each, snapshot)
            snapshot.became[each.path] = [outline.path for outline in likely]
    return standing(forms, snapshot) or search(forms, snapshot)


def paths(outlines: list[Outline]) -> list[str]:
    return [outline.path for outline in outlines]


def test_a_form_that_stands_decides_whatever_else_there_is() -> None:
    first = form("a.py", "load_settings", LOAD)
    copy = LOAD.replace("load_settings", "read_settings")
    finding = found([first], {"a.py": LOAD, "b.py": copy})
    assert (at(finding), finding.evidence) == ("a.py::load_settings", "form")


def test_of_two_forms_that_stand_the_accepted_one_comes_before_the_followed_one() -> None:
    accepted = form("a.py", "load_settings", LOAD, form_id=1)
    followed = form("b.py", "load_settings", LOAD, "followed", form_id=2)
    assert at(found([accepted, followed], {"a.py": LOAD, "b.py": LOAD})) == "a.py::load_settings"


def test_code_under_its_old_name_is_found_there_though_it_was_edited_and_copied_before() -> None:
    edited = LOAD.replace("value.strip()", "value.strip().lower()")
    copy = LOAD.replace("load_settings", "read_settings")
    finding = found([form("a.py", "load_settings", LOAD)], {"a.py": edited + copy})
    assert (at(finding), finding.evidence) == ("a.py::load_settings", "name")


def test_an_old_name_that_was_given_to_other_code_is_not_followed() -> None:
    taken = 'def load_settings(url):\n    return fetch(url, retries=3, timeout="1s").json()["settings"]\n'
    renamed = LOAD.replace("load_settings", "read_settings")
    finding = found([form("a.py", "load_settings", LOAD)], {"a.py": taken + "\n\n" + renamed})
    assert (at(finding), finding.evidence) == ("a.py::read_settings", "body")


def test_what_stood_beside_deleted_code_is_not_what_became_of_it() -> None:
    twin = LOAD.replace("load_settings", "load_defaults").replace('"="', '":"')
    finding = found([form("a.py", "load_settings", LOAD + twin)], {"a.py": twin})
    assert finding == Finding()


def test_a_renamed_neighbour_is_not_what_became_of_deleted_code() -> None:
    twin = LOAD.replace("load_settings", "load_defaults").replace('"="', '":"')
    renamed = twin.replace("load_defaults", "read_defaults")
    assert found([form("a.py", "load_settings", LOAD + twin)], {"a.py": renamed}) == Finding()


def test_a_namesake_that_stood_in_another_file_is_not_what_became_of_deleted_code() -> None:
    namesake = LOAD.replace('"="', '":"').replace("merged", "found")
    anchored = form("a.py", "load_settings", LOAD + SAVE)
    assert at(found([anchored], {"a.py": SAVE, "b.py": namesake})) == "b.py::load_settings"
    anchored.namesakes = "b.py::load_settings"
    assert found([anchored], {"a.py": SAVE, "b.py": namesake}) == Finding()


def test_a_getter_goes_along_with_its_class() -> None:
    anchored = form("a.py", "Store.root", STORE)
    moved = found([anchored], {"a.py": SAVE, "b.py": STORE.replace("class Store", "class Folder")})
    assert (at(moved), moved.evidence) == ("b.py::Folder.root", "file")
    file_moved = found([anchored], {"a.py": None, "b.py": STORE})
    assert (at(file_moved), file_moved.evidence) == ("b.py::Store.root", "file")


def test_members_and_constructors_go_along_with_a_class_renamed_with_its_file() -> None:
    files = {"Store.java": None, "Folder.java": JAVA.replace("Store", "Folder")}
    for name, expected in (
        ("Store", "Folder"),
        ("Store.Store", "Folder.Folder"),
        ("Store.getRoot", "Folder.getRoot"),
        ("Store.count", "Folder.count"),
    ):
        assert at(found([form("Store.java", name, JAVA)], files)) == f"Folder.java::{expected}"


def test_two_copies_that_are_equally_near_are_ambiguous_and_named() -> None:
    finding = found([form("a.py", "load_settings", LOAD)], {"a.py": SAVE, "b.py": LOAD, "c.py": LOAD})
    assert finding.place is None
    assert [place.outline.path for place in finding.candidates] == ["b.py", "c.py"]


def test_the_copy_of_its_own_name_is_nearer_than_one_of_another_name() -> None:
    other = LOAD.replace("load_settings", "parse_lines")
    finding = found([form("a.py", "load_settings", LOAD)], {"a.py": SAVE, "b.py": other, "c.py": LOAD})
    assert (at(finding), finding.evidence) == ("c.py::load_settings", "body")


def test_a_stub_found_by_its_body_alone_is_no_evidence() -> None:
    stub = "def close_all(self):\n    pass\n"
    renamed = stub.replace("close_all", "shutdown_everything")
    finding = found([form("a.py", "close_all", stub + SAVE)], {"a.py": renamed + SAVE})
    assert (finding.place, finding.trivial) == (None, True)
    assert [place.symbol.name for place in finding.candidates] == ["shutdown_everything"]
    many = "".join(f"def f{n}(self):\n    pass\n" for n in range(9))
    assert found([form("a.py", "close_all", stub + SAVE)], {"a.py": SAVE, "b.py": many}) == Finding()


def test_code_that_was_moved_renamed_and_edited_at_once_is_found_by_its_lines() -> None:
    edited = LOAD.replace("load_settings", "merge_lines").replace("value.strip()", "value.strip().lower()")
    finding = found([form("a.py", "load_settings", LOAD)], {"a.py": SAVE, "b.py": edited})
    assert (at(finding), finding.evidence) == ("b.py::merge_lines", "likeness")


def test_overloads_are_told_apart_and_the_bare_name_stands_for_the_only_one() -> None:
    one = "class C { int f(int a) { return a + first(a); } }"
    two = "class C { int f(int a) { return a + first(a); } int f(String a) { return a.length() + other(a); } }"
    assert at(found([form("C.java", "C.f", one)], {"C.java": two})) == "C.java::C.f(int)"
    assert at(found([form("C.java", "C.f(int)", two)], {"C.java": one})) == "C.java::C.f"
    only_other = "class C { int f(String a) { return a.length() + other(a); } }"
    assert found([form("C.java", "C.f(int)", two)], {"C.java": only_other}) == Finding()


def test_the_latest_form_helps_to_find_what_the_first_is_unlike() -> None:
    drifted = SAVE.replace("save_settings", "load_settings")
    renamed = drifted.replace("load_settings", "write_settings").replace("len(lines)", "len(lines) + 1")
    first = form("a.py", "load_settings", LOAD, form_id=1)
    assert found([first], {"a.py": renamed}) == Finding()
    seen = form("a.py", "load_settings", drifted, "followed", form_id=2)
    assert at(found([first, seen], {"a.py": renamed})) == "a.py::write_settings"


def test_neither_the_order_of_files_nor_files_without_bearing_change_what_is_found() -> None:
    files = {"a.py": SAVE, "b.py": LOAD.replace("strip()", "rstrip()"), "c.py": STORE, "d.py": SAVE + STORE}
    anchored = [form("a.py", "load_settings", LOAD)]
    expected = at(found(anchored, {"a.py": SAVE, "b.py": files["b.py"]}))
    assert expected == "b.py::load_settings"
    for seed in range(10):
        shuffled = list(files.items())
        random.Random(seed).shuffle(shuffled)
        assert at(found(anchored, dict(shuffled))) == expected


def test_a_file_that_is_gone_became_the_one_with_most_of_what_it_declared() -> None:
    text = LOAD + SAVE + STORE
    edited = LOAD + SAVE.replace("len(lines)", "0") + STORE
    then = form_of_file(outline_of("a.py", text), text.encode(), "2030-01-01T00:00:00Z")
    assert paths(became(then, tree({"c.py": edited, "b.py": text, "d.py": LOAD}))) == ["b.py"]
    assert paths(became(then, tree({"c.py": edited, "d.py": LOAD, "a.py": None}))) == ["c.py"]
    assert paths(became(then, tree({"d.py": LOAD}))) == []
    twins = {"x/b.py": text, "x/a.py": text}
    assert paths(became(then, tree(twins))) == ["x/a.py"]
    then.namesakes = "x/a.py"
    assert paths(became(then, tree(twins))) == ["x/b.py"]
    assert paths(became(then, tree({"x/a.py": text}))) == ["x/a.py"]


def test_a_folder_that_is_gone_became_the_only_one_with_most_of_its_files() -> None:
    then = ["models.py", "views/list.py", "views/detail.py"]
    moved = ["web/models.py", "web/views/list.py", "web/views/detail.py", "other/models.py"]
    assert folder_became(then, moved) == "web/"
    assert folder_became(then, ["web/models.py", "other/views/list.py"]) is None
    assert folder_became(["models.py"], ["a/models.py", "b/models.py"]) is None
    assert folder_became([], moved) is None
