"""Placements, and opposites that had not seen each other."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from passerelle.exchange.tables import (
    BOTH,
    CONTESTED,
    ENDING,
    OPPOSITES,
    prevailing,
)
from passerelle.protocol.records import Record
from tests.unit.exchange.world import BF, LATER, ML, TG, Programme, World


def programme() -> Programme:
    world = World()
    return Programme.signed(world.row(TG, ML, 9), world.row(ML, TG, 9))


def code(one: Programme, record: Record) -> str | None:
    return one.world.verdict_at_all(record).code


def nomination_state(one: Programme, nomination: Record, as_of: date = LATER) -> str:
    """At both."""
    states = {one.world.state(agency, as_of).nominations[nomination.id].state for agency in (TG, ML)}
    assert len(states) == 1
    return states.pop()


# --- placements ----------------------------------------------------------------------------


def test_a_placement_rests_on_a_confirmed_nomination() -> None:
    """S-51: accepted and confirmed, in the host's view."""
    one = programme()
    nomination = one.nominate(TG, ML)
    one.world.sync(TG, ML)
    one.accept(nomination)
    one.world.sync(TG, ML)
    one.world.decide(TG, ML, nomination, "confirm")
    early = one.world.place(ML, TG, nomination, one.agreement)
    assert code(one, early) == "placement.nomination-not-confirmed"
    one.world.sync(TG, ML)
    assert code(one, one.world.place(ML, TG, nomination, one.agreement)) is None


def test_a_nomination_that_has_ended_is_placed_no_more() -> None:
    """S-51: withdrawn after it was confirmed."""
    one = programme()
    nomination = one.confirmed(TG, ML)
    one.world.decide(TG, ML, nomination, "withdraw", "2017-12-01")
    one.world.sync(TG, ML)
    late = one.world.place(ML, TG, nomination, one.agreement)
    assert code(one, late) == "placement.nomination-not-confirmed"


def test_a_placement_without_a_nomination_is_blocked() -> None:
    """S-51: there is no other way to a place."""
    one = programme()
    body = dict(one.world.place(ML, TG, one.confirmed(TG, ML), one.agreement).body)
    del body["nomination"]
    assert code(one, one.world.publish(ML, TG, "placement", body)) == "placement.nomination-not-confirmed"


def test_only_the_host_places_and_the_sender_is_told() -> None:
    """S-51: the ends of the direction."""
    one = programme()
    nomination = one.confirmed(TG, ML)
    body = dict(one.world.place(ML, TG, nomination, one.agreement).body)
    assert code(one, one.world.publish(TG, ML, "placement", body)) == "placement.not-host"
    assert code(one, one.world.publish(ML, BF, "placement", body)) == "placement.sender-not-addressed"


def test_one_nomination_is_placed_once_and_under_its_own_terms() -> None:
    """S-52: no second placement; the same direction and agreement; a start that has a day."""
    one = programme()
    nomination = one.confirmed(TG, ML)
    other = one.world.agreement(TG, [ML], [one.world.row(TG, ML, 1)])
    one.world.sync(TG, ML)
    one.world.decide(ML, TG, other, "accept", "2017-02-01")
    assert code(one, one.world.place(ML, TG, nomination, other)) == "placement.nomination-mismatch"
    undated = one.world.place(ML, TG, nomination, one.agreement, "../2018")
    assert code(one, undated) == "placement.undated"
    first = one.world.place(ML, TG, nomination, one.agreement)
    assert code(one, first) is None
    second = one.world.place(ML, TG, nomination, one.agreement)
    assert code(one, second) == "placement.nomination-placed"
    elsewhere = one.confirmed(TG, ML)
    moved = one.world.place(ML, TG, elsewhere, one.agreement, after=first)
    assert code(one, moved) == "version.subject-changed"
    one.world.decide(ML, TG, first, "withdraw")
    assert (
        code(one, one.world.place(ML, TG, nomination, one.agreement, after=moved)) == "version.subject-ended"
    )


def test_a_placement_starts_under_an_agreement_in_force() -> None:
    """S-31: V01 by the planned start; a suspension does not stop it."""
    world = World()
    one = Programme.signed(world.row(TG, ML, 9), period="2017/2018")
    nomination = one.confirmed(TG, ML)
    one.world.decide(TG, ML, one.agreement, "suspend", "2017-06-01")
    one.world.sync(TG, ML)
    late = one.world.place(ML, TG, nomination, one.agreement, "2019-01-01/2019-06-30")
    assert code(one, late) == "agreement.not-in-force"
    assert code(one, one.world.place(ML, TG, nomination, one.agreement, "2018-12-31/2019-06-30")) is None


