"""What counts as realised, and for how many months."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from passerelle.exchange.statement import figures, three_places
from passerelle.protocol import profile
from tests.unit.exchange.world import ML, TG, Programme, World

AS_OF = date(2018, 12, 31)


def both(world: World, a: str, b: str, as_of: date = AS_OF) -> dict[str, profile.Json]:
    """The figures, after checking that both parties compute the same bytes."""
    one = profile.encode(figures(world.state(a, as_of), a, b))
    assert one == profile.encode(figures(world.state(b, as_of), b, a))
    parsed = profile.parse_canonical(one)
    assert isinstance(parsed, dict)
    return parsed


def row(said: dict[str, profile.Json], sender: str, host: str) -> dict[str, profile.Json]:
    directions = said["directions"]
    assert isinstance(directions, list)
    return next(
        item for item in directions if isinstance(item, dict) and (item["from"], item["to"]) == (sender, host)
    )


# --- placements that end -----------------------------------------------------------------


def test_a_cancelled_placement_is_not_planned_and_one_that_began_stays_realised() -> None:
    """S-50: ended before the day of arrival it is cancelled; ended later it stays realised, months cut."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4))
    cancelled = programme.placed(TG, ML, planned="2017-09/2018-04")
    world = programme.world
    world.decide(ML, TG, cancelled, "withdraw", "2017-08-01")
    early = programme.realised(TG, ML, "2017-09-01", planned="2017-09-01/2018-04-30")
    world.decide(TG, ML, early, "terminate", "2017-09-30")
    said = both(world, TG, ML)
    assert [row(said, TG, ML)[name] for name in ("nominated", "accepted", "planned", "realised")] == [
        1,
        1,
        1,
        1,
    ]
    months = said["personMonths"]
    assert isinstance(months, dict)
    assert row(months, TG, ML)["realised"] == three_places(Fraction(30 * 16, 487))
    state = world.state(TG)
    assert state.placements[cancelled.id].state == "cancelled"
    assert state.placements[early.id].state == "ended-early"


def test_who_arrives_on_the_day_of_the_end_has_arrived() -> None:
    """S-50: only an end before the day of arrival cancels."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4))
    placement = programme.realised(TG, ML, "2017-09-04")
    programme.world.decide(TG, ML, placement, "terminate", "2017-09-04")
    assert programme.world.state(ML).placements[placement.id].is_realised
    programme.world.decide(ML, TG, placement, "terminate", "2017-09-03")
    assert programme.world.state(ML).placements[placement.id].state == "cancelled"


def test_an_early_return_cuts_the_months() -> None:
    """S-62: an event of either end that says so."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4))
    placement = programme.realised(TG, ML, "2017-09-01", planned="2017-09-01/2018-04-30")
    programme.world.event(TG, ML, placement, "early-return", "2017-10-01")
    state = programme.world.state(ML)
    assert state.placements[placement.id].state == "ended-early"
    assert state.placements[placement.id].realised_months == Fraction(31 * 16, 487)
    assert state.placements[placement.id].is_realised


def test_only_the_hosts_done_arrival_realises() -> None:
    """S-50: neither the sender's word nor a planned or corrected arrival."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4))
    placement = programme.placed(TG, ML)
    world = programme.world
    world.event(TG, ML, placement)
    assert not world.state(TG).placements[placement.id].is_realised
    planned = world.event(ML, TG, placement, status="planned")
    assert not world.state(TG).placements[placement.id].is_realised
    done = world.event(ML, TG, placement, after=planned)
    assert world.state(TG).placements[placement.id].is_realised
    world.event(ML, TG, placement, status="cancelled", after=done)
    assert not world.state(TG).placements[placement.id].is_realised


def test_nothing_public_speaks_of_what_is_between_two() -> None:
    """S-70: neither an event nor a decision; a placement is realised by what its parties tell each other."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4))
    placement = programme.placed(TG, ML)
    world = programme.world
    arrival = world.event(ML, "public", placement)
    verdicts = [world.verdict(arrival, agency) for agency in (TG, ML)]
    assert {(found.status, found.code) for found in verdicts} == {("blocked", "event.audience")}
    for about in (placement, programme.agreement):
        told = world.decide(TG, "public", about, "terminate", "2018-01-01")
        assert world.verdict(told).code == "decision.audience"
    assert row(both(world, TG, ML), TG, ML)["realised"] == 0
    world.event(ML, TG, placement)
    assert row(both(world, TG, ML), TG, ML)["realised"] == 1


def test_a_placement_is_not_realised_before_the_sender_accepts_it() -> None:
    """S-50: a joint fact needs both."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4))
    nomination = programme.confirmed(TG, ML)
    placement = programme.world.place(ML, TG, nomination, programme.agreement)
    programme.world.event(ML, TG, placement)
    said = row(both(programme.world, TG, ML), TG, ML)
    assert (said["planned"], said["realised"]) == (0, 0)
    assert programme.world.state(TG).placements[placement.id].state == "proposed"


@pytest.mark.parametrize(
    ("planned", "actual", "meant", "done", "undated"),
    [
        ("2017-09-04/2018-05-04", "2017-09-04/2018-03-04", "7.984", "5.979", 0),
        ("2017-09-04/..", "2017-10/2018-03", "0.000", "6.000", 1),
        ("2017-09/2018-05", "2017-09-04/..", "9.000", "9.000", 0),
        ("2017-09/2018-05", "2018-05/2017-09", "9.000", "9.000", 0),
        ("2017-09-04/..", "../2018-05-04", "0.000", "0.000", 1),
    ],
)
def test_months_run_over_what_was_where_that_is_known(
    planned: str, actual: str, meant: str, done: str, undated: int
) -> None:
    """S-62: planned months are those that were planned; realised ones run over what was, in the version accepted."""
    programme = Programme.signed(World().row(TG, ML, 4))
    placement = programme.realised(TG, ML, planned=planned)
    world = programme.world
    body = dict(placement.body) | {"actual": actual}
    told = world.publish(ML, TG, "placement", body, after=placement)
    world.sync(TG, ML)
    before = both(world, TG, ML)["personMonths"]
    world.decide(TG, ML, told, "accept", "2018-06-01")
    after = both(world, TG, ML)["personMonths"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert row(after, TG, ML) == {
        "from": TG, "to": ML, "planned": meant, "realised": done, "undated": undated
    }  # fmt: skip
    assert (before == after) is (done in {"9.000", "0.000"})


def test_an_open_planned_end_counts_persons_and_no_months() -> None:
    """S-62: no month is invented."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4))
    programme.realised(TG, ML, planned="2017-09-04/..")
    said = both(programme.world, TG, ML)
    months = said["personMonths"]
    assert isinstance(months, dict)
    assert row(months, TG, ML) == {
        "from": TG, "to": ML, "planned": "0.000", "realised": "0.000", "undated": 1
    }  # fmt: skip
    assert row(said, TG, ML)["realised"] == 1
