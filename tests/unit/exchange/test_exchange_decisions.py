"""Who may decide what, and what the state allows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import product

import pytest

from passerelle.exchange.decisions import EFFECTS
from passerelle.exchange.fold import fold
from passerelle.exchange.tables import (
    MAY_DECIDE,
    WITHOUT_EFFECT,
)
from passerelle.protocol.records import Record
from tests.unit.exchange.world import FR, LATER, ML, TG, Programme, World

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


def test_a_public_word_on_a_private_record_is_blocked() -> None:
    """S-70: public records know nothing of what two agencies share."""
    one = programme()
    nomination = one.nominate(TG, ML)
    shouted = one.world.decide(ML, "public", nomination, "accept")
    assert one.world.verdict(shouted, ML).code == "decision.audience"
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
