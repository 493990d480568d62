"""`recall mcp` as a process: what agents start, and what happens around it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from mcp import StdioServerParameters

from recall import Client
from tests.agents import Agent, agent, said
from tests.e2e.running import Daemon, runs, wait_until

INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "a test", "version": "1"},
}
NOISY = """
import logging, os, sys, warnings
from recall.mcp import tools
from recall.cli.main import main

quiet = tools.TOOLS["memory_search"].run

async def noisy(client, said):
    print("a print")
    sys.stdout.write("a write")
    os.write(1, b"bytes")
    os.system("echo a child")
    warnings.warn("a warning")
    logging.getLogger("x").error("an error")
    return await quiet(client, said)

object.__setattr__(tools.TOOLS["memory_search"], "run", noisy)
sys.exit(main(["mcp"]))
"""


@contextmanager
def maya(daemon: Daemon, project: Path, *words: str, **given: Any) -> Iterator[Agent]:
    """An agent that started a server of its own in a project."""
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "recall", *(words or ("mcp",))], env=daemon.environ, cwd=str(project)
    )
    with agent(server, **given) as made:
        yield made


class Raw:
    """A server that is spoken to in lines."""

    def __init__(self, daemon: Daemon, project: Path, command: list[str] | None = None) -> None:
        self.process = subprocess.Popen(
            command or [sys.executable, "-m", "recall", "mcp"], cwd=project, env=daemon.environ,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._ids = 0

    def ask(self, method: str, **params: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._ids += 1
        request = {"jsonrpc": "2.0", "id": self._ids, "method": method, "params": params}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        assert reply["id"] == self._ids
        return reply.get("result") or reply["error"]

    def begin(self) -> Any:
        assert self.process.stdin is not None
        found = self.ask("initialize", **INITIALIZE)
        self.process.stdin.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
        return found

    def end(self) -> tuple[bytes, bytes]:
        """Close its input; what else it said on standard output and error."""
        return self.process.communicate(timeout=20)


# --- starting and ending ---------------------------------------------------------------------------


def test_a_server_starts_the_daemon_that_outlives_it(daemon: Daemon, project: Path) -> None:
    server = Raw(daemon, project)
    assert server.begin()["serverInfo"]["name"] == "recalld"
    called = server.ask("tools/call", name="memory_store", arguments={"content": "Kept."})
    assert called["structuredContent"]["title"] == "Kept"
    assert server.end()[0] == b""
    assert server.process.returncode == 0
    with Client(project, start=False) as client:
        (kept,) = client.list().memories
        pid = client.hello().pid
    assert kept.title == "Kept"
    assert runs(pid)
    os.kill(pid, signal.SIGTERM)


def test_the_handshake_needs_no_daemon(daemon: Daemon, project: Path) -> None:
    daemon.home.rmdir()
    daemon.home.write_text("no folder, so that no daemon can start")
    try:
        server = Raw(daemon, project)
        server.begin()
        assert len(server.ask("tools/list")["tools"]) == 12
        refused = server.ask("tools/call", name="memory_search", arguments={"query": "anything"})
        assert refused["isError"] is True
        assert refused["content"][0]["text"].startswith("unreachable: the daemon cannot be started")
        server.end()
    finally:
        daemon.home.unlink()
        daemon.home.mkdir()


def test_a_client_that_leaves_at_once_leaves_no_server_behind(daemon: Daemon, project: Path) -> None:
    daemon.start()
    for greeted in (False, True):
        server = Raw(daemon, project)
        if greeted:
            server.begin()
        server.end()
        assert server.process.returncode == 0


def test_a_server_has_no_children_while_it_serves(daemon: Daemon, project: Path) -> None:
    daemon.start()
    server = Raw(daemon, project)
    server.begin()
    server.ask("tools/call", name="memory_search", arguments={"query": "anything"})
    assert psutil.Process(server.process.pid).children() == []
    server.end()


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_server(daemon: Daemon, project: Path, name: signal.Signals) -> None:
    daemon.start()
    server = Raw(daemon, project)
    server.begin()
    server.process.send_signal(name)
    assert server.process.wait(10) == -name


def test_a_client_that_stops_reading_ends_a_server(daemon: Daemon, project: Path) -> None:
    daemon.start()
    server = Raw(daemon, project)
    server.begin()
    assert server.process.stdin is not None
    assert server.process.stdout is not None
    server.process.stdout.close()
    server.process.stdin.write(b'{"jsonrpc":"2.0","id":9,"method":"tools/list"}\n')
    server.process.stdin.close()
    assert server.process.wait(20) == 0


@pytest.mark.timeout(300)
def test_many_servers_in_a_row_leave_nothing(daemon: Daemon, project: Path) -> None:
    daemon.start()
    _settled(project)
    assert daemon.process is not None
    process = psutil.Process(daemon.process.pid)
    descriptors: list[int] = []
    for number in range(12):
        server = Raw(daemon, project)
        server.begin()
        server.ask("tools/call", name="memory_store", arguments={"content": f"Rule {number}."})
        server.end()
        assert not runs(server.process.pid)
        descriptors.append(process.num_fds())
    with Client(project, start=False) as client:
        assert client.list(limit=500).total == 12
    # The first calls open what stays open; what each server opens is closed within moments of its end.
    wait_until(lambda: process.num_fds() <= max(descriptors[:5]), 10, "the connections to be closed")


# --- standard output ---------------------------------------------------------------------------------


def test_nothing_but_the_protocol_is_on_standard_output(daemon: Daemon, project: Path) -> None:
    daemon.start()
    server = Raw(daemon, project, [sys.executable, "-c", NOISY])
    server.begin()
    for _ in range(3):
        assert server.ask("tools/call", name="memory_search", arguments={"query": "anything"})["isError"] is False
    out, err = server.end()
    assert out == b""
    for noise in (b"a print", b"a write", b"bytes", b"a child", b"a warning", b"an error"):
        assert noise in err


def test_a_line_that_is_no_message_stops_nothing(daemon: Daemon, project: Path) -> None:
    daemon.start()
    server = Raw(daemon, project)
    server.begin()
    assert server.process.stdin is not None
    for line in (b"{\n", b"\xff\xfe\n", b"[1]\n", b'{"jsonrpc":"2.0","id":{},"method":3}\n', b"\n"):
        server.process.stdin.write(line)
    server.process.stdin.flush()
    assert len(server.ask("tools/list")["tools"]) == 12
    server.end()


# --- a daemon that goes away -------------------------------------------------------------------------


def test_a_daemon_that_was_killed_is_started_by_the_next_call(daemon: Daemon, project: Path) -> None:
    daemon.start()
    with maya(daemon, project) as made:
        one = made.call("memory_store", content="Sessions live in Redis.")["id"]
        daemon.kill()
        assert [each["id"] for each in made.call("memory_search")["results"]] == [one]
        two = made.call("memory_store", content="Payments round to two decimals.")["id"]
        assert {each["id"] for each in made.call("memory_search")["results"]} == {one, two}


def test_a_daemon_killed_in_the_middle_of_calls_loses_and_doubles_nothing(daemon: Daemon, project: Path) -> None:
    daemon.start()
    assert daemon.process is not None
    with maya(daemon, project) as made:
        made.call("memory_store", content="Before.")
        os.kill(daemon.process.pid, signal.SIGSTOP)
        reading = made.start(made.client.call_tool, "memory_search", {})
        writing = made.start(made.client.call_tool, "memory_store", {"content": "In the middle."})
        with Client(project, start=False, timeout_s=0.5) as client, pytest.raises(Exception, match="no answer"):
            client.hello()  # by then both calls have been sent
        daemon.kill()
        assert "Before" in [each["title"] for each in reading.result(30).structured_content["results"]]
        refused = writing.result(30)
        if refused.is_error:
            assert "nothing is lost; call again" in said(refused)
            again = made.result("memory_store", content="In the middle.")
            assert not again.is_error or "duplicate" in said(again)
        titles = [each["title"] for each in made.call("memory_search")["results"]]
        assert sorted(titles) == ["Before", "In the middle"]


# --- two at once -------------------------------------------------------------------------------------


def test_two_agents_and_an_editor_at_once_see_each_others_memories(daemon: Daemon, project: Path) -> None:
    with maya(daemon, project) as one, maya(daemon, project) as two, Client(project) as editor:
        futures = [
            made.start(made.client.call_tool, "memory_store", {"content": f"Rule {name} {number}."})
            for number in range(20)
            for name, made in (("one", one), ("two", two))
        ]
        by_hand = [editor.store(title=f"Rule by hand {number}").id for number in range(20)]
        ids = [future.result(60).structured_content["id"] for future in futures] + by_hand
        assert len(set(ids)) == 60
        for made in (one, two):
            assert made.call("memory_search", limit=500)["matched"] == 60


# --- what the seeds show -----------------------------------------------------------------------------

BEARER = "our API uses Bearer token authentication with 1-hour expiry"
LAZY = (
    "All SQLAlchemy relationships use lazy='raise' as the default. This forces explicit loading via selectinload() or "
    "joinedload() and prevents N+1 query bugs. Any code that accesses a relationship without an explicit loader will "
    "raise an error immediately rather than silently issuing a query. See api/neuroloom_api/models/memory.py for the "
    "base model configuration."
)
ARQ = (
    "ARQ job functions must receive only JSON-serializable arguments. Never pass ORM objects into jobs — pass IDs as "
    "strings instead. The worker runs in a separate process with its own connection pool and cannot deserialize "
    "SQLAlchemy model instances. Pattern: accept entity_id: str, then load from DB inside the job function."
)
SUMMARY = (
    "Added async graph endpoint for topic exploration. Resolved DetachedInstanceError in session factory by verifying "
    "expire_on_commit=False. Discovered and documented pgvector ef_search tuning approach."
)


def test_what_one_session_stored_is_known_in_the_next(daemon: Daemon, project: Path) -> None:
    with maya(daemon, project, "--mcp") as first:
        first.call("memory_store", content=BEARER)
        _settled(project)
    with maya(daemon, project, "--mcp") as second:
        (found,) = second.call("memory_search", query="What do you know about our authentication?")["results"]
        assert found["title"] == BEARER
        for told in (
            "Payment service endpoint is https://api.payments.example.com",
            "Payment service API key is in environment variable PAYMENT_API_KEY",
            "Payment service has rate limit of 100 requests per minute",
            "The admin panel uses a separate auth flow.\nTags: authentication, admin, security",
        ):
            second.call("memory_store", content=told)
        _settled(project)
    with maya(daemon, project, "--mcp") as third:
        payments = third.call("memory_search", query="What do you know about payments?")["results"]
        assert sum("Payment service" in each["title"] for each in payments) == 3
        (tagged,) = third.call("memory_search", query="admin panel", tags=["security"])["results"]
        assert tagged["tags"] == ["authentication", "admin", "security"]
        about = third.call("memory_audit", about="the API")["matching"]
        assert BEARER in [each["title"] for each in about]
        assert third.call("memory_forget", older_than="30d", containing="temporary")["ids"] == []


def test_the_cookbook_by_the_tools_it_names(daemon: Daemon, project: Path) -> None:
    with maya(daemon, project) as made:
        lazy = made.call(
            "memory_store", title="SQLAlchemy lazy loading strategy", memory_type="decision", content=LAZY,
            concepts=["SQLAlchemy", "lazy loading", "N+1 queries", "performance"],
            files=["api/neuroloom_api/models/memory.py", "api/neuroloom_api/database.py"], importance=0.95,
        )  # fmt: skip
        assert (lazy["title"], lazy["memory_type"]) == ("SQLAlchemy lazy loading strategy", "decision")
        assert lazy["importance_score"] == 0.95
        assert lazy["id"].startswith("mem-")
        isolation = made.call(
            "memory_store", title="Workspace isolation invariant", memory_type="convention", importance_score=1.0,
            narrative="Every database query must filter by workspace_id. This is a hard security invariant, not a "
            "performance optimization. pgvector similarity queries do not enforce tenant isolation — the WHERE clause "
            "is mandatory.",
        )  # fmt: skip
        _settled(project)
        found = made.call(
            "memory_search", query="database relationship loading strategy", memory_types=["decision", "pattern"]
        )
        assert found["results"][0]["id"] == lazy["id"]
        by_file = made.call("memory_by_file", file_path="api/neuroloom_api/models/memory.py")
        assert lazy["id"] in [each["id"] for each in by_file["memories"]]

        begun = made.call("session_start", project_path=str(project))
        assert [each["id"] for each in begun["injected_memories"]] == [isolation["id"], lazy["id"]]
        assert begun["context_summary"] == "2 high-importance memories injected. This is the first session."
        session = begun["session_id"]
        assert session.startswith("ses-")
        assert made.call("session_get_context", session_id=session)["already_given"] == 2

        pattern = made.call(
            "memory_store", title="ARQ worker argument serialization", memory_type="pattern", content=ARQ,
            concepts=["ARQ", "background jobs", "serialization", "worker patterns"],
            files=["api/neuroloom_api/workers/"], importance=0.88,
        )  # fmt: skip
        assert pattern["importance_score"] == 0.88

        rated = made.call(
            "memory_rate", memory_id=lazy["id"], useful=True,
            context="Prevented N+1 bug when adding eager loading to the workspace query",
        )  # fmt: skip
        assert rated == {
            "memory_id": lazy["id"],
            "previous_importance": 0.95,
            "updated_importance": 0.97,
            "rating_recorded": True,
        }

        ended = made.call("session_end", session_id=session, summary=SUMMARY)
        assert (ended["session_id"], ended["status"]) == (session, "ended")
        assert ended["extraction_job_id"].startswith("job-")
        wait_until(
            lambda: (
                "DetachedInstanceError" in str(made.call("memory_search", query="DetachedInstanceError")["results"])
            ),
            20,
            "the memories of the session",
        )


def _settled(project: Path) -> None:
    """Wait until what is stored is found by meaning."""
    with Client(project) as client:
        wait_until(lambda: client.status().vectors == "ready", 30, "the vectors")
        client.sync()
