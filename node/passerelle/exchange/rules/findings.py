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
from passerelle.exchange.rules.holdings import Body, Holdings, Journey, Waiver, ref_id, terms_of
from passerelle.exchange.rules.record import Asked, judge_record
from passerelle.exchange.rules.table import Finding, error
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
    names = [
        record.id,
        *(ref_id(record.body, name) for name in ("nomination", "offer", "agreement", "dossier")),
    ]
    nomination = held.body("nomination", ref_id(record.body, "nomination"))
    return held.waiver(finding.rule, *names, ref_id(nomination, "offer"), ref_id(nomination, "dossier"))


def _all(book: Rulebook, held: Holdings, today: date) -> Iterator[tuple[Finding, Record]]:
    for record_type in _ALONE:
        for record in held.records.get(record_type, {}).values():
            for finding in judge_record(book, _asked(held, record, today)):
                yield finding, record
    yield from _offers(held)
    yield from _nominations(book, held)
    found = list(held.journeys())
    placements = held.records.get("placement", {})
    for journey in found:
        for finding in journeys.judge_journey(book, journey, today, held.versions):
            yield finding, placements[journey.state.id]
    yield from across.judge_across(held, found, today)
    yield from _twice(held, found)


def _asked(held: Holdings, record: Record, today: date) -> Asked:
    agreement = held.body("agreement", ref_id(record.body, "agreement"))
    terms = terms_of(agreement, str(record.body.get("scheme")))
    return Asked(record.type, record.body, record.is_public, today, tuple(record.addressees), terms)


def _offers(held: Holdings) -> Iterator[tuple[Finding, Record]]:
    """V03 of the host, V17."""
    for record in held.records.get("offer", {}).values():
        host = held.records.get("organisation", {}).get(ref_id(record.body, "hostOrganisation") or "")
        if host is not None:
            for finding in together.judge_host(host.body):
                yield finding, record
        state = held.state.offers.get(record.id)
        if state is not None and state.accepted > state.places:
            yield error("V17", "rule.places", "/places", places=state.places, taken=state.accepted), record


def _nominations(book: Rulebook, held: Holdings) -> Iterator[tuple[Finding, Record]]:
    """V05 to V07, V15, V31, and what was decided before its day."""
    for state in held.state.nominations.values():
        record = held.records.get("nomination", {}).get(state.id)
        if record is None or not state.is_standing:
            continue
        offer, agreement = held.body("offer", state.offer), held.body("agreement", state.agreement)
        given = together.Presented(
            record.body, held.body("dossier", state.dossier), offer, agreement, state.host
        )
        for finding in together.judge_nomination(book, given):
            yield finding, record
    for decision in held.records.get("decision", {}).values():
        about = held.state.nominations.get(ref_id(decision.body, "about") or "")
        if about is not None:
            for finding in together.decided_before(decision.body, about.nominated_on):
                yield finding, decision


def _twice(held: Holdings, found: list[Journey]) -> Iterator[tuple[Finding, Record]]:
    """V23: of nominations with one dossier that are accepted and overlap, each but the first."""
    planned = {journey.state.nomination: journey.span for journey in found}
    by_dossier: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for state in held.state.nominations.values():
        if state.is_accepted:
            by_dossier[state.sender, state.dossier].append(state.id)
    for (_, dossier), names in by_dossier.items():
        names.sort(key=lambda name: (held.state.nominations[name].nominated_on, name))
        for position, name in enumerate(names[1:], start=1):
            for other in names[:position]:
                if together.overlap(_span(held, planned, name), _span(held, planned, other)):
                    record = held.records.get("nomination", {}).get(name)
                    if record is not None:
                        yield (
                            error("V23", "rule.dossier-twice", "/dossier", dossier=dossier, other=other),
                            record,
                        )
                    break


def _span(held: Holdings, planned: Mapping[str | None, edtf.Span], name: str) -> edtf.Span | None:
    if name in planned:
        return planned[name]
    offer: Body = held.body("offer", held.state.nominations[name].offer)
    period = offer.get("period")
    return edtf.parse(period) if isinstance(period, str) else None
