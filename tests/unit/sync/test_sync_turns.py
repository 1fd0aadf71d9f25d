"""Turns: who has had least of late goes first, and nobody's cancelling loses a place."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from passerelle.sync.turns import HALF_LIFE_SECONDS, Turns


async def test_who_has_had_least_goes_first() -> None:
    """F-3: a partner with much to do stands behind one with little, whoever came first."""
    now, order = [0.0], []
    turns = Turns(1, lambda: now[0])

    async def work(who: str, seconds: float) -> None:
        async with turns.of(who):
            order.append(who)
            now[0] += seconds
            await asyncio.sleep(0)

    await work("giant", 10.0)
    await asyncio.gather(*(work("giant", 1.0) for _ in range(4)), *(work("small", 1.0) for _ in range(3)))
    assert order == ["giant", "giant", "small", "small", "small", "giant", "giant", "giant"]
    assert turns.had("giant") == pytest.approx(14.0, rel=0.2)
    before, now[0] = turns.had("giant"), now[0] + HALF_LIFE_SECONDS
    assert turns.had("giant") == pytest.approx(before / 2)


async def test_of_one_partner_who_came_first_goes_first() -> None:
    """F-3: what had least is compared at one moment, though time goes on while it is looked at."""
    ticks = itertools.count()
    turns, order = Turns(1, lambda: float(next(ticks))), []

    async def work(number: int) -> None:
        async with turns.of("giant"):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*map(work, range(5)))
    assert order == [0, 1, 2, 3, 4]


async def test_a_flood_does_not_slip_in_between_two_pieces_of_work() -> None:
    """F-3: who has had less keeps its place over a short pause, as long as it has worked and no longer."""
    now, order = [0.0], []
    turns = Turns(1, lambda: now[0])

    async def work(who: str, seconds: float) -> None:
        async with turns.of(who):
            order.append(who)
            now[0] += seconds

    await work("flood", 10.0)
    await asyncio.sleep(0.06)
    await work("honest", 1.0)
    flood = asyncio.create_task(work("flood", 1.0))
    await asyncio.sleep(0.01)
    await work("honest", 1.0)
    assert order == ["flood", "honest", "honest"]
    async with asyncio.timeout(1):
        await flood
    assert order[-1] == "flood"
    assert turns.had("honest") > 2.0, "to keep others waiting counts as had"
    await work("honest", 0.0)
    await work("flood", 1.0)
    assert order[-2:] == ["honest", "flood"], "where nothing was done nothing is kept"


async def test_who_has_had_less_takes_a_place_that_is_kept() -> None:
    """F-3: it is kept against those who have had more, and against nobody else."""
    now = [0.0]
    turns = Turns(1, lambda: now[0])
    async with turns.of("giant"):
        now[0] += 10.0
    async with asyncio.timeout(0.02), turns.of("small"):
        pass


async def test_no_more_than_the_places_at_a_time() -> None:
    """Places are counted, and those of who gave up are given on."""
    turns, inside, most = Turns(2), 0, 0
    gate = asyncio.Event()

    async def work(who: str) -> None:
        nonlocal inside, most
        async with turns.of(who):
            inside += 1
            most = max(most, inside)
            try:
                await gate.wait()
            finally:
                inside -= 1

    tasks = [asyncio.ensure_future(work(str(number))) for number in range(6)]
    await asyncio.sleep(0)
    tasks[0].cancel()  # at work
    tasks[3].cancel()  # waiting
    await asyncio.sleep(0)
    gate.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(item, asyncio.CancelledError) for item in found] == [
        True,
        False,
        False,
        True,
        False,
        False,
    ]
    assert most == 2
    async with asyncio.timeout(1), turns.of("a"), turns.of("b"):
        pass
