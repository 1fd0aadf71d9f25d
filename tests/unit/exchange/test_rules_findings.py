"""What the rules say of all that is held, told with the small world of the fold."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from passerelle.exchange.fold import fold
from passerelle.exchange.rules.book import Rulebook
from passerelle.exchange.rules.findings import Found, findings
from passerelle.exchange.rules.holdings import Holdings
from passerelle.protocol.records import Record
from tests.unit.exchange.world import COUNTRIES, FR, ML, TG, Programme, World, erase, party, ref, scid

BOOK = Rulebook.packaged()
START, END = date(2017, 9, 4), date(2018, 5, 4)
ORG = "urn:uuid:00000000-0000-4000-8000-00000000aaaa"
OTHER = "urn:uuid:00000000-0000-4000-8000-00000000bbbb"


def held(world: World, agency: str = ML, as_of: date = date(2018, 1, 1)) -> Holdings:
    records = [item.record for item in world.held_by(agency) if isinstance(item.record, Record)]
    return Holdings.gather(world.state(agency, as_of), agency, records)


def told(world: World, on: date, agency: str = ML) -> set[tuple[str, str]]:
    """Rules and codes of all findings."""
    return {(item.finding.rule, item.finding.code) for item in found(world, on, agency)}


def found(world: World, on: date, agency: str = ML) -> list[Found]:
    return findings(BOOK, held(world, agency, on), on)


def of(rule: str, world: World, on: date, agency: str = ML) -> list[Found]:
    return [item for item in found(world, on, agency) if item.finding.rule == rule]


@pytest.fixture
def programme() -> Programme:
    """Togo sends to Mali under an agreement in force."""
    return Programme.signed(World().row(TG, ML, 4), World().row(ML, TG, 2))


def paper(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "outcome": "valid", "checkedBy": TG, "checkedOn": "2017-08-01", **more}


def papers(world: World, placement: Record, *items: dict[str, Any], kind: str = "contract-signed") -> None:
    body: dict[str, Any] = {
        "kind": kind, "about": [{"id": placement.id, "type": "placement"}], "actual": "2017-08-02", "status": "done",
        "attestations": list(items),
    }  # fmt: skip
    world.publish(TG, ML, "event", body)


COMPLETE = (
    paper("visa", outcome="not-required"),
    paper("medical-certificate"),
    paper("insurance", validFrom="2017-09-01", validUntil="2018-05-31"),
)


# --- on the way ------------------------------------------------------------------------


def test_a_placement_that_is_well_looked_after_gives_no_finding(programme: Programme) -> None:
    """Every step noted in time: nothing to report on any day of the way."""
    world, placement = programme.world, programme.realised(TG, ML)
    papers(world, placement, *COMPLETE)
    for kind, day in (
        ("preparation", "2017-08-30"),
        ("mid-term", "2017-12-20"),
        *(
            ("monitoring", day)
            for day in ("2017-10-10", "2017-11-15", "2018-01-20", "2018-02-25", "2018-04-01")
        ),
        ("end-of-mission", "2018-05-04"),
        ("recognition", "2018-05-20"),
    ):
        world.event(ML, TG, placement, kind, day)
    of_placement = {
        day: [item.finding.code for item in found(world, day) if item.subject.id == placement.id]
        for day in (date(2017, 8, 31), START, date(2018, 1, 31), date(2018, 5, 1), date(2018, 7, 1))
    }
    assert set(map(tuple, of_placement.values())) == {()}


@pytest.mark.parametrize(
    ("day", "code", "is_there"),
    [
        (date(2017, 9, 4), "rule.preparation", True),
        (date(2017, 10, 19), "rule.tutor-contact", False),
        (date(2017, 10, 20), "rule.tutor-contact", True),
        (date(2018, 1, 26), "rule.mid-term", False),
        (date(2018, 1, 27), "rule.mid-term", True),
    ],
)
def test_what_nobody_has_noted_is_shown_from_its_day(
    programme: Programme, day: date, code: str, is_there: bool
) -> None:
    """V11, V13, V18: 60 % of the days, more than 45 days."""
    programme.realised(TG, ML)
    assert (code in {name for _, name in told(programme.world, day)}) is is_there


def test_a_preparation_after_the_start_is_shown(programme: Programme) -> None:
    """V11: the welcome course of September for missions that began in July."""
    placement = programme.realised(TG, ML)
    programme.world.event(TG, ML, placement, "preparation", "2017-09-05")
    (item,) = of("V11", programme.world, date(2017, 10, 1))
    assert (item.finding.severity, item.finding.params["day"]) == ("warning", "2017-09-05")
    assert item.subject.id == placement.id


@pytest.mark.parametrize(
    ("items", "codes"),
    [
        ((), {"rule.departure-papers", "rule.insurance"}),
        (COMPLETE, set()),
        ((*COMPLETE[:2], paper("insurance", validUntil="2018-05-03")), {"rule.insurance"}),
        ((*COMPLETE, paper("passport", validUntil="2018-11-02")), {"rule.passport"}),
        ((*COMPLETE, paper("passport", validUntil="2018-11-05")), set()),
    ],
)
def test_papers_of_who_has_arrived(programme: Programme, items: tuple[Any, ...], codes: set[str]) -> None:
    """V08 to V10: by what was attested, whoever attested it."""
    placement = programme.realised(TG, ML)
    if items:
        papers(programme.world, placement, *items)
    shown = {code for rule, code in told(programme.world, date(2017, 9, 10)) if rule in {"V08", "V09", "V10"}}
    assert shown == codes


def test_a_certificate_is_due_thirty_days_after_the_end(programme: Programme) -> None:
    """V20."""
    placement = programme.realised(TG, ML)
    programme.world.event(ML, TG, placement, "end-of-mission", "2018-05-04")
    assert of("V20", programme.world, date(2018, 6, 3)) == []
    assert len(of("V20", programme.world, date(2018, 6, 4))) == 1


@pytest.mark.parametrize(
    ("severity", "measures", "is_there"), [(3, None, True), (2, None, False), (4, "Appel", False)]
)
def test_a_severe_incident_has_a_measure(
    programme: Programme, severity: int, measures: str | None, is_there: bool
) -> None:
    """V19: within 72 hours; the finding says neither what it was nor how severe."""
    placement = programme.realised(TG, ML)
    said: dict[str, Any] = {"category": "illness", "severity": severity}
    if measures:
        said["measures"] = {"fr": measures}
    body: dict[str, Any] = {
        "kind": "incident", "about": [{"id": placement.id, "type": "placement"}], "actual": "2017-10-01",
        "status": "done", "confidential": said, "synthetic": True,
    }  # fmt: skip
    programme.world.publish(ML, TG, "event", body)
    assert of("V19", programme.world, date(2017, 10, 4)) == []
    items = of("V19", programme.world, date(2017, 10, 5))
    assert bool(items) is is_there
    assert all("illness" not in str(item.finding.params) for item in items)


def test_contact_with_minors_needs_a_check(programme: Programme) -> None:
    """V27."""
    programme.offers[ML] = programme.world.offer(ML, safeguarding={"minorsContact": True})
    placement = programme.realised(TG, ML)
    assert len(of("V27", programme.world, START)) == 1
    papers(programme.world, placement, paper("criminal-record"))
    assert of("V27", programme.world, START) == []


def test_a_contract_signed_in_a_freeze_is_shown(programme: Programme) -> None:
    """V26: by the event too; whoever published it."""
    world = programme.world
    nomination = programme.confirmed(TG, ML)
    placement = world.place(ML, TG, nomination, programme.agreement, "2026-03-01/2026-09-30", scheme="scv")
    world.sync(TG, ML)
    world.decide(TG, ML, placement, "accept", "2017-06-01")
    world.event(ML, TG, placement, "contract-signed", "2026-01-15")
    (item,) = of("V26", world, date(2026, 2, 1))
    assert (item.finding.severity, item.finding.params["last"]) == ("warning", None), (
        "nobody knows when it ended"
    )


# --- side by side ----------------------------------------------------------------------


def test_a_placement_signed_before_its_direction_was_suspended_stands(programme: Programme) -> None:
    """A suspension blocks new nominations only: what was signed before is realised, and no finding is about V01."""
    world, placement = programme.world, programme.placed(TG, ML)
    world.decide(ML, TG, programme.agreement, "suspend", "2017-06-01")
    world.sync(TG, ML)
    world.event(ML, TG, placement, "arrival", "2017-09-04")
    assert world.state(ML, date(2017, 10, 1)).placements[placement.id].state == "active"
    assert "V01" not in {rule for rule, _ in told(world, date(2017, 10, 1))}


def grouped(programme: Programme, sender: str, host: str, group: str) -> Record:
    nomination = programme.confirmed(sender, host)
    body: dict[str, Any] = {
        "nomination": ref(nomination), "agreement": ref(programme.agreement), "scheme": "vir", "volunteer": "TG-1",
        "direction": {"from": party(sender), "to": party(host)}, "planned": "2017-09-04/2018-05-04",
        "group": {"kind": "crossed-pair", "id": group},
    }  # fmt: skip
    placement = programme.world.publish(host, sender, "placement", body)
    programme.world.sync(sender, host)
    programme.world.decide(sender, host, placement, "accept", "2017-05-02")
    programme.world.sync(sender, host)
    return placement


def test_half_a_crossed_pair_is_shown_thirty_days_before(programme: Programme) -> None:
    """V12: two in opposite directions make a pair."""
    half = grouped(programme, TG, ML, "urn:uuid:00000000-0000-4000-8000-000000000001")
    for pair in (TG, ML), (ML, TG):
        grouped(programme, *pair, "urn:uuid:00000000-0000-4000-8000-000000000002")
    assert of("V12", programme.world, date(2017, 8, 4)) == []
    assert [item.subject.id for item in of("V12", programme.world, date(2017, 8, 5))] == [half.id]


def test_a_host_organisation_has_room_and_an_accreditation(programme: Programme) -> None:
    """V16: as many at a time as its capacity; an accreditation that ends before the placement does."""
    programme.offers[ML] = programme.world.offer(ML, hostOrganisation={"id": ORG})
    organisation: dict[str, Any] = {
        "names": {"fr": "Atelier"}, "hosting": {"capacity": 1}, "vettedOn": "2016",
        "accreditations": [{"scheme": "vir", "number": "1", "to": "2018-04"}],
    }  # fmt: skip
    programme.world.publish(ML, "public", "organisation", organisation, record_id=ORG)
    for _ in range(2):
        programme.realised(TG, ML)
    codes = [item.finding.code for item in of("V16", programme.world, date(2017, 10, 1))]
    assert sorted(codes) == ["rule.accreditation", "rule.accreditation", "rule.host-capacity"]


def test_more_acceptances_than_places_are_shown(programme: Programme) -> None:
    """V17: a partner may do what our desk refuses; it is shown at the offer."""
    programme.offers[ML] = programme.world.offer(ML, places=1)
    nominations = [programme.nominate(TG, ML) for _ in range(2)]
    programme.world.sync(TG, ML)
    for nomination in nominations:
        programme.accept(nomination)
    (item,) = of("V17", programme.world, date(2017, 6, 1))
    assert (item.subject.type, item.finding.severity) == ("offer", "error")
    assert (item.finding.params["places"], item.finding.params["taken"]) == (1, 2)


def test_a_dossier_that_was_accepted_twice_is_shown_until_it_is_waived(programme: Programme) -> None:
    """V23: of overlapping days the later one; I8: who waived it, with function and reason."""
    world = programme.world
    dossier = world.dossier(TG, ML)
    offers = [world.offer(ML, period=period) for period in ("2017-09/2018-05", "2018-05/2018-12", "2019")]
    nominations = [world.nominate(TG, ML, programme.agreement, offer, dossier) for offer in offers]
    world.sync(TG, ML)
    for nomination in nominations:
        programme.accept(nomination)
    (item,) = of("V23", world, date(2017, 6, 1))
    assert item.subject.id in {nominations[0].id, nominations[1].id}
    assert item.waiver is None
    about = next(nomination for nomination in nominations if nomination.id == item.subject.id)
    body: dict[str, Any] = {
        "about": ref(about), "aboutType": "nomination", "outcome": "waive", "rule": "V23", "effective": "2017-05-02",
        "actingFunction": "programme-manager",
    }  # fmt: skip
    world.publish(ML, TG, "decision", body)
    assert of("V23", world, date(2017, 6, 1))[0].waiver is None, "without a reason nothing is waived"
    world.publish(ML, TG, "decision", body | {"text": {"fr": "Deux mi-temps."}})
    waiver = of("V23", world, date(2017, 6, 1))[0].waiver
    assert waiver is not None
    assert (waiver.function, waiver.by) == ("programme-manager", ML)


def test_who_has_no_say_waives_nothing(programme: Programme) -> None:
    """V23: a decision that the fold blocks, for its author may not decide on the record, is no waiver."""
    world = programme.world
    dossier = world.dossier(TG, ML)
    offers = [world.offer(ML, period=period) for period in ("2017-09/2018-05", "2018-05/2018-12")]
    nominations = [world.nominate(TG, ML, programme.agreement, offer, dossier) for offer in offers]
    world.sync(TG, ML)
    for nomination in nominations:
        programme.accept(nomination)
    for about in nominations:
        body: dict[str, Any] = {
            "about": ref(about), "aboutType": "nomination", "outcome": "waive", "rule": "V23", "effective": "2017-05-02",
            "actingFunction": "programme-manager", "text": {"fr": "Passez."},
        }  # fmt: skip
        world.publish(FR, ML, "decision", body)
    assert [item.waiver for item in of("V23", world, date(2017, 6, 1))] == [None]


def test_a_waiver_is_of_the_version_that_it_names(programme: Programme) -> None:
    """V06: what somebody answered for is one version; the next may say anything, and is waived anew or not at all."""
    world = programme.world
    offer = world.offer(ML, scheme="scv", period="2017-09-04/2018-09-30", durationMonths="13")
    body: dict[str, Any] = {
        "about": ref(offer), "aboutType": "offer", "outcome": "waive", "rule": "V06", "effective": "2017-05-02",
        "actingFunction": "programme-manager", "text": {"fr": "Fin de projet."},
    }  # fmt: skip
    world.publish(ML, "public", "decision", body)
    (item,) = of("V06", world, date(2017, 6, 1), TG)
    assert item.waiver is not None
    assert (item.waiver.about, item.waiver.by) == (offer.digest, ML)
    world.publish(ML, "public", "offer", {**offer.body, "durationMonths": "30"}, after=offer)
    (item,) = of("V06", world, date(2017, 6, 1), TG)
    assert (item.finding.params["found"], item.waiver) == ("30.0", None)


def test_papers_of_a_third_agency_are_none(programme: Programme) -> None:
    """V10: an event counts where one of the two ends publishes it."""
    world, placement = programme.world, programme.realised(TG, ML)
    body: dict[str, Any] = {
        "kind": "contract-signed", "about": [{"id": placement.id, "type": "placement"}], "actual": "2017-08-02",
        "status": "done", "attestations": list(COMPLETE),
    }  # fmt: skip
    world.publish(FR, ML, "event", body)
    assert ("V10", "rule.departure-papers") in told(world, date(2017, 9, 10))


def test_what_is_no_waivable_rule_stays_whoever_waives_it(programme: Programme) -> None:
    """V27 is shown, whatever a decision says of it."""
    programme.offers[ML] = programme.world.offer(ML, safeguarding={"minorsContact": True})
    placement = programme.realised(TG, ML)
    body: dict[str, Any] = {
        "about": ref(placement), "aboutType": "placement", "outcome": "waive", "rule": "V27", "effective": "2017-05-02",
        "actingFunction": "programme-manager", "text": {"fr": "Non."},
    }  # fmt: skip
    programme.world.publish(ML, TG, "decision", body)
    assert [item.waiver for item in of("V27", programme.world, START)] == [None]


def test_recommendations_are_followed_up(programme: Programme) -> None:
    """V21: open ones after their day; done and dropped ones are at rest."""
    recommendations: list[Any] = [
        {"id": str(n), "text": {"fr": "…"}, "due": due, **({"status": status} if status else {})}
        for n, (due, status) in enumerate(
            [("2018-01-01", None), ("2018-01-01", "open"), ("2018-01-01", "done"), ("2018-01-01", "dropped"), ("2018-03-01", None)]
        )
    ]  # fmt: skip
    body: dict[str, Any] = {
        "kind": "joint-agreement", "about": [{"id": programme.agreement.id, "type": "agreement"}],
        "recommendations": recommendations,
    }  # fmt: skip
    programme.world.publish(TG, ML, "evaluation", body)
    paths = [item.finding.path for item in of("V21", programme.world, date(2018, 1, 2))]
    assert paths == ["/recommendations/0", "/recommendations/1"]


@pytest.mark.parametrize(("declared", "is_there"), [(2, False), (3, True)])
def test_a_declared_figure_is_compared_with_the_records(
    programme: Programme, declared: int, is_there: bool
) -> None:
    """V24: of the same ends and year; the statistic moves nothing."""
    for _ in range(2):
        programme.realised(TG, ML)
    body: dict[str, Any] = {
        "period": "2017", "method": "declared", "perimeter": {"from": {"country": "TG"}, "to": {"country": "ML"}},
        "values": [{"indicator": "placements", "quantity": {"value": declared, "qualifier": "exact"}}],
    }  # fmt: skip
    programme.world.publish(ML, "public", "statistic", body)
    items = of("V24", programme.world, date(2018, 1, 1))
    assert [item.finding.params for item in items] == ([{"declared": 3, "counted": 2}] if is_there else [])


def test_an_agreement_between_countries_names_its_transfer_tool(programme: Programme) -> None:
    """V28: an error that is shown; the rule of transfer itself is designed and not built."""
    assert [item.subject.id for item in of("V28", programme.world, date(2018, 1, 1))] == [
        programme.agreement.id
    ]
    assert of("V28", programme.world, date(2017, 1, 15)) == [], "not yet in force"


def test_an_erasure_is_proved_by_everybody(programme: Programme) -> None:
    """V30: by its day."""
    world = programme.world
    erasure = world.publish(
        TG, ML, "erasure", {"targets": [], "reason": "consent-withdrawn", "due": "2018-01-10"}
    )
    assert of("V30", world, date(2018, 1, 10)) == []
    (item,) = of("V30", world, date(2018, 1, 11))
    assert item.finding.params["missing"] == [ML]
    world.sync(TG, ML)
    world.decide(ML, TG, erasure, "accept", "2018-01-09")
    assert of("V30", world, date(2018, 1, 11)) == []


def test_a_nomination_after_the_closing_date_is_the_hosts_to_decide(programme: Programme) -> None:
    """V31: a warning, never a reason to refuse a record."""
    programme.offers[ML] = programme.world.offer(ML, closesOn="2017-03-31")
    programme.nominate(TG, ML, "2017-04-01")
    assert [item.finding.severity for item in of("V31", programme.world, date(2017, 5, 1))] == ["warning"]


def test_a_programme_has_hosts_in_its_countries(programme: Programme) -> None:
    """V32."""
    world = programme.world
    name = "urn:uuid:00000000-0000-4000-8000-00000000bbbb"
    world.publish(FR, "public", "programme", {"countries": [{"country": "SN"}]}, record_id=name)
    programme.offers[ML] = world.offer(ML, programme={"id": name})
    programme.realised(TG, ML)
    assert [item.finding.params["countries"] for item in of("V32", world, date(2018, 1, 1))] == [["ML"]]
    world.publish(FR, "public", "programme", {"countries": [{"country": "ML"}]}, record_id=name, version=2)
    assert of("V32", world, date(2018, 1, 1)) == []


def test_a_decision_of_a_partner_before_its_nomination_is_shown(programme: Programme) -> None:
    """V14: the fold counts it as it counts any; the desk sees it."""
    nomination = programme.nominate(TG, ML, "2017-04-01")
    programme.world.sync(TG, ML)
    programme.accept(nomination, "2017-03-01")
    (item,) = of("V14", programme.world, date(2018, 1, 1))
    assert (item.finding.code, item.subject.type) == ("rule.decided-before", "decision")


def test_partners_records_are_judged_as_ours() -> None:
    """V03, V04, V22: an offer of a partner that ours would not be is shown, and counts in everything."""
    world = World()
    world.offer(FR, description={"fr": "Contact : Kossi Mensah"}, period="2017")
    assert COUNTRIES[FR] == "FR"
    assert {rule for rule, _ in told(world, date(2018, 1, 1), scid("ML"))} == {"V03", "V04", "V22"}


def test_nobody_speaks_for_another_by_its_id(programme: Programme) -> None:
    """An id belongs to its issuer: a stranger's higher version replaces no dossier, offer, host or programme."""
    world = programme.world
    organisation: dict[str, Any] = {
        "names": {"fr": "Atelier"},
        "hosting": {"capacity": 9},
        "vettedOn": "2016",
    }
    programme.offers[ML] = world.offer(ML, hostOrganisation={"id": ORG}, programme={"id": OTHER})
    world.publish(ML, "public", "organisation", organisation, record_id=ORG)
    world.publish(ML, "public", "programme", {"countries": [{"country": "ML"}]}, record_id=OTHER)
    placement = programme.realised(TG, ML)
    on = date(2017, 10, 1)
    before = {(item.finding.code, item.subject.id) for item in found(world, on)}
    dossier = next(item.record for item in world.held_by(ML) if item.record.type == "dossier")
    card: dict[str, Any] = {
        "part": "card", "pseudonym": "TG-1", "nationality": ["ML"],
        "attestations": list(COMPLETE),
    }  # fmt: skip
    world.publish(FR, ML, "dossier", card, record_id=dossier.id, version=99)
    world.publish(FR, "public", "organisation", organisation | {"status": "closed", "hosting": {"capacity": 0}}, record_id=ORG, version=99)  # fmt: skip
    world.publish(FR, "public", "programme", {"countries": [{"country": "SN"}]}, record_id=OTHER, version=99)
    world.publish(FR, "public", "offer", {"scheme": "vir", "places": 0, "host": party(FR), "safeguarding": {"minorsContact": True}, "closesOn": "2016-01-01"}, record_id=programme.offers[ML].id, version=99)  # fmt: skip
    world.publish(FR, ML, "placement", dict(placement.body), record_id=placement.id, version=99)
    after = [item for item in found(world, on) if item.subject.issuer != FR]
    assert {(item.finding.code, item.subject.id) for item in after} == before


