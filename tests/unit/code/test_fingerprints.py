"""What a fingerprint sees and what it does not, for the languages that verdicts are measured on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from recalld.code.extract import extract, extract_alone
from recalld.code.languages import BY_NAME, LANGUAGES
from recalld.outline import CODE_KINDS, CutOut, Symbol, bare

SAMPLES = Path(__file__).with_name("samples")


def symbol(language: str, source: str, name: str) -> Symbol:
    extracted = extract(source.encode(), BY_NAME[language], 100)
    assert not extracted.partial, source
    return next(found for found in extracted.symbols if found.name == name)


PYTHON = '''
@cached(maxsize=10)
def total(items, tax=0.1):
    """Sum up."""
    result = 0  # start
    for item in items:
        if item.price:
            result += item.price
        log("item", item)
    return call(result, tax)
'''
JAVASCRIPT = """
function total(items, tax) {
  // start
  let result = 0;
  for (const item of items) {
    if (item.price) { result += item.price; }
    log('item', item);
  }
  return items.map((item) => call(item, tax));
}
"""
TYPESCRIPT = """
export class Cart {
  @Log()
  total(items: Item[], tax = 0.1): number {
    let result = 0; // start
    log('item', items);
    return call(result, tax);
  }
}
"""
JAVA = """
class Cart {
    /** Sums up. */
    @Cached(size = 10)
    public double total(List<Item> items, double tax) throws IOException {
        double result = 0; // start
        for (Item item : items) { result += item.price; }
        return call("a b", result, tax);
    }
}
"""
GO = """
package cart

