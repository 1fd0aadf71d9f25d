"""Who is where: present until an end is told, and asked about where something was to happen and was not told."""

from __future__ import annotations

from datetime import date

import pytest

from passerelle.exchange.presence import presence
from tests.unit.exchange.world import ML, TG, Programme, World

PLANNED = "2017-09-04/2018-05-04"


def told(programme: Programme, day: str) -> list[str]:
    """Situations of all placements on a day."""
    on = date.fromisoformat(day)
    placements = programme.world.state(TG, on).placements.values()
    return [item.situation for one in placements if (item := presence(one, on)) is not None]


@pytest.mark.parametrize(
    ("day", "situation"),
    [
        ("2017-09-03", []),
        ("2017-09-05", ["arrival-unreported"]),
        ("2017-09-06", ["present"]),
        ("2018-05-04", ["present"]),
        ("2018-05-05", ["return-unreported"]),
    ],
)
def test_from_the_planned_day_until_an_end_is_told(day: str, situation: list[str]) -> None:
    """An arrival two days late, and an end that nobody told: somebody must ask, and says so."""
    programme = Programme.signed(World().row(TG, ML, 4))
    programme.realised(TG, ML, "2017-09-06", planned=PLANNED)
    assert told(programme, day) == situation


@pytest.mark.parametrize(("kind", "after"), [("return", []), ("early-return", []), ("mid-term", ["present"])])
def test_who_is_home_is_on_no_roll(kind: str, after: list[str]) -> None:
    """A return takes off the roll from its day on; a mid-term does not."""
    programme = Programme.signed(World().row(TG, ML, 4))
    placement = programme.realised(TG, ML, planned=PLANNED)
    programme.world.event(ML, TG, placement, kind, "2018-01-10")
    assert told(programme, "2018-01-09") == ["present"]
    assert told(programme, "2018-01-10") == after


def test_a_suspended_mission_leaves_its_volunteer_where_they_are() -> None:
    """Suspension is of the mission; the person is still there."""
    programme = Programme.signed(World().row(TG, ML, 4))
    placement = programme.realised(TG, ML, planned=PLANNED)
    programme.world.decide(ML, TG, placement, "suspend", "2018-01-10")
    assert told(programme, "2018-01-11") == ["suspended"]


def test_who_was_never_accepted_is_expected_nowhere() -> None:
    """A placement that the sender has not accepted is nobody's arrival."""
    programme = Programme.signed(World().row(TG, ML, 4))
    nomination = programme.confirmed(TG, ML)
    programme.world.place(ML, TG, nomination, programme.agreement, PLANNED)
    assert told(programme, "2017-10-01") == []
