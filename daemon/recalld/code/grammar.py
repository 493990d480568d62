"""What a grammar and its query see in a file: where definitions stand, and what is comment, string or block.

The query files (`queries/<language>.scm`) name what they capture:

    @definition.KIND    a definition; in the same pattern:
        @name           what it is called
        @body           where its header ends and its content begins, or
        @head           what its header ends with
        @params         its parameters, where the language overloads
        @scope          the type it belongs to, where that stands apart from the name
        @level          of a heading, how deep it is
    @definition.scope   no symbol itself, but what is inside is qualified by its name
    @statement          what one definition is the whole of: `const` and its declarator; part of its header
    @wrapper            what stands around one definition and belongs to it: decorators, `export`
    @attribute          what stands before a definition and belongs to it
    @import             what the file imports; in the same pattern:
        @from           what that is a part of
    @comment @docstring what normalisation leaves out
    @drop               punctuation that formatters add and take away
    @string             text in which white space counts
    @block              what indentation holds together
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tree_sitter import Language as Grammar
from tree_sitter import Node, Parser, Query, QueryCursor
from tree_sitter_language_pack import get_binding

from recalld.code.languages import Language

MAX_IMPORTS = 200
"""Of one file."""

_QUERIES = Path(__file__).with_name("queries")
_NOT_SPACE = re.compile(rb"\S")
_SPANS = ("left_out", "drop", "string", "block", "statement", "wrapper", "attribute")
_LEFT_OUT = frozenset({"comment", "docstring"})
Span = tuple[int, int]
Captures = dict[str, list[Node]]


@dataclass(slots=True)
class Definition:
    """One definition as the query found it; positions are bytes, lines count from 0."""

    kind: str
    rank: int
    """Position of its pattern in the query; of two patterns for one name the earlier gives the kind."""
    start: int
    end: int
    line: int
    end_line: int
    name_start: int
    name_end: int
    head_start: int
    """Where its own header starts, after decorators and `export`."""
    head_end: int
    params: Node | None
    scope: Span | None
    level: int


@dataclass(slots=True)
class Captured:
    """One parsed file."""

    definitions: list[Definition]
    """By start, the enclosing before the enclosed."""
    left_out: list[Span]
    """Comments and docstrings."""
    dropped: list[Span]
    """Needless punctuation."""
    strings: list[Span]
    blocks: list[Span]
    imports: list[str]
    """As they are written, each once, at most `MAX_IMPORTS`."""
    has_errors: bool


class _Compiled:
    """A grammar with its parser and query."""

    def __init__(self, language: Language) -> None:
        grammar = Grammar(get_binding(language.name))  # type: ignore[arg-type]  # wants a literal
        self.parser = Parser(grammar)
        self.query = Query(grammar, (_QUERIES / f"{language.name}.scm").read_text("utf-8"))
        self.roles: dict[int, str] = {}


_compiled = cache(_Compiled)


def capture(source: bytes, language: Language) -> Captured:
    """Parse a file and run its language's query over it; broken code gives what can be read of it."""
    compiled = _compiled(language)
    root = compiled.parser.parse(source).root_node
    roles = compiled.roles
    definitions: dict[int, Definition] = {}
    imports: dict[str, None] = {}
    spans: dict[str, list[Span]] = {role: [] for role in _SPANS}
    for pattern, captures in QueryCursor(compiled.query).matches(root):
        role = roles.get(pattern)
        if role is None:
            role = roles[pattern] = _role(captures)
        if role.startswith("definition"):
            _add(definitions, role, pattern, captures)
        elif role == "import":
            imports.setdefault(_imported(captures))
        else:
            spans["left_out" if role in _LEFT_OUT else role].extend([node.byte_range for node in captures[role]])
    found = sorted(definitions.values(), key=_order)
    if found and found[0].level:
        _extend_sections(found, len(source), root.end_point.row)
    _extend_to_wrappers(source, found, spans["statement"], spans["wrapper"])
    if spans["attribute"]:
        _extend_to_attributes(source, found, spans["attribute"], spans["left_out"])
    found.sort(key=_order)
    return Captured(
        definitions=found,
        left_out=spans["left_out"],
        dropped=spans["drop"],
        strings=spans["string"],
        blocks=spans["block"],
        imports=list(imports)[:MAX_IMPORTS],
        has_errors=root.has_error,
    )


