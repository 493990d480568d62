from __future__ import annotations

import pytest

from recalld.memory.difference import MAX_DIFF_LINES, differences, unified_diff

PYTHON = """@cached(60)
def load(path, limit: int = 3) -> dict:
    \"\"\"Load it.\"\"\"
    text = path.read_text()  # all of it
    found = parse(text)
    return found[:limit]
"""
JAVA = """@Override
public int copy(byte[] from, OutputStream to) throws IOException {
    to.write(from);
    return from.length;
}"""
GO = """func (s *Store) Load(key string) (string, error) {
	return s.values[key], nil
}"""
RUST = """fn load<T>(&self, key: &str) -> Option<T> {
    self.values.get(key).cloned()
}"""
JAVASCRIPT = """async function load(path, limit = 3) {
  const text = await read(path);
  return text.slice(0, limit);
}"""
CSHARP = """[Fact]
public int load(int a)
{
    return a;
}"""
PHP = """#[Route('/a')]
public function load($a) {
    return $a; # as it is
}"""
KOTLIN = """@Cached
fun String.load(a: Int): Int {
    return a
}"""
CLASS = """class Store(Base):
    def load(self):
        return 1
"""
INTERFACE = """export class Store extends Base {
  load() { return 1; }
}"""
DECORATED = """@Component({ selector: "x" })
class Store { load() {} }"""


@pytest.mark.parametrize(
    ("text", "language", "kind", "was", "becomes", "parts"),
    [
        (PYTHON, "python", "function", "cached(60)", "cached(90)", ["decorators"]),
        (PYTHON, "python", "function", "limit: int = 3", "limit: int = 4", ["parameters"]),
        (PYTHON, "python", "function", "-> dict", "-> list", ["return type"]),
        (PYTHON, "python", "function", "parse(text)", "parse(text, 1)", ["body"]),
        (PYTHON, "python", "function", "def load", "async def load", ["modifiers"]),
        (PYTHON, "python", "function", "Load it", "Load all", []),
        (JAVA, "java", "method", "@Override", "@Deprecated", ["annotations"]),
        (JAVA, "java", "method", "public int", "public long", ["return type"]),
        (JAVA, "java", "method", "public int", "public static final int", ["modifiers"]),
        (JAVA, "java", "method", "public int", "private long", ["modifiers", "return type"]),
        (JAVA, "java", "method", "throws IOException", "throws Exception", ["throws clause"]),
        (JAVA, "java", "method", "byte[] from", "char[] from", ["parameters"]),
        (JAVA, "java", "method", "from.length", "0", ["body"]),
        (GO, "go", "method", "(string, error)", "string", ["return type"]),
        (GO, "go", "method", "s *Store", "s *Shop", ["receiver"]),
        (GO, "go", "method", "func (s *Store) ", "func ", ["receiver"]),
        (GO, "go", "method", "key string", "key []byte", ["parameters"]),
        (RUST, "rust", "function", "Option<T>", "Result<T>", ["return type"]),
        (RUST, "rust", "function", "fn load", "pub(crate) unsafe fn load", ["modifiers"]),
        (RUST, "rust", "function", "fn load", "#[inline]\nfn load", ["attributes"]),
        (RUST, "rust", "function", "cloned", "copied", ["body"]),
        (JAVASCRIPT, "javascript", "function", "async ", "", ["modifiers"]),
        (CSHARP, "csharp", "method", "[Fact]", "[Theory]", ["attributes"]),
        (CSHARP, "csharp", "method", "public int", "public static async int", ["modifiers"]),
        (PHP, "php", "method", "#[Route('/a')]", "#[Route('/b')]", ["attributes"]),
        (KOTLIN, "kotlin", "function", "@Cached", "@Stored", ["annotations"]),
        (KOTLIN, "kotlin", "function", "String.load", "Text.load", ["receiver"]),
        (JAVASCRIPT, "javascript", "function", "limit = 3", "limit = 4", ["parameters"]),
        (JAVASCRIPT, "javascript", "function", "slice(0", "slice(1", ["body"]),
        (CLASS, "python", "class", "(Base)", "(Other)", ["base classes"]),
        (CLASS, "python", "class", "def load", "def fetch", ["members"]),
        (INTERFACE, "typescript", "class", "extends Base", "extends Other", ["base classes"]),
        (DECORATED, "typescript", "class", '"x"', '"y"', ["decorators"]),
        ("LIMIT = 3", "python", "constant", "3", "4", ["value"]),
    ],
)
def test_what_differs_in_a_definition_is_named(
    text: str, language: str, kind: str, was: str, becomes: str, parts: list[str]
) -> None:
    name = {"class": "Store", "constant": "LIMIT"}.get(kind, "copy" if language == "java" else "load")
    name = "Load" if language == "go" else name
    assert was in text
    assert differences(text, text.replace(was, becomes), language, kind, (name, name)) == parts


