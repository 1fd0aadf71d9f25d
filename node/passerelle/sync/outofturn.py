"""How often the identity log of one partner is asked for out of turn: one bound, whatever the reason (F-63, Q-11).

A request by an unknown key (Q-11), a checkpoint that no key has signed and a record that waits
for its key all ask for the log before its daily look is due. Each of them can be had by whoever
likes to see a mebibyte verified anew, so they share what may be asked.
"""

from __future__ import annotations

import time
from typing import Final

AGAIN_SECONDS: Final = 60.0
"""Between two askings, unless the first one brought something newer: to verify a log costs."""


class OutOfTurn:
    """When the log of each partner was last asked for out of turn."""

    def __init__(self) -> None:
        self._asked: dict[str, float] = {}

    def begin(self, scid: str, *, wished: bool = False) -> bool:
        """Whether the log may be asked for now; it is counted then.

        Args:
            scid: Whose.
            wished: Whether a person waits for it, who is not made to wait longer.
        """
        now = time.monotonic()
        if not wished and now - self._asked.get(scid, float("-inf")) < AGAIN_SECONDS:
            return False
        self._asked[scid] = now
        return True

    def brought_newer(self, scid: str) -> None:
        """What was asked for was worth it: it may be asked for again at once."""
        self._asked.pop(scid, None)
