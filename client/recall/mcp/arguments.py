"""What an agent may say to each tool: the names of the cookbook, and the other names that are understood.

A class for each tool: its fields are the tool's arguments, and its schema is what clients see. Other names for the same
(`ALIASES`) and fields that are `Unlisted` are accepted, and left out of the schema, because agents read all of it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Meta

from recall.ages import days_of, moment_of
from recall.mcp.schema import Unlisted
from recall.protocol.errors import RecallError
from recall.protocol.values import LinkKind

A = TypeVar("A", bound="Arguments")

ALIASES: dict[str, tuple[str, ...]] = {
    "content": ("narrative", "observation", "text", "note"),
    "files": ("source_files", "file_paths"),
    "importance": ("importance_score",),
    "memory_type": ("type",),
    "memory_types": ("types", "memory_type", "type"),
    "memory_id": ("id",),
    "ids": ("memory_ids", "memory_id", "id"),
    "file_path": ("path", "file"),
    "older_than": ("older_than_days",),
    "containing": ("mentioning",),
    "max_memories": ("limit",),
    "limit": ("max_memories", "max_results"),
    "still_true": ("verify", "verified"),
    "pinned": ("pin",),
    "kind": ("type",),
    "query": ("q",),
}
"""For an argument, the other names it is understood by."""

_FIELD = re.compile(r" - at `\$\.?(.*)`$")


class Arguments(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What all tools take."""

    project_path: Annotated[str | None, Unlisted] = None

    def paths(self) -> list[str]:
        """The files and folders that are named, which may say which project is meant."""
        return [*(getattr(self, "files", None) or ()), *filter(None, [getattr(self, "file_path", None)])]


class Store(Arguments):
    """`memory_store`."""

    content: Annotated[str, Meta(description="what, and why, in full sentences")]
    title: str | None = None
    memory_type: Annotated[
        str,
        Meta(
            description="decision, pattern, convention, architecture, debugging, bug_fix, dependency, configuration, "
            "performance, security, preference, reference, learning, general"
        ),
    ] = "general"
    files: Annotated[list[str], Meta(description="files, folders/, lines (a.py:7-9)")] = []
    symbols: Annotated[list[str], Meta(description="path::Class.method")] = []
    concepts: Annotated[list[str], Meta(description="subjects")] = []
    tags: list[str] = []
    importance: Annotated[float, Meta(description="0-1, default 0.7; 1: pinned, in every session")] = 0.7
    supersedes: Annotated[list[str], Meta(description="ids that it replaces")] = []
    evidence: Annotated[str | None, Unlisted] = None
    session_id: str | None = None
    personal: Annotated[bool, Meta(description="for all projects")] = False
    force: Annotated[bool, Meta(description="though it is stored already")] = False
    confidence: Annotated[float, Unlisted] = 1.0
    unresolved: Annotated[bool, Unlisted] = False


class Search(Arguments):
    """`memory_search`."""

    query: Annotated[str | None, Meta(description="a question; without it, the most important ones are listed")] = None
    memory_types: list[str] = []
    limit: int = 10
    files: Annotated[list[str], Meta(description="only what is tied to these")] = []
    symbols: Annotated[list[str], Unlisted] = []
    concepts: list[str] = []
    tags: list[str] = []
    since: Annotated[str | None, Meta(description="date, or age: 30d")] = None
    min_importance: Annotated[float | None, Unlisted] = None
    file_path: Annotated[str | None, Meta(description="where you work: what is near ranks higher")] = None
    until: Annotated[str | None, Unlisted] = None
    verdicts: Annotated[
        list[Literal["missing", "ambiguous", "changed", "moved+changed", "moved", "current"]], Unlisted
    ] = []
    session_id: Annotated[str | None, Unlisted] = None
    personal: Annotated[bool | None, Unlisted] = None
    token_budget: Annotated[int, Unlisted] = 2_000


class ByFile(Arguments):
    """`memory_by_file`."""

    file_path: str
    symbol: Annotated[str | None, Meta(description="only this one of it: Class.method")] = None


class Explore(Arguments):
    """`memory_explore`."""

    query: str | None = None
    memory_id: str | None = None
    depth: Annotated[int, Unlisted] = 2
    limit: int = 20
    personal: Annotated[bool, Unlisted] = True


class Rate(Arguments):
    """`memory_rate`."""

    memory_id: str
    useful: bool
    context: Annotated[str, Meta(description="what it helped with, or how it misled")] = ""
    session_id: Annotated[str | None, Unlisted] = None


class Update(Arguments):
    """`memory_update`."""

    memory_id: str
    title: str | None = None
    content: str | None = None
    memory_type: str | None = None
    files: list[str] | None = None
    symbols: list[str] | None = None
    concepts: list[str] | None = None
    tags: list[str] | None = None
    importance: float | None = None
    still_true: Annotated[bool, Meta(description="of the code of now")] = False
    pinned: bool | None = None
    link: Annotated[LinkKind | None, Meta(description="what it is to target_id")] = None
    target_id: str | None = None
    unlink: Annotated[bool, Unlisted] = False
    restore: Annotated[bool, Meta(description="bring back what was forgotten")] = False
    unresolved: Annotated[bool, Unlisted] = False


