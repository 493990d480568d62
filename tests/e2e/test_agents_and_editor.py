"""Three agents and an editor at once, and a daemon that is restarted under them: nothing is lost or left behind."""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import pytest
from mcp import StdioServerParameters

from recall import Client, RecallError
from recall.protocol.events import ContextPushed
from recall.token import read_token
from tests.agents import Agent, agent, said
from tests.e2e.running import Daemon, wait_until

T = TypeVar("T")
FILES = ["api/models/memory.py", "api/views.py"]
AGAIN = {"unreachable", "shutting_down", "busy", "timeout"}
PATIENCE_S = 30


class Crew:
    """What the agents were told, and when they are to stop waiting.

    Attributes:
        kept: id and title of each memory that was acknowledged.
        jobs: of each session that was acknowledged as ended.
        failures: what ended a member of the crew before its time.
    """

    def __init__(self, project: Path, url: str, token: str) -> None:
        self.project = project
        self.url = url
        self.token = token
        self.kept: dict[str, str] = {}
        self.jobs: dict[str, str] = {}
        self.half = threading.Event()
        self.seen = threading.Event()
        self.done = threading.Event()
        self.failures: list[BaseException] = []
        self.opened = 0
        self.pushed: list[str] = []

    def member(self, work: Callable[..., None], *given: Any) -> threading.Thread:
        def run() -> None:
            try:
                work(*given)
            except BaseException as failure:
                self.failures.append(failure)
                raise
            finally:
                self.half.set()

        thread = threading.Thread(target=run, name=work.__name__)
        thread.start()
        return thread

    # --- the members -----------------------------------------------------------------------------

    def agent_over_http(self, sessions: int) -> None:
        """Starts sessions, searches, stores, observes and ends over HTTP."""
        with httpx.Client(base_url=f"{self.url}/api/v1", headers={"authorization": f"Bearer {self.token}"}) as http:
            where = {"project_path": str(self.project)}
            for number in range(sessions):
                session = self._posted(http, "/sessions/start", where)["session_id"]
                self._posted(http, "/memories/search", {**where, "query": "how are totals rounded"})
                title = f"Totals of kind {number} are rounded over HTTP"
                text = f"Totals of kind {number} are rounded to {number} digits, the agent said."
                stored = self._posted(
                    http, "/memories/store", {**where, "title": title, "narrative": text, "source_files": FILES[:1]}
                )
                self.kept[stored["id"]] = title
                self._posted(http, f"/sessions/{session}/observations", {"content": f"Looked at total {number}."})
                ended = self._posted(http, f"/sessions/{session}/end", {"summary": f"Tidied up total {number}."})
                self.jobs[session] = ended["extraction_job_id"]
                if number >= sessions // 2:
                    self.half.set()

    def agent_on_the_socket(self, sessions: int) -> None:
        """The same on the socket."""
        with Client(self.project, start=False) as client:
            for number in range(sessions):
                session = patient(client.session_start).session_id
                patient(lambda: client.search("how are invoices numbered"))
                title = f"Invoices of kind {number} are numbered on the socket"
                text = f"Invoices of kind {number} are numbered from {number}, the other agent said."
                self.kept[patient(lambda: self._store(client, title, text))] = title  # noqa: B023  # called at once
                patient(lambda: client.session_record_observation(session, f"Looked at invoice {number}."))  # noqa: B023
                ended = patient(lambda: client.session_end(session, f"Tidied up invoice {number}."))  # noqa: B023
                self.jobs[session] = ended.extraction_job_id

    def agent_over_mcp(self, sessions: int, environ: dict[str, str]) -> None:
        """The same over MCP, by a server of its own."""
        command = ["-m", "recall", "--no-start", "mcp"]
        server = StdioServerParameters(command=sys.executable, args=command, env=environ, cwd=str(self.project))
        with agent(server) as made:
            for number in range(sessions):
                session = self._called(made, "session_start")["session_id"]
                self._called(made, "memory_search", query="how are discounts given")
                title = f"Discounts of kind {number} are given over MCP"
                text = f"Discounts of kind {number} are given from {number}, the third agent said."
                self.kept[self._remembered(made, title, text)] = title
                self._called(made, "session_record_observation", session_id=session, content=f"Discount {number}.")
                ended = self._called(made, "session_end", session_id=session, summary=f"Tidied up discount {number}.")
                self.jobs[session] = ended["extraction_job_id"]

    def editor(self) -> None:
        """Opens and saves one file after the other until all others are done."""
        with Client(self.project, start=False) as client:
            while not self.done.is_set():
                file = FILES[self.opened % len(FILES)]
                patient(lambda: client.opened(file))  # noqa: B023  # called at once
                with (self.project / file).open("a") as saved:
                    saved.write(f"\n\ndef saved_{self.opened}():\n    return {self.opened}\n")
                self.opened += 1
                patient(client.sync)

    def listener(self, ready: threading.Event) -> None:
        """What the editor is shown."""
        with Client(self.project, start=False) as client, client.events(timeout_s=PATIENCE_S) as events:
            ready.set()
            for event in events:
                if isinstance(event, ContextPushed):
                    self.pushed.append(event.context.file_path)
                if self.seen.is_set():
                    return

    # --- what they share -------------------------------------------------------------------------

    def _posted(self, http: httpx.Client, path: str, body: dict[str, Any]) -> Any:
        def post() -> Any:
            try:
                response = http.post(path, json=body)
            except httpx.TransportError as error:
                raise RecallError("unreachable", str(error)) from error
            said = response.json()
            if response.status_code != 200:
                raise RecallError(said["code"], said["detail"])
            return said

        return patient(post)

    def _called(self, made: Agent, tool: str, **arguments: Any) -> dict[str, Any]:
        def call() -> dict[str, Any]:
            result = made.result(tool, **arguments)
            if result.is_error:
                code, _, message = said(result).partition(": ")
                raise RecallError(code, message)
            answer: dict[str, Any] = result.structured_content
            return answer

        return patient(call)

    def _remembered(self, made: Agent, title: str, text: str) -> str:
        try:
            stored = self._called(made, "memory_store", title=title, content=text, files=FILES[:1])
        except RecallError as error:
            if error.code != "duplicate":
                raise
            return str(re.findall(r"mem-\w+", str(error))[0])
        return str(stored["id"])

    def _store(self, client: Client, title: str, text: str) -> str:
        try:
            return client.store(title=title, narrative=text, source_files=FILES[:1]).id
        except RecallError as error:
            if error.code != "duplicate":
                raise
            return str(error.details["id"])  # stored when the daemon went down, and not acknowledged


