"""Runs the node as ``passerelle`` would, with shorter patience and room for many examinations at once: ``launch.py ARGUMENTS…``."""

from __future__ import annotations

import sys

from passerelle.cli import main
from passerelle.server.federation import doorman as doors

HEAD_SECONDS = 1.5


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


if __name__ == "__main__":
    shorten()
    sys.exit(main(sys.argv[1:]))
