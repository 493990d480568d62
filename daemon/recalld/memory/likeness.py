"""How alike two pieces of code are, what differs between them, and where lines of one stand in the other. Pure.

Texts are compared as bags of neighbouring tokens: the share of token pairs that both have (Jaccard, counted
with repetitions). A rename that also edits the comments, or edits the code and leaves the comments, keeps one
of the two readings, with and without comments, alike; so the better of both counts.
"""

from __future__ import annotations

import difflib
import re
import textwrap
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import TypeVar

from recalld.outline import plain

T = TypeVar("T")

MAX_COMPARED = 64_000
"""Characters of a text that are compared at most."""
MAX_DIFF_LINES = 200
"""Lines of a diff that are shown at most."""

_TOKEN = re.compile(r"\w+|[^\s\w]")
_NEEDLESS = frozenset(";,")
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_OWN_NAME = "\0"
_EMPTY_OF_MEANING = frozenset(
    """
    self this cls super def function fn func fun lambda async await return yield pass raise throw throws new if
    else elif for while do in of is not and or try except catch finally with as from import export default class
    struct enum trait interface impl type public private protected internal static final const let var val mut pub
    void int long bool boolean string str float double true false none null nil undefined abstract override
    virtual inline extern extends implements get set
    """.split()  # noqa: SIM905 - read better so
)
_MARKS_OF_STRUCTURE = frozenset("()[]{}.,:;=\"'`@#\\")
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
_STRINGS = r'"(?:\\.|[^"\\\n])*"|`[^`]*`'
_QUOTED = r"|'(?:\\.|[^'\\\n])*'"
_CHARACTERS = r"|'(?:\\.|[^'\\\n])'"
_SLASHES = r"//[^\n]*|/\*.*?\*/"
_HASHES = r"\#[^\n]*"
_LITERALS = re.compile(rf"(?P<q>\"\"\"|''').*?(?P=q)|{_STRINGS}{_QUOTED}|{_HASHES}", re.DOTALL)
"""Python's strings and comments: their lines may be indented as they like."""
_COMMENTS = {
    "python": rf"^[ \t]*[rRbBuU]*(?P<q>\"\"\"|''').*?(?P=q)|{_HASHES}",
    "ruby": rf"^=begin.*?^=end|{_HASHES}",
    "elixir": rf"@(?:module)?doc\s+\"\"\".*?\"\"\"|{_HASHES}",
    "bash": _HASHES,
    "php": rf"{_SLASHES}|\#(?!\[)[^\n]*",
    "lua": r"--\[\[.*?\]\]|--[^\n]*",
    "markdown": r"<!--.*?-->",
}


class Code:
    """The text of a symbol or a file, cut up once for all comparisons.

    Args:
        text: as it stands in the file.
        language: of the file, None for plain text.
        name: the symbol's own name; where it stands, it is no difference.
    """

    def __init__(self, text: str, language: str | None, name: str = "") -> None:
        self.text = text[:MAX_COMPARED]
        self._name = name
        bare = _without_comments(self.text, language)
        self.tokens, self.lines = self._cut(bare)
        """Of the code without comments: its tokens, and on which line of the text, from 0, each stands."""
        self._all_tokens = self.tokens if bare == self.text else self._cut(self.text)[0]
        self._pairs: tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]] | None = None

    def _cut(self, text: str) -> tuple[list[str], list[int]]:
        tokens, lines = [], []
        for number, line in enumerate(text.split("\n")):
            for mark in _TOKEN.findall(line):
                if mark not in _NEEDLESS:
                    tokens.append(_OWN_NAME if mark == self._name else '"' if mark == "'" else mark)
                    lines.append(number)
        return tokens, lines

    @property
    def pairs(self) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
        """Neighbouring tokens: of the code, and of the code with its comments."""
        if self._pairs is None:
            code = _bag(self.tokens)
            self._pairs = code, code if self._all_tokens is self.tokens else _bag(self._all_tokens)
        return self._pairs

    @property
    def meaning(self) -> frozenset[str]:
        """What tells this text from others: its words and operators, comments included, without keywords."""
        return frozenset(
            token
            for token in self._all_tokens
            if token != _OWN_NAME and token not in _MARKS_OF_STRUCTURE and token.lower() not in _EMPTY_OF_MEANING
        )


