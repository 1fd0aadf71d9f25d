"""Turns at work that cannot be done for all at once: who has had least of late goes first.

One partner with a giant feed would otherwise stand in line with all its bundles before the
one bundle of another. Here the other passes them all, and waits at most until something
that is under way ends. What somebody has had is forgotten by half every minute.

Whoever ends a turn keeps its place for a moment longer, as long as the turn took and not
beyond `LINGER_SECONDS`, against those who have had more: between two pieces of its work lies
a fetch or a write, and a flood that slipped in there each time would have half of everything.
That moment counts as had, so nobody holds others up for longer than it works.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

HALF_LIFE_SECONDS: Final = 60.0
LINGER_SECONDS: Final = 0.05


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
        self._kept: dict[str, asyncio.TimerHandle] = {}
        """Places whose turn has ended, by who has them first still."""

    @asynccontextmanager
    async def of(self, who: str) -> AsyncIterator[None]:
        """Wait for a turn, and hold it for the length of the block."""
        await self._take(who)
        began = self._clock()
        try:
            yield
        finally:
            worked = self._clock() - began
            self._charge(who, worked)
            self._end(who, worked)

    def had(self, who: str) -> float:
        """Seconds of work that somebody has had of late."""
        return self._had_at(who, self._clock())

    def _had_at(self, who: str, now: float) -> float:
        seconds, then = self._had.get(who, (0.0, now))
        return float(seconds * 0.5 ** ((now - then) / HALF_LIFE_SECONDS))

    def _charge(self, who: str, seconds: float) -> None:
        now = self._clock()
        self._had[who] = (self._had_at(who, now) + seconds, now)

    async def _take(self, who: str) -> None:
        if self._take_kept(who) or self._take_free():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((who, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # it was given just now, to nobody
            raise

    def _take_free(self) -> bool:
        if not self._free:
            return False
        self._free -= 1
        return True

    def _take_kept(self, who: str) -> bool:
        """A place that is kept for oneself, or for somebody who has had no less."""
        now = self._clock()
        mine = self._had_at(who, now)
        keeper = who if who in self._kept else max(self._kept, key=lambda k: self._had_at(k, now), default="")
        if keeper not in self._kept or self._had_at(keeper, now) < mine:
            return False
        self._kept.pop(keeper).cancel()
        return True

    def _end(self, who: str, worked: float) -> None:
        """Keep the place for a moment, or pass it on where somebody waits who has had no more."""
        now = self._clock()
        waits = any(
            not turn.done() and self._had_at(name, now) <= self._had_at(who, now)
            for name, turn in self._waiting
        )
        if waits or who in self._kept:
            self._pass_on()
            return
        lingers = min(LINGER_SECONDS, worked)
        self._kept[who] = asyncio.get_running_loop().call_later(lingers, self._lingered, who, lingers)

    def _lingered(self, who: str, seconds: float) -> None:
        del self._kept[who]
        if self._waiting:
            self._charge(who, seconds)
        self._pass_on()

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