// Total sums up.
func (c *Cart) Total(items []Item, tax float64) float64 {
	result := 0.0 // start
	for _, item := range items {
		result += item.Price
	}
	return call("a b", result, tax)
}
"""
RUST = """
impl Cart {
    /// Sums up.
    #[inline]
    pub fn total<'a>(&self, items: &'a [Item], tax: f64) -> f64 {
        let mut result = 0.0; // start
        for item in items { result += item.price; }
        call("a b", result, tax)
    }
}
"""
NAMES = {
    PYTHON: ("python", "total"),
    JAVASCRIPT: ("javascript", "total"),
    TYPESCRIPT: ("typescript", "Cart.total"),
    JAVA: ("java", "Cart.total"),
    GO: ("go", "Cart.Total"),
    RUST: ("rust", "Cart.total"),
}


def edited(source: str, old: str, new: str) -> str:
    assert source.count(old) == 1, f"{old!r} is to be there once"
    return source.replace(old, new)


@pytest.mark.parametrize(
    ("source", "old", "new"),
    [
        (PYTHON, '    """Sum up."""\n', ""),
        (PYTHON, '"""Sum up."""', "'''Something\n    else.\n    '''"),
        (PYTHON, "  # start", ""),
        (PYTHON, "result = 0  #", "\n    # before\n\n    result=0 #"),
        (PYTHON, '"item"', "'item'"),
        (PYTHON, "(items, tax=0.1)", "(\n    items,\n    tax = 0.1,\n)"),
        (PYTHON, "call(result, tax)", "(\n        call(result, # why\n tax,\n )\n    )"),
        (PYTHON, "call(result, tax)", "call(result, \\\n        tax)"),
        (PYTHON, "if item.price:\n            result", "if (item.price): result"),
        (PYTHON, "maxsize=10", "maxsize = 10,"),
        (
            PYTHON,
            "if item.price:\n            result += item.price",
            "if item.price:\n                result += item.price",
        ),
        (JAVASCRIPT, "  // start\n", "/* other */"),
        (JAVASCRIPT, "let result = 0;", "let result=0"),
        (JAVASCRIPT, "'item'", '"item"'),
        (JAVASCRIPT, "call(item, tax)", "call(\n    item,\n    tax,\n  )"),
        (JAVASCRIPT, "(item) =>", "item =>"),
        (
            JAVASCRIPT,
            "return items.map((item) => call(item, tax));",
            "return (\n    items.map((item) => call(item, tax))\n  );",
        ),
        (TYPESCRIPT, "(items: Item[], tax = 0.1)", "(\n    items: Item[],\n    tax = 0.1,\n  )"),
        (TYPESCRIPT, "  @Log()\n  total", "  @Log() /* c */ total"),
        (TYPESCRIPT, "'item'", '"item"'),
        (TYPESCRIPT, " // start", ""),
        (JAVA, "/** Sums up. */", "// nothing"),
        (JAVA, "{ result += item.price; }", "{\n            result   += item.price;\n        }"),
        (JAVA, "@Cached(size = 10)\n    public", "@Cached(size=10) public"),
        (GO, "// Total sums up.\n", ""),
        (GO, "result := 0.0 // start", "\n\tresult   := 0.0"),
        (GO, '("a b", result, tax)', '(\n\t\t"a b",\n\t\tresult,\n\t\ttax,\n\t)'),
        (RUST, "    /// Sums up.\n", ""),
        (RUST, "#[inline]\n    pub", "#[inline] pub"),
        (RUST, '("a b", result, tax)', '(\n            "a b",\n            result,\n            tax,\n        )'),
    ],
)
def test_formatting_and_comments_do_not_show(source: str, old: str, new: str) -> None:
    language, name = NAMES[source]
    before, after = symbol(language, source, name), symbol(language, edited(source, old, new), name)
    assert (before.fingerprint, before.header, before.size) == (after.fingerprint, after.header, after.size)


@pytest.mark.parametrize(
    ("source", "old", "new"),
    [
        (PYTHON, "result = 0", "result = 1"),
        (PYTHON, '"item"', '"it em"'),
        (PYTHON, '"item"', '" item"'),
        (PYTHON, "        log(", "            log("),
        (PYTHON, "        log(", "    log("),
        (PYTHON, "(result, tax)", "(result, (tax,))"),
        (JAVASCRIPT, "let result", "var result"),
        (JAVASCRIPT, "'item'", "'it  em'"),
        (JAVASCRIPT, "call(item, tax)", "call(tax, item)"),
        (TYPESCRIPT, "call(result, tax)", "call(result)"),
        (JAVA, "result += item.price", "result -= item.price"),
        (JAVA, '"a b"', '"a  b"'),
        (GO, "result += item.Price", "result += item.Cost"),
        (GO, '"a b"', '"a  b"'),
        (RUST, "mut result = 0.0", "mut result = 1.0"),
        (RUST, '"a b"', '"ab"'),
    ],
)
def test_a_change_of_the_body_shows_in_the_fingerprint_alone(source: str, old: str, new: str) -> None:
    language, name = NAMES[source]
    before, after = symbol(language, source, name), symbol(language, edited(source, old, new), name)
    assert before.fingerprint != after.fingerprint
    assert before.header == after.header


@pytest.mark.parametrize(
    ("source", "old", "new"),
    [
        (PYTHON, "tax=0.1", "tax=0.2"),
        (PYTHON, "tax=0.1)", "tax=0.1) -> float"),
        (PYTHON, "@cached(maxsize=10)\n", ""),
        (PYTHON, "def total", "async def total"),
        (JAVASCRIPT, "(items, tax)", "(items, tax, more)"),
        (JAVASCRIPT, "function total", "async function total"),
        (TYPESCRIPT, "@Log()", "@Log('x')"),
        (TYPESCRIPT, ": number", ": string"),
        (TYPESCRIPT, "  total", "  static total"),
        (JAVA, "@Cached(size = 10)", "@Cached(size = 11)"),
        (JAVA, "public", "private"),
        (JAVA, "double tax", "float tax"),
        (JAVA, " throws IOException", ""),
        (GO, "(c *Cart)", "(c Cart)"),
        (GO, "tax float64)", "tax float64) error //"),
        (RUST, "#[inline]", "#[inline(always)]"),
        (RUST, "pub fn", "fn"),
        (RUST, "-> f64", "-> f32"),
        (RUST, "&'a [Item]", "&[Item]"),
    ],
)
def test_a_change_of_the_header_shows_in_both(source: str, old: str, new: str) -> None:
    language, name = NAMES[source]
    changed = edited(source, old, new)
    if new.endswith("//"):
        changed = changed.replace("// float64 {", "{")
    before, after = symbol(language, source, name), symbol(language, changed, name)
    assert before.header != after.header
    assert before.fingerprint != after.fingerprint


@pytest.mark.parametrize("source", list(NAMES))
def test_a_new_name_does_not_show(source: str) -> None:
    language, name = NAMES[source]
    leaf = name.rpartition(".")[2]
    before, after = (
        symbol(language, source, name),
        symbol(language, source.replace(leaf, "amount"), name.replace(leaf, "amount")),
    )
    assert (before.fingerprint, before.header, before.size) == (after.fingerprint, after.header, after.size)


def test_the_own_name_in_the_body_counts_where_it_means_someone_else() -> None:
    recursive = "def walk(n):\n    return walk(n - 1) + self.walk(n)\n"
    assert (
        symbol("python", recursive, "walk").fingerprint
        == symbol("python", recursive.replace("walk", "run"), "run").fingerprint
    )
    delegating = "def close(self):\n    super().close()\n    self.socket.close()\n"
    renamed = "def stop(self):\n    super().stop()\n    self.socket.close()\n"
    assert symbol("python", delegating, "close").fingerprint == symbol("python", renamed, "stop").fingerprint


def test_where_a_function_stands_does_not_show() -> None:
    body = "def f(a):\n    if a:\n        return 1\n"
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    places = {
        symbol("python", body, "f").fingerprint,
        symbol("python", f"x = 1\n\n{body}\ny = 2\n", "f").fingerprint,
        symbol("python", f"class A:\n{indented}", "A.f").fingerprint,
        symbol("python", f"class A:\n    x = 1\n{indented}\n    y = 2\n", "A.f").fingerprint,
        symbol("python", f"def g():\n{indented}", "g.f").fingerprint,
    }
    assert len(places) == 1


CLASS = """
@register
class Cart(Base, metaclass=Meta):
    '''Doc.'''

    limit = 10

    def add(self, item):
        if item:
            return item
        return None

    def remove(self, item):
        return 1
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return 1", "return 2"),
        ("        return None\n", "        while True:\n            if item:\n                break\n"),
        ("remove(self, item)", "remove(self, item, times=1)"),
        ("limit = 10", "limit = 11"),
        ("'''Doc.'''", "'''Other.'''"),
        ("    limit = 10\n", "    # a limit\n    limit = 10\n"),
    ],
)
def test_a_class_is_not_what_its_members_contain(old: str, new: str) -> None:
    before, after = symbol("python", CLASS, "Cart"), symbol("python", edited(CLASS, old, new), "Cart")
    assert before.fingerprint == after.fingerprint
    assert before.header == after.header


