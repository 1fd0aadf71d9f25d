"""What is due, by when, for whom, and how late: every step of the lifecycle, told with the small world of the fold."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from passerelle.exchange.due import Due, due
from passerelle.exchange.fold import fold
from passerelle.exchange.rules.book import Rulebook
from passerelle.exchange.rules.holdings import Holdings
from passerelle.protocol.profile import JsonObject
from passerelle.protocol.records import Record
from tests.unit.exchange.world import FR, ML, TG, Programme, World, erase, party, ref

BOOK = Rulebook.packaged()


def listed(world: World, on: date, agency: str = ML) -> list[Due]:
    records = [item.record for item in world.held_by(agency) if isinstance(item.record, Record)]
    return due(BOOK, Holdings.gather(world.state(agency, on), agency, records), on)


def days(world: World, on: date, about: str, agency: str = ML) -> dict[str, str]:
    """By step, the day by which it is due."""
    return {item.step: item.day.isoformat() for item in listed(world, on, agency) if item.id == about}


def one(world: World, on: date, step: str, agency: str = ML) -> Due:
    (item,) = [item for item in listed(world, on, agency) if item.step == step]
    return item


def programme_of(**deadlines: int) -> Programme:
    """An agreement in force, with days of its own."""
    world = World()
    more: JsonObject = {"deadlines": {**deadlines}} if deadlines else {}
    return Programme.signed({**world.row(TG, ML, 4), **more}, world.row(ML, TG, 2), period="2017/2019")


# --- nominations -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deadlines", "day"),
    [({}, "2017-04-22"), ({"replyDays": 10}, "2017-04-11"), ({"confirmDays": 1}, "2017-04-22")],
)
def test_the_host_answers_a_nomination(deadlines: dict[str, int], day: str) -> None:
    """21 days, or what the agreement says for the direction: who must, and how late it is."""
    programme = programme_of(**deadlines)
    nomination = programme.nominate(TG, ML, "2017-04-01")
    item = one(programme.world, date(2017, 4, 30), "nomination-reply")
    assert (item.day.isoformat(), item.who, item.type, item.id) == (day, (ML,), "nomination", nomination.id)
    assert item.days_late == (date(2017, 4, 30) - date.fromisoformat(day)).days
    assert one(programme.world, date(2017, 4, 2), "nomination-reply").days_late < 0, "there is time"


def test_a_nomination_may_name_its_own_day() -> None:
    """replyBy goes before every other day."""
    programme = programme_of(replyDays=10)
    nomination = programme.nominate(TG, ML, "2017-04-01")
    body: dict[str, Any] = dict(nomination.body) | {"replyBy": "2017-05-31"}
    programme.world.publish(TG, ML, "nomination", body, after=nomination)
    assert one(programme.world, date(2017, 4, 30), "nomination-reply").day == date(2017, 5, 31)


def test_each_answer_hands_the_turn_to_the_other() -> None:
    """Reply, confirmation, placement, its acceptance: the same lists at both agencies."""
    programme = programme_of()
    world = programme.world
    programme.offers[ML] = world.offer(ML, period="2017-09-04/2018-05-04")
    nomination = programme.nominate(TG, ML, "2017-04-01")
    world.sync(TG, ML)
    assert days(world, date(2017, 4, 2), nomination.id) == {"nomination-reply": "2017-04-22"}
    programme.accept(nomination, "2017-04-10")
    world.sync(TG, ML)
    assert days(world, date(2017, 4, 11), nomination.id) == {"nomination-confirm": "2017-04-17"}
    assert one(world, date(2017, 4, 11), "nomination-confirm").who == (TG,)
    world.decide(TG, ML, nomination, "confirm", "2017-04-12")
    world.sync(TG, ML)
    assert days(world, date(2017, 4, 13), nomination.id) == {"placement-open": "2017-05-27"}, (
        "100 days before the start"
    )
    placement = world.place(ML, TG, nomination, programme.agreement)
    world.sync(TG, ML)
    assert days(world, date(2017, 4, 14), nomination.id) == {}
    assert days(world, date(2017, 4, 14), placement.id) == {"placement-answer": "2017-01-11"}
    for agency in (TG, ML):
        assert [
            item.step for item in listed(world, date(2017, 4, 14), agency) if item.id == placement.id
        ] == ["placement-answer"]


@pytest.mark.parametrize("outcome", ["reject", "withdraw"])
def test_nothing_is_due_of_what_has_ended(outcome: str) -> None:
    programme = programme_of()
    nomination = programme.nominate(TG, ML)
    programme.world.sync(TG, ML)
    author = ML if outcome == "reject" else TG
    programme.world.decide(author, ML if author == TG else TG, nomination, outcome, "2017-04-05")
    assert days(programme.world, date(2017, 5, 1), nomination.id) == {}


# --- placements ------------------------------------------------------------------------

BEFORE = {
    "visa-apply": "2017-06-21",
    "medical-check": "2017-07-21",
    "visa": "2017-08-05",
    "preparation": "2017-08-28",
    "contract": "2017-09-04",
    "insurance": "2017-09-04",
    "departure": "2017-09-04",
    "arrival": "2017-09-06",
}
THERE = {
    "welcome": "2017-09-18",
    "induction": "2017-09-18",
    "agency-call": "2017-10-04",
    "tutor-meeting": "2017-10-04",
    "mid-term": "2018-01-21",
    "end-of-mission": "2018-05-04",
}
AFTER = {
    "return": "2018-05-07",
    "certificate": "2018-06-03",
    "relecture": "2018-07-03",
    "alumni": "2018-11-03",
    "alumni-year": "2019-05-04",
}


def test_the_steps_before_the_arrival() -> None:
    """2.2: days before the planned start; each is done by its event or its paper."""
    programme = programme_of()
    world, placement = programme.world, programme.placed(TG, ML)
    assert days(world, date(2017, 8, 1), placement.id) == BEFORE
    who = {item.step: item.who for item in listed(world, date(2017, 8, 1)) if item.id == placement.id}
    assert {step for step, acting in who.items() if acting == (ML,)} == {"contract", "insurance", "arrival"}
    world.event(TG, ML, placement, "preparation", "2017-08-20")
    world.event(TG, ML, placement, "visa-applied", "2017-06-01")
    body: dict[str, Any] = {
        "kind": "medical-check", "about": [{"id": placement.id, "type": "placement"}], "actual": "2017-07-01",
        "status": "done", "attestations": [{"kind": "visa", "outcome": "not-required"}, {"kind": "insurance", "outcome": "missing"}],
    }  # fmt: skip
    world.publish(TG, ML, "event", body)
    assert "preparation" in days(world, date(2017, 8, 19), placement.id), "it has not taken place yet"
    assert days(world, date(2017, 8, 20), placement.id).keys() == {
        "contract",
        "insurance",
        "departure",
        "arrival",
    }
    world.event(TG, ML, placement, "departure", "2017-09-03", status="planned")
    assert "departure" in days(world, date(2017, 8, 1), placement.id), "what is planned is not done"


def test_the_steps_of_the_mission() -> None:
    """Nobody asks for the visa of who has arrived; the month's meeting is due from the last contact on."""
    programme = programme_of()
    world, placement = programme.world, programme.realised(TG, ML)
    assert days(world, date(2017, 9, 20), placement.id) == THERE
    assert one(world, date(2017, 10, 14), "tutor-meeting").days_late == 10
    world.event(ML, TG, placement, "monitoring", "2017-10-01")
    shown = days(world, date(2017, 10, 14), placement.id)
    assert (shown["tutor-meeting"], shown["agency-call-next"]) == ("2017-10-31", "2017-12-31")
    assert "agency-call" not in shown


