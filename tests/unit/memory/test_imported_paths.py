"""Where the file may stand that an import names."""

from __future__ import annotations

import pytest

from recalld.memory.imports import _resolved, module_places


@pytest.mark.parametrize(
    ("language", "path", "written", "expected"),
    [
        ("python", "src/a/b.py", ".c.x", [("src/a/c/x", True), ("src/a/c", True)]),
        ("python", "src/a/b.py", "a.c", [("a/c", False), ("a", False)]),
        ("python", "b.py", "..c", []),
        ("typescript", "src/a.ts", "./b.js", [("src/b", True)]),
        ("typescript", "src/a.ts", "../../b", []),
        ("typescript", "src/a.ts", "react", []),
        ("c", "src/a.c", "x/b.h", [("src/x/b", True), ("x/b", False)]),
        ("java", "A.java", "a.b.C", [("a/b/C", False), ("a/b", False)]),
    ],
)
def test_an_import_names_places(language: str, path: str, written: str, expected: list[tuple[str, bool]]) -> None:
    assert module_places(language, path, written) == expected


def test_the_nearest_of_several_is_meant_and_a_lone_name_stands_in_a_folder_around() -> None:
    assert _resolved("p/x.py", [("a/c", False)], ["b/a/c.py", "p/a/c.py"]) == "p/a/c.py"
    assert _resolved("p/x.py", [("json", False)], ["tools/json.py"]) is None
    assert _resolved("p/q/x.py", [("y", False)], ["p/y.py"]) == "p/y.py"