@pytest.mark.parametrize(
    ("old", "new", "header_too"),
    [
        ("(Base, metaclass=Meta)", "(Base)", True),
        ("@register\n", "", True),
        ("def remove", "def discard", False),
        ("    limit = 10\n", "", False),
        ("    limit = 10\n", "    limit = 10\n    more = 1\n", False),
    ],
)
def test_a_class_is_its_header_and_the_set_of_its_members(old: str, new: str, header_too: bool) -> None:
    before, after = symbol("python", CLASS, "Cart"), symbol("python", edited(CLASS, old, new), "Cart")
    assert before.fingerprint != after.fingerprint
    assert (before.header != after.header) is header_too


def test_the_order_of_members_and_the_name_of_their_class_do_not_show() -> None:
    first = "class A { B make() { return 1; } A() { } int size; }"
    second = "class C { int size; C() { } B make() { return 1; } }"
    assert symbol("java", first, "A").fingerprint == symbol("java", second, "C").fingerprint


@pytest.mark.parametrize(
    ("language", "source", "name", "old", "new"),
    [
        ("go", "package a\ntype T struct {\n\tA int\n}\n", "T", "A int", "A string"),
        ("rust", "enum E { A, B(u8) }\n", "E", "u8", "u16"),
        ("typescript", "interface I { a: string; b(): void }\n", "I", "a: string", "a: number"),
        ("java", "enum E { A, B; int f() { return 1; } }\n", "E", "A, B", "A, C"),
    ],
)
def test_what_a_type_holds_that_is_no_symbol_is_part_of_it(
    language: str, source: str, name: str, old: str, new: str
) -> None:
    assert symbol(language, source, name).fingerprint != symbol(language, edited(source, old, new), name).fingerprint


