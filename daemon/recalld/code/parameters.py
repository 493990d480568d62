"""The types of a definition's parameters, by which overloads are told apart."""

from __future__ import annotations

import re

from tree_sitter import Node

_PARAMETERS = frozenset(
    {
        "formal_parameter",  # Java
        "spread_parameter",
        "parameter",  # C#, Kotlin, Scala, Swift
        "parameter_declaration",  # C++
        "optional_parameter_declaration",
        "variadic_parameter_declaration",
        "required_parameter",  # TypeScript
        "optional_parameter",
    }
)
_NEEDLESS_SPACE = re.compile(r"\s+(?!\w)|(?<!\w)\s+")


def parameter_types(params: Node) -> list[str]:
    """The types in their order, without names and defaults: `byte[]`, `Map<String,int>`, `const char*`, `String...`.

    Args:
        params: the node whose children the parameters are.
    """
    types = [_type(child) for child in params.named_children if child.type in _PARAMETERS]
    # The open-ended last one of C# has no node of its own.
    if rest := params.child_by_field_name("type"):
        types.append(_text(rest))
    return types


def _type(parameter: Node) -> str:
    if parameter.type.endswith("_declaration"):
        return _without_name(parameter)
    if parameter.type == "spread_parameter":
        return _text(next(child for child in parameter.named_children if child.type != "modifiers")) + "..."
    found = parameter.child_by_field_name("type")
    if found is None and parameter.type == "parameter" and parameter.named_child_count > 1:
        found = parameter.named_children[-1]
    return _text(found).removeprefix(":") if found is not None else "?"


def _without_name(parameter: Node) -> str:
    """What is left of a C++ parameter without its name and default: its type is written around its name."""
    start, end = parameter.start_byte, parameter.end_byte
    text = parameter.text or b""
    if default := parameter.child_by_field_name("default_value"):
        text = text[: default.start_byte - start].rstrip(b"= \t\r\n")
    name = parameter.child_by_field_name("declarator")
    while name is not None and name.type != "identifier":
        name = name.child_by_field_name("declarator") or next(iter(name.named_children), None)
    if name is not None and name.end_byte <= end:
        text = text[: name.start_byte - start] + text[name.end_byte - start :]
    return _compact(text)


def _text(node: Node) -> str:
    return _compact(node.text or b"")


def _compact(text: bytes) -> str:
    return _NEEDLESS_SPACE.sub("", text.decode("utf-8", "replace").strip())
