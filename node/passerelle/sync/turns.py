"""Turns at work that cannot be done for all at once: who has had least of late goes first.

One partner with a giant feed would otherwise stand in line with all its bundles before the
one bundle of another. Here the other passes them all, and waits at most until something
that is under way ends. What somebody has had is forgotten by half every minute.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

HALF_LIFE_SECONDS: Final = 60.0


class Turns:
    """A number of places, and who waits for one.

    Args:
        places: How many may be at work at a time.
        clock: Seconds that only grow.
    """

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._free = max(1, places)
        self._clock = clock
        self._had: dict[str, tuple[float, float]] = {}
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def of(self, who: str) -> AsyncIterator[None]:
        """Wait for a turn, and hold it for the length of the block."""
        await self._take(who)
        began = self._clock()
        try:
            yield
        finally:
            now = self._clock()
            self._had[who] = (self.had(who) + now - began, now)
            self._pass_on()

    def had(self, who: str) -> float:
        """Seconds of work that somebody has had of late."""
        return self._had_at(who, self._clock())

    def _had_at(self, who: str, now: float) -> float:
        seconds, then = self._had.get(who, (0.0, now))
        return float(seconds * 0.5 ** ((now - then) / HALF_LIFE_SECONDS))

    async def _take(self, who: str) -> None:
        if self._free and not self._waiting:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((who, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # it was given just now, to nobody
            raise

    def _pass_on(self) -> None:
        """Give a place that is free to whoever waits and has had least; of equals, who came first."""
        waiting = [item for item in self._waiting if not item[1].done()]
        if not waiting:
            self._waiting = []
            self._free += 1
            return
        now = self._clock()  # one for all, or of equals the last one looked at would have had least
        chosen = min(waiting, key=lambda item: self._had_at(item[0], now))
        self._waiting = [item for item in waiting if item is not chosen]
        chosen[1].set_result(None)