def test_a_hexadecimal_number_elsewhere_in_the_file_does_not_show() -> None:
    source = "class A {\n  long f() { return 0L; }\n  int g() { return 8; }\n}\n"
    assert symbol("java", source, "A.f").fingerprint == symbol("java", edited(source, "8", "0x8"), "A.f").fingerprint


def test_windows_line_ends_do_not_show() -> None:
    source = 'def f():\n    return """a\n    b"""\n'
    assert symbol("python", source, "f").fingerprint == symbol("python", source.replace("\n", "\r\n"), "f").fingerprint


def test_size_counts_what_the_body_says() -> None:
    assert symbol("python", "def f():\n    '''Doc.'''\n    return a.b(1)\n", "f").size == 8
    assert symbol("python", "def f():\n    pass\n", "f").size < 4


def made_of_code(found: Symbol) -> tuple[object, ...]:
    return found.fingerprint, found.header, found.size, found.marks


def alone(language: str, source: bytes, symbols: list[Symbol], of: Symbol) -> tuple[object, ...] | None:
    in_code = any(each.kind in CODE_KINDS and of.name.startswith(f"{bare(each.name)}.") for each in symbols)
    code, cut_out = source[of.start : of.end], CutOut(language, of.kind, in_code)
    found = extract_alone(code, BY_NAME[language], cut_out).symbols
    return made_of_code(found[0]) if found else None


@pytest.mark.parametrize("language", [language.name for language in LANGUAGES])
def test_code_cut_out_of_its_file_has_the_fingerprint_it_had_there(language: str) -> None:
    source = (SAMPLES / f"{language}{BY_NAME[language].extensions[0]}.sample").read_bytes()
    symbols = extract(source, BY_NAME[language], 1_000).symbols
    missed = [found.name for found in symbols if alone(language, source, symbols, found) != made_of_code(found)]
    # One of several that share a declaration cannot be read without it.
    shared = {
        "csharp": ["Cart._items", "Cart._other"],
        "java": ["CopyUtils.size", "CopyUtils.count"],
        "lua": ["handlers.close"],
        "php": ["Cart.MAX", "Cart.MIN"],
        "swift": ["Store.name"],  # in a class its header ends earlier than in a protocol
    }
    assert missed == shared.get(language, [])


@pytest.mark.parametrize(
    ("language", "source", "name"),
    [
        (
            "python",
            "def make():\n    class Made:\n        size = 1\n\n        def f(self):\n            pass\n",
            "make.Made",
        ),
        ("java", "class A { void f() { class B { int size = 1; } } }\n", "A.f.B"),
        ("typescript", "const given = {\n  delay: () => 100,\n};\n", "given.delay"),
        ("go", "package a\n\nvar (\n\tlabel string\n\tother int\n)\n", "label"),
    ],
    ids=["a class in a function", "a class in a method", "a function in an object", "a variable with a type"],
)
def test_code_is_read_as_what_it_was_where_it_was(language: str, source: str, name: str) -> None:
    symbols = extract(source.encode(), BY_NAME[language], 100).symbols
    found = next(each for each in symbols if each.name == name)
    assert alone(language, source.encode(), symbols, found) == made_of_code(found)


@pytest.mark.parametrize("code", ["", "}} (", "x", "def f(): pass\ndef g(): pass"])
def test_what_is_no_definition_by_itself_gives_none(code: str) -> None:
    assert extract_alone(code.encode(), BY_NAME["python"], CutOut("python", "function", False)).symbols == []


def test_a_name_that_occurs_everywhere_costs_no_more_than_another() -> None:
    started = time.process_time()
    symbol("python", f"a = [{'a, ' * 100_000}]\n", "a")
    assert time.process_time() - started < 5
