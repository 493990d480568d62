"""What a file imports, as its outline says it."""

from __future__ import annotations

import pytest

from recalld.code.extract import extract
from recalld.code.grammar import MAX_IMPORTS
from recalld.code.languages import BY_NAME


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("python", "from . import x, y as z\nfrom .a.b import c\nimport q.r as s\nfrom m import *\n",
         [".x", ".y", ".a.b.c", "q.r", "m"]),
        ("javascript", "import a from './a'; export * from './b'; const c = require('./c'); import('./d');",
         ["./a", "./b", "./c", "./d"]),
        ("typescript", "import type { A } from './a';", ["./a"]),
        ("tsx", "import { A } from './a';", ["./a"]),
        ("java", "import a.b.C;\nimport static a.b.C.d;\n", ["a.b.C", "a.b.C.d"]),
        ("kotlin", "import a.b.C\n", ["a.b.C"]),
        ("go", 'package a\nimport "x/y"\nimport (\n q "z/w"\n)\n', ["x/y", "z/w"]),
        ("c", '#include "a/b.h"\n#include <x.h>\n', ["a/b.h"]),
        ("cpp", '#include "a/b.hpp"\n', ["a/b.hpp"]),
        ("ruby", "require 'a/b'\nrequire_relative 'c'\n", ["a/b", "c"]),
        ("rust", "use crate::a::C;\nmod x;\nmod y {}\n", ["crate::a::C", "x"]),
    ],
)  # fmt: skip
def test_imports_are_given_as_they_are_written(language: str, source: str, expected: list[str]) -> None:
    assert extract(source.encode(), BY_NAME[language], 100).imports == expected


def test_imports_of_one_file_have_a_limit_and_come_once() -> None:
    source = "".join(f"import m{i % (MAX_IMPORTS + 5)}\n" for i in range(2 * MAX_IMPORTS + 10))
    imports = extract(source.encode(), BY_NAME["python"], 100).imports
    assert imports == [f"m{i}" for i in range(MAX_IMPORTS)]
