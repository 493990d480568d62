"""What differs between two texts of a definition: its parts by name, and line by line. Pure."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Sequence

from recalld.memory.likeness import HASHES, OWN_NAME, QUOTED, STRINGS, Code

MAX_DIFF_LINES = 200
"""Lines of a diff that are shown at most."""

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_TYPES = frozenset({"class", "interface", "struct", "object", "trait", "enum", "extension", "union"})
_VALUES = frozenset({"constant", "variable", "field", "property"})
_HEADER_IS_A_LINE = frozenset({"ruby", "elixir", "lua", "bash", "markdown"})
_MODIFIERS = frozenset(
    """
    public private protected internal fileprivate open sealed final abstract static virtual override inline extern
    export default declare readonly accessor get set async suspend operator infix tailrec external synchronized native
    strictfp transient partial new unsafe pub constexpr consteval explicit friend def fn func fun class interface
    struct enum trait record object union namespace
    """.split()  # noqa: SIM905 - read better so
)
_BEFORE_NAME = dict.fromkeys(("c", "cpp", "csharp", "java"), "return type") | {"go": "receiver", "kotlin": "receiver"}
"""What stands before a function's name beside modifiers; nothing of its own in the other languages."""
_AFTER_PARAMETERS = {"java": "throws clause"}
_DECORATORS = dict.fromkeys(("java", "kotlin", "scala", "swift"), "annotations") | dict.fromkeys(
    ("c", "cpp", "csharp", "php", "rust"), "attributes"
)
_ARROWS = frozenset({"javascript", "typescript", "tsx"})
"""Languages in which a function is a statement or a value with a name."""
_LITERALS = re.compile(rf"(?P<q>\"\"\"|''').*?(?P=q)|{STRINGS}{QUOTED}|{HASHES}", re.DOTALL)


def differences(then: str, now: str, language: str | None, kind: str, names: tuple[str, str]) -> list[str]:
    """Which parts of a definition differ.

    Args:
        then, now: the two texts.
        language: that both are written in.
        kind: of the symbol.
        names: its own name in each text.

    Returns:
        Of `decorators` (`annotations`, `attributes`: the language's word), `modifiers`, `declaration` (as a statement
        or as a value), `receiver`, `parameters`, `return type`, `throws clause`, `base classes`, `body` (of a type,
        `members`) those that differ; of what holds a value, `value`.
    """
    if kind in _VALUES:
        return ["value"]
    a, b = (_Parts(Code(text, language, name), language) for text, name in zip((then, now), names, strict=True))
    is_type, of = kind in _TYPES, language or ""
    compared = (
        (_DECORATORS.get(of, "decorators"), a.decorators, b.decorators),
        ("modifiers", a.modifiers, b.modifiers),
        ("declaration", a.form, b.form),
        ("modifiers" if is_type else _BEFORE_NAME.get(of, "modifiers"), a.before, b.before),
        ("parameters", a.parameters, b.parameters),
        ("base classes" if is_type else _AFTER_PARAMETERS.get(of, "return type"), a.after, b.after),
        ("members" if is_type else "body", a.body, b.body),
    )
    return list(dict.fromkeys(part for part, mine, theirs in compared if mine != theirs))


def unified_diff(then: str, now: str, was: str, is_now: str, language: str | None = None) -> str:
    """The two texts as a unified diff, with three lines around each change.

    Args:
        then, now: whole lines, or a symbol cut out of its file, of which only the first line lost its indentation.
        was, is_now: what to call the two.
        language: that both are written in.

    Returns:
        At most `MAX_DIFF_LINES` lines, and one that says how many more there are; empty for equal texts.
    """
    a, b = (_dedented(text, language).splitlines() for text in (then, now))
    lines = list(difflib.unified_diff(a, b, was, is_now, lineterm="", n=3))
    more = len(lines) - MAX_DIFF_LINES
    if more > 0:
        lines[MAX_DIFF_LINES:] = [f"… {more} more line{'s' if more > 1 else ''}"]
    return "\n".join(lines)


class _Parts:
    """The tokens of a definition, sorted into the parts of its header, and its body."""

    def __init__(self, code: Code, language: str | None) -> None:
        tokens = code.tokens
        self.decorators, before = _decorators(tokens, language) if OWN_NAME in tokens else ([], [])
        name = len(self.decorators) + len(before) if OWN_NAME in tokens else -1
        rest, self.form = tokens[name + 1 :], list[str]()
        is_class = before[-1:] == ["class"]
        if language in _ARROWS and not is_class:
            before, self.form, rest = _declaration(before, rest)
        self.modifiers = sorted(token for token in before if token in _MODIFIERS)
        self.before = [token for token in before if token not in _MODIFIERS]
        opened = rest.index("(") if "(" in rest and not is_class else len(rest)
        end = _header_end(rest, language)
        if language in _HEADER_IS_A_LINE:
            end = sum(line == code.lines[max(name, 0)] for line in code.lines[name + 1 :])
        closed = _closing(rest, opened) + 1 if opened < end else 0
        # What stands between the name and the parameters (type parameters) belongs to them.
        self.parameters, self.after, self.body = rest[:closed], rest[closed:end], rest[end:]
        if language in _ARROWS and self.body[:2] == ["=", ">"]:
            self.form, self.body = [*self.form, "=>"], self.body[2:]


