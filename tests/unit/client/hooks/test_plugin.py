"""The plugin for Claude Code says what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import recall
from recall.hooks import registration
from recall.hooks.events import HOOKS
from recall.setup import agents

ROOT = Path(__file__).resolve().parents[4]
PLUGIN = ROOT / "client" / "claude-code"
SKILLS = sorted(PLUGIN.glob("skills/*/SKILL.md"))


def document(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def test_a_clone_is_a_marketplace_with_the_plugin_in_it() -> None:
    assert agents.marketplace() == ROOT
    marketplace = document(ROOT / ".claude-plugin" / "marketplace.json")
    (entry,) = marketplace["plugins"]
    assert (marketplace["name"], entry["name"]) == ("recalld", "recalld")
    assert entry["source"].startswith("./")  # relative to the root of the clone, as Claude Code demands
    manifest = document(ROOT / entry["source"] / ".claude-plugin" / "plugin.json")
    assert (manifest["name"], manifest["version"]) == (entry["name"], recall.__version__)


def test_the_plugins_hooks_are_those_that_setup_registers() -> None:
    assert document(PLUGIN / "hooks" / "hooks.json")["hooks"] == registration.hooks()


def test_each_registered_hook_is_one_that_there_is_for_that_event() -> None:
    for event, _, name in registration.EVENTS:
        known = HOOKS[name][0]
        assert event in (known, f"{known}Failure")
    assert {name for _, _, name in registration.EVENTS} == set(HOOKS)


def test_the_plugin_runs_the_server_that_setup_registers() -> None:
    assert document(PLUGIN / ".mcp.json") == {"mcpServers": {agents.SERVER: agents.server(["recall"])}}


@pytest.mark.parametrize("skill", SKILLS, ids=lambda path: path.parent.name)
def test_a_skill_says_what_it_is_for(skill: Path) -> None:
    text = skill.read_text("utf-8")
    front, body = re.fullmatch(r"---\n(.*?)\n---\n(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    fields = dict(line.split(": ", 1) for line in front.splitlines())
    assert set(fields) == {"name", "description"}
    assert fields["name"] == skill.parent.name
    assert "Use when" in fields["description"]
    assert len(fields["description"]) <= 1024
    assert len(body.splitlines()) < 60


def test_skills_name_only_tools_and_commands_that_there_are() -> None:
    from recall.cli.main import MODULES

    text = "\n".join(skill.read_text("utf-8") for skill in SKILLS)
    tools = {"memory_store", "memory_search", "memory_update", "memory_audit", "memory_forget", "memory_rate"}
    assert set(re.findall(r"`(memory_[a-z]+)`", text)) - {"memory_type"} <= tools
    assert set(re.findall(r"`recall ([a-z]+)", text)) <= set(MODULES)
