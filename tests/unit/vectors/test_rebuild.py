from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from recalld.vectors import Vectors, VectorsUnavailable
from recalld.vectors.rebuild import Rebuild

from .conftest import Opened, Shelf, assert_in_line, found, notes, until, worker


async def rebuilding(vectors: Vectors, at_most: int) -> None:
    await until(lambda: 0 < vectors.to_rebuild <= at_most)


def test_all_is_found_by_meaning_while_it_is_rebuilt(opened: Opened, tmp_path: Path) -> None:
    shelf = Shelf(notes(150))

    async def scenario() -> None:
        async with opened(shelf) as vectors:
            await vectors.rebuild()
            assert vectors.state == "rebuilding (150 left)"
            seen = set()
            while vectors.state != "ready":
                seen.add(vectors.to_rebuild)
                assert vectors.state == f"rebuilding ({vectors.to_rebuild} left)"
                assert await vectors.settled(0)
                assert len(await found(vectors, "note", n=999)) == 150
            assert len(seen) > 2
            assert vectors.to_rebuild == 0

    asyncio.run(scenario())
    assert_in_line(tmp_path / "vectors", shelf)


def test_what_is_stored_changed_and_forgotten_comes_before_the_rest_of_a_rebuild(
    opened: Opened, tmp_path: Path
) -> None:
    shelf = Shelf(notes(150))

    async def scenario() -> None:
        async with opened(shelf) as vectors:
            await vectors.rebuild()
            await rebuilding(vectors, 149)
            del shelf.memories["mem-0149"]
            shelf.put("bread is baked at dawn", memory_id="mem-0150")
            vectors.touch([shelf.put("the cat sleeps on the keyboard", memory_id="mem-new"), "mem-0149", "mem-0150"])
            assert vectors.state == "catching up (3 left)"
            assert await vectors.settled(5)
            assert vectors.state.startswith("rebuilding")
            assert await found(vectors, "a sleepy pet", n=1) == ["mem-new"]
            assert await found(vectors, "bakery", n=1) == ["mem-0150"]
            assert "mem-0149" not in await found(vectors, "note", n=999)
            await until(lambda: vectors.state == "ready")

    asyncio.run(scenario())
    assert_in_line(tmp_path / "vectors", shelf)


def test_one_that_is_asked_for_during_another_is_that_other_one(opened: Opened) -> None:
    async def scenario() -> None:
        async with opened(Shelf(notes(150))) as vectors:
            await asyncio.gather(vectors.rebuild(), vectors.rebuild())
            await rebuilding(vectors, 100)
            await vectors.rebuild()
            assert vectors.to_rebuild <= 100
            await until(lambda: vectors.state == "ready")
            await vectors.rebuild()
            assert vectors.to_rebuild == 150

    asyncio.run(scenario())


def test_after_a_kill_of_its_process_it_goes_on_where_it_was(opened: Opened, tmp_path: Path) -> None:
    shelf = Shelf(notes(150))

    async def scenario() -> None:
        async with opened(shelf) as vectors:
            await vectors.rebuild()
            await rebuilding(vectors, 100)
            worker().kill()
            with pytest.raises(VectorsUnavailable):
                await found(vectors, "anything")
            await until(lambda: vectors.state.startswith("down"))
            await until(lambda: not vectors.state.startswith("down"))
            assert vectors.to_rebuild <= 100
            await until(lambda: vectors.state == "ready")
            assert len(await found(vectors, "note", n=999)) == 150

    asyncio.run(scenario())
    assert_in_line(tmp_path / "vectors", shelf)


