"""What one partner may cost this node: bytes, leaves and setbacks, in a burst and by the day.

Each is a purse that fills slowly. It is asked before work begins and pays after it, so it
may owe for a while: a visit is never torn in the middle of a file, and what was kept is
kept. A purse that owes stops the next visit, not the feed: it goes on when the purse has
filled, or at once after a restart, for nothing of this is written down.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from passerelle.errors import TransportError

Kind = Literal["bytes", "leaves", "setbacks"]

DAY_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Limit:
    """How much there may be at once, and how much comes back in a day."""

    at_once: int
    per_day: int


LIMITS: Final[dict[Kind, Limit]] = {
    "bytes": Limit(2**30, 4 * 2**30),
    "leaves": Limit(2**21, 2**22),
    "setbacks": Limit(2**16, 2**16),
}


class Allowances:
    """The purses of all partners.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._purses: dict[tuple[str, Kind], tuple[float, float]] = {}

    def left(self, scid: str, kind: Kind) -> int:
        """What a partner may still cost now; 0 where it owes."""
        return max(0, int(self._filled(scid, kind)))

    def require(self, scid: str, *kinds: Kind) -> None:
        """Refuse to begin where nothing is left of one of them.

        Raises:
            TransportError: ``road.allowance-spent``.
        """
        for kind in kinds:
            if not self.left(scid, kind):
                raise TransportError("road.allowance-spent", scid=scid, kind=kind)

    def spend(self, scid: str, kind: Kind, amount: int) -> None:
        """Take what a partner has cost."""
        if amount:
            self._purses[scid, kind] = (self._filled(scid, kind) - amount, self._clock())

    def _filled(self, scid: str, kind: Kind) -> float:
        limit, now = LIMITS[kind], self._clock()
        left, then = self._purses.get((scid, kind), (float(limit.at_once), now))
        return min(float(limit.at_once), left + (now - then) * limit.per_day / DAY_SECONDS)
