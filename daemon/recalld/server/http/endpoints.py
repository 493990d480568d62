"""What is answered by HTTP: one entry for each verb and path, and the wire request that it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import inspect

from recall.protocol import requests as wire
from recall.protocol.codec import as_type
from recall.protocol.errors import RecallError
from recall.protocol.requests import Request
from recalld.memory.addressing import Address

API = "/api/v1"
ADDRESSING = ("workspace_id", "project_path")
"""What may lead to a tree and stands beside a request's own fields; its `file_path` may lead to one, too."""


@dataclass(frozen=True)
class Endpoint:
    """One verb at one path.

    Attributes:
        verb: of HTTP. GET and DELETE take their parameters from the query, others from a JSON body.
        path: with the name of the parameter that stands in it, if one does.
        request: what it stands for.
        summary: one line on what it does.
        names: what the parameter in the path is called in the request, if it is a field of it.
        address: what the parameter in the path is called in an address.
        fixed: fields that HTTP decides; whoever asks cannot.
        example: a body, or a query, that works.
    """

    verb: str
    path: str
    request: type[Request]
    summary: str
    names: str = ""
    address: str = ""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_body(self) -> bool:
        """Whether the parameters come as a JSON body."""
        return self.verb not in ("GET", "DELETE")

    def asked(self, values: dict[str, Any], in_path: str | None) -> tuple[Request, Address]:
        """The wire request, and what it says of the tree that it is about.

        Args:
            values: the body, or the query's parameters.
            in_path: the parameter in the path.

        Raises:
            RecallError: `invalid_params`, `invalid_text`.
        """
        lax = not self.has_body
        # Empty is what a variable of the shell gives that nobody set.
        values = {name: value for name, value in values.items() if name not in ADDRESSING or value != ""}
        leading = [*ADDRESSING, *({"file_path"} & set(self.request.__struct_fields__))]
        named = {name: values[name] for name in leading if name in values}
        if in_path is not None:
            named[self.address] = in_path
            values = {**values, self.names: [in_path] if self.names == "ids" else in_path}
        address = as_type(Address, named, lax=lax)
        return as_type(self.request, {**values, **self.fixed}, lax=lax), address

    def query(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """The parameters of a query by name; of a list each one is given by itself.

        Raises:
            RecallError: `invalid_params`, where one that is no list is given twice.
        """
        lists = _list_fields(self.request)
        values: dict[str, Any] = {}
        for name, value in pairs:
            if name in lists:
                values.setdefault(name, []).append(value)
            elif name in values:
                raise RecallError("invalid_params", f"{name} is given twice: give it once", field=name)
            else:
                values[name] = value
        return values


def _list_fields(request: type[Request]) -> set[str]:
    described = inspect.type_info(request)
    assert isinstance(described, inspect.StructType)  # noqa: S101  # each request is one
    return {each.name for each in described.fields if _may_be_list(each.type)}


def _may_be_list(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.UnionType):
        return any(map(_may_be_list, kind.types))
    return isinstance(kind, inspect.ListType)


_LAZY = "SQLAlchemy lazy loading strategy"
_MEMORY = f"{API}/memories/{{id}}"
_SESSION = f"{API}/sessions/{{session_id}}"
_OF_MEMORY: dict[str, Any] = {"names": "id", "address": "memory_id"}
_OF_SESSION: dict[str, Any] = {"names": "session_id", "address": "session_id"}

# Of paths that match both, the one that stands first is taken: `/memories/search` is no memory's id.
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "POST",
        f"{API}/memories/store",
        wire.Store,
        "Keep a memory; it is stored whatever else says the same, and `similar` names that.",
        fixed={"force": True},
        example={
            "title": _LAZY,
            "memory_type": "decision",
            "narrative": "All SQLAlchemy relationships use lazy='raise' as the default.",
            "source_files": ["api/models/memory.py"],
            "importance_score": 0.95,
        },
    ),
    Endpoint(
        "POST",
        f"{API}/memories/search",
        wire.Search,
        "Find the memories that answer a question, by meaning and by words.",
        example={
            "query": "database relationship loading strategy",
            "memory_types": ["decision", "pattern"],
            "limit": 10,
        },
    ),
    Endpoint("GET", f"{API}/memories/by-file", wire.ByFile, "The memories tied to a file, its symbols, its folders."),
    Endpoint("GET", f"{API}/memories/explore", wire.Explore, "What belongs together, from a query or from a memory."),
    Endpoint(
        "POST",
        f"{API}/memories/explore",
        wire.Explore,
        "What belongs together, from a query or from a memory.",
        example={"query": "relationship loading", "depth": 2},
    ),
    Endpoint("GET", f"{API}/memories", wire.ListMemories, "The memories of a workspace, filtered and sorted."),
    Endpoint("GET", _MEMORY, wire.Get, "One memory, whole, with what the code says of it.", **_OF_MEMORY),
    Endpoint(
        "PATCH",
        _MEMORY,
        wire.Edit,
        "Change what is given, and accept the code of now.",
        example={"importance_score": 0.9},
        **_OF_MEMORY,
    ),
    Endpoint(
        "DELETE",
        _MEMORY,
        wire.Forget,
        "Forget a memory; it can be restored for 30 days, unless it is purged.",
        names="ids",
        address="memory_id",
    ),
    Endpoint("POST", f"{_MEMORY}/restore", wire.Restore, "Bring back what was forgotten.", **_OF_MEMORY),
    Endpoint(
        "POST",
        f"{_MEMORY}/feedback",
        wire.Rate,
        "Say whether a memory helped.",
        example={"useful": True, "context": "Prevented an N+1 bug"},
        **_OF_MEMORY,
    ),
    Endpoint(
        "POST",
        f"{API}/sessions/start",
        wire.SessionStart,
        "Begin a session; what is worth knowing now comes with the reply.",
        example={"task": "Add eager loading to the workspace query"},
    ),
    Endpoint("GET", f"{_SESSION}/context", wire.SessionGetContext, "What is worth knowing now.", **_OF_SESSION),
    Endpoint(
        "POST",
        f"{_SESSION}/observations",
        wire.SessionRecordObservation,
        "Tell what happened in a session.",
        example={"content": "The pool was exhausted by sessions that were never closed.", "kind": "note"},
        **_OF_SESSION,
    ),
    Endpoint(
        "POST",
        f"{_SESSION}/end",
        wire.SessionEnd,
        "End a session; memories are made of it in the background.",
        example={"summary": "Added an async graph endpoint."},
        **_OF_SESSION,
    ),
    Endpoint(
        "GET",
        f"{API}/jobs/{{id}}",
        wire.SessionJob,
        "How far the extraction of a session is, and what it made.",
        names="id",
        address="job_id",
    ),
    Endpoint("GET", f"{API}/context", wire.ContextOf, "The context of a file, ready to inject."),
)


def paths() -> dict[str, dict[str, Endpoint]]:
    """The endpoints by path and verb, in their order."""
    found: dict[str, dict[str, Endpoint]] = {}
    for endpoint in ENDPOINTS:
        found.setdefault(endpoint.path, {})[endpoint.verb] = endpoint
    return found


def reply_of(endpoint: Endpoint) -> type[msgspec.Struct]:
    """What an endpoint answers with."""
    return endpoint.request.reply
