"""Who may decide what, what the state allows, and opposites that had not seen each other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import product

import pytest

from passerelle.exchange.decisions import EFFECTS
from passerelle.exchange.fold import fold
from passerelle.exchange.tables import (
    BOTH,
    CONTESTED,
    ENDING,
    MAY_DECIDE,
    OPPOSITES,
    WITHOUT_EFFECT,
    prevailing,
)
from passerelle.protocol.records import Record
from tests.unit.exchange.world import BF, FR, LATER, ML, TG, Programme, World

ALL_OUTCOMES = sorted({*EFFECTS, *WITHOUT_EFFECT})


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


# --- who -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "author", "outcome"),
    [*product(["agreement", "nomination", "placement", "dossier"], [TG, ML], ALL_OUTCOMES)],
)
def test_only_who_may_decides(subject: str, author: str, outcome: str) -> None:
    """S-45: by the table, every outcome by every party on every type."""
    one = programme()
    nomination = one.nominate(TG, ML)
    subjects: dict[str, Callable[[], Record]] = {
        "agreement": lambda: one.world.agreement(TG, [ML], [one.world.row(TG, ML, 1)]),
        "nomination": lambda: nomination,
        "placement": lambda: one.world.place(ML, TG, one.confirmed(TG, ML), one.agreement),
        "dossier": lambda: one.world.dossier(TG, ML),
    }
    about = subjects[subject]()
    one.world.sync(TG, ML)
    partner = ML if author == TG else TG
    found = code(one, one.world.decide(author, partner, about, outcome))
    roles = {
        "agreement": {TG: "issuer", ML: "party"}, "nomination": {TG: "sender", ML: "host"},
        "placement": {TG: "sender", ML: "host"}, "dossier": {TG: "issuer", ML: "nobody"},
    }  # fmt: skip
    if outcome in WITHOUT_EFFECT:
        assert found is None
    elif outcome not in MAY_DECIDE[subject]:
        assert found == "decision.not-applicable"
    elif roles[subject][author] not in MAY_DECIDE[subject][outcome]:
        assert found == "decision.not-entitled"
    else:
        assert found in {None, "decision.not-accepted", "decision.nothing-to-resume"}


def test_an_offer_is_decided_on_in_public_by_its_issuer() -> None:
    """S-45, S-46: nobody else withdraws it, and nobody is told in private."""
    one = programme()
    world, offer = one.world, one.offers[ML]
    private = world.decide(ML, TG, offer, "withdraw")
    assert code(one, private) == "decision.audience"
    stranger = world.decide(TG, "public", offer, "withdraw")
    assert world.verdict(stranger).code == "decision.not-entitled"
    endorsed = world.decide(TG, "public", offer, "endorse")
    assert world.verdict(endorsed).is_accepted
    assert world.state(FR).offers[offer.id].state == "open"
    hold = world.decide(ML, "public", offer, "suspend", "2017-03-01")
    assert world.verdict(hold, FR).is_accepted
    assert world.state(FR).offers[offer.id].state == "on-hold"
    world.decide(ML, "public", offer, "resume", "2017-04-01")
    assert world.state(FR).offers[offer.id].state == "open"
    gone = world.decide(ML, "public", offer, "withdraw", "2017-05-01")
    assert world.verdict(gone, FR).is_accepted
    assert world.state(FR).offers[offer.id].state == "withdrawn"
    assert world.state(FR, date(2017, 4, 30)).offers[offer.id].state == "open"
    assert world.verdict(world.decide(ML, "public", offer, "resume", "2017-06-01")).code == (
        "decision.subject-ended"
    )


def test_types_stand_where_they_belong() -> None:
    """S-5: a private offer or a public agreement counts for nothing, and nothing rests on it."""
    one = programme()
    hidden = one.world.publish(ML, TG, "offer", one.offers[ML].body)
    one.world.sync(TG, ML)
    assert code(one, hidden) == "record.audience"
    assert code(one, one.world.decide(ML, TG, hidden, "withdraw")) == "decision.subject-blocked"
    shouted = one.world.publish(TG, "public", "agreement", one.agreement.body)
    assert one.world.verdict(shouted).code == "record.audience"
    one.agreement = shouted
    assert code(one, one.nominate(TG, ML)) == "reference.blocked"


def test_offers_close_and_fill() -> None:
    """S-58: by their own day and by accepted nominations."""
    one = programme()
    one.offers[ML] = one.world.offer(ML, places=1, closesOn="2017-06-30")
    nomination = one.nominate(TG, ML)
    one.world.sync(TG, ML)
    one.accept(nomination, "2017-07-10")
    states = [
        one.world.state(TG, day).offers[one.offers[ML].id].state
        for day in (date(2017, 6, 30), date(2017, 7, 1), date(2017, 7, 10))
    ]
    assert states == ["open", "closed", "filled"]


def test_a_public_word_on_a_private_record_waits_for_ever() -> None:
    """S-46: public records know nothing of what two agencies share."""
    one = programme()
    nomination = one.nominate(TG, ML)
    shouted = one.world.decide(ML, "public", nomination, "accept")
    assert one.world.verdict(shouted, ML).code == "reference.not-held"
    assert nomination_state(one, nomination) == "submitted"


def test_a_stranger_decides_nothing() -> None:
    """S-45: neither an agency that was addressed nor one that was not."""
    one = programme()
    dossier = one.world.dossier(TG, [ML, FR])
    nomination = one.world.nominate(TG, ML, one.agreement, one.offers[ML], dossier, to=[ML, FR])
    one.world.sync(TG, ML, FR)
    bystander = one.world.decide(FR, [TG, ML], nomination, "reject")
    for agency in (TG, ML, FR):
        assert not one.world.verdict(bystander, agency).is_accepted
    assert nomination_state(one, nomination) == "submitted"


def test_anybody_addressed_may_endorse_or_dispute() -> None:
    """S-45: without effect."""
    one = programme()
    nomination = one.nominate(TG, ML)
    one.world.sync(TG, ML)
    for outcome in sorted(WITHOUT_EFFECT):
        assert code(one, one.world.decide(ML, TG, nomination, outcome)) is None
    assert nomination_state(one, nomination) == "submitted"


def test_a_decision_on_what_the_tables_do_not_know_counts_and_moves_nothing() -> None:
    """S-45: answers to erasures, types of later versions."""
    one = programme()
    erasure = one.world.publish(TG, ML, "erasure", {"targets": []})
    one.world.sync(TG, ML)
    assert code(one, one.world.decide(ML, TG, erasure, "accept")) is None
    event = one.world.publish(TG, ML, "event", {"kind": "call", "about": [], "status": "planned"})
    one.world.sync(TG, ML)
    assert code(one, one.world.decide(ML, TG, event, "accept")) is None


# --- when ----------------------------------------------------------------------------------


def test_a_decision_before_its_subject_waits_and_is_then_final() -> None:
    """S-18: whichever line arrives first."""
    one = programme()
    nomination = one.nominate(TG, ML)
    one.world.sync(TG, ML)
    accept = one.accept(nomination)
    held, sizes = one.world.held_by(ML), one.world.sizes_of(ML)
    without = [item for item in held if item.record is not nomination]
    verdict = fold(without, as_of=LATER, sizes=sizes).verdicts[accept.digest]
    assert (verdict.status, verdict.code) == ("waiting", "reference.not-held")
    assert fold(held, as_of=LATER, sizes=sizes).verdicts[accept.digest].is_accepted


def test_a_decision_on_what_waits_waits() -> None:
    """S-17: what rests on a record whose offer is missing."""
    one = programme()
    nomination = one.nominate(TG, ML)
    one.world.sync(TG, ML)
    accept = one.accept(nomination)
    held = [item for item in one.world.held_by(ML) if item.record.type != "offer"]
    verdict = fold(held, as_of=LATER, sizes=one.world.sizes_of(ML)).verdicts[accept.digest]
    assert (verdict.status, verdict.code) == ("waiting", "decision.subject-waiting")


def test_aboutType_is_what_is_there() -> None:  # noqa: N802  # the member's name
    """S-44: no decision under a false name."""
    one = programme()
    nomination = one.nominate(TG, ML)
    one.world.sync(TG, ML)
    wrong = one.world.decide(ML, TG, nomination, "accept", about_type="placement")
    assert code(one, wrong) == "reference.other-type"


def test_after_an_end_in_view_nothing_binds_and_an_end_may_come_earlier() -> None:
    """S-48: whatever the dates, nothing binds; an earlier end counts, a later one does not."""
    one = programme()
    nomination = one.nominate(TG, ML)
    one.world.decide(TG, ML, nomination, "withdraw", "2017-06-01")
    one.world.sync(TG, ML)
    assert code(one, one.accept(nomination, "2017-05-01")) == "decision.subject-ended"
    assert code(one, one.accept(nomination, "2017-06-01", "reject")) == "decision.subject-ended"
    assert code(one, one.accept(nomination, "2017-05-15", "reject")) is None
    one.world.sync(TG, ML)
    assert nomination_state(one, nomination, date(2017, 5, 14)) == "submitted"
    assert nomination_state(one, nomination, date(2017, 5, 15)) == "rejected"
    assert nomination_state(one, nomination) == "withdrawn"
    assert one.world.state(TG).nominations[nomination.id].ended_on == date(2017, 5, 15)


def test_the_last_word_of_one_author_counts() -> None:
    """S-47, S-59: shortlisted, waiting list, accepted, as of each day."""
    one = programme()
    nomination = one.nominate(TG, ML)
    one.world.sync(TG, ML)
    for outcome, day in (("shortlist", "2017-04-10"), ("waitlist", "2017-04-20"), ("accept", "2017-05-01")):
        assert code(one, one.accept(nomination, day, outcome)) is None
    states = [
        nomination_state(one, nomination, day)
        for day in (date(2017, 4, 9), date(2017, 4, 10), date(2017, 4, 20), date(2017, 5, 1))
    ]
    assert states == ["submitted", "shortlisted", "waitlisted", "accepted"]
    one.accept(nomination, "2017-05-02", "reject")
    assert nomination_state(one, nomination) == "rejected"


def test_an_acceptance_of_an_agreement_stays() -> None:
    """S-47: who has signed may terminate, not unsign; the first date counts."""
    one = programme()
    world = one.world
    unsigned = world.decide(ML, TG, one.agreement, "reject", "2017-03-01")
    assert code(one, unsigned) == "decision.already-accepted"
    again = world.decide(ML, TG, one.agreement, "accept", "2018-01-01")
    assert code(one, again) is None
    assert world.state(TG).agreements[one.agreement.id].since == date(2017, 2, 1)


def test_a_rejected_or_withdrawn_proposal_is_accepted_no_more() -> None:
    """S-48: a next version can be."""
    world = World()
    agreement = world.agreement(TG, [ML], [world.row(TG, ML, 1)])
    world.sync(TG, ML)
    world.decide(ML, TG, agreement, "reject", "2017-02-01")
    late = world.decide(ML, TG, agreement, "accept", "2017-02-02")
    assert world.verdict_at_all(late).code == "decision.subject-ended"
    assert world.state(TG).agreements[agreement.id].state == "rejected"
    better = world.agreement(TG, [ML], [world.row(TG, ML, 1)], after=agreement)
    world.sync(TG, ML)
    world.decide(ML, TG, better, "accept", "2017-02-03")
    assert world.state(TG).agreements[agreement.id].state == "in-force"


def test_confirming_needs_an_acceptance_of_that_version_in_view() -> None:
    """S-49: nobody confirms in advance, nor what was not accepted."""
    one = programme()
    nomination = one.nominate(TG, ML)
    one.world.sync(TG, ML)
    early = one.world.decide(TG, ML, nomination, "confirm")
    assert code(one, early) == "decision.not-accepted"
    one.accept(nomination)
    one.world.sync(TG, ML)
    dossier = one.world.dossier(TG, ML)
    better = one.world.nominate(TG, ML, one.agreement, one.offers[ML], dossier, after=nomination)
    assert code(one, one.world.decide(TG, ML, better, "confirm")) == "decision.not-accepted"
    assert code(one, one.world.decide(TG, ML, nomination, "confirm")) is None
    assert nomination_state(one, nomination) == "confirmed"


def test_rejecting_an_amendment_leaves_what_was_accepted() -> None:
    """S-24: a next version of what was accepted changes nothing until it is accepted itself."""
    one = programme()
    nomination = one.nominate(TG, ML)
    one.world.sync(TG, ML)
    one.accept(nomination)
    dossier = one.world.dossier(TG, ML)
    better = one.world.nominate(TG, ML, one.agreement, one.offers[ML], dossier, after=nomination)
    one.world.sync(TG, ML)
    assert one.world.state(TG).nominations[nomination.id].version == 1
    one.accept(better, "2017-05-02", "reject")
    assert nomination_state(one, nomination) == "accepted"
    third = one.world.nominate(TG, ML, one.agreement, one.offers[ML], dossier, after=better)
    one.world.sync(TG, ML)
    one.accept(third, "2017-05-03")
    assert one.world.state(TG).nominations[nomination.id].version == 3


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