def test_a_placement_that_was_never_accepted_leaves_its_nomination_as_it_was() -> None:
    """S-53: rejected or taken back, the host may place anew."""
    one = programme()
    nomination = one.confirmed(TG, ML)
    first = one.world.place(ML, TG, nomination, one.agreement)
    one.world.sync(TG, ML)
    one.world.decide(TG, ML, first, "reject", "2017-06-01")
    one.world.sync(TG, ML)
    assert nomination_state(one, nomination) == "confirmed"
    assert one.world.state(TG).placements[first.id].state == "rejected"
    second = one.world.place(ML, TG, nomination, one.agreement)
    assert code(one, second) is None
    one.world.decide(ML, TG, second, "withdraw", "2017-06-02")
    assert one.world.state(ML).placements[second.id].state == "withdrawn"


def test_what_is_placed_is_decided_on_through_its_placement() -> None:
    """S-54: else a place could be freed under a volunteer who has arrived."""
    one = programme()
    placement = one.realised(TG, ML)
    nomination = next(
        item.record
        for item in one.world.held_by(TG)
        if isinstance(item.record, Record) and item.record.type == "nomination"
    )
    assert code(one, one.world.decide(TG, ML, nomination, "withdraw")) == "decision.subject-placed"
    assert code(one, one.world.decide(ML, TG, nomination, "reject")) == "decision.subject-placed"
    assert nomination_state(one, nomination) == "placed"
    assert code(one, one.world.decide(TG, ML, placement, "terminate", "2017-12-01")) is None


def test_a_withdrawal_crossed_by_a_placement_wins() -> None:
    """S-54: the placement ends with its nomination, and the sender can no longer accept it."""
    one = programme()
    nomination = one.confirmed(TG, ML)
    placement = one.world.place(ML, TG, nomination, one.agreement)
    withdrawal = one.world.decide(TG, ML, nomination, "withdraw", "2017-06-01")
    one.world.sync(TG, ML)
    assert [code(one, record) for record in (placement, withdrawal)] == [None, None]
    assert code(one, one.world.decide(TG, ML, placement, "accept")) == "decision.subject-ended"
    assert nomination_state(one, nomination) == "withdrawn"
    assert one.world.state(ML).placements[placement.id].state == "withdrawn"


def test_a_placement_can_be_suspended_and_resumed() -> None:
    """S-39: by either end, each lifting its own; it stays planned."""
    one = programme()
    placement = one.placed(TG, ML)
    one.world.decide(ML, TG, placement, "suspend", "2017-06-01")
    one.world.sync(TG, ML)
    state = one.world.state(TG).placements[placement.id]
    assert (state.state, state.is_planned) == ("suspended", True)
    assert code(one, one.world.decide(TG, ML, placement, "resume")) == "decision.nothing-to-resume"
    one.world.decide(ML, TG, placement, "resume", "2017-07-01")
    assert one.world.state(TG).placements[placement.id].state == "planned"


def test_with_an_end_in_view_nothing_is_resumed() -> None:
    """S-48: from an earlier day it may be suspended, and ended; a resumption does neither."""
    one = programme()
    placement = one.placed(TG, ML)
    one.world.decide(ML, TG, placement, "suspend", "2017-06-01")
    one.world.decide(TG, ML, placement, "terminate", "2017-08-01")
    one.world.sync(TG, ML)
    assert code(one, one.world.decide(ML, TG, placement, "resume", "2017-07-01")) == "decision.subject-ended"
    assert code(one, one.world.decide(TG, ML, placement, "suspend", "2017-07-01")) is None
    states = [one.world.state(TG, date(2017, month, 31)).placements[placement.id].state for month in (7, 8)]
    assert states == ["suspended", "cancelled"]


def test_states_of_a_placement() -> None:
    """S-57: from planned to completed."""
    one = programme()
    placement = one.realised(TG, ML, "2017-09-04")
    one.world.event(TG, ML, placement, "return", "2018-05-05")
    states = [
        one.world.state(TG, day).placements[placement.id].state
        for day in (date(2017, 4, 30), date(2017, 5, 1), date(2017, 9, 4), date(2018, 5, 5))
    ]
    assert states == ["proposed", "planned", "active", "completed"]


