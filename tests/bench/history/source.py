"""Source text as the benchmark reads it by itself: a symbol's code, and whether two texts are the same code."""

from __future__ import annotations

import ast
import re
import warnings
from functools import lru_cache

_STRINGS = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|`(?:\\.|[^`\\])*`'
_NO_CODE = {
    "#": re.compile(rf'("""(?:\\.|.)*?"""|\'\'\'(?:\\.|.)*?\'\'\'|{_STRINGS})|#[^\n]*|\s+', re.DOTALL),
    "//": re.compile(rf"({_STRINGS})|//[^\n]*|/\*.*?\*/|\s+", re.DOTALL),
}
_HASH_COMMENTS = frozenset({"python", "ruby", "bash", "elixir"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@lru_cache(maxsize=512)
def python_functions(content: bytes) -> dict[str, str] | None:
    """The text of each function of a Python file by qualified name, decorators included; of two the first.

    Returns:
        None where the file is not what this Python can parse.
    """
    tree = _parse(content)
    if tree is None:
        return None
    lines = content.decode("utf-8", "replace").split("\n")
    found: dict[str, str] = {}

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, _Definition):
                visit(child, prefix)
                continue
            name = prefix + child.name
            first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            if isinstance(child, _Function):
                found.setdefault(name, "\n".join(lines[first - 1 : child.end_lineno]))
            visit(child, f"{name}.")

    visit(tree, "")
    return found


def same_code(language: str, before: str, before_name: str, after: str, after_name: str) -> bool:
    """Whether two texts of a symbol differ in nothing but comments, docstrings, formatting and its name."""
    one, other = _last(before_name), _last(after_name)
    if language == "python":
        before_code, after_code = _python_code(before, one), _python_code(after, other)
        if before_code is not None and after_code is not None:
            return before_code == after_code
    return _bare(language, before, one) == _bare(language, after, other)


def _last(name: str) -> str:
    return name.partition("(")[0].rpartition(".")[2]


def _python_code(text: str, name: str) -> str | None:
    """The syntax tree without docstrings, and without the name where it is no text; None where it is no Python."""
    indented = text[:1] in (" ", "\t")
    tree = _parse((f"if 1:\n{text}" if indented else text).encode())
    if tree is None:
        return None
    for node in ast.walk(tree):
        if isinstance(node, _Definition) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
        for called in ("name", "id", "attr"):
            if getattr(node, called, None) == name:
                setattr(node, called, "_")
    return ast.dump(tree)


def _parse(content: bytes) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old code has escapes that are warned of today
            return ast.parse(content)
    except (SyntaxError, ValueError):
        return None


def _bare(language: str, text: str, name: str) -> str:
    """The text without comments, white space and the name, strings left as they are."""
    no_code = _NO_CODE["#" if language in _HASH_COMMENTS else "//"]
    return no_code.sub(lambda found: found[1] or "", re.sub(rf"\b{re.escape(name)}\b", "_", text))
