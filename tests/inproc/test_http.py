"""What is asked over HTTP is answered as on the sockets, under the cookbook's names."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recall import Client
from tests.e2e.running import commit, git, wait_until
from tests.inproc.asking import Asking, asking
from tests.inproc.conftest import House

SETTINGS = {"http": True, "http_port": 0}
LAZY = {
    "title": "SQLAlchemy lazy loading strategy",
    "memory_type": "decision",
    "narrative": "All SQLAlchemy relationships use lazy=raise as the default, which prevents N+1 query bugs.",
    "concepts": ["SQLAlchemy", "lazy loading", "N+1 queries", "performance"],
    "source_files": ["api/models/memory.py"],
    "importance_score": 0.95,
}


@pytest.fixture
def http(house: House, client: Client) -> Iterator[Asking]:
    with asking(house.paths) as made:
        yield made


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Client]:
    """A second project, with a workspace of its own."""
    root = tmp_path / "other"
    root.mkdir()
    (root / "other.py").write_text("def other():\n    return 1\n")
    git(root, "init", "-q")
    commit(root, f"another root commit in {tmp_path}")
    with Client(root) as made:
        made.sync()
        yield made
        made.close_tree()


# --- the cookbook's answers ------------------------------------------------------------------------


def test_a_memory_is_stored_and_found_by_the_names_of_the_cookbook(http: Asking, client: Client) -> None:
    stored = http.ask("POST", "/memories/store", {**LAZY, "workspace_id": client.workspace_id})
    assert re.fullmatch(r"mem-[0-9a-f]+", stored["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stored["created_at"])
    assert (stored["title"], stored["memory_type"], stored["importance_score"]) == (LAZY["title"], "decision", 0.95)
    question = {"query": "database relationship loading strategy", "memory_types": ["decision", "pattern"], "limit": 10}
    found = http.ask("POST", "/memories/search", {**question, "workspace_id": client.workspace_id})
    best = found["results"][0]
    assert best["id"] == stored["id"]
    assert {"title", "memory_type", "score", "summary"} <= set(best)
    whole = http.ask("GET", f"/memories/{stored['id']}")
    assert (whole["narrative"], whole["anchors"][0]["verdict"]) == (LAZY["narrative"], "current")
    assert client.get(stored["id"]).title == LAZY["title"]


def test_content_files_and_importance_are_taken_too(http: Asking) -> None:
    given = {
        "title": "Workers",
        "content": "Pass ids.",
        "files": ["api/"],
        "importance": 0.88,
        "memory_type": "insight",
    }
    stored = http.ask("POST", "/memories/store", given)
    whole = http.ask("GET", f"/memories/{stored['id']}")
    assert (whole["narrative"], whole["source_files"], whole["importance_score"]) == ("Pass ids.", ["api/"], 0.88)
    assert whole["memory_type"] == "debugging"


def test_what_is_said_already_is_stored_all_the_same_and_named(http: Asking) -> None:
    first = http.ask("POST", "/memories/store", LAZY)
    second = http.ask("POST", "/memories/store", {**LAZY, "force": False})
    assert second["id"] != first["id"]
    assert [each["id"] for each in second["similar"]] == [first["id"]]
    assert second["similar"][0]["similarity"] >= 0.85


def test_a_rating_moves_the_importance_as_the_cookbook_shows(http: Asking) -> None:
    stored = http.ask("POST", "/memories/store", LAZY)
    context = "Prevented N+1 bug when adding eager loading to the workspace query"
    rated = http.ask("POST", f"/memories/{stored['id']}/feedback", {"useful": True, "context": context})
    assert rated == {
        "memory_id": stored["id"],
        "previous_importance": 0.95,
        "updated_importance": 0.97,
        "rating_recorded": True,
    }


def test_a_session_goes_from_its_start_to_memories(http: Asking, client: Client) -> None:
    http.ask("POST", "/memories/store", LAZY)
    where = {"workspace_id": client.workspace_id, "project_path": str(client.path)}
    started = http.ask("POST", "/sessions/start", where)
    session = f"/sessions/{started['session_id']}"
    assert started["context_summary"] == "1 high-importance memory injected. This is the first session."
    (given,) = started["injected_memories"]
    assert (given["title"], given["importance_score"]) == (LAZY["title"], 0.95)
    assert http.ask("GET", f"{session}/context", max_memories=10)["already_given"] == 1
    observed = http.ask("POST", f"{session}/observations", {"content": "The pool was exhausted.", "kind": "error"})
    assert observed["recorded"] is True
    ended = http.ask("POST", f"{session}/end", {"summary": "Added an async graph endpoint for topic exploration."})
    assert (ended["session_id"], ended["status"]) == (started["session_id"], "ended")
    assert ended["estimated_memories"] == 1
    job = f"/jobs/{ended['extraction_job_id']}"
    wait_until(lambda: http.ask("GET", job)["status"] == "done", 20, "the extraction")
    (made,) = http.ask("GET", job)["memories"]
    assert made["said"] == "Added an async graph endpoint for topic exploration."


def test_a_session_is_ended_without_a_word(http: Asking) -> None:
    started = http.ask("POST", "/sessions/start")
    assert http.ask("POST", f"/sessions/{started['session_id']}/end")["status"] == "ended"
    http.refused(409, "session_ended", "GET", f"/sessions/{started['session_id']}/context")


def test_a_file_leads_to_its_memories_and_its_context(http: Asking, client: Client) -> None:
    stored = http.ask("POST", "/memories/store", LAZY)
    client.sync()
    near = http.ask("GET", "/memories/by-file", file_path="api/models/memory.py")
    assert [each["id"] for each in near["memories"]] == [stored["id"]]
    context = http.ask("GET", "/context", file_path=str(client.path / "api/models/memory.py"))
    assert context["text"].startswith("[Recalld — retrieved for api/models/memory.py]")
    explored = http.ask("GET", "/memories/explore", id=stored["id"])
    assert explored == http.ask("POST", "/memories/explore", {"id": stored["id"]})
    assert stored["id"] in {node["id"] for node in explored["nodes"]}
    assert http.ask("GET", "/memories", memory_types=["decision", "pattern"], limit=5)["total"] == 1


def test_a_memory_is_changed_forgotten_and_restored(http: Asking) -> None:
    memory = f"/memories/{http.ask('POST', '/memories/store', LAZY)['id']}"
    assert http.ask("PATCH", memory, {"title": "Loading"})["title"] == "Loading"
    assert http.ask("DELETE", memory)["titles"] == ["Loading"]
    http.refused(409, "forgotten", "PATCH", memory, {"title": "Again"})
    assert http.ask("POST", f"{memory}/restore")["forgotten_at"] is None
    http.ask("DELETE", memory, purge=True)
    http.refused(404, "unknown_id", "GET", memory)


# --- which project is meant -------------------------------------------------------------------------


def test_where_several_projects_are_open_one_is_named_or_all_are_listed(
    http: Asking, client: Client, other: Client
) -> None:
    refused = http.refused(409, "ambiguous_workspace", "POST", "/memories/store", LAZY)
    assert refused["details"]["workspaces"] == [
        {"workspace_id": each.workspace_id, "path": str(each.path)} for each in (client, other)
    ]
    by_id = http.ask("POST", "/memories/store", {**LAZY, "workspace_id": client.workspace_id})
    by_path = http.ask("POST", "/memories/store", {**LAZY, "project_path": str(other.path / "deeper")})
    assert client.get(by_id["id"]).workspace_id == client.workspace_id
    assert other.get(by_path["id"]).workspace_id == other.workspace_id
    # An id needs no more.
    assert http.ask("GET", f"/memories/{by_id['id']}")["workspace_id"] == client.workspace_id
    assert http.ask("GET", f"/memories/{by_path['id']}")["workspace_id"] == other.workspace_id
    absolute = str(client.path / "api/models/memory.py")
    assert http.ask("GET", "/context", file_path=absolute)["workspace_id"] == client.workspace_id


def test_the_reply_names_the_project(http: Asking, client: Client) -> None:
    headers = http.raw.get("/api/v1/memories").headers
    assert headers["recalld-workspace"] == client.workspace_id
    assert headers["recalld-tree"] == client.tree_id


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"title": "mine"}),
        ("DELETE", "", None),
        ("POST", "/feedback", {"useful": True}),
        ("POST", "/restore", {}),
    ],
)
def test_an_id_is_unknown_in_another_project(
    http: Asking, client: Client, other: Client, verb: str, path: str, body: Any
) -> None:
    stored = client.store(title="Ours", narrative="Ours alone.")
    where = {"workspace_id": other.workspace_id}
    body, query = ({**body, **where}, {}) if body is not None else (None, where)
    refused = http.refused(404, "unknown_id", verb, f"/memories/{stored.id}{path}", body, **query)
    assert "Ours" not in str(refused)
    assert client.get(stored.id).title == "Ours"


def test_a_session_and_a_job_are_unknown_in_another_project(http: Asking, client: Client, other: Client) -> None:
    session = client.session_start().session_id
    where = {"workspace_id": other.workspace_id}
    http.refused(404, "unknown_session", "GET", f"/sessions/{session}/context", None, **where)
    http.refused(404, "unknown_session", "POST", f"/sessions/{session}/observations", {"content": "a", **where})
    http.refused(404, "unknown_session", "POST", f"/sessions/{session}/end", where)
    job = client.session_end(session).extraction_job_id
    http.refused(404, "unknown_job", "GET", f"/jobs/{job}", None, **where)
    assert http.ask("GET", f"/jobs/{job}")["session_id"] == session


def test_a_session_id_that_two_projects_have_asks_for_the_project(http: Asking, client: Client, other: Client) -> None:
    for each in (client, other):
        each.session_start(session_id="mine")
    refused = http.refused(409, "ambiguous_workspace", "GET", "/sessions/mine/context")
    assert len(refused["details"]["workspaces"]) == 2
    http.ask("GET", "/sessions/mine/context", workspace_id=client.workspace_id)


def test_a_personal_memory_is_found_from_anywhere(http: Asking, client: Client, other: Client) -> None:
    stored = client.store(title="I like tabs", narrative="Tabs.", personal=True)
    assert http.ask("GET", f"/memories/{stored.id}")["personal"] is True
    refused = http.refused(404, "unknown_workspace", "POST", "/memories/store", {**LAZY, "workspace_id": "ws-personal"})
    assert "`personal`" in refused["detail"]
    http.ask("DELETE", f"/memories/{stored.id}", purge=True)


def test_a_project_that_is_not_followed_is_followed_again(http: Asking, client: Client) -> None:
    stored = client.store(title="Kept", narrative="Kept meanwhile.")
    workspace_id = client.workspace_id
    client.close_tree()
    http.refused(404, "unknown_tree", "GET", "/memories")
    assert http.ask("GET", f"/memories/{stored.id}")["title"] == "Kept"
    client.close_tree()
    assert http.ask("GET", "/memories", workspace_id=workspace_id)["total"] == 1


def test_what_does_not_exist_is_said_to_be_unknown(http: Asking, tmp_path: Path) -> None:
    refused = http.refused(404, "unknown_workspace", "GET", "/memories", None, workspace_id="ws-none")
    assert "open are ws-" in refused["detail"]
    http.refused(404, "unknown_id", "GET", "/memories/mem-none")
    http.refused(404, "unknown_session", "POST", "/sessions/ses-none/end", {})
    http.refused(404, "unknown_job", "GET", "/jobs/job-none")
    http.refused(422, "not_a_folder", "GET", "/memories", None, project_path=str(tmp_path / "nowhere"))
    http.refused(422, "not_a_folder", "GET", "/memories", None, project_path=f"/{'a' * 300}")
    http.refused(422, "not_a_folder", "GET", "/memories", None, project_path="not/absolute")
    http.refused(404, "unknown_tree", "GET", "/context", None, file_path=str(tmp_path / "elsewhere.py"))


def test_a_session_for_a_folder_that_is_on_another_machine_is_for_the_whole_project(
    http: Asking, client: Client, tmp_path: Path
) -> None:
    where = {"workspace_id": client.workspace_id, "project_path": "/Users/me/Projects/elsewhere"}
    started = http.ask("POST", "/sessions/start", where)
    assert "no folder on this machine" in started["warnings"][0]
    http.refused(422, "outside_workspace", "POST", "/sessions/start", {**where, "project_path": str(tmp_path)})


# --- the daemon around it ---------------------------------------------------------------------------


def test_status_says_where_it_answers_and_the_token_is_for_its_owner_alone(http: Asking, house: House) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", http.url)
    assert stat.S_IMODE(house.paths.http_token.stat().st_mode) == 0o600
    assert http.raw.get("/health", headers={"authorization": ""}).json() == {"status": "ok"}
