from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recalld.config import Config
from recalld.vectors import Vectors, VectorsUnavailable
from recalld.vectors.index import ChromaIndex, Item

from .conftest import Opened, Shelf, assert_in_line, found, hash_of, notes, rows, until, worker


def test_a_question_finds_the_memory_that_answers_it(opened: Opened) -> None:
    shelf = Shelf(
        [
            "SQLAlchemy lazy loading strategy\nRelations raise unless loaded with selectinload or joinedload",
            "Status fields\nUse string enums, never bare strings",
            "Deployments\nOn Tuesdays only, after the smoke tests",
        ]
    )

    async def scenario() -> None:
        async with opened(shelf) as vectors:
            near = await vectors.nearest("database relationship loading strategy", workspace_ids=["ws-a"], n=3)
            assert near[0][0] == "mem-0001"
            assert near[0][1] > near[1][1] + 0.2

    asyncio.run(scenario())


def test_around_a_memory_is_what_says_something_like_it(opened: Opened) -> None:
    shelf = Shelf(["Retries wait twice as long each time", "Backoff doubles after each retry", "The logo is blue"])

    async def scenario() -> None:
        async with opened(shelf) as vectors:
            around = await vectors.around(["mem-0001", "mem-unknown"], workspace_ids=["ws-a"], n=1)
            assert [memory_id for memory_id, _ in around["mem-0001"]] == ["mem-0002"]
            assert 0.3 < around["mem-0001"][0][1] < 1
            assert "mem-unknown" not in around
            assert await vectors.around(["mem-0001"], workspace_ids=["ws-b"], n=1) == {"mem-0001": []}

    asyncio.run(scenario())


def test_what_was_touched_is_in_line_once_settled(opened: Opened) -> None:
    shelf = Shelf(notes(5))

    async def scenario() -> None:
        async with opened(shelf) as vectors:
            shelf.put("the cat sleeps on the keyboard", memory_id="mem-new")
            shelf.put("bread is baked at dawn", memory_id="mem-0001")
            del shelf.memories["mem-0002"]
            vectors.touch(["mem-new", "mem-0001", "mem-0002", "mem-unknown"])
            assert vectors.state == "catching up (4 left)"
            assert await vectors.settled(5)
            assert vectors.state == "ready"
            assert await found(vectors, "a sleepy pet", n=1) == ["mem-new"]
            assert await found(vectors, "bakery", n=1) == ["mem-0001"]
            everything = await found(vectors, "note", n=99)
            assert sorted(everything) == ["mem-0001", "mem-0003", "mem-0004", "mem-0005", "mem-new"]

    asyncio.run(scenario())


def test_what_changed_while_it_was_off_is_in_line_after_a_start(opened: Opened, tmp_path: Path) -> None:
    shelf = Shelf([*notes(40), "a text of many pieces. " * 400])

    async def scenario() -> None:
        async with opened(shelf):
            pass
        shelf.put("a memory stored meanwhile")
        shelf.put("short now", memory_id="mem-0041")
        shelf.put(notes(40)[2], workspace="ws-b", memory_id="mem-0003")
        del shelf.memories["mem-0007"]
        async with opened(shelf) as vectors:
            assert await found(vectors, "note", "ws-b", n=99) == ["mem-0003"]

    asyncio.run(scenario())
    assert_in_line(tmp_path / "vectors", shelf)


def test_it_says_that_it_is_loading_and_stops_at_once(opened: Opened) -> None:
    async def scenario() -> None:
        async with opened(Shelf(notes(1)), wait=False) as vectors:
            assert vectors.state == "loading"
            assert await vectors.settled(0) is False
            with pytest.raises(VectorsUnavailable, match="loading"):
                await vectors.nearest("anything", workspace_ids=["ws-a"], n=1)
            await asyncio.sleep(0)  # lets the start begin
            began = time.monotonic()
            await vectors.stop()
            assert time.monotonic() - began < 0.5
            with pytest.raises(VectorsUnavailable):
                await vectors.nearest("anything", workspace_ids=["ws-a"], n=1)

    asyncio.run(scenario())


def test_queries_overtake_the_catching_up(opened: Opened) -> None:
    shelf = Shelf(f"{note} " + "and more of it " * 50 for note in notes(150))

    async def scenario() -> None:
        async with opened(shelf, wait=False) as vectors:
            await until(lambda: vectors.state.startswith("catching up"))
            waits: list[float] = []
            while vectors.state != "ready" and len(waits) < 10:
                began = time.monotonic()
                await found(vectors, f"question {len(waits)}")
                waits.append(time.monotonic() - began)
                await asyncio.sleep(0.01)
            assert vectors.state.startswith("catching up")
            assert sorted(waits)[5] < 0.2
            # Nor does what is stored now wait for what was stored long ago.
            vectors.touch([shelf.put("the cat sleeps on the keyboard")])
            await until(lambda: vectors._upkeep.due.reflects(vectors._upkeep.due.touches))
            assert vectors.state.startswith("catching up")
            assert await found(vectors, "a sleepy pet", n=1) == ["mem-0151"]
            assert await vectors.settled(0.1) is False

    asyncio.run(scenario())


