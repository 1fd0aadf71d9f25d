"""Runs the node as ``passerelle`` would, with smaller limits, and perhaps without one guard: ``launch.py MUTANT ARGUMENTS…``."""

from __future__ import annotations

import sys

from passerelle.cli import main
from passerelle.server.federation import app as federation
from passerelle.server.federation import doorman as doors
from passerelle.sync import allowance, keeping
from passerelle.sync.allowance import Limit

SMALL_BYTES = 4 * 2**20
"""What the node keeps here of each partner's objects that are no records: a flood past the true limits takes minutes."""


def shrink() -> None:
    """Limits and patience of a test."""
    keeping.MAX_QUARANTINED_BYTES = keeping.MAX_WAITING_BYTES = SMALL_BYTES
    allowance.LIMITS["bytes"] = Limit(12 * 2**20, 2**20)
    for name, value in {
        "HEAD_SECONDS": 4.0,
        "REFUSAL_SECONDS": 0.2,
        "STALL_SECONDS": 2.0,
        "LOOK_SECONDS": 0.25,
    }.items():
        setattr(doors, name, value)
    setattr(federation, "BODY_SECONDS", 1.5)  # noqa: B010  a constant to the type checker
    for name, number in {
        "MAX_CONNECTIONS": 160,
        "REQUESTS_AT_ONCE": 200,
        "REQUESTS_PER_SECOND": 2.0,
    }.items():
        setattr(doors, name, number)


def launch(arguments: list[str]) -> int:
    """Take out the guard that the first argument names, ``-`` for none, and run the rest."""
    mutant, *rest = arguments
    shrink()
    if mutant != "-":
        from tests.hostile.mutants import apply  # noqa: PLC0415  it loads much

        apply(mutant)
    return main(rest)


if __name__ == "__main__":
    sys.exit(launch(sys.argv[1:]))
