"""The OpenAPI document, made of the wire's own types, so that it says what is so."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from recall import __version__
from recall.protocol.values import MEMORY_TYPE_ALIASES, MEMORY_TYPES
from recalld.memory.addressing import Address
from recalld.server.http.endpoints import ADDRESSING, ENDPOINTS, Endpoint, reply_of
from recalld.server.http.guard import HEALTH
from recalld.server.http.problems import MEDIA_TYPE, STATUSES, TOO_LONG_A_HEAD, Problem

OPENAPI = "/openapi.json"
_SCHEMAS = "#/components/schemas/{name}"
_JSON = "application/json"

# What whoever writes Python sees by the name, and a reader of the document does not.
_SAID = {
    "id": "The id of a memory, as `mem-4a9f1c2e`; of a job, as `job-9d2f4a1b`.",
    "session_id": "The id of a session.",
    "job_id": "The id of an extraction job.",
    "file_path": "A file, relative to the tree's root, or absolute inside it.",
    "title": "One line.",
    "narrative": "What is to be remembered.",
    "memory_type": "What kind of memory; other tools' names for it are taken too.",
    "concepts": "What it is about.",
    "tags": "Free labels.",
    "importance_score": "0 to 1; 1.0 pins it, so that each session is given it.",
    "confidence": "How sure it is, 0 to 1.",
    "evidence": "The command that proved it.",
    "personal": "Whether it is, or may be, a memory that holds in all workspaces.",
    "query": "A question, in words.",
    "limit": "How many at most.",
    "token_budget": "What it may cost, in tokens by estimate.",
    "max_memories": "How many memories at most.",
    "files": "Files that are open, or about to be worked on.",
    "source_files": "Files, folders (with `/` at the end), or lines of a file (`path:120-140`).",
    "symbols": "Symbols, as `path::Outer.inner`.",
    "symbol": "A symbol.",
    "useful": "Whether it helped.",
    "context": "What it helped with, or how it misled.",
    "content": "What is to be remembered, or what happened.",
    "summary": "What was done.",
    "sort": "What comes first.",
    "unrated": "Only those that nobody rated.",
    "no_files": "Only those tied to no code.",
    "offset": "How many to pass over.",
    "explain": "Say what each score is made of.",
    "verdicts": "What the code says of them now.",
    "min_importance": "The least importance, 0 to 1.",
    "dry_run": "Change nothing, say what would be.",
    "unresolved": "Keep symbols that their file does not have.",
    "older_than_days": "Not with an id.",
    "containing": "Not with an id.",
    "workspace_id": "The project's id, as `recall http status` shows it; where it is left out, the memory, session or "
    "path says which, or there is only one open.",
}
_TOO_MUCH = {"force", "older_than_days", "containing", "method"}
"""Fields of requests that HTTP does not hand on."""


@functools.cache
def document() -> bytes:
    """The document, as JSON."""
    answers: set[type[msgspec.Struct]] = {Problem, *map(reply_of, ENDPOINTS)}
    asked: set[type[msgspec.Struct]] = {Address, *(each.request for each in ENDPOINTS)}
    _, made = msgspec.json.schema_components(answers | asked, ref_template=_SCHEMAS)
    taken = {kind.__name__: made.pop(kind.__name__) for kind in asked}
    for kind in answers:
        _describe(made[kind.__name__], kind)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        properties, required = _parameters(endpoint, taken)
        verb = _operation(endpoint, properties, required)
        if endpoint.has_body:
            name = f"{endpoint.request.__name__}Body"
            made[name] = _body(endpoint, properties, required)
            verb["requestBody"] = {
                "required": bool(required),
                "content": {_JSON: {"schema": {"$ref": _SCHEMAS.format(name=name)}, "example": dict(endpoint.example)}},
            }
        paths.setdefault(endpoint.path, {})[endpoint.verb.lower()] = verb
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "recalld",
                "version": __version__,
                "summary": "Memory for a codebase that notices when the code moves on.",
                "description": "The same requests as on the sockets. The field names are those of the wire.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "security": [{"token": []}, {"bearer": []}],
            "paths": {**_health(), **paths},
            "components": {
                "schemas": made,
                "responses": {"Problem": _problem()},
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer", "description": "What `recall http token` prints."},
                    "token": {
                        "type": "apiKey",
                        "in": "header",
                        "name": "Authorization",
                        "description": "`Token ` and what `recall http token` prints.",
                    },
                },
            },
        }
    )


def _parameters(endpoint: Endpoint, taken: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What a request takes besides what stands in its path, each described, and what of it cannot be left out."""
    own = taken[endpoint.request.__name__]
    said = _described(endpoint.request)
    address = taken[Address.__name__]["properties"]
    addressing = {name: dict(address[name]) for name in ADDRESSING}
    properties = addressing | {name: dict(schema) for name, schema in own.get("properties", {}).items()} | addressing
    left_out = {*_TOO_MUCH, *endpoint.fixed, endpoint.names}
    properties = {name: schema for name, schema in properties.items() if name not in left_out}
    for name, schema in properties.items():
        schema["description"] = said.get(name) or _SAID.get(name) or _described(Address)[name]
        if name == "memory_type":
            kinds = {"enum": [*MEMORY_TYPES, *MEMORY_TYPE_ALIASES]}
            schema.update({"anyOf": [kinds, {"type": "null"}]} if "anyOf" in schema else {"type": "string", **kinds})
    return properties, [name for name in own.get("required", []) if name in properties]


