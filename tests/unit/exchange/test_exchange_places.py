"""V02: how many may be nominated and accepted, and when a place is free again."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.exchange.fold import judge
from passerelle.exchange.statement import tally
from passerelle.exchange.views import Direction
from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.records import Record
from tests.unit.exchange.world import ML, TG, Programme, World, direction, party, ref


def programme(
    persons: int = 4, per_period: str = "total", period: str = "2017/..", **more: Json
) -> Programme:
    world = World()
    return Programme.signed(
        world.row(TG, ML, persons, per_period, **more), world.row(ML, TG, 2), period=period
    )


def code(one: Programme, record: Record) -> str | None:
    return one.world.verdict_at_all(record).code


def test_a_nomination_too_many_is_blocked_alike_at_both() -> None:
    """S-40: V02; the verdict names the quota."""
    one = programme()
    for _ in range(4):
        assert code(one, one.nominate(TG, ML)) is None
    fifth = one.nominate(TG, ML, "2017-05-12")
    verdict = one.world.verdict_at_all(fifth)
    assert (verdict.status, verdict.code) == ("blocked", "quota.reached")
    assert verdict.params == {
        "of": "nominations", "quota": 4, "limit": 4, "count": 4, "perPeriod": "total", "year": 2017,
        "from": TG, "to": ML,
    }  # fmt: skip
    assert one.world.state(ML).nominations[fifth.id].state == "blocked"
    accept = one.accept(fifth)
    one.world.sync(TG, ML)
    late = one.accept(fifth)
    assert code(one, accept) == "reference.not-in-view"
    assert code(one, late) == "decision.subject-blocked"


def test_the_senders_own_check_says_the_same_before() -> None:
    """S-3: one function; nothing need be published to know."""
    one = programme()
    for _ in range(4):
        one.nominate(TG, ML)
    body = one.world.nomination(
        TG, ML, one.agreement, one.offers[ML], one.world.dossier(TG, ML), "2017-05-12"
    )
    candidate = one.world.record(TG, (ML,), "nomination", body)
    held, sizes = one.world.held_by(TG), one.world.sizes_of(TG)
    assert judge(candidate, held, sizes=sizes).params["count"] == 4
    published = one.world.publish(TG, ML, "nomination", body)
    assert code(one, published) == "quota.reached"
    free = one.world.record(TG, (ML,), "event", {"kind": "call", "about": [], "status": "done"})
    assert judge(free, held, sizes=sizes).is_accepted


def test_the_quota_of_yesterday_is_free_again_when_one_ends() -> None:
    """S-41: rejected, withdrawn, declined, cancelled: from the day that it ended on."""
    one = programme(1)
    first = one.nominate(TG, ML, "2017-04-01")
    one.world.decide(TG, ML, first, "withdraw", "2017-04-10")
    assert code(one, one.nominate(TG, ML, "2017-04-09")) == "quota.reached"
    second = one.nominate(TG, ML, "2017-04-10")
    assert code(one, second) is None
    one.world.sync(TG, ML)
    one.accept(second, "2017-04-12", "reject")
    assert code(one, one.nominate(TG, ML, "2017-04-12")) == "quota.reached"  # the rejection is not in view
    one.world.sync(TG, ML)
    assert code(one, one.nominate(TG, ML, "2017-04-12")) is None


def test_candidates_per_place_widen_nominations_and_not_acceptances() -> None:
    """S-40, S-42: quota times candidates may be nominated, the quota accepted."""
    one = programme(2, candidatesPerPlace=2)
    nominations = [one.nominate(TG, ML) for _ in range(5)]
    assert [code(one, nomination) for nomination in nominations] == [None] * 4 + ["quota.reached"]
    one.world.sync(TG, ML)
    accepts = [one.accept(nomination) for nomination in nominations[:4]]
    assert [code(one, accept) for accept in accepts] == [None, None, "quota.reached", "quota.reached"]
    params = one.world.verdict_at_all(accepts[2]).params
    assert (params["of"], params["quota"], params["limit"], params["count"]) == ("acceptances", 2, 2, 2)
    assert one.world.state(TG).nominations[nominations[2].id].state == "submitted"


def test_an_acceptance_taken_back_frees_its_place_from_that_day() -> None:
    """S-42: a waiting list holds no place; the same nomination accepted again counts once."""
    one = programme(1, candidatesPerPlace=3)
    first, second = one.nominate(TG, ML), one.nominate(TG, ML)
    one.world.sync(TG, ML)
    one.accept(first, "2017-05-01")
    one.accept(first, "2017-06-01", "waitlist")
    assert code(one, one.accept(second, "2017-05-31")) == "quota.reached"
    assert code(one, one.accept(first, "2017-05-20")) is None
    one.accept(first, "2017-06-01", "waitlist")
    assert code(one, one.accept(second, "2017-06-01")) is None
    assert code(one, one.accept(first, "2017-06-02")) == "quota.reached"
    assert code(one, one.accept(second, "2017-06-03")) is None


def test_a_cancelled_placement_frees_its_place_and_a_realised_one_never() -> None:
    """S-41: who has arrived has used the place, also when the mission ends early."""
    one = programme(1)
    placement = one.placed(TG, ML)
    one.world.decide(TG, ML, placement, "terminate", "2017-07-01")
    one.world.sync(TG, ML)
    assert code(one, one.nominate(TG, ML, "2017-06-30")) == "quota.reached"
    second = one.realised(TG, ML, "2017-09-04", on="2017-07-02", accepted="2017-07-03")
    one.world.decide(TG, ML, second, "terminate", "2017-10-01")
    one.world.sync(TG, ML)
    assert one.world.state(TG).placements[second.id].state == "ended-early"
    assert code(one, one.nominate(TG, ML, "2017-11-01")) == "quota.reached"


def test_a_host_that_contradicts_itself_frees_no_place_that_was_used() -> None:
    """S-41: it withdrew the placement and rejected the nomination, and then says that the volunteer came."""
    one = programme(1)
    nomination = one.confirmed(TG, ML)
    placement = one.world.place(ML, TG, nomination, one.agreement)
    one.world.sync(TG, ML)
    one.world.decide(TG, ML, placement, "accept", "2017-05-01")
    one.world.decide(ML, TG, placement, "withdraw", "2017-10-01")
    assert code(one, one.accept(nomination, "2017-10-01", "reject")) is None
    one.world.event(ML, TG, placement, "arrival", "2017-09-04")
    one.world.sync(TG, ML)
    assert one.world.state(TG).placements[placement.id].is_realised
    assert code(one, one.nominate(TG, ML, "2017-11-01")) == "quota.reached"


@pytest.mark.parametrize("per_period", ["year", "edition"])
def test_a_yearly_quota_counts_by_the_year_of_the_act(per_period: str) -> None:
    """S-43: nominations and acceptances each by their own day."""
    one = programme(1, per_period)
    assert code(one, one.nominate(TG, ML, "2017-12-31")) is None
    assert code(one, one.nominate(TG, ML, "2017-12-31")) == "quota.reached"
    second = one.nominate(TG, ML, "2018-01-01")
    assert code(one, second) is None
    one.world.sync(TG, ML)
    first = next(item for item in one.world.state(TG).nominations.values() if item.state == "submitted")
    assert first.nominated_on.year == 2017
    assert code(one, one.accept(second, "2018-02-01")) is None


def test_a_place_is_taken_in_the_year_of_its_acceptance() -> None:
    """S-43: who was nominated in December and accepted in January takes a place of the new year."""
    one = programme(1, "year")
    first, second = one.nominate(TG, ML, "2017-12-31"), one.nominate(TG, ML, "2018-01-01")
    one.world.sync(TG, ML)
    assert code(one, one.accept(first, "2018-01-15")) is None
    assert code(one, one.accept(second, "2018-02-01")) == "quota.reached"
    assert code(one, one.accept(second, "2019-02-01")) is None


def test_an_unknown_period_counts_in_total() -> None:
    """S-43: a code of a later version never lets too many through."""
    one = programme(1, "season")
    assert code(one, one.nominate(TG, ML, "2017-12-31")) is None
    assert code(one, one.nominate(TG, ML, "2018-01-01")) == "quota.reached"


def test_no_quota_no_limit() -> None:
    """S-40: a direction without a quota."""
    world = World()
    one = Programme.signed(world.row(TG, ML, None))
    for _ in range(3):
        nomination = one.nominate(TG, ML)
        one.world.sync(TG, ML)
        assert code(one, one.accept(nomination)) is None


def test_a_next_version_is_judged_anew_and_takes_no_second_place() -> None:
    """S-22, S-40: a blocked nomination may come again when there is room; a version of one counts once."""
    one = programme(1)
    first = one.nominate(TG, ML)
    dossier = one.world.dossier(TG, ML)
    again = one.world.nominate(TG, ML, one.agreement, one.offers[ML], dossier, after=first)
    assert code(one, again) is None
    second = one.nominate(TG, ML)
    assert code(one, second) == "quota.reached"
    one.world.decide(TG, ML, again, "withdraw", "2017-04-01")
    better = one.world.nominate(TG, ML, one.agreement, one.offers[ML], dossier, after=second)
    assert code(one, better) is None
    assert one.world.state(ML).nominations[second.id].version == 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["nomination", "nomination", "placement", "agreement", "dossier", "event"]),
            st.integers(0, 4),
            st.integers(1, 3),
            st.booleans(),
        ),
        min_size=6,
        max_size=20,
    )
)
def test_no_set_of_records_gets_round_the_quota(steps: list[tuple[str, int, int, bool]]) -> None:
    """S-42, S-68: a sender writes anything under any id; a host that accepts all gives no place too many."""
    one = programme(2, candidatesPerPlace=9)
    world, card = one.world, one.world.dossier(TG, ML)
    nomination = world.nomination(TG, ML, one.agreement, one.offers[ML], card, "2017-04-01")
    bodies: dict[str, JsonObject] = {
        "nomination": nomination,
        "placement": {
            "nomination": ref(card), "agreement": ref(one.agreement), "scheme": "vir", "volunteer": "x",
            "direction": direction(TG, ML), "planned": "2017-09-04/2018-05-04",
        },
        "agreement": {**one.agreement.body, "parties": [party(TG)]},
        "dossier": {"part": "card", "sendingAgency": TG},
        "event": {"kind": "call", "about": [], "status": "done"},
    }  # fmt: skip
    for kind, number, version, accepted in steps:
        record_id = f"urn:uuid:{UUID(int=10**9 + number, version=4)}"
        record = world.publish(TG, ML, kind, bodies[kind], record_id=record_id, version=version)
        if accepted and kind == "nomination":
            world.sync(TG, ML)
            world.decide(ML, TG, record, "accept", "2017-05-01")
    for agency in (TG, ML):
        pair = world.state(agency).pairs[frozenset((TG, ML))]
        assert tally(pair, Direction(TG, ML)).accepted <= 2


def test_an_id_that_began_as_another_type_holds_no_nomination() -> None:
    """S-68: what is blocked under an id still says of which type the id is."""
    one = programme(1, candidatesPerPlace=2)
    first = one.world.publish(TG, ML, "placement", {"direction": direction(TG, ML)})
    body = one.world.nomination(
        TG, ML, one.agreement, one.offers[ML], one.world.dossier(TG, ML), "2017-04-01"
    )
    hidden = one.world.publish(TG, ML, "nomination", body, record_id=first.id, version=2)
    assert code(one, first) == "body.unreadable"
    assert code(one, hidden) == "version.other-type"
