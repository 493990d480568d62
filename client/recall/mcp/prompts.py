"""Prompts that a person picks: to store a decision, and to go through what is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from recall.protocol.errors import RecallError


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt.

    Attributes:
        arguments: what each is, by name.
        required: the names of those that must be given.
        text: what is asked, with the arguments' places in braces.
        without: the text where no argument is given.
    """

    name: str
    title: str
    description: str
    text: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    without: str = ""


PROMPTS: dict[str, Prompt] = {
    prompt.name: prompt
    for prompt in (
        Prompt(
            "store_decision",
            "Store a decision",
            "Keep a decision, with its reasons and the code that it is about",
            "Store this decision with memory_store, as memory_type decision: {decision}\n\n"
            "First memory_search for it. Where that finds the same, memory_update it; where it finds what this one "
            "replaces, name that in supersedes. Write in full sentences what was decided, why, and what was turned "
            "down. Give a title, concepts, and the files and symbols that it is about. Importance: 1.0 for what must "
            "never be missed, 0.9 for what shapes the architecture, else 0.7. Then say in one line what is stored.",
            {"decision": "what was decided, and why"},
            ("decision",),
        ),
        Prompt(
            "audit_memories",
            "Audit memories",
            "Go through the memories that may not be true any more, doubled, contradicted or unused",
            "Call memory_audit with about: {about}. List what matches, the healthy ones in one line each. For each "
            "finding, look at the code that it is about, say what you found and what you propose: still true "
            "(memory_update with still_true), new words (memory_update), superseded (memory_update with link), "
            "forget (memory_forget), or leave it (memory_audit with keep). Do it once I agree.",
            {"about": "a subject; all that should be looked at where none is given"},
            without="Call memory_audit. For each finding, look at the code that it is about, say what you found and "
            "what you propose: still true (memory_update with still_true), new words (memory_update), superseded "
            "(memory_update with link), forget (memory_forget), or leave it (memory_audit with keep). Do it once I "
            "agree.",
        ),
    )
}
"""By name."""


def filled(name: str, given: Mapping[str, str]) -> tuple[Prompt, str]:
    """A prompt, and its text with what was given in it.

    Raises:
        RecallError: `invalid_params`, where there is no such prompt, or an argument is missing.
    """
    prompt = PROMPTS.get(name)
    if prompt is None:
        raise RecallError("invalid_params", f"there is no prompt {name!r}; there are {', '.join(PROMPTS)}")
    missing = [each for each in prompt.required if not given.get(each, "").strip()]
    if missing:
        raise RecallError("invalid_params", f"{name} needs `{missing[0]}`: {prompt.arguments[missing[0]]}")
    if not any(given.get(each) for each in prompt.arguments):
        return prompt, prompt.without
    return prompt, prompt.text.format_map({each: given.get(each, "") for each in prompt.arguments})