def test_a_word_told_to_a_third_agency_is_none_about_this_placement(programme: Programme) -> None:
    """V10: a third agency may give its placement our placement's id; what one end tells it there is not told here."""
    world, placement = programme.world, programme.realised(TG, ML)
    body: dict[str, Any] = {
        "kind": "contract-signed", "about": [{"id": placement.id, "type": "placement"}], "actual": "2017-08-02",
        "status": "done", "attestations": list(COMPLETE),
    }  # fmt: skip
    world.publish(ML, FR, "event", body)
    assert ("V10", "rule.departure-papers") in told(world, date(2017, 9, 10))


def test_only_whom_a_record_concerns_waives_its_rules(programme: Programme) -> None:
    """V06: anybody may decide on a public offer; neither a nomination for it nor the offer is waived by that."""
    programme.offers[ML] = programme.world.offer(ML, profile={"ageMin": 18}, period="2017-09-04/2018-05-04")
    world, offer = programme.world, programme.offers[ML]
    body: dict[str, Any] = {
        "about": ref(offer), "aboutType": "offer", "outcome": "waive", "rule": "V06", "effective": "2017-01-02",
        "actingFunction": "programme-manager", "text": {"fr": "Passez."},
    }  # fmt: skip
    world.publish(FR, "public", "decision", body)
    holdings = held(world)
    assert holdings.waiver("V06", {ML, TG}, offer.digest) is None
    world.publish(ML, "public", "decision", body)
    world.publish(FR, "public", "decision", body)
    waiver = held(world).waiver("V06", {ML, TG}, offer.digest)
    assert waiver is not None
    assert waiver.by == ML