def _decorators(tokens: Sequence[str], language: str | None) -> tuple[list[str], list[str]]:
    """What is before a name: its decorators, annotations and attributes, and the rest."""
    decorators: list[str] = []
    rest: list[str] = []
    position = 0
    while position < len(tokens) and tokens[position] != OWN_NAME:
        start = position
        if tokens[position] == "#" and tokens[position + 1 : position + 2] == ["["]:
            position = _closing(tokens, position + 1) + 1
        elif tokens[position] == "[" and not rest and language in ("c", "cpp", "csharp"):
            position = _closing(tokens, position) + 1
        elif tokens[position] == "@":
            position += 2
            while tokens[position : position + 1] == ["."]:
                position += 2
            if tokens[position : position + 1] == ["("]:
                position = _closing(tokens, position) + 1
        else:
            rest.append(tokens[position])
            position += 1
            continue
        decorators += tokens[start:position]
    return decorators, rest


def _declaration(before: Sequence[str], rest: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Takes apart what makes a function a statement (`function f(`) or a value with a name (`const f = async (`).

    Args:
        before, rest: the tokens on both sides of its name.

    Returns:
        Its modifiers, the form it is declared in, and what follows, from the parameters on.
    """
    start = 0
    if rest[:1] in (["="], [":"]):  # the name of a value or of an object's property, perhaps with a type
        depth, start = 0, 1
        for position, mark in enumerate(rest):
            if depth == 0 and mark == "=" and rest[position + 1 : position + 2] != [">"]:
                start = position + 1
                break
            depth += (mark in _OPENING) - (mark in _CLOSING)
        while rest[start : start + 1] in (["async"], ["function"], ["*"]):
            start += 1
    around = [*before, *rest[:start]]
    rest = rest[start:]
    if rest[1:3] == ["=", ">"]:
        rest = ["(", rest[0], ")", *rest[1:]]
    modifiers = [token for token in around if token in _MODIFIERS]
    return modifiers, [token for token in around if token not in _MODIFIERS], rest


def _header_end(tokens: Sequence[str], language: str | None) -> int:
    """Where the body starts: outside all brackets, at Python's colon, else at a brace, `=>` or `=` after parameters."""
    depth, parameters = 0, False
    for position, mark in enumerate(tokens):
        if depth == 0 and (mark == ":" if language == "python" else mark == "{" or (mark == "=" and parameters)):
            return position
        parameters = parameters or mark == ")"
        depth += (mark in _OPENING) - (mark in _CLOSING)
    return len(tokens)


def _closing(tokens: Sequence[str], opened: int) -> int:
    depth = 0
    for position in range(opened, len(tokens)):
        depth += (tokens[position] in _OPENING) - (tokens[position] in _CLOSING)
        if depth == 0:
            return position
    return len(tokens) - 1


def _dedented(text: str, language: str | None) -> str:
    """A text as if it stood at the left margin; of a symbol cut out of a file, only the first line does."""
    if text[:1].isspace():
        return textwrap.dedent(text)
    first, *lines = text.splitlines() or [""]
    margin, is_level = _margin(text, language)
    step = "" if is_level else "    "
    shown = (step + line[min(margin, _indentation(line)) :] if line.strip() else "" for line in lines)
    return "\n".join([first, *shown])


def _margin(text: str, language: str | None) -> tuple[int, bool]:
    """How far the lines of a symbol after its first are indented at least, and whether the symbol itself is."""
    code = _LITERALS.sub("", text) if language == "python" else text
    lines = [line for line in code.splitlines() if line.strip()]
    margin = min(map(_indentation, lines[1:]), default=0)
    if not margin:
        return 0, True
    if language == "python":
        return margin, text.startswith("@") or _closes_header(lines, margin)
    if lines[-1].lstrip().startswith((")", "}", "]", "end")):
        return _indentation(lines[-1]), True
    return margin, False


def _closes_header(lines: Sequence[str], margin: int) -> bool:
    """Whether the brackets that the first line leaves open are closed by a line that begins at the margin with one."""
    depth = 0
    for number, line in enumerate(lines):
        depth += sum((mark in _OPENING) - (mark in _CLOSING) for mark in line)
        if depth <= 0:
            return number > 0 and line[margin] in _CLOSING
    return False


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