def _body(endpoint: Endpoint, properties: Mapping[str, Any], required: Iterable[str]) -> dict[str, Any]:
    return {
        "title": f"{endpoint.request.__name__}Body",
        "description": inspect.getdoc(endpoint.request) or "",
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
    }


def _operation(endpoint: Endpoint, properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    in_path = endpoint.path.partition("{")[2].partition("}")[0]
    parameters: list[dict[str, Any]] = []
    if in_path:
        schema = {"type": "string", "minLength": 1, "maxLength": 100}
        parameters.append(
            {"name": in_path, "in": "path", "required": True, "description": _SAID[in_path], "schema": schema}
        )
    if not endpoint.has_body:
        for name, schema in properties.items():
            described = {key: value for key, value in schema.items() if key != "description"}
            parameters.append(
                {
                    "name": name,
                    "in": "query",
                    "required": name in required,
                    "description": schema["description"],
                    "schema": described,
                }
            )
    reply = _SCHEMAS.format(name=reply_of(endpoint).__name__)
    return {
        "operationId": f"{endpoint.verb.lower()}_{endpoint.request.method}",
        "tags": [endpoint.path.split("/")[3]],
        "summary": endpoint.summary,
        "description": inspect.getdoc(endpoint.request) or endpoint.summary,
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "Done.",
                "headers": {
                    "Recalld-Workspace": {"description": "The workspace it was about.", "schema": {"type": "string"}},
                    "Recalld-Tree": {"description": "The tree it was about.", "schema": {"type": "string"}},
                },
                "content": {_JSON: {"schema": {"$ref": reply}}},
            },
            **_refusals(),
        },
    }


def _refusals() -> dict[str, Any]:
    statuses = sorted({*STATUSES.values(), TOO_LONG_A_HEAD})
    return {str(status): {"$ref": "#/components/responses/Problem"} for status in statuses}


def _problem() -> dict[str, Any]:
    codes = "\n".join(f"- `{code}` ({status})" for code, status in STATUSES.items())
    return {
        "description": f"Refused or failed; `code` says why, `detail` what to do. Codes and their statuses:\n\n{codes}",
        "content": {MEDIA_TYPE: {"schema": {"$ref": _SCHEMAS.format(name="Problem")}}},
    }


def _health() -> dict[str, Any]:
    schema = {"type": "object", "properties": {"status": {"const": "ok"}}, "required": ["status"]}
    return {
        HEALTH: {
            "get": {
                "operationId": "health",
                "tags": ["health"],
                "summary": "Says that the daemon answers, and nothing else. Needs no token.",
                "security": [],
                "responses": {
                    "200": {"description": "It answers.", "content": {_JSON: {"schema": schema}}},
                    "403": {"$ref": "#/components/responses/Problem"},
                    "405": {"$ref": "#/components/responses/Problem"},
                },
            }
        }
    }


def _describe(schema: dict[str, Any], kind: type[msgspec.Struct]) -> None:
    for name, text in _described(kind).items():
        field = schema.get("properties", {}).get(name)
        if field is not None and "$ref" not in field:
            field["description"] = text


@functools.cache
def _described(kind: type[msgspec.Struct]) -> dict[str, str]:
    """What stands below each field in the source of a struct and of those that it is made of."""
    said: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if not issubclass(base, msgspec.Struct) or base is msgspec.Struct:
            continue
        (definition,) = ast.parse(inspect.getsource(base)).body
        assert isinstance(definition, ast.ClassDef)  # noqa: S101  # the source of a class
        for field, after in zip(definition.body, definition.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(after, ast.Expr):
                text = ast.literal_eval(after.value) if isinstance(after.value, ast.Constant) else ""
                said[field.target.id] = inspect.cleandoc(text)
    return said