def likeness(a: Code, b: Code) -> float:
    """How alike two texts are, from 0 to 1."""
    return max(_share(mine, theirs) for mine, theirs in zip(a.pairs, b.pairs, strict=True))


def name_likeness(a: str, b: str) -> float:
    """How alike two names are, from 0 to 1, whatever their case and underscores."""
    return difflib.SequenceMatcher(None, plain(a), plain(b), autojunk=False).ratio()


def lines_likeness(a: str, b: str) -> float:
    """The share of lines that two texts have in common, in any order; blank ones and indentation do not count."""
    return _share(*(Counter(line.strip() for line in text.splitlines() if line.strip()) for text in (a, b)))


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


def locate(excerpt: Code, text: Code) -> tuple[int, int] | None:
    """Where an excerpt stands in a text, whatever its formatting and comments.

    Returns:
        Its first and last line in the text, from 0; None where it does not stand there as one piece.
    """
    wanted = excerpt.tokens
    if not wanted:
        return None
    tokens = text.tokens
    position = -1
    for _ in range(tokens.count(wanted[0])):
        position = tokens.index(wanted[0], position + 1)
        if tokens[position : position + len(wanted)] == wanted:
            return text.lines[position], text.lines[position + len(wanted) - 1]
    return None


def nearest_lines(excerpt: str, text: str) -> tuple[int, int] | None:
    """The first and last line of a text, from 0, that an edited excerpt most likely became; None for nothing alike."""
    wanted = [line.strip() for line in excerpt.splitlines()]
    lines = [line.strip() for line in text.splitlines()]
    matcher = difflib.SequenceMatcher(None, wanted, lines, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if any(wanted[block.a : block.a + block.size])]
    if not blocks:
        return None
    first = max(0, blocks[0].b - blocks[0].a)
    last = blocks[-1].b + blocks[-1].size - 1 + (len(wanted) - blocks[-1].a - blocks[-1].size)
    return first, max(first, min(last, len(lines) - 1))


class _Parts:
    """The tokens of a definition, sorted into the parts of its header, and its body."""

    def __init__(self, code: Code, language: str | None) -> None:
        tokens = code.tokens
        self.decorators, before = _decorators(tokens, language) if _OWN_NAME in tokens else ([], [])
        name = len(self.decorators) + len(before) if _OWN_NAME in tokens else -1
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
    while position < len(tokens) and tokens[position] != _OWN_NAME:
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


@cache
def _comments(language: str | None) -> re.Pattern[str]:
    strings = _STRINGS + (_CHARACTERS if language in ("rust", "java", "go", "c", "cpp") else _QUOTED)
    comments = _COMMENTS.get(language or "", _SLASHES)
    if language == "python":  # docstrings come before strings, or `""` would be taken for an empty one
        return re.compile(rf"(?P<comment>{comments})|(?:{strings})", re.DOTALL | re.MULTILINE)
    return re.compile(rf"(?:{strings})|(?P<comment>{comments})", re.DOTALL | re.MULTILINE)


def _without_comments(text: str, language: str | None) -> str:
    """The text with nothing but line ends in place of comments and docstrings; lines keep their numbers."""
    if language is None:
        return text
    return _comments(language).sub(
        lambda found: found[0] if found["comment"] is None else "\n" * found[0].count("\n"), text
    )


def _bag(tokens: Sequence[str]) -> Counter[tuple[str, str]]:
    return Counter(pairwise(tokens)) if len(tokens) > 1 else Counter((token, token) for token in tokens)


def _share(a: Counter[T], b: Counter[T]) -> float:
    together = a.total() + b.total()
    if not together:
        return 1.0
    small, large = (a, b) if len(a) < len(b) else (b, a)
    common = sum(min(count, large[pair]) for pair, count in small.items())
    return common / (together - common)


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