def patient(ask: Callable[[], T]) -> T:
    """Ask again for as long as a daemon may take to be there anew."""
    answers: list[T] = []

    def answered() -> bool:
        try:
            answers.append(ask())
        except RecallError as error:
            if error.code not in AGAIN:
                raise
        return bool(answers)

    wait_until(answered, PATIENCE_S, "an answer")
    return answers[0]


def processes(home: Path) -> list[psutil.Process]:
    """All that run by this home, without the tests themselves."""
    return [
        process
        for process in psutil.process_iter(["environ"])
        if (process.info["environ"] or {}).get("RECALLD_HOME") == str(home) and process.pid != os.getpid()
    ]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def work_together(daemon: Daemon, project: Path, sessions: int, *, kill: bool) -> None:
    settings = {"http": True, "http_port": free_port()}
    daemon.start(**settings)
    with Client(project) as client:
        client.sync()
        url = client.status().http
    token = read_token(daemon.paths.http_token)
    crew = Crew(project, url, token or "")
    listening = threading.Event()
    listener = crew.member(crew.listener, listening)
    assert listening.wait(PATIENCE_S)
    editor = crew.member(crew.editor)
    agents = [
        crew.member(crew.agent_over_http, sessions // 3),
        crew.member(crew.agent_on_the_socket, sessions // 3),
        crew.member(crew.agent_over_mcp, sessions // 3, daemon.environ),
    ]
    assert crew.half.wait(PATIENCE_S + sessions)
    opened_before = crew.opened
    daemon.kill() if kill else daemon.stop()
    daemon.start(**settings)
    for each in agents:
        each.join(PATIENCE_S + sessions)
    wait_until(lambda: crew.opened > opened_before + 2, PATIENCE_S, "the editor to go on")
    pushed_before = len(crew.pushed)
    wait_until(lambda: len(crew.pushed) > pushed_before or not listener.is_alive(), PATIENCE_S, "a push")
    crew.seen.set()
    listener.join(PATIENCE_S)
    crew.done.set()
    editor.join(PATIENCE_S)
    assert crew.failures == []

    with Client(project, start=False) as client:
        assert len(crew.jobs) == sessions
        for job in crew.jobs.values():
            wait_until(lambda: client.session_job(job).status == "done", PATIENCE_S, "the extractions")  # noqa: B023
        listed = {each.session_id: each.status for each in client.session_list(limit=500).sessions}
        assert {listed[session] for session in crew.jobs} == {"ended"}
        for memory_id, title in crew.kept.items():
            assert client.get(memory_id).title == title
        assert set(crew.pushed) == set(FILES)
        client.sync()
        near = client.by_file(FILES[0]).memories
        assert {brief.title for brief in near} >= set(crew.kept.values())
        status = client.status()
        assert status.queues["requests"] == 1  # this one
        assert [warning for warning in status.warnings if "HTTP" in warning] == []
    daemon.stop()
    wait_until(lambda: processes(daemon.home) == [], 10, "the last process to end")


def test_three_agents_and_an_editor_lose_nothing_by_a_restart(daemon: Daemon, project: Path) -> None:
    work_together(daemon, project, 12, kill=False)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_kill_amid_two_hundred_sessions_of_three_agents_and_an_editor_loses_nothing(
    daemon: Daemon, project: Path
) -> None:
    work_together(daemon, project, 201, kill=True)