def test_an_erased_placement_has_no_findings(programme: Programme) -> None:
    """Of a stub there is nothing to look at; it takes no finding of the others away."""
    world = programme.world
    group = "urn:uuid:00000000-0000-4000-8000-000000000001"
    gone, kept = grouped(programme, TG, ML, group), grouped(programme, TG, ML, group)
    for placement in (gone, kept):
        world.event(ML, TG, placement, "arrival", "2017-09-04")
    on = date(2017, 10, 1)
    everything = [erase(item) if item.record.digest == gone.digest else item for item in world.held_by(ML)]
    state = fold(everything, as_of=on, sizes=world.sizes_of(ML))
    records = [item.record for item in everything if isinstance(item.record, Record)]
    shown = findings(BOOK, Holdings.gather(state, ML, records), on)
    assert {item.subject.id for item in shown if item.subject.type == "placement"} == {kept.id}
    assert "V12" in {item.finding.rule for item in shown}


def test_what_happened_later_is_no_fact_yet(programme: Programme) -> None:
    """V11: as of a day before the preparation nothing was prepared, though its record is held."""
    placement = programme.realised(TG, ML)
    programme.world.event(TG, ML, placement, "preparation", "2017-09-10")
    days = [of("V11", programme.world, date(2017, 9, day))[0].finding.params["day"] for day in (9, 10)]
    assert days == [None, "2017-09-10"]


def test_the_table_names_every_code_that_a_rule_can_give() -> None:
    """schemas/rules/rules.json: V01 to V32 in their order, each with words; V29 is computed by nobody and says why."""
    assert list(BOOK.rules) == [f"V{number:02d}" for number in range(1, 33)]
    assert all(rule.text.keys() == {"fr", "en"} and all(rule.text.values()) for rule in BOOK.rules.values())
    assert [rule.number for rule in BOOK.rules.values() if not rule.codes] == ["V29"]
    assert (BOOK.rules["V29"].computed, sorted(BOOK.rules["V29"].note)) == ("none", ["en", "fr"])
    assert [rule.number for rule in BOOK.rules.values() if rule.is_waivable] == ["V06", "V23"]