def test_the_steps_after_the_return() -> None:
    """Counted from the end as it was, which an early return moves."""
    programme = programme_of()
    world, placement = programme.world, programme.realised(TG, ML)
    world.event(ML, TG, placement, "end-of-mission", "2018-05-04")
    assert days(world, date(2018, 5, 5), placement.id) == AFTER
    world.event(TG, ML, placement, "alumni", "2018-11-01")
    world.event(TG, ML, placement, "return", "2018-05-05")
    assert days(world, date(2018, 12, 1), placement.id).keys() == {"certificate", "relecture", "alumni-year"}


def test_an_early_return_moves_what_follows() -> None:
    programme = programme_of()
    placement = programme.realised(TG, ML)
    programme.world.event(ML, TG, placement, "early-return", "2018-01-10")
    assert days(programme.world, date(2018, 2, 1), placement.id)["certificate"] == "2018-02-09"


@pytest.mark.parametrize("outcome", ["withdraw", "terminate"])
def test_nothing_is_due_of_a_placement_that_will_not_take_place(outcome: str) -> None:
    programme = programme_of()
    placement = programme.placed(TG, ML)
    programme.world.decide(ML, TG, placement, outcome, "2017-08-01")
    assert days(programme.world, date(2017, 9, 1), placement.id) == {}