def test_a_killed_process_is_replaced_and_catches_up(opened: Opened, tmp_path: Path) -> None:
    shelf = Shelf(notes(150))

    async def scenario() -> None:
        async with opened(shelf, wait=False) as vectors:
            await until(lambda: vectors.state.startswith("catching up"))
            vectors.touch([shelf.put("stored just before the fault")])
            worker().kill()
            with pytest.raises(VectorsUnavailable, match="signal 9"):
                await found(vectors, "anything")
            await until(lambda: vectors.state == "down: the vectors' process ended (signal 9)")
            await until(lambda: vectors.state == "ready")
            assert len(await found(vectors, "note", n=999)) == 151

    asyncio.run(scenario())
    assert_in_line(tmp_path / "vectors", shelf)


def test_after_a_kill_of_the_daemon_the_next_one_catches_up_exactly(opened: Opened, tmp_path: Path) -> None:
    shelf = Shelf(notes(100))
    program = f"""
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from conftest import Shelf
from recalld.config import Config
from recalld.vectors import Vectors

async def main():
    vectors = Vectors(Path(sys.argv[1]), Config(), Shelf({notes(100)!r}))
    await vectors.start()
    while not vectors.state.endswith("(36 left)"):
        await asyncio.sleep(0.001)
    print("on its way", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    command = [sys.executable, "-c", program, str(tmp_path / "vectors")]
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert daemon.stdout is not None
    assert daemon.stdout.readline() == "on its way\n"
    orphan = worker(daemon.pid)
    daemon.kill()
    daemon.wait()
    orphan.wait(5)

    async def scenario() -> None:
        async with opened(shelf) as vectors:
            assert len(await found(vectors, "note", n=999)) == 100

    asyncio.run(scenario())
    assert_in_line(tmp_path / "vectors", shelf)


@pytest.mark.parametrize("damaged", ["chroma.sqlite3", "data_level0.bin"])
def test_a_damaged_index_is_set_aside_and_made_anew(opened: Opened, tmp_path: Path, damaged: str) -> None:
    shelf = Shelf(notes(3))
    folder = tmp_path / "vectors"
    (folder / "chroma.broken-20200101T000000").mkdir(parents=True)
    index = ChromaIndex()
    index.open(folder / "chroma")
    for mem, (_, workspace, text) in shelf.memories.items():
        # Chroma writes its vectors' files after a thousand changes only.
        index.upsert([Item(mem, workspace, hash_of(text), rows(500))])
    index.close()
    (file,) = folder.glob(f"chroma/**/{damaged}")
    with file.open("r+b") as written:
        written.write(os.urandom(min(file.stat().st_size, 1_000_000)))

    async def scenario() -> None:
        async with opened(shelf, wait=False) as vectors:
            await until(lambda: vectors.state.startswith("down: "))
            await until(lambda: vectors.state == "ready")
            assert sorted(await found(vectors, "note", n=99)) == ["mem-0001", "mem-0002", "mem-0003"]

    asyncio.run(scenario())
    assert_in_line(folder, shelf)
    (aside,) = folder.glob("chroma.broken-*")
    assert list(aside.glob(f"**/{damaged}"))


def test_an_index_deleted_under_it_is_made_anew(opened: Opened, tmp_path: Path) -> None:
    shelf = Shelf(notes(40))

    async def scenario() -> None:
        async with opened(shelf) as vectors:
            shutil.rmtree(tmp_path / "vectors")
            with pytest.raises(VectorsUnavailable, match="the index was removed"):
                await found(vectors, "note")
            await until(lambda: vectors.state.startswith("down"))
            vectors.touch([shelf.put("stored while it was down")])
            await until(lambda: vectors.state == "ready")
            assert len(await found(vectors, "note", n=99)) == 41

    asyncio.run(scenario())
    assert_in_line(tmp_path / "vectors", shelf)


def test_a_source_that_cannot_be_read_is_asked_again_later(opened: Opened) -> None:
    shelf = Shelf(notes(3))
    shelf.failing = True

    async def scenario() -> None:
        async with opened(shelf, wait=False) as vectors:
            await until(lambda: vectors.state == "down: the store cannot be read")
            shelf.failing = False
            await until(lambda: vectors.state == "ready")

    asyncio.run(scenario())


def test_nothing_reaches_for_the_network(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "connections"
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "def look(event, arguments):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto', 'socket.bind'):\n"
        f"        with open({str(seen)!r}, 'a') as file:\n"
        "            file.write(f'{event} {arguments}\\n')\n"
        f"open({str(seen)!r}, 'a').close()\n"
        "sys.addaudithook(look)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("CHROMA_OTEL_COLLECTION_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("CHROMA_OTEL_GRANULARITY", "all")
    monkeypatch.setenv("ANONYMIZED_TELEMETRY", "true")

    async def scenario() -> None:
        async with opened(Shelf(notes(20))) as vectors:
            assert len(await found(vectors, "note", n=99)) == 20
            connections = [one.raddr for one in worker().net_connections(kind="inet")]
            assert connections == []

    asyncio.run(scenario())
    assert seen.read_text() == ""


def test_a_chroma_server_keeps_the_index_where_one_is_configured(opened: Opened, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(tmp_path / "served")]
    shelf = Shelf(notes(40))

    def serve() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    async def scenario(server: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        async with opened(shelf, url=f"http://127.0.0.1:{port}") as vectors:
            assert len(await found(vectors, "note", n=99)) == 40
            server.send_signal(signal.SIGKILL)
            server.wait()
            vectors.touch([shelf.put("stored while the server was off")])
            await until(lambda: vectors.state.startswith("down"))
            server = serve()
            await until(lambda: vectors.state == "ready")
            assert len(await found(vectors, "note", n=99)) == 41
        return server

    server = serve()
    try:
        server = asyncio.run(scenario(server))
    finally:
        server.kill()
        server.wait()
    assert not (tmp_path / "vectors" / "chroma").exists()


def test_a_model_that_is_missing_takes_only_the_search_by_meaning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import pathlib, recalld.vectors.embedding as embedding\n"
        "embedding.Embedder.__init__.__defaults__ = (pathlib.Path('/nowhere'),)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    async def scenario() -> None:
        vectors = Vectors(tmp_path / "vectors", Config(), Shelf(notes(1)), retry_s=0.01)
        await vectors.start()
        await until(lambda: vectors.state.startswith("down: the embedding model cannot be read"))
        with pytest.raises(VectorsUnavailable, match="install recalld anew"):
            await found(vectors, "note")
        await vectors.stop()

    asyncio.run(scenario())


def test_what_comes_in_bulk_is_found_before_its_words_are_known_and_its_words_can_be_waited_for(opened: Opened) -> None:
    shelf = Shelf()

    async def scenario() -> None:
        async with opened(shelf) as vectors:
            told = (" ".join(f"word{n}x{m}" for m in range(12)) for n in range(99))
            vectors.touch([shelf.put(text) for text in (*told, "the cache is in Redis")])
            assert await vectors.settled(20)
            assert vectors.state.startswith("learning words")
            assert await found(vectors, "where is the cache", n=1) == ["mem-0100"]
            late = shelf.put("bananas are yellow")
            vectors.touch([late])
            assert await vectors.settled(5)
            assert vectors.state.startswith("learning words")
            assert await vectors.settled(20, learned=True)
            assert vectors.state == "ready"
            like = (await vectors.like(["caching"], workspace_ids=["ws-a"])).words["caching"]
            assert "cache" in like

    asyncio.run(scenario())


def test_a_word_of_a_question_is_known_in_other_words_also_after_a_restart(opened: Opened) -> None:
    shelf = Shelf(["the cache is in Redis", "bananas are yellow"])

    async def scenario() -> None:
        for _ in range(2):
            async with opened(shelf) as vectors:
                async with asyncio.timeout(20):
                    while "cache" not in await like(vectors):  # each question waits for what it is asked of
                        continue
                assert "bananas" not in await like(vectors)

    async def like(vectors: Vectors) -> dict[str, float]:
        return (await vectors.like(["caching"], workspace_ids=["ws-a"])).words["caching"]

    asyncio.run(scenario())


def test_memories_stored_one_after_the_other_go_in_together(opened: Opened) -> None:
    async def scenario() -> None:
        shelf = Shelf(notes(3))
        async with opened(shelf) as vectors:
            await until(lambda: vectors.state == "ready")
            shelf.asked.clear()
            stored = [shelf.put(f"a note that comes later, number {number}") for number in range(5)]
            for memory_id in stored:
                vectors.touch([memory_id])
                await asyncio.sleep(0)
            assert await vectors.settled(10)
            assert stored in shelf.asked

    asyncio.run(scenario())
