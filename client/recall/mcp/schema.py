"""JSON Schema of a class, as short as can be: agents read every tool's schema at the start of each session. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

Unlisted = msgspec.Meta(extra_json_schema={"unlisted": True})
"""Marks a field that is understood and not shown: what is seldom needed would cost each session as much as the rest."""

_LEFT_OUT = ("title", "default", "additionalProperties")


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The schema of a class, of the fields that are not `Unlisted`.

    Without titles and defaults, with what it refers to in its place, of which only the fields are shown that are always
    there. What may be absent is simply not required: none of ours sends null.
    """
    (root,), components = msgspec.json.schema_components([kind], ref_template="{name}")
    fields = components[root["$ref"]]
    shown = {name: _short(each, components) for name, each in fields["properties"].items() if _listed(each)}
    required = [name for name in fields.get("required", ()) if name in shown]
    return {"type": "object", "properties": shown} | ({"required": required} if required else {})


def _short(schema: Any, components: dict[str, Any]) -> Any:
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema and schema["$ref"] not in components:
        return {"type": "object"}  # an item of an item
    if "$ref" in schema:
        inner = components[schema["$ref"]]
        always = {name: inner["properties"][name] for name in inner["required"]}
        return {
            "type": "object",
            "properties": {name: _short(each, {}) for name, each in always.items() if _listed(each)},
        }
    some = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(some) == 1:
        schema = some[0] | {name: each for name, each in schema.items() if name != "anyOf"}
    return {name: _short(each, components) for name, each in schema.items() if name not in _LEFT_OUT}


def _listed(field: dict[str, Any]) -> bool:
    return "unlisted" not in field
