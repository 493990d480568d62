"""The labelled conversations: one turn is one memory, one conversation one workspace."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NONSENSE = Path(__file__).with_name("nonsense.txt")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and the turns that hold its answer."""

    text: str
    evidence: frozenset[str]


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns by id, in order, and the questions about them."""

    name: str
    turns: dict[str, str]
    questions: list[Question]

    def memories(self) -> list[dict[str, Any]]:
        """The turns as they are stored; the part of an id before the colon is the session."""
        return [
            {"narrative": text, "memory_type": "reference", "session_id": turn.partition(":")[0], "force": True}
            for turn, text in self.turns.items()
        ]


def load(file: Path) -> list[Conversation]:
    """The conversations of a file."""
    return [
        Conversation(
            one["conversation"],
            one["turns"],
            [Question(each["question"], frozenset(each["evidence"])) for each in one["questions"]],
        )
        for one in json.loads(file.read_text("utf-8"))
    ]


def nonsense() -> list[str]:
    """Queries about nothing that any project's memories hold."""
    return NONSENSE.read_text("utf-8").splitlines()
