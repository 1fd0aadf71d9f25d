"""Named points between durable writes, at which a test may kill the process.

Each durable write has a number and two points, before and after it
(spec/08-publishing.md, spec/09-following.md):

    publish-rows      leaves, records, salts, objects and the signed checkpoints: one transaction
    publish-head      the heads move, in their own store
    follow-rows       leaves, records, setbacks, checkpoint: one transaction
    follow-receipt    our cosignature of what is now held

The environment variable ``PASSERELLE_CRASH_AT`` names a point such as
``before-publish-head`` or, to pass it n times first, ``before-publish-head:n``. It acts
only in a home that was made fictitious, and does to the process what a power cut would.
"""

from __future__ import annotations

import os
import signal

POINTS = tuple(
    f"{side}-{write}"
    for write in ("publish-rows", "publish-head", "follow-rows", "follow-receipt")
    for side in ("before", "after")
)


class CrashPoints:
    """Kills this process at one named point, or does nothing.

    Args:
        plan: ``point`` or ``point:n``; empty for a node that is to live.
    """

    def __init__(self, plan: str = "") -> None:
        self._point, _, times = plan.partition(":")
        self._left = int(times or 0)
        if self._point and self._point not in POINTS:
            raise ValueError(f"no such crash point: {self._point}")

    @classmethod
    def from_environment(cls, *, fictitious: bool) -> CrashPoints:
        """What the environment asks for, in a home made for demonstrations only."""
        return cls(os.environ.get("PASSERELLE_CRASH_AT", "") if fictitious else "")

    def reach(self, point: str) -> None:
        """Die here if it was asked for."""
        if point != self._point:
            return
        if self._left:
            self._left -= 1
            return
        os.kill(os.getpid(), signal.SIGKILL)
