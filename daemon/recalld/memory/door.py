"""The door for texts: what holds a secret is refused, or masked where refusing would lose more than it keeps.

Most texts are cleared at once. The others are looked at in a thread, because the first look loads the detectors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from recall.protocol import requests as wire
from recalld.memory.secrets import masked, refuse_secrets, suspicious


async def refuse(texts: Mapping[str, str | None]) -> None:
    """Refuse texts that hold a secret; there is no way to store one anyway.

    Args:
        texts: by the field they came in.

    Raises:
        RecallError: `secret_found`, with kind, field and line of the first.
    """
    doubtful = {field: text for field, text in texts.items() if text and suspicious(text)}
    if doubtful:
        await asyncio.to_thread(refuse_secrets, doubtful)


async def mask(text: str, field: str, warnings: list[str]) -> str:
    """The text with its secrets masked, and a warning that says so where it had any."""
    if not suspicious(text):
        return text
    shown, kinds = await asyncio.to_thread(masked, text)
    if kinds:
        found = ", ".join(dict.fromkeys(kinds))
        warnings.append(f"{field} held what looks like a secret ({found}): it was masked, and is kept nowhere")
    return shown


def of_memory(request: wire.Store | wire.Edit) -> dict[str, str | None]:
    """The texts of a memory that is stored or edited, by field."""
    given: dict[str, str | None] = {"title": request.title, "narrative": request.narrative}
    given |= {"concepts": "\n".join(request.concepts or ()), "tags": "\n".join(request.tags or ())}
    if isinstance(request, wire.Store):
        given |= {"content": request.content, "evidence": request.evidence}
    return given