def _imported(captures: Captures) -> str:
    """What one pattern says is imported, without white space."""
    parts = [_text(node) for role in ("from", "import") for node in captures.get(role, ())]
    return parts[0] + parts[1] if parts[0].endswith(".") and len(parts) > 1 else ".".join(parts)


def _text(node: Node) -> str:
    return "".join((node.text or b"").decode("utf-8", "replace").split())


def _role(captures: Captures) -> str:
    """What a pattern is for: the one capture that is no accessory of another."""
    names = [name for name in captures if not name.startswith("_")]
    if "import" in names:
        return "import"
    return next((name for name in names if name.startswith("definition.")), names[0])


def _order(d: Definition) -> tuple[int, int, int]:
    return d.start, -d.end, d.name_start


def _add(definitions: dict[int, Definition], role: str, pattern: int, captures: Captures) -> None:
    """Note a definition, one for each name: that of the earliest pattern."""
    name = captures["name"][0]
    known = definitions.get(name.start_byte)
    if known is not None and known.rank <= pattern:
        return
    node = captures[role][0]
    start, end = node.byte_range
    last = node.end_point
    if body := captures.get("body"):
        head_end = body[0].start_byte
    elif head := captures.get("head"):
        head_end = head[0].end_byte
    else:
        head_end = end
    level = captures.get("level")
    params = captures.get("params")
    scope = captures.get("scope")
    definitions[name.start_byte] = Definition(
        kind=role[len("definition.") :],
        rank=pattern,
        start=start,
        end=end,
        line=node.start_point.row,
        # A node that takes its line break with it ends at the start of the next line.
        end_line=last.row - 1 if last.column == 0 and last.row > node.start_point.row else last.row,
        name_start=name.start_byte,
        name_end=name.end_byte,
        head_start=start,
        head_end=head_end,
        params=params[0] if params else None,
        scope=scope[0].byte_range if scope else None,
        level=int(re.sub(r"\D", "", level[0].type)) if level else 0,
    )


def _extend_sections(headings: list[Definition], end: int, end_line: int) -> None:
    """Let each heading reach to the next of its level or above."""
    open_headings: list[Definition] = []
    for heading in headings:
        while open_headings and open_headings[-1].level >= heading.level:
            section = open_headings.pop()
            section.end, section.end_line = heading.start, heading.line - 1
        open_headings.append(heading)
    for section in open_headings:
        section.end, section.end_line = end, max(end_line - 1, section.line)


def _extend_to_wrappers(
    source: bytes, definitions: list[Definition], statements: list[Span], wrappers: list[Span]
) -> None:
    """Let a definition begin and end with what is around it and holds nothing else."""
    starts = [d.start for d in definitions]
    around = [(start, end, False) for start, end in wrappers] + [(start, end, True) for start, end in statements]
    for start, end, is_header in sorted(around, reverse=True):  # the inner before the outer
        first = bisect_left(starts, start)
        if first == len(starts) or starts[first] >= end:
            continue
        d = definitions[first]
        if d.end != end and source[d.end : end].strip(b"; \t\r\n"):
            continue
        d.line -= source.count(b"\n", start, d.start)
        starts[first] = d.start = start
        d.end = end
        if is_header:
            d.head_start = start


def _extend_to_attributes(
    source: bytes, definitions: list[Definition], attributes: list[Span], left_out: list[Span]
) -> None:
    """Let a definition begin with the attributes before it; comments may stand between."""
    skip = dict(left_out)
    described: dict[int, int] = {}
    first: dict[int, int] = {}
    for start, end in sorted(attributes, reverse=True):
        position = end
        while (found := _NOT_SPACE.search(source, position)) and found.start() in skip:
            position = skip[found.start()]
        if found:
            # What follows may be another attribute, which is known already to describe something.
            target = described[start] = described.get(found.start(), found.start())
            first[target] = start
    for d in definitions:
        start = first.get(d.start, d.start)
        d.line -= source.count(b"\n", start, d.start)
        d.start = start
