"""One piece of work ends while the next is prepared."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from passerelle.sync.behind import Behind


async def test_never_two_at_a_time() -> None:
    """docs: transactions are kept one after the other, in order."""
    seen: list[tuple[str, int]] = []

    async def work(number: int) -> None:
        seen.append(("begun", number))
        await asyncio.sleep(0.01)
        seen.append(("ended", number))

    async with aclosing(Behind()) as behind:
        for number in range(3):
            await behind.begin(work(number))
        assert seen[-1] == ("ended", 1), "the last one is under way"
        await behind.end()
    assert seen == [(word, number) for number in range(3) for word in ("begun", "ended")]


async def test_what_fails_is_raised_at_the_next_and_nothing_else_begins() -> None:
    """docs: after a transaction that failed none is begun."""
    seen: list[str] = []

    async def fail() -> None:
        raise OSError

    async def go_on() -> None:
        seen.append("begun")

    async with aclosing(Behind()) as behind:
        await behind.begin(fail())
        with pytest.raises(OSError):
            await behind.begin(go_on())
    assert seen == []


async def test_what_is_under_way_is_cancelled_at_the_close() -> None:
    """docs: whoever is stopped leaves no transaction behind."""
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async with aclosing(Behind()) as behind:
        await behind.begin(work())
        await asyncio.sleep(0)
    assert ended.is_set()
