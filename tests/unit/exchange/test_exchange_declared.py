"""What agencies declare beside what is recorded: the gap, what cannot be compared, what does not add up."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from passerelle.exchange.declared import Recorded, balances, claims, differences
from tests import pace
from tests.unit.exchange.world import ML, TG, Programme, World

COUNTRIES = {TG: "TG", ML: "ML"}


def value(number: int | None, indicator: Any = "placements", qualifier: Any = "exact", **dims: Any) -> Any:
    said = {"suppressed": True} if number is None else {"quantity": {"value": number, "qualifier": qualifier}}
    return {"indicator": indicator} | said | ({"dims": dims} if dims else {})


def statistic(*values: Any, period: str = "2017", **perimeter: Any) -> Any:
    return {"period": period, "values": list(values), "method": "declared"} | (
        {"perimeter": perimeter} if perimeter else {}
    )


def counted(body: Any) -> list[int | str | None]:
    """What a world of two Togolese in Mali since September 2017 counts of it."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4))
    for _ in range(2):
        programme.realised(TG, ML)
    state = programme.world.state(TG, date(2018, 12, 31))
    recorded = Recorded(state.placements.values(), COUNTRIES.get, {})
    return [recorded.of(claim) for claim in claims(body)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (statistic(value(251)), 2),
        (statistic(value(251), to={"country": "ML"}), 2),
        (statistic(value(251), to={"country": "TG"}), 0),
        (statistic(value(251, **{"from": {"agency": TG}})), 2),
        (statistic(value(251, to={"agency": TG}), to={"agency": ML}), 0),
        (statistic(value(251), period="2018"), 0),
        (statistic(value(251), period="2017-01/2017-08"), 0),
        (statistic(value(251), period="2017/.."), 2),
        (statistic(value(251), period="../2017"), None),
        (statistic(value(251), scheme="vir"), 2),
        (statistic(value(251), scheme="scv"), 0),
        (statistic(value(251), programme={"id": "urn:uuid:1"}), 0),
        (statistic(value(251), mobility="reciprocity"), 2),
        (statistic(value(251), mobility="national"), None),
        (statistic(value(251), to={"m49": "011"}), None),
        (statistic(value(251, gender="f")), None),
        (statistic(value(40, "countries")), 1),
        (statistic(value(20, "person-months")), "15.967"),
        (statistic(value(5, "mean-age")), None),
    ],
)
def test_what_is_recorded_of_what_is_declared(body: Any, found: int | str | None) -> None:
    """Each bound is asked; what records do not tell is not compared, and not taken for nothing."""
    assert counted(body) == [found]


@pytest.mark.parametrize(
    ("there", "back", "index"), [(1634, 14, "0.009"), (10, 9, "0.900"), (10, 4, "0.400"), (0, 0, None)]
)
def test_declared_numbers_that_go_opposite_ways(there: int, back: int, index: str | None) -> None:
    """Togo and France 2019, WECCEE 1 and 2: the index is that of the figures."""
    france, togo = {"country": "FR"}, {"country": "TG"}
    body = statistic(
        value(there, **{"from": france, "to": togo}), value(back, **{"from": togo, "to": france})
    )
    (found,) = balances(claims(body))
    assert (found.outward, found.inward, found.index) == (there, back, index)


def test_what_does_not_go_opposite_ways_is_no_balance() -> None:
    """Another scheme, one end alone, a withheld number: nothing to pair up."""
    france, togo = {"country": "FR"}, {"country": "TG"}
    there = {"from": france, "to": togo}
    for other in (
        value(3, **{"from": togo, "to": france, "scheme": "vsi"}),
        value(3, to=france),
        value(None, **{"from": togo, "to": france}),
        value(3, "volunteers", **{"from": togo, "to": france}),
    ):
        assert balances(claims(statistic(value(9, **there), other))) == []


def test_parts_that_do_not_add_up() -> None:
    """Rule V25: twenty-one in all, five and seventeen in parts; by each way of parting alone."""
    off = statistic(value(21), value(5, gender="f"), value(17, gender="m"), value(21, scheme="vir"))
    (found,) = differences(claims(off))
    assert (found.whole.value, found.by, found.parts) == (21, "gender", 22)


def test_a_thousand_numbers_are_added_up_at_once() -> None:
    """Rule V25: as many as one statistic may hold; anybody may publish one."""
    values = [value(1, scheme=f"s{number}") for number in range(999)]
    made = []
    took = pace.units(lambda: made.extend(differences(claims(statistic(value(21), *values)))))
    assert [(found.by, found.parts) for found in made] == [("scheme", 999)]
    assert took < pace.A_SECOND


@pytest.mark.parametrize(
    "values",
    [
        [value(22), value(5, gender="f"), value(17, gender="m")],
        [value(21, qualifier="about"), value(5, gender="f"), value(17, gender="m")],
        [value(21), value(5, gender="f"), value(None, gender="m")],
        [value(21), value(5, gender="f")],
        [value(21), value(5, gender="f", scheme="vir"), value(17, gender="m", scheme="vir")],
        [value(21), value(5, "volunteers", gender="f"), value(17, "volunteers", gender="m")],
    ],
)
def test_parts_that_say_nothing_of_the_whole(values: list[Any]) -> None:
    """Rule V25: right sums, rough or withheld numbers, one part alone, parts of something else."""
    assert differences(claims(statistic(*values))) == []


def test_a_thousand_claims_are_held_beside_many_placements() -> None:
    """Placements are put in order once; a statistic of strangers costs no look at each of them for each number."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4))
    realised = programme.realised(TG, ML)
    one = programme.world.state(TG, date(2018, 12, 31)).placements[realised.id]
    recorded = Recorded([one] * 50_000, COUNTRIES.get, {})
    said = claims(statistic(*[value(number) for number in range(1000)]))
    made: list[int | str | None] = []
    took = pace.units(lambda: made.extend(map(recorded.of, said)))
    assert made == [50_000] * 1000
    assert took < pace.A_SECOND
