"""The twelve tools: what each is for, what it takes, what it answers, and which calls of the daemon make that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from recall.aio import AsyncClient
from recall.mcp import answers, arguments, replies
from recall.mcp.answers import Answer
from recall.mcp.arguments import Arguments, days, moment
from recall.protocol.errors import RecallError

Run = Callable[[AsyncClient, Any], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    Attributes:
        run: asks the daemon, and makes the answer.
        reads: it changes nothing.
        destroys: it may take something away that was there; of one that changes something.
        repeatable: twice is the same as once; of one that changes something.
    """

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    answer: type[Answer]
    run: Run
    reads: bool = False
    destroys: bool = False
    repeatable: bool = False


async def _store(client: AsyncClient, said: arguments.Store) -> Answer:
    reply = await client.store(
        said.title,
        said.content,
        memory_type=said.memory_type,
        source_files=said.files,
        symbols=said.symbols,
        concepts=said.concepts,
        tags=said.tags,
        importance_score=said.importance,
        confidence=said.confidence,
        session_id=said.session_id,
        evidence=said.evidence,
        personal=said.personal,
        force=said.force,
        unresolved=said.unresolved,
        supersedes=said.supersedes,
    )
    return replies.stored(reply)


async def _search(client: AsyncClient, said: arguments.Search) -> Answer:
    filters: Any = {
        "memory_types": said.memory_types,
        "concepts": said.concepts,
        "tags": said.tags,
        "source_files": said.files,
        "symbols": said.symbols,
        "session_id": said.session_id,
        "since": moment(said.since, "since"),
        "until": moment(said.until, "until"),
        "verdicts": said.verdicts,
        "min_importance": said.min_importance,
        "personal": said.personal,
    }
    if said.query is None:
        return replies.listed(await client.list(limit=said.limit, **filters))
    reply = await client.search(
        said.query, limit=said.limit, token_budget=said.token_budget, file_path=said.file_path, **filters
    )
    return replies.searched(reply)


async def _by_file(client: AsyncClient, said: arguments.ByFile) -> Answer:
    if said.symbol is not None:
        return replies.of_symbol(await client.by_symbol(f"{said.file_path}::{said.symbol}"))
    context = await client.context(said.file_path)
    # Why there is nothing, such as that there is no such file, is worth asking for; else what is prepared is enough.
    warnings = [] if context.memories else (await client.by_file(said.file_path)).warnings
    return replies.of_file(context, warnings)


async def _explore(client: AsyncClient, said: arguments.Explore) -> Answer:
    asked: Any = {"depth": said.depth, "limit": said.limit, "personal": said.personal}
    if said.memory_id is None:
        return replies.explored(await client.explore(said.query, **asked), None)
    memory = await client.get(said.memory_id)
    return replies.explored(await client.explore(id=said.memory_id, **asked), memory)


async def _rate(client: AsyncClient, said: arguments.Rate) -> Answer:
    reply = await client.rate(said.memory_id, said.useful, context=said.context, session_id=said.session_id)
    return replies.rated(reply)


async def _update(client: AsyncClient, said: arguments.Update) -> Answer:
    edits = {
        name: value
        for name in ("title", "memory_type", "symbols", "concepts", "tags")
        if (value := getattr(said, name)) is not None
    }
    for name, other in (("content", "narrative"), ("files", "source_files"), ("importance", "importance_score")):
        if (value := getattr(said, name)) is not None:
            edits[other] = value
    linked = said.link is not None
    changes = [bool(edits), said.still_true, said.pinned is not None, linked, said.restore]
    if sum(changes) != 1:
        raise RecallError(
            "invalid_params",
            "say one change a call: new title, content, … (which also says that it is true of the code of now), "
            "or still_true, or pinned, or link with target_id, or restore",
        )
    if linked != (said.target_id is not None):
        raise RecallError("invalid_params", "link and target_id go together", field="target_id")
    if edits:
        memory = await client.edit(said.memory_id, unresolved=said.unresolved, **edits)
        return replies.updated(memory, "edited")
    if said.still_true:
        return replies.updated(await client.verify(said.memory_id), "verified")
    if said.restore:
        return replies.updated(await client.restore(said.memory_id), "restored")
    if said.link is not None and said.target_id is not None:
        memory = await client.link(said.memory_id, said.link, said.target_id, remove=said.unlink)
        return replies.updated(memory, "unlinked" if said.unlink else "linked")
    if said.pinned:
        return replies.updated(await client.pin(said.memory_id), "pinned")
    return replies.updated(await client.unpin(said.memory_id), "unpinned")


async def _forget(client: AsyncClient, said: arguments.Forget) -> Answer:
    matching = said.older_than is not None or said.containing is not None
    if bool(said.ids) == matching:
        raise RecallError("invalid_params", "say what to forget: either ids, or older_than and containing", field="ids")
    if said.purge and matching:
        raise RecallError("invalid_params", "purge takes ids only: dry_run lists them", field="purge")
    reply = await client.forget(
        said.ids,
        older_than_days=days(said.older_than, "older_than"),
        containing=said.containing,
        purge=said.purge,
        dry_run=said.dry_run,
    )
    return replies.forgotten(reply, dry_run=said.dry_run)