def test_what_only_some_schemes_ask() -> None:
    """The approval of an authority and the mandatory training are due where the pack of the scheme has the duty."""
    programme = programme_of()
    world = programme.world
    nomination = programme.confirmed(TG, ML)
    placement = world.place(ML, TG, nomination, programme.agreement, scheme="scv")
    world.sync(TG, ML)
    world.decide(TG, ML, placement, "accept", "2017-05-02")
    assert days(world, date(2017, 6, 1), placement.id)["scheme-approval"] == "2017-06-06"
    world.event(ML, TG, placement, "arrival", "2017-09-04")
    assert days(world, date(2017, 10, 1), placement.id)["training"] == "2018-01-03"


def test_a_pack_may_set_other_days_and_the_agreement_goes_before_it() -> None:
    """deadlines of an edition, then of the direction."""
    basis = [{"text": {"fr": "…", "en": "…"}, "source": ["s"], "confidence": "read"}]
    pack = {
        "pack": "vir-ml", "title": {"fr": "…", "en": "…"}, "schemes": ["vir"], "hosts": ["ML"], "sources": {"s": "…"},
        "editions": [{"from": "..", "to": "..", "basis": basis, "values": {}, "deadlines": {"preparationDays": 20, "arrivalDays": 5}}],
    }  # fmt: skip
    book = BOOK.with_own([pack])  # type: ignore[list-item]
    programme = programme_of(arrivalDays=1)
    placement = programme.placed(TG, ML)
    records = [item.record for item in programme.world.held_by(ML) if isinstance(item.record, Record)]
    on = date(2017, 8, 1)
    held = Holdings.gather(programme.world.state(ML, on), ML, records)
    shown = {item.step: item.day.isoformat() for item in due(book, held, on) if item.id == placement.id}
    assert (shown["preparation"], shown["arrival"], shown["visa"]) == (
        "2017-08-15",
        "2017-09-05",
        "2017-08-05",
    )


def test_a_paper_that_expires_on_the_way_is_renewed() -> None:
    """One that runs longer takes its place."""
    programme = programme_of()
    world, placement = programme.world, programme.realised(TG, ML)
    body: dict[str, Any] = {
        "kind": "insurance-start", "about": [{"id": placement.id, "type": "placement"}], "actual": "2017-09-04", "status": "done",
        "attestations": [{"kind": "insurance", "outcome": "valid", "validUntil": "2018-01-31"}],
    }  # fmt: skip
    world.publish(TG, ML, "event", body)
    assert one(world, date(2018, 1, 1), "paper-expiry").day == date(2018, 1, 31)
    longer = {**body, "attestations": [{"kind": "insurance", "outcome": "valid", "validUntil": "2018-06-30"}]}
    world.publish(TG, ML, "event", longer)
    assert [item for item in listed(world, date(2018, 1, 1)) if item.step == "paper-expiry"] == []


# --- agreements and orders -------------------------------------------------------------


