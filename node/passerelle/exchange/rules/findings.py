"""Everything that the rules say of all that is held, as of a day: what an exchange desk has to look at.

Partners' records are judged as ours are; nothing here moves a verdict or a figure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from passerelle.exchange import edtf
from passerelle.exchange.rules import across, journeys, together
from passerelle.exchange.rules.book import Rulebook
from passerelle.exchange.rules.holdings import Holdings, Journey
from passerelle.exchange.rules.record import Asked, judge_record
from passerelle.exchange.rules.references import Body, Key, key_of, ref_id, terms_of
from passerelle.exchange.rules.table import Finding, error
from passerelle.exchange.rules.waivers import Waiver
from passerelle.exchange.state import NominationState
from passerelle.protocol.records import Record

_ALONE = ("agreement", "dossier", "evaluation", "event", "offer", "placement", "programme", "statistic")


@dataclass(frozen=True, slots=True)
class Subject:
    """The record that a finding is about.

    Args:
        type: Record type.
        id: Record id.
        digest: Of the version.
        issuer: SCID.
    """

    type: str
    id: str
    digest: str
    issuer: str

    @classmethod
    def of(cls, record: Record) -> Subject:
        """A record."""
        return cls(record.type, record.id, record.digest, record.issuer_scid)


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, the record that it is about, and who waived its rule.

    Args:
        finding: What the rule says.
        subject: About what.
        waiver: Of the rule for it, where it was waived; then it is shown and asks for nothing.
    """

    finding: Finding
    subject: Subject
    waiver: Waiver | None


def findings(book: Rulebook, held: Holdings, today: date) -> list[Found]:
    """All findings, errors before warnings, by rule."""
    found = [
        Found(finding, Subject.of(record), _waiver(book, held, finding, record))
        for finding, record in _all(book, held, today)
    ]
    return sorted(
        found,
        key=lambda item: (
            item.waiver is not None,
            item.finding.severity,
            item.finding.rule,
            item.subject.id,
            item.finding.path,
        ),
    )


def _waiver(book: Rulebook, held: Holdings, finding: Finding, record: Record) -> Waiver | None:
    rule = book.rules.get(finding.rule)
    if rule is None or not rule.is_waivable:
        return None
    members = ("nomination", "offer", "agreement", "dossier")
    bodies = (record.body, held.named("nomination", record.body, "nomination"))
    rests_on = [_version(held, body, member) for body in bodies for member in members]
    return held.waiver(finding.rule, {record.issuer_scid, *record.addressees}, record.digest, *rests_on)


def _version(held: Holdings, body: Body, member: str) -> str | None:
    """The version of what a body names by which findings are judged: a waiver of another one says nothing of it."""
    key = held.subject(body, member)
    found = None if key is None else held.record(member, *key)
    return None if found is None else found.digest


def _all(book: Rulebook, held: Holdings, today: date) -> Iterator[tuple[Finding, Record]]:
    for record_type in _ALONE:
        for record in held.records.get(record_type, {}).values():
            for finding in judge_record(book, _asked(held, record, today)):
                yield finding, record
    yield from _offers(held)
    yield from _nominations(book, held)
    found: list[Journey] = list(held.journeys())
    for journey in found:
        for finding in journeys.judge_journey(book, journey, today, held.versions):
            yield finding, journey.record
    yield from across.judge_across(held, found, today)
    yield from _twice(held)


def _asked(held: Holdings, record: Record, today: date) -> Asked:
    terms = terms_of(held.agreement(record), str(record.body.get("scheme")))
    return Asked(record.type, record.body, record.is_public, today, tuple(record.addressees), terms)


def _offers(held: Holdings) -> Iterator[tuple[Finding, Record]]:
    """V03 of the host, V17."""
    for record in held.records.get("offer", {}).values():
        host = held.record("organisation", record.issuer_scid, ref_id(record.body, "hostOrganisation"))
        if host is not None:
            for finding in together.judge_host(host.body):
                yield finding, record
        state = held.offers.get(key_of(record))
        if state is not None and state.accepted > state.places:
            yield error("V17", "rule.places", "/places", places=state.places, taken=state.accepted), record


def _nominations(book: Rulebook, held: Holdings) -> Iterator[tuple[Finding, Record]]:
    """V05 to V07, V15, V31, and what was decided before its day."""
    for state in held.state.nominations.values():
        record = held.record("nomination", state.sender, state.id)
        if record is None or not state.is_standing:
            continue
        given = together.Presented(
            record.body,
            held.body("dossier", state.sender, state.dossier),
            held.body("offer", state.host, state.offer),
            held.agreement(record),
            state.host,
        )
        for finding in together.judge_nomination(book, given):
            yield finding, record
    nominated = {(state.sender, state.id): state.nominated_on for state in held.state.nominations.values()}
    for decision in held.records.get("decision", {}).values():
        day = nominated.get(held.subject(decision.body, "about") or ("", ""))
        if day is not None:
            for finding in together.decided_before(decision.body, day):
                yield finding, decision


def _twice(held: Holdings) -> Iterator[tuple[Finding, Record]]:
    """V23: of nominations with one dossier that are accepted and overlap, each but the first."""
    planned = {
        (state.sender, state.nomination): edtf.parse(state.planned)
        for state in held.state.placements.values()
        if state.nomination is not None and state.state not in {"blocked", "waiting"}
    }
    by_dossier: defaultdict[Key, list[NominationState]] = defaultdict(list)
    for state in held.state.nominations.values():
        if state.is_accepted:
            by_dossier[state.sender, state.dossier].append(state)
    for (_, dossier), same in by_dossier.items():
        same.sort(key=lambda state: (state.nominated_on, state.id))
        spans = [_span(held, planned, state) for state in same]
        for position, state in enumerate(same[1:], start=1):
            other = next((n for n in range(position) if together.overlap(spans[position], spans[n])), None)
            record = held.record("nomination", state.sender, state.id)
            if other is not None and record is not None:
                params = {"dossier": dossier, "other": same[other].id}
                yield error("V23", "rule.dossier-twice", "/dossier", **params), record


def _span(held: Holdings, planned: Mapping[Key, edtf.Span], state: NominationState) -> edtf.Span | None:
    """When a nomination would serve: as its placement is planned, else as its offer says."""
    key = (state.sender, state.id)
    if key in planned:
        return planned[key]
    period = held.body("offer", state.host, state.offer).get("period")
    return edtf.parse(period) if isinstance(period, str) else None
