"""Who is where on a day, as far as the records tell: the duty of care over placements.

A volunteer is present from the arrival until an end is stated. What was to happen and was not told is said as such,
for an exchange desk must then ask: nobody is taken to be home because a plan says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from passerelle.exchange import edtf
from passerelle.exchange.state import PlacementState

Situation = Literal["present", "suspended", "arrival-unreported", "return-unreported"]
"""``present``; ``suspended``: arrived, the mission is suspended; ``arrival-unreported``: the planned first day has
passed without an arrival; ``return-unreported``: the last possible day of the plan has passed without an end."""

_AT_THE_HOST: Final = frozenset({"active", "suspended"})
_EXPECTED: Final = frozenset({"planned", "suspended"})


@dataclass(frozen=True, slots=True)
class Presence:
    """One volunteer.

    Args:
        placement: The mission.
        situation: How sure it is.
        since: Day of arrival; for one who has not arrived the planned first day.
        until: Last day that is possible by the plan; None where it is open or unknown.
    """

    placement: PlacementState
    situation: Situation
    since: date | None
    until: date | None


def presence(placement: PlacementState, on: date) -> Presence | None:
    """Where a placement stands on a day; None for who is not, or no longer, at the host and not expected there.

    Args:
        placement: As of the day.
        on: The day.
    """
    planned = edtf.parse(placement.planned)
    if placement.is_realised and placement.state in _AT_THE_HOST:
        situation: Situation = "present"
        if placement.state == "suspended":
            situation = "suspended"
        if planned.latest is not None and planned.latest < on:
            situation = "return-unreported"
        return Presence(placement, situation, placement.arrived_on, planned.latest)
    is_expected = placement.is_planned and placement.state in _EXPECTED and not placement.is_realised
    if is_expected and planned.earliest is not None and planned.earliest <= on:
        return Presence(placement, "arrival-unreported", planned.earliest, planned.latest)
    return None
