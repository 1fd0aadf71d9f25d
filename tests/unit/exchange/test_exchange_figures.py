"""Figures of whole programmes: the founding ones, and what must not move them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from passerelle.errors import InputError
from passerelle.exchange.fold import fold
from passerelle.exchange.state import State
from passerelle.exchange.statement import Tally, figures, tally, three_places
from passerelle.exchange.views import Direction
from passerelle.protocol import profile
from tests.unit.exchange.world import BF, FR, ML, TG, Programme, World, erase

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


def pilot() -> Programme:
    """Togo and Mali, from 2017: four to Mali, two to Togo."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4), world.row(ML, TG, 2))
    for _ in range(4):
        programme.realised(TG, ML)
    for _ in range(2):
        programme.realised(ML, TG)
    return programme


def test_the_pilot_gives_what_the_founders_wrote() -> None:
    """S-63: 4/2, all realised, balance +2 for Togo, index 0.500; the whole form of the figures."""
    first, second = sorted((TG, ML))
    months = three_places(Fraction(243 * 16, 487) * 4), three_places(Fraction(243 * 16, 487) * 2)
    to_ml = {
        "from": TG, "to": ML, "status": "open", "since": None, "quota": 4, "nominated": 4, "accepted": 4,
        "planned": 4, "realised": 4, "fulfilment": "1.000",
    }  # fmt: skip
    to_tg = {
        "from": ML, "to": TG, "status": "open", "since": None, "quota": 2, "nominated": 2, "accepted": 2,
        "planned": 2, "realised": 2, "fulfilment": "1.000",
    }  # fmt: skip
    assert both(pilot().world, TG, ML) == {
        "asOf": "2018-12-31",
        "parties": [{"agency": ML, "country": "ML"}, {"agency": TG, "country": "TG"}],
        "directions": [to_tg, to_ml],
        "balance": {TG: 2, ML: -2},
        "index": "0.500",
        "personMonths": {
            "directions": [
                {"from": ML, "to": TG, "planned": months[1], "realised": months[1], "undated": 0},
                {"from": TG, "to": ML, "planned": months[0], "realised": months[0], "undated": 0},
            ],
            "index": "0.500",
        },
    }
    assert (first, second) == (ML, TG)


def test_a_party_is_asked_in_any_order_and_a_stranger_sees_nothing() -> None:
    """S-66: the order of the two agencies does not matter; without a feed between them there are no figures."""
    world = pilot().world
    assert figures(world.state(TG), TG, ML) == figures(world.state(TG), ML, TG)
    with pytest.raises(InputError) as caught:
        figures(world.state(FR), TG, ML)
    assert caught.value.code == "statement.not-visible"


def test_a_pair_without_records_has_figures_of_nothing() -> None:
    """A pair that only knows of each other: no quota, no index."""
    world = World()
    world.feeds[world.origin(TG, ML)] = []
    said = figures(world.state(TG), TG, ML)
    assert said["index"] is None
    assert row(said, TG, ML)["quota"] is None
    assert row(said, TG, ML)["status"] == "none"
    assert row(said, TG, ML)["fulfilment"] is None


def mali_niger() -> Programme:
    """The cohort of July 2012: seven to France, none from France, that direction suspended since 2010.

    Niger's one volunteer travels under the same agreement here, to keep the pair to two.
    """
    world = World()
    programme = Programme.signed(
        world.row(ML, FR, 7),
        world.row(FR, ML, 7, status="suspended", statusSince="2010", statusReason="security"),
        a=FR,
        b=ML,
        period="2010/..",
    )
    for _ in range(7):
        programme.realised(ML, FR, "2017-07", planned="2017-07/2018-04")
    return programme


def test_mali_and_niger_are_a_suspended_direction_not_an_imbalance() -> None:
    """S-61: 0 and 7, index 0.000, and the direction says since when it is suspended."""
    programme = mali_niger()
    said = both(programme.world, FR, ML)
    assert said["index"] == "0.000"
    assert said["balance"] == {FR: -7, ML: 7}
    shut, open_ = row(said, FR, ML), row(said, ML, FR)
    assert (shut["status"], shut["since"], shut["realised"], shut["fulfilment"]) == (
        *("suspended", "2010", 0, "0.000"),
    )
    assert (open_["status"], open_["realised"]) == ("open", 7)
    refused = programme.nominate(FR, ML)
    assert programme.world.verdict_at_all(refused).code == "direction.suspended"