class Forget(Arguments):
    """`memory_forget`."""

    ids: list[str] = []
    older_than: Annotated[str | None, Meta(description="age: 30d")] = None
    containing: Annotated[str | None, Meta(description="text in them")] = None
    dry_run: Annotated[bool, Meta(description="only list them")] = False
    purge: Annotated[bool, Meta(description="for good; ids only")] = False


class Audit(Arguments):
    """`memory_audit`."""

    about: Annotated[str | None, Meta(description="list all about this")] = None
    older_than: Annotated[str | None, Meta(description="list all older: 60d")] = None
    limit: int = 10
    keep: Annotated[list[str], Meta(description="ids: leave these as they are")] = []
    later: Annotated[list[str], Meta(description="ids: put these off")] = []
    put_off: Annotated[bool, Unlisted] = False
    ready: Annotated[bool, Meta(description="instead, a checklist of the project")] = False
    ids: Annotated[list[str], Unlisted] = []


class SessionStart(Arguments):
    """`session_start`."""

    project_path: Annotated[str | None, Meta(description="the folder worked in")] = None
    task: Annotated[str, Meta(description="what is to be done")] = ""
    files: Annotated[list[str], Meta(description="about to be worked on")] = []
    session_id: Annotated[str | None, Meta(description="go on with this one")] = None
    max_memories: int = 20
    token_budget: Annotated[int | None, Unlisted] = None
    branch: Annotated[str | None, Unlisted] = None
    personal: Annotated[bool, Unlisted] = True


class SessionGetContext(Arguments):
    """`session_get_context`."""

    session_id: str
    task: str = ""
    files: list[str] = []
    max_memories: int = 10
    token_budget: Annotated[int | None, Unlisted] = None
    personal: Annotated[bool, Unlisted] = True


class SessionRecordObservation(Arguments):
    """`session_record_observation`."""

    session_id: str
    content: str
    kind: Literal["note", "tool", "error", "fix", "decision"] = "note"
    files: list[str] = []
    symbols: list[str] = []


class SessionEnd(Arguments):
    """`session_end`."""

    session_id: str
    summary: Annotated[str, Meta(description="what was done, decided, learned")] = ""


def read(kind: type[A], tool: str, given: Mapping[str, Any]) -> A:
    """The arguments of a call, by whatever names they came.

    A text where a list belongs is a list of one, and a list that came as JSON in a text is that list: some agents
    write them so.

    Raises:
        RecallError: `invalid_params`, with the argument at fault and what there is.
    """
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    named = _by_our_names(tool, fields, given)
    for name, value in named.items():
        if isinstance(value, str) and _is_list(fields[name]):
            named[name] = _listed(value)
        elif name == "older_than" and isinstance(value, int | float) and not isinstance(value, bool):
            named[name] = f"{value}d"
    try:
        return msgspec.convert(named, kind, strict=False)
    except msgspec.ValidationError as error:
        found = _FIELD.search(str(error))
        field = found[1] if found else None
        message = _FIELD.sub("", str(error))
        raise RecallError("invalid_params", f"{field}: {message}" if field else message, field=field) from None


def days(text: str | None, field: str) -> float | None:
    """An age in days.

    Raises:
        RecallError: `invalid_params`.
    """
    try:
        return None if text is None else days_of(text)
    except ValueError as error:
        raise RecallError("invalid_params", str(error), field=field) from None


def moment(text: str | None, field: str) -> str | None:
    """A date, a time, or an age as the time that long ago.

    Raises:
        RecallError: `invalid_params`.
    """
    try:
        return None if text is None else moment_of(text)
    except ValueError as error:
        raise RecallError("invalid_params", str(error), field=field) from None


def _by_our_names(tool: str, fields: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    ours = {alias: name for name in fields for alias in ALIASES.get(name, ()) if alias not in fields}
    named: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue  # some clients send null for what was not given
        known = ours.get(name, name)
        if known not in fields:
            near = difflib.get_close_matches(name, [*fields, *ours], 1)
            hint = f" (`{near[0]}`?)" if near else ""
            raise RecallError(
                "invalid_params", f"{tool} takes no `{name}`{hint}; it takes {', '.join(fields)}", field=name
            )
        if known in named and named[known] != value:
            raise RecallError(
                "invalid_params", f"`{name}` and `{known}` are the same argument: give one of them", field=name
            )
        named[known] = value
    return named


def _is_list(kind: Any) -> bool:
    parts = get_args(kind)[:1] if get_origin(kind) is Annotated else get_args(kind)
    return get_origin(kind) is list or (get_origin(kind) is not dict and any(map(_is_list, parts)))


def _listed(text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        try:
            return msgspec.json.decode(text, type=list[Any])
        except msgspec.DecodeError:
            pass
    return [text]
