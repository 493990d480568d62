"""Of one file there is never more than one text under way, and what is shown is never older than what was seen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from recall.lsp.documents import Document
from recall.protocol.errors import RecallError
from recall.protocol.requests import MAX_TEXT, PreviewReply
from recall.protocol.values import Brief, SymbolOutline


class Daemon:
    """Answers when a test lets it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()
        self.fails = False

    async def preview(self, path: str, text: str, version: int) -> PreviewReply:
        self.asked.append(text)
        self.at_once += 1
        self.begun.set()
        self.most_at_once = max(self.at_once, self.most_at_once)
        await self.go.wait()
        self.at_once -= 1
        if self.fails:
            raise RecallError("unreachable", "gone")
        line = text[: text.index("def")].count("\n") + 1
        brief = Brief(id="mem-00000001", title="t", memory_type="general", importance_score=0.7)
        symbol = SymbolOutline(name="f", kind="function", line=line, end_line=line, memories=[brief])
        return PreviewReply(
            file_path=path, version=version, language="python", status="parsed", saved=False, memories=[],
            symbols=[symbol], anchors={},
        )  # fmt: skip


def with_document(work: Callable[[Document, Daemon, list[int]], Awaitable[None]]) -> None:
    async def run() -> None:
        shown: list[int] = []
        daemon = Daemon()
        document = Document("file:///a.py", Path("/a.py"), "def f(): pass\n", 1, lambda each: shown.append(line(each)))
        document.follow(daemon.preview)
        await work(document, daemon, shown)
        document.close()

    asyncio.run(run())


def line(document: Document) -> int:
    assert document.annotations is not None
    return document.annotations.marks[0].line


async def rested(document: Document) -> None:
    """Return once nothing is under way."""
    if document._following is not None:
        await document._following


def test_a_burst_of_edits_is_shown_to_the_daemon_once_when_it_pauses() -> None:
    async def work(document: Document, daemon: Daemon, shown: list[int]) -> None:
        await document.answered(5)
        for number in range(20):
            document.edit((0, 0), (0, 0), "\n")
            assert line(document) == number + 1  # at once, by shifting
        await rested(document)
        assert [text.count("\n") for text in daemon.asked] == [1, 21]
        assert shown == [0, 20]

    with_document(work)


def test_edits_made_meanwhile_shift_the_answer_and_are_shown_next() -> None:
    async def work(document: Document, daemon: Daemon, shown: list[int]) -> None:
        await document.answered(5)
        daemon.go.clear()
        daemon.begun.clear()
        document.refresh()
        await daemon.begun.wait()
        document.edit((0, 0), (0, 0), "\n\n")
        assert daemon.at_once == 1
        daemon.go.set()
        await rested(document)
        assert shown == [0, 2, 2]
        assert daemon.most_at_once == 1

    with_document(work)


def test_a_daemon_that_is_lost_leaves_what_is_shown_where_it_is() -> None:
    async def work(document: Document, daemon: Daemon, shown: list[int]) -> None:
        await document.answered(5)
        daemon.fails = True
        document.edit((0, 0), (0, 0), "\n")
        await rested(document)
        assert (line(document), shown) == (1, [0])

    with_document(work)


def test_a_text_over_the_limit_is_not_sent() -> None:
    async def work(document: Document, daemon: Daemon, shown: list[int]) -> None:
        await document.answered(5)
        document.close()
        document._shown = lambda _: None
        document.follow(daemon.preview)
        document.replace_all("x" * (MAX_TEXT + 1))
        await rested(document)
        assert (len(daemon.asked), document.annotations) == (1, None)

    with_document(work)


def test_whoever_waits_for_a_first_answer_that_does_not_come_gets_nothing() -> None:
    async def work(document: Document, daemon: Daemon, shown: list[int]) -> None:
        daemon.go.clear()
        assert await document.answered(0.01) is None
        document.ask_no_more()
        assert await document.answered(60) is None

    with_document(work)
