"""Fingerprints: digests of code that stay the same however it is formatted and commented.

Code is cut into tokens. What is not a word is one token a character, strings are one token each, white
space, comments and docstrings are none; blocks of languages that indent become brackets. So two texts
have the same tokens where only their formatting differs, and the digests are over tokens.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b

from recalld.code.grammar import Captured, Definition, Span
from recalld.code.languages import Language

CONTAINERS = frozenset(
    {"class", "interface", "trait", "struct", "union", "enum", "object", "extension", "module", "namespace", "heading"}
)
"""Kinds that are their header and the set of their members, not what the members contain."""

_OWN_NAME = b"\x00name"
_QUOTES = (b"'", b'"')
_HEXADECIMAL = (b"0x", b"0X")
_PIECE = re.compile(rb"([a-zA-Z]*)'([^'\"\\\n]*)'")
_INDENT, _DEDENT = b"\x00in", b"\x00out"
_BLANK = bytes(each if each == ord("\n") else ord(" ") for each in range(256))
_SELF = frozenset({b"self", b"cls", b"this", b"super", b"Self"})
# What may stand at one position, in this order: a definition ends before the blocks around it do, and starts
# after them.
_END, _BLOCK_END, _BLOCK_START, _START, _STRING = range(5)


class Normalised:
    """The tokens of one file, found again by byte positions."""

    def __init__(self, source: bytes, language: Language, captured: Captured) -> None:
        """Cut a file into tokens.

        Args:
            source: its bytes.
            language: what it is written in.
            captured: what its grammar saw in it.
        """
        self.code = _blanked(source, captured.left_out)
        """The source with blanks in place of comments and docstrings; positions stay."""
        self._tokens: list[bytes] = []
        self._starts: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._cut(_blanked(self.code, captured.dropped), language, captured)

    def digests(self, definition: Definition, members: Iterable[Definition]) -> tuple[str, str, int]:
        """The fingerprint of a definition, the digest of its header alone, and the number of tokens in its body.

        Args:
            definition: one of the captured definitions.
            members: the definitions directly inside it, in their order.
        """
        tokens, starts, ends = self._tokens, self._starts, self._ends
        start, end = starts[definition.start], ends[definition.end]
        name, name_end = starts[definition.name_start], ends[definition.name_end]
        head_end = ends[definition.head_end]
        own = tokens[name_end - 1] if name < name_end else b""
        if name >= head_end:  # typedef struct { … } name;
            header = [*tokens[start:head_end], _OWN_NAME]
            end = name
        else:
            header = [*tokens[start:name], _OWN_NAME, *tokens[name_end:head_end]]
        if definition.kind in CONTAINERS:
            body = self._own_content(definition, members, head_end, end, own)
        else:
            body = tokens[head_end:end]
        size = end - head_end if head_end < end else len(header) - 1
        return _digest(_masked(header + body, own)), _digest(_masked(header, own)), size

    def _own_content(
        self, container: Definition, members: Iterable[Definition], start: int, end: int, own: bytes
    ) -> list[bytes]:
        """What stands in a container outside its members, and which members it has, in any order."""
        loose: list[bytes] = []
        names: list[bytes] = []
        for member in members:
            loose += self._tokens[start : self._starts[member.start]]
            start = max(start, self._ends[member.end])
            name = self.code[member.name_start : member.name_end]
            names.append(member.kind.encode() + b" " + (_OWN_NAME if name == own else name))
        loose += self._tokens[start:end]
        if container.kind in ("module", "namespace"):
            loose = []  # imports
        # Between members stand the ends of their blocks.
        return [token for token in loose if token not in (_INDENT, _DEDENT)] + sorted(names)

    def _cut(self, code: bytes, language: Language, captured: Captured) -> None:
        """Find all tokens, and at which of them each definition and its parts start and end."""
        docstrings = {start for start, _ in captured.left_out}
        # Of strings that start together, one of several pieces is the whole.
        string_ends = {start: end for start, end in sorted(captured.strings) if start not in docstrings}
        # One integer an event sorts fastest: where, then what.
        boundaries: set[int] = set()
        for d in captured.definitions:
            boundaries.update(
                (
                    d.start << 3 | _START,
                    d.name_start << 3 | _START,
                    d.name_end << 3 | _END,
                    d.head_end << 3 | _END,
                    d.end << 3 | _END,
                )
            )
        events = list(boundaries)
        for start, end in captured.blocks:
            events += (start << 3 | _BLOCK_START, end << 3 | _BLOCK_END)
        events += [start << 3 | _STRING for start in string_ends]
        events.sort()
        words = _words(language.semicolons).findall
        windows_lines = b"\r\n" in code
        hexadecimal = b"0x" in code or b"0X" in code
        tokens, cursor = self._tokens, 0
        for event in events:
            position, what = event >> 3, event & 7
            if position > cursor:
                found = words(code, cursor, position)
                tokens += (
                    [each.lower() if each.startswith(_HEXADECIMAL) else each for each in found]
                    if hexadecimal
                    else found
                )
                cursor = position
            if what == _STRING:
                if position == cursor:  # else it is inside another
                    cursor = string_ends[position]
                    text = code[position:cursor]
                    if windows_lines:
                        text = text.replace(b"\r\n", b"\n")
                    tokens.append(_plain_string(text, language) if language.quotes else text)
            elif what == _END:
                self._ends[position] = len(tokens)
            elif what == _START:
                self._starts[position] = len(tokens)
            else:
                tokens.append(_INDENT if what == _BLOCK_START else _DEDENT)


def _blanked(code: bytes, spans: list[Span]) -> bytes:
    if not spans:
        return code
    blanked = bytearray(code)
    for start, end in spans:
        blanked[start:end] = code[start:end].translate(_BLANK)
    return bytes(blanked)


@cache
def _words(semicolons: bool) -> re.Pattern[bytes]:
    """What finds the tokens between strings: words, and single marks save a comma that only ends a list."""
    return re.compile(rb"[\w\x80-\xff]+|,(?!\s*[)\]}>])|[^\s\w,\x80-\xff" + (b"]" if semicolons else b";]"))


def _plain_string(text: bytes, language: Language) -> bytes:
    """One way to write a string, whatever its quotes, and in Python its prefix, escapes and pieces."""
    quote, inner = text[:1], text[1:-1]
    if quote in _QUOTES and text.endswith(quote) and b"\\" not in inner and quote not in inner:
        return b'"' + inner.replace(b'"', b'\\"') + b'"'
    if language.name == "python":
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of escapes that mean nothing; they are not ours
                value = ast.literal_eval(f"({text.decode()})")
            # Quotes are escaped alike, and line ends shown as such, by JSON's way of writing.
            return json.dumps(value, ensure_ascii=False).encode() if isinstance(value, str) else repr(value).encode()
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return _PIECE.sub(lambda piece: piece[1] + b'"' + piece[2] + b'"', text)  # with expressions inside
    if quote in _QUOTES and text.endswith(quote):
        inner = inner.replace(b"\\'", b"'").replace(b'\\"', b'"').replace(b'"', b'\\"')
        return b'"' + inner + b'"'
    return text


def _masked(tokens: list[bytes], own: bytes) -> list[bytes]:
    """The tokens with a definition's own name replaced where it means itself: bare, or on itself, not on others."""
    if len(own) == 1 and not own.isalnum():
        return tokens  # an operator
    position = -1
    for _ in range(tokens.count(own)):
        position = tokens.index(own, position + 1)
        if position > 1 and tokens[position - 1] == b".":
            receiver = tokens[position - 2]
            if receiver == b")" and tokens[position - 4 : position - 2] == [b"super", b"("]:
                receiver = b"super"
            if receiver not in _SELF:
                continue
        tokens[position] = _OWN_NAME
    return tokens


def _digest(tokens: list[bytes]) -> str:
    return blake2b(b"\n".join(tokens), digest_size=16).hexdigest()