@pytest.mark.parametrize(
    ("then", "now", "parts"),
    [
        ("const f = (a: A): B => { go(); }", "function f(a: A): B { go(); }", ["declaration"]),
        ("const f = async <T>(a: T) => { go(); };", "async function f<T>(a: T) { go(); }", ["declaration"]),
        ("const f = a => { go(); }", "function f(a) { go(); }", ["declaration"]),
        ("const f: Go<A> = (a) => { go(); }", "function f(a) { go(); }", ["declaration"]),
        ("const f = function (a) { go(); }", "let f = (a) => { go(); }", ["declaration"]),
        ("f: (a) => { go(); }", "f(a) { go(); }", ["declaration"]),
        ("const f = (a) => go()", "function f(a) { return go(); }", ["declaration", "body"]),
        ("const f = (a: A): B => { go(); }", "function f(a: A): C { go(); }", ["declaration", "return type"]),
        ("const f = (a: A): B => { go(); }", "function f(b: A): B { go(); }", ["declaration", "parameters"]),
        ("const f = (a) => { go(); }", "const f = async (a) => { go(); }", ["modifiers"]),
        ("const f = (a) => { go(); }", "const f = (a) => { stop(); }", ["body"]),
    ],
)
def test_how_a_function_is_declared_is_apart_from_what_it_takes_and_does(then: str, now: str, parts: list[str]) -> None:
    assert differences(f"export {then}", f"export {now}", "typescript", "function", ("f", "f")) == parts


def test_a_name_in_a_decorator_is_not_where_the_definition_begins() -> None:
    setter = "@size.setter\ndef size(self, value):\n    self._size = value"
    now = setter.replace("setter", "deleter")
    assert differences(setter, now, "python", "method", ("size", "size")) == ["decorators"]


def test_several_differences_are_all_named() -> None:
    now = PYTHON.replace("limit", "most").replace("-> dict", "-> list")
    assert differences(PYTHON, now, "python", "function", ("load", "load")) == ["parameters", "return type", "body"]


def test_a_diff_shows_then_and_now_at_one_indentation() -> None:
    method = "def f(self):\n        a = 1\n        return a"
    function = "def f(self):\n    a = 2\n    return a"
    assert unified_diff(method, function, "a.py::C.f", "b.py::f").splitlines() == [
        "--- a.py::C.f",
        "+++ b.py::f",
        "@@ -1,3 +1,3 @@",
        " def f(self):",
        "-    a = 1",
        "+    a = 2",
        "     return a",
    ]
    assert unified_diff(method, method, "a", "b") == ""


METHOD = """def f(self, a):
        b = a

        return g(
            b
        )"""


@pytest.mark.parametrize(
    ("language", "then", "now", "changed"),
    [
        ("python", METHOD, "@cached\n    " + METHOD, ["+@cached"]),
        ("python", METHOD, "@cached(\n        3\n    )\n    " + METHOD, ["+@cached(", "+    3", "+)"]),
        ("python", METHOD, METHOD + "\n        # end", ["+    # end"]),
        ("python", METHOD, METHOD.replace("b = a", 'b = """\nx"""'), ["-    b = a", '+    b = """', '+    x"""']),
        (
            "python",
            METHOD,
            METHOD.replace("(self, a):", "(\n        self, a\n    ):"),
            ["-def f(self, a):", "+def f(", "+    self, a", "+):"],
        ),
        (
            "python",
            METHOD,
            METHOD.replace("(self, a)", "(self,\n          a)"),
            ["-def f(self, a):", "+def f(self,", "+      a):"],
        ),
        ("python", METHOD, METHOD.replace("\n    ", "\n").replace("= a", "= 1"), ["-    b = a", "+    b = 1"]),
        ("java", "int f() {\n        go();\n    }", "@A\n    int f() {\n        go();\n    }", ["+@A"]),
        ("go", "func f() {\n\tgo()\n}", "func f() {\n\tgo()\n\tgo()\n}", ["+\tgo()"]),
        ("ruby", "def f\n    go\n  end", "def f\n  go\nend", []),
        ("python", "    a\n    b\n      c", "a\nd\n  c", ["-b", "+d"]),
    ],
)
def test_only_the_lines_that_changed_differ_wherever_a_symbol_stands(
    language: str, then: str, now: str, changed: list[str]
) -> None:
    lines = unified_diff(then, now, "a", "b", language).splitlines()[2:]
    assert [line for line in lines if line[0] in "+-"] == changed


def test_blank_lines_stay_blank_in_a_diff() -> None:
    lines = unified_diff(METHOD, "def f(self, a):\n        b = a", "a", "b", "python").splitlines()
    assert "-" in lines


def test_a_long_diff_ends_with_how_many_lines_more_there_are() -> None:
    now = "\n".join(f"x{number}" for number in range(300))
    lines = unified_diff("", now, "a", "b").splitlines()
    assert len(lines) == MAX_DIFF_LINES + 1
    assert lines[-1] == f"… {3 + 300 - MAX_DIFF_LINES} more lines"  # three lines of header
    assert "more line" not in unified_diff("", "\n".join(now.splitlines()[:100]), "a", "b")
