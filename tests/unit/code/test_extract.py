"""Names, overloads, limits and broken code."""

from __future__ import annotations

import pytest

from recalld.code.extract import Extracted, extract
from recalld.code.languages import BY_NAME


def outline(language: str, source: str, max_symbols: int = 100) -> Extracted:
    return extract(source.encode(), BY_NAME[language], max_symbols)


def names(language: str, source: str) -> list[str]:
    return [symbol.name for symbol in outline(language, source).symbols]


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("java", "class A { void f(int a) {} }", ["A", "A.f"]),
        (
            "java",
            "class A { void f(final int  [ ] a, Map<String, List<T>> b) {} void f(String... a) {} void f() {} }",
            ["A", "A.f(int[],Map<String,List<T>>)", "A.f(String...)", "A.f()"],
        ),
        ("java", "class A { int size; int size() { return 1; } }", ["A", "A.size", "A.size()"]),
        (
            "kotlin",
            "fun f(a: Int) = 1\nfun f(a: List<Int>?, b: (Int) -> T = x) = 2\n",
            ["f(Int)", "f(List<Int>?,(Int)->T)"],
        ),
        (
            "csharp",
            "class A { void F(ref int a) {} void F(string a, params int[] b) {} }",
            ["A", "A.F(int)", "A.F(string,int[])"],
        ),
        (
            "cpp",
            "void f(const char *a);\nvoid f(const char *a) {}\nvoid f(std::vector<int> &&v) {}\nint f(int a[3]) {}",
            ["f(const char*)", "f(std::vector<int>&&)", "f(int[3])"],
        ),
        ("scala", "class A { def f(a: Int) = 1; def f(a: Seq[Int]) = 2 }", ["A", "A.f(Int)", "A.f(Seq[Int])"]),
        ("swift", "func f(_ a: Int) {}\nfunc f(at b: inout [String: Int]) {}\n", ["f(Int)", "f([String:Int])"]),
        (
            "typescript",
            "function f(a: string): void;\nfunction f(a?: number, ...b: T[]): void {}\n",
            ["f(string)", "f(number,T[])"],
        ),
        ("python", "def f(): 1\ndef f(a): 2\nclass f: pass\n", ["f", "f#2", "f#3"]),
        ("markdown", "# A\n# A#2\n# A\n# A\n# A#2\n", ["A", "A#2", "A#3", "A#4", "A#2#2"]),
        ("java", "class A { void f(int a) {} void f(int b) {} }", ["A", "A.f(int)", "A.f(int)#2"]),
    ],
)
def test_what_has_the_same_name_is_told_apart(language: str, source: str, expected: list[str]) -> None:
    assert names(language, source) == expected


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("go", "package a\nfunc (t *T[K]) F() {}\n", ["T.F"]),
        ("rust", "impl<T> fmt::Display for a::B<T> { fn fmt(&self) {} }\n", ["B.fmt"]),
        ("cpp", "template <class T>\nint ns::A<T, B<int>>::f() { return 1; }\n", ["ns.A.f"]),
        ("ruby", "class A::B\n  def self.c; end\nend\n", ["A.B", "A.B.c"]),
        ("lua", "function M.a.b:c() end\n", ["M.a.b.c"]),
        ("javascript", "A.prototype.f = function () {};\nmodule.exports.g = () => 1;\n", ["A.f", "g"]),
        ("javascript", "export default { methods: { f() {} } };\n", ["f"]),
        ("php", "<?php\nnamespace A\\B;\nclass C { function d() {} }\n", ["C", "C.d"]),
        ("markdown", "# A\n## B\n### C ###\n## D\nE\n===\n", ["A", "A.B", "A.B.C", "A.D", "E"]),
    ],
)
def test_names_are_qualified_by_what_they_belong_to(language: str, source: str, expected: list[str]) -> None:
    assert names(language, source) == expected


def test_spans_begin_with_decorators_and_attributes() -> None:
    python = "@a\n@b(\n    1\n)\ndef f():\n    pass\n"
    assert [(s.line, s.end_line, s.start) for s in outline("python", python).symbols] == [(1, 6, 0)]
    rust = "#[a]\n// why\n#[b]\nfn f() {}\n"
    assert [(s.line, s.end_line, s.start) for s in outline("rust", rust).symbols] == [(1, 4, 0)]
    script = "@D()\nexport class A {\n  @E()\n  f(): void {}\n}\n"
    assert [(s.name, s.line, s.end_line) for s in outline("typescript", script).symbols] == [("A", 1, 5), ("A.f", 3, 4)]


def test_one_of_several_in_a_declaration_is_itself_alone() -> None:
    symbols = outline("javascript", "export const a = 1,\n  b = 2;\nconst c = 3;\n").symbols
    assert [(s.name, s.line, s.signature) for s in symbols] == [
        ("a", 1, "a = 1"),
        ("b", 2, "b = 2"),
        ("c", 3, "const c = 3"),
    ]
    assert [s.parent for s in symbols] == [-1, -1, -1]


def test_locals_are_no_symbols() -> None:
    assert names("go", "package a\nfunc f() {\n\tconst x = 1\n\tvar y = 2\n}\n") == ["f"]
    assert names("kotlin", "fun f() {\n    val x = 1\n    fun g() = 2\n}\n") == ["f", "f.g"]
    assert names("rust", "fn f() { const X: u8 = 1; }\n") == ["f"]


def test_a_long_header_is_cut_in_one_line() -> None:
    source = "def f(\n" + "".join(f"    parameter_{i},\n" for i in range(50)) + "): pass\n"
    signature = outline("python", source).symbols[0].signature
    assert len(signature) == 200
    assert signature.startswith("def f( parameter_0, parameter_1")


def test_no_more_symbols_are_given_than_asked_for() -> None:
    extracted = outline("python", "".join(f"class A{i}:\n    def f(self): pass\n" for i in range(20)), 5)
    assert [s.name for s in extracted.symbols] == ["A0", "A0.f", "A1", "A1.f", "A2"]
    assert extracted.cut


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        (
            "python",
            "def good(a):\n    return a\n\ndef bad(:\n    x = (\n\nclass After:\n    def f(self):\n        pass\n",
            "good",
        ),
        ("javascript", "function good() {}\nconst = = ;\nfunction after() {}\n", "after"),
        ("java", "class Good { void f() { int x = ; } void g() {} }", "Good.g"),
        ("go", "package a\nfunc Good() {}\nfunc Bad( {\nfunc After() {}\n", "Good"),
        ("rust", "fn good() {}\nfn bad( {\n}\nfn after() {}\n", "good"),
    ],
)
def test_broken_code_gives_what_can_be_read_of_it(language: str, source: str, expected: str) -> None:
    extracted = outline(language, source)
    assert extracted.partial
    assert expected in [symbol.name for symbol in extracted.symbols]


def test_text_that_is_no_utf_8_is_still_read() -> None:
    extracted = extract("# é\ndef größe():\n    return 'é'\n".encode("latin-1"), BY_NAME["python"], 10)
    assert len(extracted.symbols) == 1
    empty = extract(b"", BY_NAME["python"], 10)
    assert empty.symbols == []
    assert not empty.partial
