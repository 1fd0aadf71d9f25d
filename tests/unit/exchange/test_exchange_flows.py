"""Flows of whole programmes: what was agreed, by year, scheme and programme, and what must not move it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import InputError
from passerelle.exchange.flows import chosen, flows, total, volumes
from passerelle.exchange.fold import derive, fold, judge_all
from passerelle.exchange.statement import figures
from passerelle.exchange.views import Direction
from passerelle.protocol.profile import encode
from tests.unit.exchange.histories import History, Step, casts, steps
from tests.unit.exchange.world import FR, ML, TG, Programme, World, erase

AS_OF = date(2018, 12, 31)
FESTIVAL, SEASON = (f"urn:uuid:{number:08}-0000-4000-8000-000000000000" for number in (1, 2))


def signed(there: int = 9, back: int = 9, a: str = TG, b: str = ML) -> Programme:
    world = World()
    return Programme.signed(world.row(a, b, there), world.row(b, a, back), a=a, b=b)


def both(programme: Programme, a: str = TG, b: str = ML, as_of: date = AS_OF) -> Any:
    """The flows, after checking that both parties compute the same bytes."""
    one, other = (flows(programme.world.state(agency, as_of), a, b) for agency in (a, b))
    assert encode(one) == encode(other)
    return one


def test_nobody_else_has_flows_of_a_pair() -> None:
    """S-66, S-101: nothing is told of a pair without a feed between the two."""
    with pytest.raises(InputError) as refused:
        flows(signed().world.state(FR), TG, ML)
    assert refused.value.code == "statement.not-visible"


@pytest.mark.parametrize(
    ("there", "back", "index", "balance"), [(4, 2, "0.500", 2), (8, 8, "1.000", 0), (10, 9, "0.900", 1)]
)
def test_known_programmes_by_year(there: int, back: int, index: str, balance: int) -> None:
    """S-101: VIR 4/2, the South-South pilot 8/8, WECCEE 10/9."""
    programme = signed(there, back)
    for _ in range(there):
        programme.realised(TG, ML)
    for _ in range(back):
        programme.realised(ML, TG)
    (year,) = both(programme)["years"]
    assert (year["year"], year["index"], year["monthsIndex"]) == (2017, index, index)
    assert year["balance"] == {TG: balance, ML: -balance}


def test_seven_months_of_one_way_are_seventy_person_months() -> None:
    """S-101: Mali-Niger 2012: nobody the other way, so the index is 0 and not missing."""
    programme = signed(7, 0, a=ML, b=FR)
    for _ in range(7):
        programme.realised(ML, FR, "2017-07", planned="2017-07/2018-04")
    (year,) = both(programme, ML, FR)["years"]
    assert (year["index"], year["monthsIndex"]) == ("0.000", "0.000")
    assert {way["from"]: way["realisedMonths"] for way in year["directions"]} == {ML: "70.000", FR: "0.000"}


def test_planned_in_one_year_and_begun_in_the_next() -> None:
    """S-102: each in its own year, and the months of what took place in the year of the arrival."""
    programme = signed()
    programme.realised(TG, ML, "2018-01-08", planned="2017-12-18/2018-02-28")
    said = both(programme)
    counts = [(row["year"], row["planned"], row["realised"], row["realisedMonths"]) for row in said["rows"]]
    assert counts == [(2017, 1, 0, "0.000"), (2018, 0, 1, "2.398")]
    assert [year["index"] for year in said["years"]] == [None, "0.000"]


def test_the_programme_is_the_placements_or_else_the_offers() -> None:
    """S-103: a placement's own programme comes before that of the offer which its nomination names."""
    programme = signed()
    world = programme.world
    programme.offers[ML] = world.offer(ML, programme={"id": FESTIVAL})
    programme.realised(TG, ML)
    nomination = programme.confirmed(TG, ML)
    body = dict(world.place(ML, TG, nomination, programme.agreement).body) | {"programme": {"id": SEASON}}
    other = programme.confirmed(TG, ML)
    body["nomination"] = {"id": other.id, "digest": other.digest}
    placed = world.publish(ML, TG, "placement", body)
    world.sync(TG, ML)
    world.decide(TG, ML, placed, "accept", "2017-05-01")
    world.sync(TG, ML)
    named = {item["programme"]: item["directions"][1]["planned"] for item in both(programme)["programmes"]}
    assert named == {FESTIVAL: 1, SEASON: 1}


def test_decimals_are_rounded_once() -> None:
    """S-104: three of 243 days are 23.951 person-months, not three times 7.984."""
    programme = signed()
    for _ in range(3):
        programme.realised(TG, ML)
    (row,) = both(programme)["rows"]
    assert (row["plannedMonths"], row["realisedMonths"]) == ("23.951", "23.951")


def test_a_choice_is_of_what_was_asked_for() -> None:
    """A year, a scheme, several programmes together; no wish leaves all."""
    programme = signed()
    programme.realised(TG, ML)
    programme.offers[ML] = programme.world.offer(ML, programme={"id": FESTIVAL})
    programme.realised(TG, ML, "2018-01-08")
    counted = volumes(programme.world.state(TG).pairs[frozenset((TG, ML))])

    def realised(**wish: Any) -> int:
        wishes: dict[str, Any] = {"year": None, "scheme": None, "programmes": None} | wish
        return total(chosen(counted, **wishes), Direction(TG, ML)).realised

    assert [realised(), realised(year=2018), realised(scheme="vsi")] == [2, 1, 0]
    assert [realised(programmes=[]), realised(programmes=[FESTIVAL, SEASON])] == [0, 1]


def test_erasing_moves_no_flow() -> None:
    """S-6, S-103: what a stub keeps is all that the flows are made of."""
    programme = signed()
    programme.offers[ML] = programme.world.offer(ML, programme={"id": FESTIVAL})
    programme.realised(TG, ML)
    world = programme.world
    held, sizes = world.held_by(TG), world.sizes_of(TG)
    personal = {"dossier", "nomination", "placement", "event"}
    erased = [erase(item) if item.record.type in personal else item for item in held]
    states = [fold(items, as_of=AS_OF, sizes=sizes) for items in (held, erased)]
    assert encode(flows(states[0], TG, ML)) == encode(flows(states[1], TG, ML))
    assert flows(states[1], TG, ML)["rows"]


@given(casts, steps, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_flows(
    cast: Sequence[str], history: list[Step], chance: Random
) -> None:
    """S-1, S-101: byte for byte, at both parties, in whatever order the records come, and the sums are the figures'."""
    world = History(cast).play(history)
    for a, b in combinations(cast, 2):
        states = []
        for agency in (a, b, a, b):
            held = world.held_by(agency)
            chance.shuffle(held)
            states.append(derive(judge_all(held, world.sizes_of(agency)), AS_OF))
        assert len({encode(flows(state, a, b)) for state in states}) == 1
        _holds_what_the_figures_hold(flows(states[0], a, b), figures(states[0], a, b))


def _holds_what_the_figures_hold(said: Any, counted: Any) -> None:
    """Placements are told apart, none is added and none is lost, by whatever they are told apart."""
    for way in counted["directions"]:
        rows = [row for row in said["rows"] if row["from"] == way["from"]]
        for name in ("planned", "realised"):
            assert sum(row[name] for row in rows) == way[name]
        for group in ("years", "schemes", "programmes"):
            parts = [part for item in said[group] for part in item["directions"]]
            assert sum(part["realised"] for part in parts if part["from"] == way["from"]) == way["realised"]
    assert all(Fraction(row["plannedMonths"]) >= 0 for row in said["rows"])
