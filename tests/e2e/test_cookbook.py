"""The steps of the cookbook on coding agents, from a shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.running import Daemon

LAZY = (
    "All SQLAlchemy relationships use lazy='raise' as the default. This forces explicit loading via selectinload() or "
    "joinedload() and prevents N+1 query bugs."
)
ISOLATION = "Every database query must filter by workspace_id. This is a hard security invariant."
SUMMARY = (
    "Added async graph endpoint for topic exploration. Resolved DetachedInstanceError in session factory by "
    "verifying expire_on_commit=False. Discovered and documented pgvector ef_search tuning approach."
)


def test_the_cookbook_from_a_shell(daemon: Daemon, project: Path) -> None:
    def recall(*words: str) -> Any:
        return json.loads(daemon.recall("--json", *words, cwd=project).stdout)

    daemon.start()
    lazy = recall(
        "store", "SQLAlchemy lazy loading strategy", "--type", "decision", "-c", LAZY, "--importance", "0.95",
        "--file", "api/models/memory.py", "--concept", "N+1 queries",
    )  # fmt: skip
    recall("store", "Workspace isolation invariant", "--type", "convention", "-c", ISOLATION, "--importance", "1.0")
    found = recall("search", "database relationship loading strategy", "--type", "decision", "--type", "pattern")
    assert found["results"][0]["id"] == lazy["id"]

    started = recall("session", "start", str(project))
    assert started["context_summary"] == "2 high-importance memories injected. This is the first session."
    assert [each["title"] for each in started["injected_memories"]] == [
        "Workspace isolation invariant",
        "SQLAlchemy lazy loading strategy",
    ]
    session = started["session_id"]
    assert recall("session", "context", session, "--limit", "10")["already_given"] == 2

    rated = recall("rate", lazy["id"], "--useful", "--context", "Prevented N+1 bug when adding eager loading")
    assert (rated["previous_importance"], rated["updated_importance"]) == (0.95, 0.97)

    ended = recall("session", "end", session, "--summary", SUMMARY)
    assert (ended["session_id"], ended["status"], ended["estimated_memories"]) == (session, "ended", 3)
    job = recall("session", "job", ended["extraction_job_id"])
    assert (job["status"], job["drafted_by"]) == ("done", "rules")
    assert [(each["memory_type"], each["said"]) for each in job["memories"]] == [
        ("architecture", "Added async graph endpoint for topic exploration."),
        ("bug_fix", "Resolved DetachedInstanceError in session factory by verifying expire_on_commit=False."),
        ("learning", "Discovered and documented pgvector ef_search tuning approach."),
    ]
    (listed,) = recall("session", "list")["sessions"]
    assert (listed["status"], listed["summary"]) == ("ended", SUMMARY)
    shown = daemon.recall("show", job["memories"][1]["id"], cwd=project).stdout
    assert "extracted, unrated" in shown
    assert f"session {session}  “Resolved DetachedInstanceError" in shown