def test_ten_months_of_seven_volunteers_are_seventy_person_months() -> None:
    """S-62: written to the month, counted in calendar months."""
    said = both(mali_niger().world, FR, ML)
    months = said["personMonths"]
    assert isinstance(months, dict)
    assert row(months, ML, FR)["realised"] == "70.000"
    assert months["index"] == "0.000"


@pytest.mark.parametrize(
    ("there", "back", "index", "balance"),
    [(8, 8, "1.000", 0), (10, 9, "0.900", 1), (10, 4, "0.400", 6), (3, 2, "0.667", 1), (8, 1, "0.125", 7)],
)
def test_index_and_balance_of_known_programmes(there: int, back: int, index: str, balance: int) -> None:
    """S-63: the South-South pilot 8/8; WECCEE 10/9 and 10/4; rounding half up."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, there), world.row(ML, TG, back))
    for _ in range(there):
        programme.realised(TG, ML)
    for _ in range(back):
        programme.realised(ML, TG)
    said = both(programme.world, TG, ML)
    assert said["index"] == index
    assert said["balance"] == {TG: balance, ML: -balance}
    assert row(said, TG, ML)["fulfilment"] == "1.000"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1, 2), "0.500"),
        (Fraction(2, 3), "0.667"),
        (Fraction(1, 16), "0.063"),
        (Fraction(14, 1634), "0.009"),
        (Fraction(1, 2000), "0.001"),
        (Fraction(0), "0.000"),
        (Fraction(12345, 10), "1234.500"),
    ],
)
def test_three_places_half_up(value: Fraction, text: str) -> None:
    """S-63: rounding is exact and half up."""
    assert three_places(value) == text


# --- as of a day -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "nominated", "accepted", "planned", "realised"),
    [
        (date(2017, 3, 31), 0, 0, 0, 0),
        (date(2017, 4, 1), 1, 0, 0, 0),
        (date(2017, 4, 30), 1, 0, 0, 0),
        (date(2017, 5, 1), 1, 1, 1, 0),
        (date(2017, 9, 3), 1, 1, 1, 0),
        (date(2017, 9, 4), 1, 1, 1, 1),
    ],
)
def test_what_is_effective_later_does_not_count_yet(
    as_of: date, nominated: int, accepted: int, planned: int, realised: int
) -> None:
    """S-60: as of a day, inclusive."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4))
    programme.realised(TG, ML)
    said = row(both(programme.world, TG, ML, as_of), TG, ML)
    assert [said[name] for name in ("nominated", "accepted", "planned", "realised")] == [
        *(nominated, accepted, planned, realised),
    ]


def test_an_agreement_of_tomorrow_gives_no_quota_today() -> None:
    """S-60: neither before its acceptance is effective, nor before its period begins."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4), period="2018/2019")
    said = row(both(programme.world, TG, ML, date(2017, 12, 31)), TG, ML)
    assert (said["quota"], said["status"]) == (None, "none")
    assert row(both(programme.world, TG, ML, date(2018, 1, 1)), TG, ML)["quota"] == 4
    assert programme.world.state(TG, date(2017, 1, 31)).agreements[programme.agreement.id].state == "proposed"
    assert programme.world.state(TG, date(2017, 2, 1)).agreements[programme.agreement.id].state == "accepted"


def test_figures_outlive_the_agreement() -> None:
    """S-64: an agreement that has ended keeps its quota in the figures; the direction says that it ended."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4), period="2017/2018")
    programme.realised(TG, ML)
    said = row(both(programme.world, TG, ML, date(2020, 1, 1)), TG, ML)
    assert (said["quota"], said["realised"], said["fulfilment"], said["status"]) == (4, 1, "0.250", "ended")


def test_a_yearly_quota_adds_up() -> None:
    """S-64: a quota by year counts once for each calendar year begun."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4, "year"), period="2017/2018")
    assert row(both(programme.world, TG, ML, date(2017, 12, 31)), TG, ML)["quota"] == 4
    assert row(both(programme.world, TG, ML, date(2018, 1, 1)), TG, ML)["quota"] == 8
    assert row(both(programme.world, TG, ML, date(2021, 1, 1)), TG, ML)["quota"] == 8


def test_no_quota_no_fulfilment() -> None:
    """S-63: fulfilment of nothing agreed is nothing; of a quota of 0 likewise."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, None), world.row(ML, TG, 0))
    programme.realised(TG, ML)
    said = both(programme.world, TG, ML)
    assert (row(said, TG, ML)["quota"], row(said, TG, ML)["fulfilment"]) == (None, None)
    assert (row(said, ML, TG)["quota"], row(said, ML, TG)["fulfilment"]) == (0, None)