def test_after_a_kill_of_the_daemon_the_next_one_goes_on_where_it_was(opened: Opened, tmp_path: Path) -> None:
    shelf = Shelf(notes(150))
    program = f"""
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from conftest import Shelf, until
from recalld.config import Config
from recalld.vectors import Vectors

async def main():
    vectors = Vectors(Path(sys.argv[1]), Config(), Shelf({notes(150)!r}))
    await vectors.start()
    await until(lambda: vectors.state == "ready")
    await vectors.rebuild()
    await until(lambda: vectors.to_rebuild < 100)
    print("on its way", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    daemon = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "vectors")], stdout=subprocess.PIPE, text=True
    )
    assert daemon.stdout is not None
    assert daemon.stdout.readline() == "on its way\n"
    orphan = worker(daemon.pid)
    daemon.kill()
    daemon.wait()
    orphan.wait(5)

    async def scenario() -> None:
        async with opened(shelf, wait=False) as vectors:
            await vectors.rebuild()  # nothing says yet that one is under way; it is the same all the same
            await until(lambda: vectors.state != "loading")
            assert 0 < vectors.to_rebuild < 100
            await until(lambda: vectors.state == "ready")
            assert len(await found(vectors, "note", n=999)) == 150

    asyncio.run(scenario())
    assert_in_line(tmp_path / "vectors", shelf)


def test_one_that_is_asked_for_while_vectors_load_is_not_forgotten(opened: Opened) -> None:
    shelf = Shelf(notes(40))

    async def scenario() -> None:
        async with opened(shelf):
            pass
        async with opened(shelf, wait=False) as vectors:
            await vectors.rebuild()
            assert vectors.to_rebuild == 1  # how many is not known yet
        async with opened(shelf, wait=False) as vectors:
            await until(lambda: vectors.state != "loading")
            assert vectors.to_rebuild == 40
            await until(lambda: vectors.state == "ready")
        async with opened(shelf, wait=False) as vectors:
            await until(lambda: vectors.state != "loading")
            assert vectors.to_rebuild == 0

    asyncio.run(scenario())


def test_after_a_change_of_the_embedding_it_says_so_until_all_are_there_again(opened: Opened, tmp_path: Path) -> None:
    shelf = Shelf(notes(150))

    async def scenario() -> None:
        async with opened(shelf):
            pass
        outdate(tmp_path / "vectors" / "chroma")
        async with opened(shelf, wait=False) as vectors:
            await until(lambda: vectors.state != "loading")
            assert vectors.state == "embedding anew (150 left)"
            assert not await vectors.settled(0)
            await until(lambda: not vectors.state.endswith("(150 left)"))
        async with opened(shelf, wait=False) as vectors:
            await until(lambda: vectors.state != "loading")
            assert vectors.state in {f"embedding anew ({left} left)" for left in range(1, 150)}
            await until(lambda: vectors.state == "ready")
            vectors.touch([shelf.put("stored later")])
            assert vectors.state == "catching up (1 left)"
            assert await vectors.settled(5)

    asyncio.run(scenario())
    assert_in_line(tmp_path / "vectors", shelf)


def outdate(folder: Path) -> None:
    """Make an index that of another model."""
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from recalld.vectors.pieces import Pieces\n"
        "pieces = Pieces()\n"
        "pieces.open(Path(sys.argv[1]))\n"
        "pieces._collection.modify(metadata={'scheme': 'another'})\n"
    )
    subprocess.run([sys.executable, "-c", program, str(folder)], check=True)


# --- the request by itself -----------------------------------------------------------------------


def test_a_request_stands_until_it_is_finished_and_each_has_a_generation_of_its_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        first = Rebuild(tmp_path / "vectors" / "rebuild")
        await first.load()
        assert first.generation == ""
        await asyncio.gather(first.ask(), first.ask())
        other = Rebuild(tmp_path / "vectors" / "rebuild")
        await other.ask()
        assert other.generation == first.generation != ""
        await other.finish()
        await first.load()
        assert first.generation == ""
        await first.ask()
        assert first.generation != other.generation
        await other.finish()

    asyncio.run(scenario())
    assert list((tmp_path / "vectors").iterdir()) == []


def test_a_request_that_was_damaged_is_a_request(tmp_path: Path) -> None:
    (tmp_path / "rebuild").write_bytes(b"\xff\xfe" * 2_000)

    async def scenario() -> None:
        rebuild = Rebuild(tmp_path / "rebuild")
        await rebuild.load()
        assert len(rebuild.generation) == 8

    asyncio.run(scenario())


def test_a_request_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "vectors").write_text("no folder")

    async def scenario() -> None:
        rebuild = Rebuild(tmp_path / "vectors" / "rebuild")
        with pytest.raises(OSError, match="vectors"):
            await rebuild.ask()
        assert rebuild.generation == ""

    asyncio.run(scenario())
