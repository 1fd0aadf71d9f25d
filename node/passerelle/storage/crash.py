"""Named points between durable writes, at which a test may stop or kill the process.

Each durable write has a name and two points, before and after it
(spec/08-publishing.md, spec/09-following.md). :data:`WRITES` lists them; what a node must
find at its next start, whatever befell the write, stands in docs/reliability.md.

The environment variable ``PASSERELLE_CRASH_AT`` names a point such as
``before-publish-head`` or, to pass it n times first, ``before-publish-head:n``. It acts
only in a home that was made fictitious, and does to the process what a power cut would.
With ``stop`` and a space before it the process is halted instead until somebody sends
SIGCONT, so that a disk can be made to fail under exactly this write.
"""

from __future__ import annotations

import os
import signal

WRITES = {
    "init-home": "a home gets its name: everything in it was made beside it",
    "peer-rows": "a partner: its identity, its feeds, our feed to it with the empty checkpoint",
    "peer-head": "the head of that feed",
    "publish-rows": "leaves, records, salts, objects, answers and the signed checkpoints: one transaction",
    "publish-head": "the heads move, in their own store",
    "learn-head": "the head store takes over a later head of ours that a partner showed",
    "learn-fork": "the fact that a partner showed two histories under our signature",
    "follow-rows": "leaves, records, setbacks, checkpoint: one transaction",
    "follow-receipt": "our cosignature of what is now held",
    "follow-fork": "two notes of one author that contradict each other, and the end of that feed",
    "follow-identity": "a newer identity log of a partner",
    "follow-descriptor": "a partner's newer descriptor, as the one in use",
    "keep-receipt": "a partner's cosignature of one of our feeds",
}
"""The durable writes by name, and what each of them is."""
POINTS = tuple(f"{side}-{write}" for write in WRITES for side in ("before", "after"))
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class CrashPoints:
    """Kills or halts this process at one named point, or does nothing.

    Args:
        plan: ``point``, ``point:n`` or ``stop point:n``; empty for a node that is to live.
    """

    def __init__(self, plan: str = "") -> None:
        action, _, rest = plan.rpartition(" ")
        self._point, _, times = rest.partition(":")
        self._left = int(times or 0)
        self._signal = SIGNALS[action or "kill"]
        if self._point and self._point not in POINTS:
            raise ValueError(f"no such crash point: {self._point}")

    @classmethod
    def from_environment(cls, *, fictitious: bool) -> CrashPoints:
        """What the environment asks for, in a home made for demonstrations only."""
        return cls(os.environ.get("PASSERELLE_CRASH_AT", "") if fictitious else "")

    def reach(self, point: str) -> None:
        """Die or halt here if it was asked for."""
        if point != self._point or self._left < 0:
            return
        self._left -= 1
        if self._left < 0:
            os.kill(os.getpid(), self._signal)


NOWHERE = CrashPoints()
"""For a process that is to live."""
