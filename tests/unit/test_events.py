from __future__ import annotations

import asyncio
import threading

import pytest

from recalld.events import EventBus, FileOpened, Lane, TreeGone


def test_events_reach_their_handlers_in_order() -> None:
    async def play() -> list[str]:
        bus, heard = EventBus(), []
        bus.subscribe(FileOpened, lambda event: heard.append(event.path))
        bus.subscribe(TreeGone, lambda event: heard.append(event.tree_id))
        bus.start()
        bus.publish(FileOpened("t", "a"))
        bus.publish(TreeGone("gone"))
        bus.publish(FileOpened("t", "b"))
        await bus.drained()
        await bus.stop()
        return heard

    assert asyncio.run(play()) == ["a", "gone", "b"]


def test_a_handler_that_fails_keeps_the_event_from_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def play() -> list[str]:
        bus, heard = EventBus(), []

        def fail(event: FileOpened) -> None:
            raise ValueError(event.path)

        bus.subscribe(FileOpened, fail)
        bus.subscribe(FileOpened, lambda event: heard.append(event.path))
        bus.start()
        bus.publish(FileOpened("t", "a"))
        bus.publish(FileOpened("t", "b"))
        await bus.drained()
        await bus.stop()
        return heard

    assert asyncio.run(play()) == ["a", "b"]
    assert "failed on FileOpened" in caplog.text


def test_another_thread_can_publish_and_after_the_stop_it_is_dropped() -> None:
    async def play() -> list[str]:
        bus, heard, arrived = EventBus(), [], asyncio.Event()

        def hear(event: FileOpened) -> None:
            heard.append(event.path)
            arrived.set()

        bus.subscribe(FileOpened, hear)
        bus.start()
        threading.Thread(target=bus.publish_threadsafe, args=[FileOpened("t", "a")]).start()
        await asyncio.wait_for(arrived.wait(), 5)
        await bus.stop()
        bus.publish_threadsafe(FileOpened("t", "late"))
        await asyncio.sleep(0)
        return heard

    assert asyncio.run(play()) == ["a"]


def test_a_lane_takes_one_event_at_a_time() -> None:
    async def play() -> int:
        most = under_way = 0

        async def handle(_: FileOpened) -> None:
            nonlocal most, under_way
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

        lane = Lane("test", handle)
        lane.start()
        for _ in range(5):
            lane.put(FileOpened("t", "a"))
        await lane.drained()
        await lane.stop()
        return most

    assert asyncio.run(play()) == 1
