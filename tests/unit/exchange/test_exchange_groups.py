"""Groups: which pairs are complete, half or broken, and what else a group can lack."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

import pytest

from passerelle.exchange.groups import Member, groups, in_several
from passerelle.exchange.state import PlacementState
from tests.unit.exchange.world import FR, ML, TG

HERE, THERE = {"name": "Maison des jeunes (fictive)"}, {"name": "Radio locale (fictive)"}


def placed(number: int, sender: str = FR, host: str = TG, state: str = "active") -> PlacementState:
    """A placement in a state."""
    return PlacementState(
        id=f"urn:uuid:{number:08}", digest="", version=1, sender=sender, host=host, agreement="", nomination=None,
        offer=None, scheme="vec", programme="urn:uuid:edition", planned="2016", state=state, code=None,
        accepted_on=date(2016, 1, 1), arrived_on=date(2016, 2, 1), ended_on=None, completed_on=None, is_realised=True,
        planned_months=None, realised_months=None,
    )  # fmt: skip


def member(
    number: int, kind: str = "crossed-pair", key: int = 1, /, *, at: Any = HERE, sdg: Any = None, **more: Any
) -> Member:
    group: Any = {"kind": kind, "id": f"group {key}"} | ({"sdg": sdg} if sdg else {})
    body: Any = {"group": group, "volunteer": f"V-{number}", "postings": [{"organisation": at}]}
    return Member(placed(number, **more), body, {})


def states(*members: Member) -> list[str]:
    """The same whatever the order."""
    given = list(members)
    found: list[str] = [group.state for group in groups(given)]
    Random(3).shuffle(given)
    assert [group.state for group in groups(given)] == found
    return found


@pytest.mark.parametrize(("there", "back"), [(10, 9), (10, 4)])
def test_pairs_of_an_edition(there: int, back: int) -> None:
    """WECCEE: 10 and 9 make nine pairs and a half, 10 and 4 four pairs and six halves."""
    out = [member(number, "crossed-pair", number) for number in range(there)]
    home = [member(100 + number, "crossed-pair", number, sender=TG, host=FR) for number in range(back)]
    found = states(*out, *home)
    assert (found.count("complete"), found.count("half")) == (back, there - back)


@pytest.mark.parametrize(
    ("members", "state"),
    [
        ([member(1), member(2, sender=TG, host=FR, state="cancelled")], "broken"),
        ([member(1), member(2)], "uneven"),
        ([member(1), member(2, sender=ML, host=FR)], "uneven"),
        ([member(1), member(2, sender=TG, host=FR), member(3)], "uneven"),
        ([member(1), member(2, sender=TG, host=FR), member(3, state="withdrawn")], "complete"),
        ([member(1, "co-located-pair")], "half"),
        ([member(1, "co-located-pair"), member(2, "co-located-pair", sender=ML)], "complete"),
        ([member(1, "co-located-pair"), member(2, "co-located-pair", at=THERE)], "apart"),
        ([member(1, "collective-project")], "small"),
        ([member(1, "collective-project"), member(2, "collective-project")], "untitled"),
        ([member(1, "collective-project", sdg=["12"]), member(2, "collective-project")], "complete"),
        ([member(1, "team"), member(2, "team")], "small"),
        ([member(1, "team"), member(2, "team", sender=ML)], "complete"),
        ([member(1, "cohort")], "open"),
    ],
)
def test_what_a_group_lacks(members: list[Member], state: str) -> None:
    """By kind: one alone, one gone, two the same way, two places, no goal, one country."""
    assert states(*members) == [state]


def test_a_placement_is_in_the_group_of_its_offer() -> None:
    """Where it names none of its own; its own word comes first."""
    offer: Any = {"group": {"kind": "cohort", "id": "of the offer", "title": {"fr": "Promotion"}}}
    (group,) = groups([Member(placed(1), {}, offer), Member(placed(2), {}, {})])
    assert (group.id, group.title, group.programme) == (
        "of the offer",
        {"fr": "Promotion"},
        "urn:uuid:edition",
    )
    own = member(3, "team", 9)
    (group,) = groups([Member(own.placement, own.body, offer)])
    assert group.id == "group 9"


def test_one_volunteer_in_two_projects() -> None:
    """Exactly one collective project each; what was cancelled does not count."""
    one = member(1, "collective-project", 1)
    same = Member(placed(2), dict(one.body) | {"group": {"kind": "collective-project", "id": "other"}}, {})
    assert in_several([one, same]) == [(FR, "V-1")]
    gone = Member(placed(2, state="cancelled"), same.body, {})
    assert in_several([one, gone]) == []
