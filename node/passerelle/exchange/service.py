"""The days that a volunteer served, as every agency that holds the records counts them.

From the arrival that the host states to the day on which the placement ended or was
completed, the earlier, both counted; the sums are those of the version that counts. Two
agencies that hold the same records get the same, so one can hold the other's certificate to it.
"""

from __future__ import annotations

from typing import Final

from passerelle.exchange.members import Body
from passerelle.exchange.state import PlacementState
from passerelle.protocol.certificatesigning import Service
from passerelle.protocol.profile import Json

_ENDED: Final = frozenset({"completed", "ended-early"})


def service_of(placement: PlacementState, body: Body) -> Service | None:
    """The service of a placement that is realised and has ended; None of any other.

    Args:
        placement: As of the day.
        body: Of the version that counts.
    """
    if placement.state not in _ENDED or placement.arrived_on is None:
        return None
    last = min(day for day in (placement.ended_on, placement.completed_on) if day is not None)
    if last < placement.arrived_on:  # an early return that is dated before the arrival
        return None
    totals = body.get("totals")
    sums = totals if isinstance(totals, dict) else {}
    return Service(placement.arrived_on, last, _sum(sums.get("days")), _sum(sums.get("hours")))


def _sum(value: Json) -> int | None:
    """A sum that a certificate can state: 1 or more."""
    return value if isinstance(value, int) and 0 < value < 1_000_000 else None