# --- opposites -----------------------------------------------------------------------------


def crossed(host: str, sender: str) -> tuple[Programme, Record]:
    """A nomination on which host and sender decide without seeing each other's word."""
    one = programme()
    nomination = one.nominate(TG, ML)
    one.world.sync(TG, ML)
    if sender == "confirm" and host != "confirm":
        one.accept(nomination, "2017-04-10")
        one.world.sync(TG, ML)
    assert code(one, one.accept(nomination, "2017-05-01", host)) is None
    assert code(one, one.world.decide(TG, ML, nomination, sender, "2017-05-02")) is None
    one.world.sync(TG, ML)
    return one, nomination


_STATES = {
    "withdraw": "withdrawn", "decline": "declined", "reject": "rejected", "contested": "contested",
    "both": "confirmed",
}  # fmt: skip


@pytest.mark.parametrize(
    ("host", "sender"),
    [*product(("accept", "reject", "shortlist", "waitlist"), ("confirm", "decline", "withdraw"))],
)
def test_crossed_words_on_a_nomination_are_settled_by_the_table(host: str, sender: str) -> None:
    """S-55: both nodes, every crossing that can be."""
    one, nomination = crossed(host, sender)
    expected = prevailing("nomination", host, sender)
    assert nomination_state(one, nomination) == _STATES[expected]


def test_a_contested_nomination_counts_as_nominated_and_holds_until_someone_has_seen_both() -> None:
    """S-56: then that word settles it."""
    one, nomination = crossed("waitlist", "confirm")
    assert nomination_state(one, nomination) == "contested"
    assert one.world.state(TG).nominations[nomination.id].is_standing
    assert not one.world.state(TG).nominations[nomination.id].is_accepted
    placement = one.world.place(ML, TG, nomination, one.agreement)
    assert code(one, placement) == "placement.nomination-not-confirmed"
    assert code(one, one.accept(nomination, "2017-05-03")) is None
    one.world.sync(TG, ML)
    assert nomination_state(one, nomination) == "confirmed"


def test_a_contest_can_be_settled_either_way() -> None:
    """S-56: the host keeps to the waiting list, having seen the confirmation."""
    one, nomination = crossed("waitlist", "confirm")
    assert code(one, one.accept(nomination, "2017-05-03", "waitlist")) is None
    one.world.sync(TG, ML)
    assert nomination_state(one, nomination) == "waitlisted"


def test_one_outcome_with_two_dates_counts_from_the_earlier() -> None:
    """S-55: both ends terminate, crossed."""
    one = programme()
    placement = one.placed(TG, ML)
    one.world.decide(TG, ML, placement, "terminate", "2017-08-01")
    one.world.decide(ML, TG, placement, "terminate", "2017-07-01")
    one.world.sync(TG, ML)
    assert one.world.state(TG).placements[placement.id].ended_on == date(2017, 7, 1)
    assert one.world.state(TG, date(2017, 6, 30)).placements[placement.id].state == "planned"


def test_an_acceptance_crossed_by_a_termination_of_the_placement() -> None:
    """S-55: what binds less wins."""
    one = programme()
    nomination = one.confirmed(TG, ML)
    placement = one.world.place(ML, TG, nomination, one.agreement)
    one.world.sync(TG, ML)
    one.world.decide(TG, ML, placement, "accept", "2017-05-01")
    one.world.decide(ML, TG, placement, "terminate", "2017-05-10")
    one.world.sync(TG, ML)
    for agency in (TG, ML):
        assert one.world.state(agency).placements[placement.id].state == "cancelled"
    assert nomination_state(one, nomination) == "cancelled"


def test_the_table_is_symmetric_and_what_binds_less_wins() -> None:
    """S-55: every entry is the opposite that binds less, both, or contested."""
    least_first = [*ENDING, "suspend"]
    for subject, table in OPPOSITES.items():
        for pair, result in table.items():
            one, other = (*pair, *pair)[:2]
            assert prevailing(subject, one, other) == prevailing(subject, other, one) == result
            if result not in {BOTH, CONTESTED}:
                less = [outcome for outcome in least_first if outcome in pair]
                assert result == less[0]
    assert prevailing("nomination", "accept", "accept") == CONTESTED