def test_an_agreement_is_reviewed_before_it_ends_and_evaluated_after_the_last_return() -> None:
    """Both parties act; an evaluation of the agreement is both."""
    programme = programme_of()
    world, placement = programme.world, programme.realised(TG, ML)
    review = one(world, date(2019, 1, 1), "agreement-review")
    assert (review.day, set(review.who)) == (date(2019, 7, 1), {TG, ML})
    assert "joint-evaluation" not in days(world, date(2018, 1, 1), programme.agreement.id), (
        "somebody is still there"
    )
    world.event(ML, TG, placement, "return", "2018-05-04")
    assert one(world, date(2018, 6, 1), "joint-evaluation").day == date(2018, 11, 3)
    body: dict[str, Any] = {
        "kind": "joint-agreement", "about": [{"id": programme.agreement.id, "type": "agreement"}],
        "restitutedOn": "2018-12-13/2018-12-15",
        "recommendations": [
            {"id": "1", "text": {"fr": "…"}, "due": "2019-03-01", "owner": {"agency": ML}},
            {"id": "2", "text": {"fr": "…"}, "due": "2019-03-01", "status": "done"},
        ],
    }  # fmt: skip
    evaluation = world.publish(TG, ML, "evaluation", body)
    assert days(world, date(2019, 1, 1), programme.agreement.id).keys() == {"agreement-review"}
    recommendation = one(world, date(2019, 4, 1), "recommendation")
    assert (recommendation.who, recommendation.days_late, recommendation.id) == ((ML,), 31, evaluation.id)


def test_an_erasure_is_due_until_each_has_proved_it() -> None:
    programme = programme_of()
    world = programme.world
    erasure = world.publish(
        TG, ML, "erasure", {"targets": [], "reason": "retention-end", "due": "2018-01-10"}
    )
    assert one(world, date(2018, 1, 11), "erasure").who == (ML,)
    world.sync(TG, ML)
    world.decide(ML, TG, erasure, "accept", "2018-01-11")
    assert [item for item in listed(world, date(2018, 1, 12)) if item.step == "erasure"] == []


def test_last_years_statistic_is_due_on_31_march() -> None:
    """Of who had a volunteer in it, until it is published."""
    programme = programme_of()
    world = programme.world
    programme.realised(TG, ML)
    item = one(world, date(2018, 4, 2), "statistics")
    assert (item.day, item.who, item.days_late) == (date(2018, 3, 31), (ML,), 2)
    world.publish(ML, "public", "statistic", {"period": "2017", "method": "computed", "values": []})
    assert [found for found in listed(world, date(2018, 4, 2)) if found.step == "statistics"] == []
    assert [found for found in listed(world, date(2017, 4, 2)) if found.step == "statistics"] == []


def test_a_severe_incident_asks_for_its_measure() -> None:
    programme = programme_of()
    world, placement = programme.world, programme.realised(TG, ML)
    body: dict[str, Any] = {
        "kind": "incident", "about": [{"id": placement.id, "type": "placement"}], "actual": "2017-10-01", "status": "done",
        "confidential": {"category": "illness", "severity": 3},
    }  # fmt: skip
    event = world.publish(ML, TG, "event", body)
    item = one(world, date(2017, 10, 5), "incident-measure")
    assert (item.day, item.days_late, item.type, item.id) == (date(2017, 10, 4), 1, "event", event.id)
    said = {"category": "illness", "severity": 3, "measures": {"fr": "Hospitalisation."}}
    world.publish(ML, TG, "event", body | {"confidential": said}, after=event)
    assert [found for found in listed(world, date(2017, 10, 5)) if found.step == "incident-measure"] == []


def test_the_list_is_in_order_and_the_table_is_whole() -> None:
    """By day; every step has its key, its words and a phase or a subject of its own."""
    programme = programme_of()
    for _ in range(2):
        programme.realised(TG, ML)
    shown = [item.day for item in listed(programme.world, date(2018, 1, 1))]
    assert shown == sorted(shown)
    assert len({step.key for step in BOOK.steps.values()}) == len(BOOK.steps)
    assert all(step.text.keys() == {"fr", "en"} for step in BOOK.steps.values())
    assert ref(programme.agreement)["id"] == programme.agreement.id


