"""Which language a file is written in, and what is particular about it. One table."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """One language that has a grammar and a query."""

    name: str
    """As the outline reports it, tree-sitter-language-pack knows it, and its query file is called."""
    extensions: tuple[str, ...]
    """Endings of file names, lower case, with the dot."""
    file_names: tuple[str, ...] = ()
    """Whole file names, lower case."""
    interpreters: tuple[str, ...] = ()
    """Programs that a `#!` line names, without their version."""
    overloads: bool = False
    """Several definitions of one name are told apart by the types of their parameters."""
    joins: tuple[str, ...] = ()
    """What it writes between the parts of a qualified name."""
    semicolons: bool = True
    """A semicolon means something; False where a line's end does as well."""
    quotes: bool = False
    """`'a'` and `"a"` are the same string."""
    wrappers: tuple[tuple[str, str], ...] = ()
    """What to put around a definition so that it parses alone as it does inside its class."""


_CLASS = ("class X {\n", "\n}")

LANGUAGES = (
    Language("bash", (".sh", ".bash", ".bats"), (".bashrc", ".bash_profile", ".profile"), ("bash", "sh", "dash")),
    Language("c", (".c", ".h"), wrappers=(("", ";"),)),
    Language(
        "cpp",
        (".cpp", ".cc", ".cxx", ".c++", ".hpp", ".hh", ".hxx", ".h++", ".ipp", ".tpp", ".inl"),
        overloads=True,
        joins=("::",),
        wrappers=(("", ";"), ("class X {\n", "\n};")),
    ),
    Language("csharp", (".cs", ".csx"), overloads=True, wrappers=(_CLASS, ("interface X {\n", "\n}"))),
    Language("elixir", (".ex", ".exs"), interpreters=("elixir",), semicolons=False),
    Language(
        "go",
        (".go",),
        semicolons=False,
        wrappers=(("type (\n", "\n)"), ("type X interface {\n", "\n}"), ("const (\n", "\n)"), ("var (\n", "\n)")),
    ),
    Language(
        "java",
        (".java",),
        overloads=True,
        wrappers=(_CLASS, ("interface X {\n", "\n}"), ("enum X {\n", "\n}"), ("@interface X {\n", "\n}")),
    ),
    Language(
        "javascript",
        (".js", ".jsx", ".mjs", ".cjs", ".es6"),
        interpreters=("node", "nodejs", "bun"),
        joins=(".",),
        semicolons=False,
        quotes=True,
        wrappers=(_CLASS, ("({\n", "\n})")),
    ),
    Language(
        "kotlin", (".kt", ".kts"), overloads=True, semicolons=False, wrappers=(_CLASS, ("enum class X {\n", "\n}"))
    ),
    Language("lua", (".lua",), interpreters=("lua", "luajit"), joins=(":",), semicolons=False, quotes=True),
    Language("markdown", (".md", ".markdown", ".mdx")),
    Language(
        "php",
        (".php", ".phtml"),
        interpreters=("php",),
        wrappers=(("<?php\n", "\n"), ("<?php class X {\n", "\n}"), ("<?php enum X {\n", "\n}")),
    ),
    Language("python", (".py", ".pyi", ".pyw"), ("sconstruct", "wscript"), ("python", "pypy"), quotes=True),
    Language("ruby", (".rb", ".rake", ".gemspec"), ("rakefile", "gemfile"), ("ruby",), joins=("::",), semicolons=False),
    Language("rust", (".rs",), wrappers=(("impl X {\n", "\n}"), ("trait X {\n", "\n}"))),
    Language("scala", (".scala", ".sc"), overloads=True, semicolons=False, wrappers=(_CLASS, ("enum X {\n", "\n}"))),
    Language(
        "swift",
        (".swift",),
        interpreters=("swift",),
        overloads=True,
        semicolons=False,
        wrappers=(_CLASS, ("protocol X {\n", "\n}"), ("enum X {\n", "\n}")),
    ),
    Language(
        "tsx",
        (".tsx",),
        overloads=True,
        joins=(".",),
        semicolons=False,
        quotes=True,
        wrappers=(_CLASS, ("({\n", "\n})"), ("interface X {\n", "\n}")),
    ),
    Language(
        "typescript",
        (".ts", ".mts", ".cts"),
        interpreters=("deno", "ts-node", "tsx"),
        overloads=True,
        joins=(".",),
        semicolons=False,
        quotes=True,
        wrappers=(_CLASS, ("({\n", "\n})"), ("interface X {\n", "\n}")),
    ),
)

BY_NAME = {language.name: language for language in LANGUAGES}
_BY_EXTENSION = {extension: language for language in LANGUAGES for extension in language.extensions}
_BY_FILE_NAME = {name: language for language in LANGUAGES for name in language.file_names}
_BY_INTERPRETER = {program: language for language in LANGUAGES for program in language.interpreters}

_SHEBANG = re.compile(rb"#![ \t]*(?:\S*/)?(?:env[ \t]+(?:-\S+[ \t]+)*)?(?:\S*/)?([A-Za-z-]+)")
_LOOKS_LIKE_CPP = re.compile(
    rb"^[ \t]*(?:class\s+\w+[^;]*\{|namespace\b|template\s*<|(?:public|private|protected)\s*:|using\s+\w+)"
    rb"|\bstd::|#include\s*<(?:c?string|vector|memory|map|iostream|utility|functional)>",
    re.MULTILINE,
)


def language_of(path: str, source: bytes) -> Language | None:
    """The language of a file, by its name, then by its `#!` line; None where no grammar fits.

    Args:
        path: the file's path or name.
        source: its bytes; of a `.h` file they decide between C and C++.
    """
    name = path.rpartition("/")[2].lower()
    dot = name.rfind(".")
    language = _BY_FILE_NAME.get(name)
    if language is None and dot > 0:
        language = _BY_EXTENSION.get(name[dot:])
    if language is None and dot <= 0 and (shebang := _SHEBANG.match(source)):
        language = _BY_INTERPRETER.get(shebang[1].decode())
    if name.endswith(".h") and _LOOKS_LIKE_CPP.search(source):
        return BY_NAME["cpp"]
    return language
