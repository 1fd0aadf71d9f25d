"""Two agencies, one fact, different words: both sides, with their sources, and nothing decided."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

import pytest

from passerelle.exchange.reconciling import Divergence, divergences
from passerelle.protocol.records import Record
from tests.unit.exchange.world import FR, ML, TG, World

OTHER = "urn:uuid:00000003-0000-4000-8000-000000000000"
PLACEMENT = "urn:uuid:00000001-0000-4000-8000-000000000000"


def event(world: World, author: str, kind: str = "arrival", about: str = PLACEMENT, **body: Any) -> Record:
    """One agency notes something about a placement."""
    said = {"kind": kind, "about": [{"id": about, "type": "placement"}], "status": "done"} | body
    return world.publish(author, ML if author == TG else TG, "event", said)


def placement(world: World, actual: str) -> Record:
    return world.publish(ML, TG, "placement", {"actual": actual}, record_id=PLACEMENT)


def statistic(world: World, author: str, number: int, **more: Any) -> Record:
    values = [{"indicator": "placements", "quantity": {"value": number, "qualifier": "exact"}}]
    perimeter = {"from": {"country": "TG"}, "to": {"country": "FR"}}
    body = {"period": "2015", "perimeter": perimeter, "values": values, "method": "declared"}
    return world.publish(author, "public", "statistic", body | more)


def told(records: Iterable[Record]) -> list[tuple[Any, ...]]:
    """Differences in short, the same in whatever order the records are given."""
    given = list(records)
    found = divergences(given)
    Random(7).shuffle(given)
    assert divergences(given) == found
    return [_short(item) for item in found]


def _short(item: Divergence) -> tuple[Any, ...]:
    return item.kind, item.detail, item.field, [(side.source.issuer_scid, side.value) for side in item.sides]


def test_an_arrival_on_two_days() -> None:
    """Both note it, a day apart, at one place: the day differs and nothing else."""
    world = World()
    place: dict[str, Any] = {"place": {"city": "Ségou"}}
    records = [event(world, TG, actual="2017-09-05", **place), event(world, ML, actual="2017-09-04", **place)]
    assert told(records) == [("event", "arrival", "actual", [(ML, "2017-09-04"), (TG, "2017-09-05")])]


def test_a_visit_of_three_days_or_five() -> None:
    """The joint evaluation of December 2018: 13 to 15 December, or five days."""
    world, about = World(), "urn:uuid:00000002-0000-4000-8000-000000000000"
    lengths = [{"durationDays": {"value": days, "qualifier": "exact"}} for days in (3, 5)]
    records = [
        event(world, author, "evaluation-mission", about, actual="2018-12-13/2018-12-15", **length)
        for author, length in zip((ML, TG), lengths, strict=True)
    ]
    ((kind, detail, name, sides),) = told(records)
    assert (kind, detail, name) == ("event", "evaluation-mission", "durationDays")
    assert [value["value"] for _, value in sides] == [3, 5]


@pytest.mark.parametrize(
    ("kind", "day", "found"),
    [
        ("arrival", "2017-09-06", [("start", "2017-09-04")]),
        ("arrival", "2017-09-04", []),
        ("return", "2018-05-10", [("end", "2018-05-04")]),
        ("mid-term", "2018-01-10", []),
    ],
)
def test_a_placement_beside_what_the_other_noted(kind: str, day: str, found: list[tuple[str, str]]) -> None:
    """The host's dates of the mission, and the sender's arrival and return."""
    world = World()
    records = [placement(world, "2017-09-04/2018-05-04"), event(world, TG, kind, actual=day)]
    assert [(detail, sides[0][1]) for _, detail, _, sides in told(records)] == found


def test_numbers_of_one_thing() -> None:
    """Togolese in France 2015: four by the one, three by the other; of another year, scheme or way there is nothing."""
    world = World()
    four = statistic(world, TG, 4)
    assert told([four, statistic(world, ML, 3)]) == [("statistic", "placements", "value", [(ML, 3), (TG, 4)])]
    for other in (
        statistic(world, ML, 4),
        statistic(world, ML, 3, period="2016"),
        statistic(world, ML, 3, perimeter={"from": {"country": "FR"}, "to": {"country": "TG"}}),
        statistic(world, TG, 3),
    ):
        assert told([four, other]) == []


def test_what_nobody_can_pair_is_left_alone() -> None:
    """Calls of every month, what was cancelled, one agency's own two words."""
    world = World()
    one = event(world, ML, "monitoring", actual="2017-10-01")
    again = event(world, ML, "monitoring", actual="2017-11-01")
    other = event(world, TG, "monitoring", actual="2017-10-02")
    assert told([one, again, other]) == []
    assert told([one, again]) == []
    assert told([one, event(world, TG, "monitoring", actual="2017-12-02", status="cancelled")]) == []


def test_who_says_several_things_silences_nobody_else() -> None:
    """A third agency's two events or statistics of one thing are left alone; the difference of the others stays."""
    world = World()
    visits = [
        world.publish(author, "public", "event", {"kind": "evaluation-mission", "about": [{"id": OTHER, "type": "programme"}], "actual": day, "status": "done"})
        for author, day in ((ML, "2018-12-13"), (TG, "2018-12-14"), (FR, "2018-12-15"), (FR, "2018-12-16"))
    ]  # fmt: skip
    numbers = [statistic(world, *said) for said in ((TG, 4), (ML, 3), (FR, 1), (FR, 2))]
    assert [[agency for agency, _ in sides] for _, _, _, sides in told(visits + numbers)] == [
        [ML, TG],
        [ML, TG],
    ]


def test_only_those_who_share_a_placement_speak_of_it() -> None:
    """Anybody may name a placement's id: a third agency's arrival is no side of it."""
    world = World()
    records = [placement(world, "2017-09-04/2018-05-04"), event(world, TG, actual="2017-09-04")]
    records.append(event(world, FR, actual="2017-09-09"))
    assert told(records) == []
