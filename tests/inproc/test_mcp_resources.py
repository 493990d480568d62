"""Resources, prompts and roots of the MCP server, by the SDK's own client, against a real daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp import MCPError

from recall import Client
from recall.mcp.projects import Projects
from recall.mcp.server import Bridge
from tests.agents import Agent, agent
from tests.e2e.running import MODELS, commit, git, wait_until

# The protocol of 2026 does without roots and `resources/subscribe`; agents of now have them.
pytestmark = pytest.mark.filterwarnings("ignore:.*as of 2026-07-28")
FILE = "api/models/memory.py"
LOAD = f"{FILE}::Memory.load"


@pytest.fixture
def maya(client: Client, project: Path) -> Iterator[Agent]:
    with agent(Bridge(Projects(folder=project)).server) as made:
        yield made


def another(folder: Path) -> Path:
    folder.mkdir()
    (folder / "main.go").write_text("package main\n\nfunc Run() int {\n\treturn 1\n}\n")
    git(folder, "init", "-q")
    commit(folder, f"of {folder} alone")
    return folder


def read(maya: Agent, uri: str) -> str:
    (contents,) = maya.wait(maya.client.read_resource, uri).contents
    assert contents.uri == uri
    text: str = contents.text
    return text


# --- resources -----------------------------------------------------------------------------------


def test_what_is_worth_listing_can_be_read(maya: Agent, client: Client) -> None:
    one = client.store(title="Loading concatenates", narrative="It always did.", symbols=[LOAD], tags=["orm"])
    listed = [each.uri for each in maya.wait(maya.client.list_resources).resources]
    assert listed == [f"recall://memory/{one.id}", f"recall://file/{FILE}"]
    whole, of_file = (read(maya, uri) for uri in listed)
    assert whole.startswith(f"[Recalld — retrieved for {one.id}]\nLoading concatenates ({one.id}; general")
    assert "It always did.\ntags: orm\n" in whole
    assert of_file.startswith(f"[Recalld — retrieved for {FILE}]")


def test_a_list_is_bounded(maya: Agent, client: Client) -> None:
    client.store_many([{"title": f"Rule {n}", "source_files": [f"api/{n}.py"]} for n in range(60)])
    assert len(maya.wait(maya.client.list_resources).resources) == 40


def test_the_templates_say_what_can_be_read(maya: Agent) -> None:
    templates = maya.wait(maya.client.list_resource_templates).resource_templates
    assert [each.uri_template for each in templates] == ["recall://file/{path}", "recall://memory/{id}"]


@pytest.mark.parametrize("path", ["api/odd%20name.py", "api%2Fodd%20name.py", "api/odd name.py"])
def test_a_path_may_be_quoted(maya: Agent, client: Client, project: Path, path: str) -> None:
    (project / "api/odd name.py").write_text("x = 1\n")
    client.store(title="Odd", source_files=["api/odd name.py"])
    assert "Odd (" in read(maya, f"recall://file/{path}")


@pytest.mark.parametrize("uri", ["recall://memory/mem-none", "recall://nothing/x", "recall://file/../../etc/passwd"])
def test_a_resource_that_is_not_there_is_refused(maya: Agent, uri: str) -> None:
    with pytest.raises(MCPError, match=r"unknown_id|invalid_params|outside_workspace") as refusal:
        read(maya, uri)
    assert refusal.value.code == types.INVALID_PARAMS


def updated(maya: Agent) -> set[str]:
    return {str(each.params.uri) for each in maya.told if isinstance(each, types.ResourceUpdatedNotification)}


def test_a_followed_resource_says_when_it_changes(maya: Agent, client: Client, project: Path) -> None:
    one = client.store(title="Loading concatenates", symbols=[LOAD])
    memory, file = f"recall://memory/{one.id}", f"recall://file/{FILE}"
    for uri in (memory, file):
        maya.wait(maya.client.subscribe_resource, uri)
    wait_until(lambda: _listening(maya, client, one.id), 10, "the subscription to stand")
    maya.told.clear()
    (project / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    wait_until(lambda: updated(maya) == {memory, file}, 10, "the updates")
    maya.wait(maya.client.unsubscribe_resource, memory)
    maya.told.clear()
    client.edit(one.id, narrative="It does not.")
    wait_until(lambda: file in updated(maya), 10, "the update of the file")
    assert updated(maya) == {file}


def _listening(maya: Agent, client: Client, memory_id: str) -> bool:
    client.rate(memory_id, useful=True)
    return f"recall://memory/{memory_id}" in updated(maya)


def test_a_client_of_the_newer_protocol_listens_to_what_it_names(client: Client, project: Path) -> None:
    one, two = client.store(title="Loading concatenates"), client.store(title="Caches are warm")
    heard: list[str] = []

    with agent(Bridge(Projects(folder=project)).server, mode="2026-07-28") as maya:

        async def listen() -> None:
            async with maya.client.listen(resource_subscriptions=[f"recall://memory/{one.id}"]) as changes:
                async for change in changes:
                    heard.append(change.uri)  # type: ignore[union-attr]  # noqa: PERF401  # heard while it goes on

        listening = maya.start(listen)

        def told() -> bool:
            for each in (two, one):
                client.rate(each.id, useful=True)
            return bool(heard)

        wait_until(told, 10, "the update")
        assert set(heard) == {f"recall://memory/{one.id}"}
        listening.cancel()


def test_what_is_no_resource_cannot_be_followed(maya: Agent) -> None:
    with pytest.raises(MCPError, match="there is no resource"):
        maya.wait(maya.client.subscribe_resource, "file:///etc/passwd")


# --- prompts -------------------------------------------------------------------------------------


def test_prompts_are_listed_and_filled(maya: Agent) -> None:
    assert [each.name for each in maya.wait(maya.client.list_prompts).prompts] == ["store_decision", "audit_memories"]
    filled = maya.wait(maya.client.get_prompt, "store_decision", {"decision": "We use Redis."})
    (message,) = filled.messages
    assert "We use Redis." in message.content.text
    with pytest.raises(MCPError, match="needs `decision`"):
        maya.wait(maya.client.get_prompt, "store_decision", {})


# --- which project -------------------------------------------------------------------------------


def titles(maya: Agent, **given: Any) -> list[str]:
    return [each["title"] for each in maya.call("memory_search", **given)["results"]]


def test_the_clients_roots_come_before_the_folder_it_was_started_in(
    client: Client, project: Path, tmp_path: Path
) -> None:
    other = another(tmp_path / "other")
    client.store(title="Of the project")
    with agent(Bridge(Projects(folder=project)).server, roots=[other]) as maya:
        maya.call("memory_store", content="Of the other.")
        assert titles(maya) == ["Of the other"]
        maya.roots = [project]
        maya.wait(maya.client.send_roots_list_changed)
        wait_until(lambda: titles(maya) == ["Of the project"], 10, "the new roots to count")
        assert titles(maya, project_path=str(other)) == ["Of the other"]


def test_of_several_roots_the_one_that_has_the_file_is_meant(client: Client, project: Path, tmp_path: Path) -> None:
    other = another(tmp_path / "other")
    with agent(Bridge(Projects()).server, roots=[project, other]) as maya:
        maya.call("memory_store", content="Of the first.")
        maya.call("memory_store", content="Of the second.", files=[str(other / "main.go")])
        assert titles(maya) == ["Of the first"]
        assert titles(maya, project_path=str(other)) == ["Of the second"]
        assert "Of the second" in maya.text("memory_by_file", file_path=str(other / "main.go"))


def test_roots_that_are_no_folders_here_leave_the_folder_it_was_started_in(client: Client, project: Path) -> None:
    client.store(title="Of the project")
    with agent(Bridge(Projects(folder=project)).server, roots=[project / "gone"]) as maya:
        assert titles(maya) == ["Of the project"]


def test_the_environment_of_claude_code_names_the_project(
    client: Client, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.store(title="Of the project")
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(project / "api"))
    with agent(Bridge(Projects()).server) as maya:
        assert titles(maya) == ["Of the project"]


def test_a_folder_that_is_no_project_is_refused_with_what_to_do(client: Client, project: Path) -> None:
    with agent(Bridge(Projects(folder=Path("/"))).server) as maya:
        refusal = maya.refused("memory_search", query="anything")
        assert refusal.startswith("too_wide: ")
        assert "project_path says which project" in refusal
        assert titles(maya, project_path=str(project)) == []
    with agent(Bridge(Projects(folder=project)).server) as maya:
        assert "not_a_folder" in maya.refused("memory_search", query="anything", project_path="/no/such/folder")


def test_more_projects_than_are_kept_open_are_served(client: Client, project: Path) -> None:
    folders = [project / "api" / f"part{number}" for number in range(12)]
    for folder in folders:
        folder.mkdir()
    projects = Projects(folder=project)
    with agent(Bridge(projects).server) as maya:
        maya.call("memory_store", content="Of the project.")
        for folder in folders:
            assert titles(maya, project_path=str(folder)) == ["Of the project"]
        assert len(projects._connections) <= 8