# --- whose record, and as of when ------------------------------------------------------


def test_a_record_with_anothers_id_moves_nothing() -> None:
    """An id belongs to its issuer: neither a higher version nor a word about it by another agency counts."""
    programme = programme_of(replyDays=10)
    world = programme.world
    programme.offers[ML] = world.offer(ML, period="2017-09-04/2018-05-04")
    nomination, placement = programme.confirmed(TG, ML), programme.realised(TG, ML)
    before = {on: listed(world, on) for on in (date(2017, 8, 1), date(2018, 6, 1), date(2019, 1, 1))}
    assert {"placement-open", "agreement-review", "end-of-mission"} <= {
        item.step for items in before.values() for item in items
    }
    offer: dict[str, Any] = {"scheme": "vir", "places": 1, "host": party(FR), "period": "2030"}
    world.publish(FR, "public", "offer", offer, record_id=programme.offers[ML].id, version=99)
    for record in (nomination, placement, programme.agreement):
        world.publish(FR, ML, record.type, dict(record.body), record_id=record.id, version=99)
    evaluation: dict[str, Any] = {
        "kind": "joint-agreement", "about": [{"id": programme.agreement.id, "type": "agreement"}],
        "restitutedOn": "2018-12-31",
    }  # fmt: skip
    world.publish(FR, "public", "evaluation", evaluation)
    after = {on: listed(world, on) for on in before}
    of_others = {FR}
    assert {
        on: [item for item in items if item.issuer not in of_others] for on, items in after.items()
    } == before


def test_an_erased_placement_is_left_out() -> None:
    """Of a stub figures are left and nothing to be done; the others are listed as before."""
    programme = programme_of()
    world = programme.world
    gone, kept = programme.realised(TG, ML), programme.realised(TG, ML)
    on = date(2018, 6, 1)
    everything = [erase(item) if item.record.digest == gone.digest else item for item in world.held_by(ML)]
    state = fold(everything, as_of=on, sizes=world.sizes_of(ML))
    assert state.placements[gone.id].is_realised
    records = [item.record for item in everything if isinstance(item.record, Record)]
    shown = due(BOOK, Holdings.gather(state, ML, records), on)
    assert {item.id for item in shown if item.type == "placement"} == {kept.id}


def test_what_happened_later_is_not_done_yet() -> None:
    """As of a day: a check, an evaluation and a proof of later days leave their steps due."""
    programme = programme_of()
    world, placement = programme.world, programme.placed(TG, ML)
    paper: dict[str, Any] = {"kind": "insurance", "outcome": "valid", "checkedOn": "2017-08-20"}
    body: dict[str, Any] = {
        "kind": "contract-signed", "about": [{"id": placement.id, "type": "placement"}], "actual": "2017-08-02",
        "status": "done", "attestations": [paper],
    }  # fmt: skip
    world.publish(TG, ML, "event", body)
    shown = {on: days(world, date(2017, 8, on), placement.id).keys() for on in (1, 2, 20)}
    assert [{"contract", "insurance"} & steps for steps in shown.values()] == [
        {"contract", "insurance"},
        {"insurance"},
        set(),
    ]
    about = [{"id": programme.agreement.id, "type": "agreement"}]
    evaluation: dict[str, Any] = {"kind": "joint-agreement", "about": about, "restitutedOn": "2019-12-01"}
    world.publish(TG, ML, "evaluation", evaluation)
    assert one(world, date(2019, 11, 30), "agreement-review").day == date(2019, 7, 1)
    assert "agreement-review" not in {item.step for item in listed(world, date(2019, 12, 1))}
    erasure = world.publish(
        TG, ML, "erasure", {"targets": [], "reason": "consent-withdrawn", "due": "2018-01-10"}
    )
    world.sync(TG, ML)
    world.decide(ML, TG, erasure, "accept", "2018-01-09")
    assert one(world, date(2018, 1, 8), "erasure").who == (ML,)
    assert "erasure" not in {item.step for item in listed(world, date(2018, 1, 9))}
