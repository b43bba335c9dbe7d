"""A deadline that stands still while its work waits for its turn, and ends it otherwise."""

from __future__ import annotations

import asyncio

import pytest

from interviewer.llm.clock import Clock, give_back, standing_still


async def test_it_ends_the_work() -> None:
    clock = Clock(0.05)
    with pytest.raises(TimeoutError):
        async with clock.limiting():
            await asyncio.sleep(30)
    assert clock.expired and clock.left == 0


async def test_waiting_does_not_count() -> None:
    clock, outer = Clock(0.2), Clock(0.2)
    async with outer.limiting(), clock.limiting():
        with standing_still():
            before = clock.left
            await asyncio.sleep(0.5)
            assert clock.left == before
        assert 0 < clock.left <= before
    assert not clock.expired and not outer.expired


async def test_what_is_left_counts_after_waiting() -> None:
    clock = Clock(0.1)
    with pytest.raises(TimeoutError):
        async with clock.limiting():
            with standing_still():
                await asyncio.sleep(0.2)
            await asyncio.sleep(30)


async def test_it_stands_still_for_any_part_of_the_work() -> None:
    async def waits(seconds: float) -> None:
        with standing_still():
            await asyncio.sleep(seconds)

    clock = Clock(0.2)
    async with clock.limiting():
        await asyncio.gather(waits(0.1), waits(0.5))
        assert clock.left > 0


async def test_time_that_is_given_back() -> None:
    clock = Clock(0.3)
    async with clock.limiting():
        await asyncio.sleep(0.1)
        give_back(100)
        assert clock.left > 90
        await asyncio.sleep(0.3)


async def test_without_a_limit() -> None:
    clock = Clock(None)
    async with clock.limiting():
        with standing_still():
            assert clock.left > 1e9
        give_back(1)
    assert not clock.expired


async def test_a_part_that_outlives_its_clock_harms_nobody() -> None:
    go = asyncio.Event()

    async def waits() -> None:
        with standing_still():
            await go.wait()

    async with Clock(5).limiting():
        left = asyncio.create_task(waits())
        await asyncio.sleep(0)
    go.set()
    await left


async def test_being_cancelled_is_not_being_late() -> None:
    clock = Clock(5)

    async def work() -> None:
        async with clock.limiting():
            with standing_still():
                await asyncio.sleep(30)

    task = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not clock.expired
