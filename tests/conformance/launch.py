"""Runs the node as ``passerelle`` would, with shorter patience and room for many examinations at once.

``launch.py ARGUMENTS…``, or with a planted fault ``launch.py planted NAME OPTIONS OF SERVE…``.
"""

from __future__ import annotations

import asyncio
import sys

from passerelle.cli import main
from passerelle.server.federation import app as federation
from passerelle.server.federation import doorman as doors
from passerelle.sync import follower, outofturn
from tests.planted.serve import serve

HEAD_SECONDS = 3.0


def shorten() -> None:
    """What would take a test many seconds; examinations side by side come from one address."""
    for name, value in {"HEAD_SECONDS": HEAD_SECONDS, "LOOK_SECONDS": 0.25, "REFUSAL_SECONDS": 0.05}.items():
        setattr(doors, name, value)
    for name, number in {
        "MAX_CONNECTIONS_OF_ADDRESS": 400,
        "REQUESTS_AT_ONCE": 1_000_000,
        "ANONYMOUS_IN_FLIGHT": 200,
    }.items():
        setattr(doors, name, number)
    setattr(outofturn, "AGAIN_SECONDS", 3.0)  # noqa: B010  a constant to the type checker
    setattr(follower, "NOTICE_GAP_SECONDS", 0.1)  # noqa: B010  a constant to the type checker
    setattr(federation.Federation, "_has_left", _has_left)  # noqa: B010  a method to the type checker


NOTICE_SECONDS = 4.0
NOTICES = 60
"""So many in that time, instead of 120 in a minute: a busy machine does not send more."""


def _has_left(self: federation.Federation, sender: str) -> bool:
    now = asyncio.get_running_loop().time()
    recent = [then for then in self._notices.get(sender, []) if now - then < NOTICE_SECONDS]
    self._notices[sender] = [*recent, now][:NOTICES]
    return len(recent) < NOTICES


if __name__ == "__main__":
    shorten()
    sys.exit(serve(sys.argv[2:]) if sys.argv[1] == "planted" else main(sys.argv[1:]))