async def _audit(client: AsyncClient, said: arguments.Audit) -> Answer:
    await client.sync()
    if said.ready:
        return replies.checklist(await client.audit_ready())
    if said.keep or said.later:
        kept = await client.audit_settle(said.keep, "keep") if said.keep else None
        put_off = await client.audit_settle(said.later, "later") if said.later else None
        done = [finding.memory.id for reply in (kept, put_off) if reply for finding in reply.findings]
        return answers.Audited(answered=list(dict.fromkeys(done)))
    reply = await client.audit(
        about=said.about,
        older_than_days=days(said.older_than, "older_than"),
        limit=said.limit,
        put_off=said.put_off,
        ids=said.ids,
    )
    return replies.audited(reply)


async def _session_start(client: AsyncClient, said: arguments.SessionStart) -> Answer:
    reply = await client.session_start(
        None if said.project_path is None else client.path,
        session_id=said.session_id,
        files=said.files,
        branch=said.branch,
        task=said.task,
        token_budget=said.token_budget,
        max_memories=said.max_memories,
        personal=said.personal,
    )
    return replies.given(reply)


async def _session_get_context(client: AsyncClient, said: arguments.SessionGetContext) -> Answer:
    reply = await client.session_get_context(
        said.session_id,
        task=said.task,
        files=said.files,
        token_budget=said.token_budget,
        max_memories=said.max_memories,
        personal=said.personal,
    )
    return replies.given(reply)


async def _record(client: AsyncClient, said: arguments.SessionRecordObservation) -> Answer:
    reply = await client.session_record_observation(
        said.session_id, said.content, said.kind, source_files=said.files, symbols=said.symbols
    )
    return replies.recorded(reply)


async def _session_end(client: AsyncClient, said: arguments.SessionEnd) -> Answer:
    return replies.ended(await client.session_end(said.session_id, said.summary))


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "memory_store",
            "Store a memory",
            "Keep a decision, pattern, convention or insight at once when it is made or found, or the user says so. "
            "Search first; update what says the same. Name the files or symbols it is about: it comes up there, and "
            "says when they change. No secrets, nothing the code says by itself.",
            arguments.Store,
            answers.Stored,
            _store,
        ),
        Tool(
            "memory_search",
            "Search memories",
            "What is known about a question, best first. Ask before you decide, debug, or explain how something is "
            "done here. score 0-1; a verdict other than current or moved: the code has changed since, so check it.",
            arguments.Search,
            answers.Results,
            _search,
            reads=True,
        ),
        Tool(
            "memory_by_file",
            "Memories of a file",
            "What is known about a file, its symbols and folders. Ask before you change it.",
            arguments.ByFile,
            answers.OfFile,
            _by_file,
            reads=True,
        ),
        Tool(
            "memory_explore",
            "Explore memories",
            "With memory_id: that memory whole, and what belongs to it. With query: what belongs together, over "
            "shared concepts, code and sessions.",
            arguments.Explore,
            answers.Explored,
            _explore,
            reads=True,
        ),
        Tool(
            "memory_rate",
            "Rate a memory",
            "Say whether a memory that you were given helped, or misled.",
            arguments.Rate,
            answers.Rated,
            _rate,
        ),
        Tool(
            "memory_update",
            "Update a memory",
            "One change a call: new content etc. (also accepts the code of now), or still_true, pinned, restore, or "
            "link: memory_id supersedes target_id.",
            arguments.Update,
            answers.Updated,
            _update,
            destroys=True,
            repeatable=True,
        ),
        Tool(
            "memory_forget",
            "Forget memories",
            "Forget by ids, or all that match (dry_run first). memory_update with restore undoes it for 30 days.",
            arguments.Forget,
            answers.Forgotten,
            _forget,
            destroys=True,
            repeatable=True,
        ),
        Tool(
            "memory_audit",
            "Audit memories",
            "What should be looked at (code changed, doubled, contradicted, secret, unused), each with a proposed act; "
            "or all about something, or of an age. Then memory_update, memory_forget, or keep and later here.",
            arguments.Audit,
            answers.Audited,
            _audit,
            repeatable=True,
        ),
        Tool(
            "session_start",
            "Start a session",
            "Call first: what is worth knowing now, and the session_id for the other session tools.",
            arguments.SessionStart,
            answers.Given,
            _session_start,
        ),
        Tool(
            "session_get_context",
            "Refresh the context",
            "When the task changes: what is worth knowing now and was not given yet.",
            arguments.SessionGetContext,
            answers.Given,
            _session_get_context,
        ),
        Tool(
            "session_record_observation",
            "Record an observation",
            "Note what happened: a decision, an error, its fix. Memories are made of it at the end.",
            arguments.SessionRecordObservation,
            answers.Recorded,
            _record,
        ),
        Tool(
            "session_end",
            "End a session",
            "Call last, with a summary in full sentences: memories are made of it.",
            arguments.SessionEnd,
            answers.Ended,
            _session_end,
            repeatable=True,
        ),
    )
}
"""By name."""