# --- what moves no figure ----------------------------------------------------------------


def test_erasing_moves_no_figure_and_no_verdict() -> None:
    """S-6: a stub counts as its record did, whichever are erased."""
    world = pilot().world
    held, sizes = world.held_by(TG), world.sizes_of(TG)
    before = fold(held, as_of=AS_OF, sizes=sizes)
    personal = {"dossier", "nomination", "placement", "event"}
    erased = [erase(item) if item.record.type in personal else item for item in held]
    assert sum(item is not kept for item, kept in zip(erased, held, strict=True)) > 20
    after = fold(erased, as_of=AS_OF, sizes=sizes)
    assert after == before
    for index, item in enumerate(held):
        if item.record.type in personal:
            one = fold([*held[:index], erase(item), *held[index + 1 :]], as_of=AS_OF, sizes=sizes)
            assert one == before


def test_a_scheme_can_be_told_apart() -> None:
    """S-65: figures of one scheme."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4))
    programme.realised(TG, ML)
    programme.offers[ML] = programme.world.offer(ML, scheme="vsi")
    programme.confirmed(TG, ML)
    state = programme.world.state(TG)
    vir, vsi = (figures(state, TG, ML, scheme=scheme) for scheme in ("vir", "vsi"))
    assert [row(vir, TG, ML)[name] for name in ("quota", "accepted", "realised")] == [4, 1, 1]
    assert [row(vsi, TG, ML)[name] for name in ("quota", "accepted", "realised")] == [None, 1, 0]


def test_other_pairs_move_nothing() -> None:
    """S-2: what an agency shares with a third moves no figure of a pair."""
    programme = pilot()
    before = both(programme.world, TG, ML)
    world = programme.world
    other = world.agreement(TG, [BF], [world.row(TG, BF, 9)])
    world.sync(TG, BF)
    world.decide(BF, TG, other, "accept")
    world.sync(TG, BF)
    world.nominate(TG, BF, other, world.offer(BF), world.dossier(TG, BF))
    assert both(world, TG, ML) == before
    assert row(both(world, TG, BF), TG, BF)["nominated"] == 1


def test_the_country_is_that_of_the_agreement_in_force() -> None:
    """S-63: a proposal that nobody accepted names no country anew."""
    programme = pilot()
    world = programme.world
    for number in range(2):  # ids before the one in force
        body = dict(programme.agreement.body)
        body["parties"] = [{"agency": TG, "country": "XX"}, {"agency": ML, "country": "XX"}]
        world.publish(
            TG, [ML], "agreement", body, record_id=f"urn:uuid:{number:08}-0000-4000-8000-000000000000"
        )
    assert both(world, TG, ML)["parties"] == [
        {"agency": ML, "country": "ML"}, {"agency": TG, "country": "TG"}
    ]  # fmt: skip


def test_an_agreement_that_is_suspended_names_the_country_still() -> None:
    """S-63: it is in force, whatever an agreement that has ended said and however small its id is."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 4), period="2017/2017")
    world = programme.world
    body = dict(programme.agreement.body) | {"period": "2018/.."}
    body["parties"] = [{"agency": TG, "country": "TG"}, {"agency": ML, "country": "XX"}]
    later = world.publish(
        TG, [ML], "agreement", body, record_id="urn:uuid:ffffffff-0000-4000-8000-000000000000"
    )
    world.sync(TG, ML)
    world.decide(ML, TG, later, "accept", "2018-01-01")
    world.sync(TG, ML)
    world.decide(ML, TG, later, "suspend", "2018-02-01")
    assert [world.state(TG, AS_OF).agreements[one.id].state for one in (programme.agreement, later)] == [
        *("expired", "suspended"),
    ]
    said = both(world, TG, ML)
    assert said["parties"] == [{"agency": ML, "country": "XX"}, {"agency": TG, "country": "TG"}]
    assert row(said, TG, ML)["status"] == "suspended"


def test_counts_of_one_agreement() -> None:
    """What a board shows beside each agreement."""
    programme = pilot()
    state: State = programme.world.state(TG)
    pair = state.pairs[frozenset((TG, ML))]
    assert tally(pair, Direction(TG, ML), agreement=programme.agreement.id) == Tally(4, 4, 4, 4)
    assert tally(pair, Direction(TG, ML), agreement="urn:uuid:none") == Tally(0, 0, 0, 0)
