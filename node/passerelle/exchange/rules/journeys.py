"""What the rules say of a placement on its way: V08 to V11, V13, V18 to V20, V26, V27."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from passerelle.exchange import edtf
from passerelle.exchange.rules.book import Rulebook
from passerelle.exchange.rules.holdings import Happened, Journey
from passerelle.exchange.rules.record import Body, frozen
from passerelle.exchange.rules.references import Key, key_of
from passerelle.exchange.rules.table import Finding, error, warning
from passerelle.exchange.rules.together import judge_departure
from passerelle.protocol.records import Record

PASSPORT: Final = timedelta(days=183)
"""Six months that a passport is to be valid after the end."""
TUTOR: Final = timedelta(days=45)
MEASURE: Final = timedelta(hours=72)
CERTIFICATE: Final = timedelta(days=30)
MID_TERM: Final = 0.6
"""Of the duration."""
SEVERE: Final = 3

_TUTORED: Final = ("tutor-meeting", "monitoring", "mid-term", "induction", "welcome", "arrival")
_OVER: Final = frozenset({"completed", "ended-early"})

Versions = Mapping[Key, tuple[Record, ...]]


def judge_journey(book: Rulebook, journey: Journey, today: date, versions: Versions) -> Iterator[Finding]:
    """Findings on a placement that the sender accepted.

    Args:
        book: The rules.
        journey: The placement with everything around it.
        today: The day of the look.
        versions: All versions of each event: the first that records a measure counts.
    """
    if not journey.state.is_planned:
        return
    yield from _papers(journey)
    yield from _prepared(journey, today)
    yield from _on_the_way(journey, today)
    yield from _certified(journey, today)
    for event in journey.events:
        if event.kind == "incident":
            yield from _incident(event, today, versions)
        if event.kind == "contract-signed" and event.is_done and event.day is not None:
            has_visa = journey.done("visa-granted") is not None or bool(journey.valid("visa"))
            yield from frozen(book, journey.state.scheme, journey.countries, event.day, "", has_visa=has_visa)


def _papers(journey: Journey) -> Iterator[Finding]:
    """V08 to V10 and V27."""
    end = journey.span.latest
    for paper in journey.valid("passport"):
        until = paper.get("validUntil")
        if isinstance(until, str) and end is not None and edtf.earliest_day(until) < end + PASSPORT:
            yield warning("V08", "rule.passport", "", day=until, last=end.isoformat())
            break
    left = journey.done("departure", "arrival")
    if left is not None and left.day is not None:
        yield from judge_departure(journey, left.day)
    safeguarding = journey.offer.get("safeguarding")
    if (
        isinstance(safeguarding, dict)
        and safeguarding.get("minorsContact") is True
        and not journey.valid("criminal-record", also=("not-required",))
    ):
        yield warning("V27", "rule.criminal-record")


def _prepared(journey: Journey, today: date) -> Iterator[Finding]:
    """V11: by the first day, and not after it."""
    prepared, start = journey.done("preparation"), journey.start
    if start is None:
        return
    if prepared is None and start <= today:
        yield warning("V11", "rule.preparation", "", start=start.isoformat(), day=None)
    elif prepared is not None and prepared.day is not None and prepared.day > start:
        yield warning("V11", "rule.preparation", "", start=start.isoformat(), day=prepared.day.isoformat())


def _on_the_way(journey: Journey, today: date) -> Iterator[Finding]:
    """V13 and V18, while the volunteer is there."""
    if journey.state.state not in {"active", "suspended"} or journey.start is None:
        return
    end = journey.span.latest
    if end is not None and journey.done("mid-term") is None:
        due = journey.start + (end - journey.start) * MID_TERM
        if today >= due:
            yield warning("V13", "rule.mid-term", "", day=due.isoformat())
    last = journey.last(*_TUTORED) or journey.start
    if today - last > TUTOR:
        yield warning("V18", "rule.tutor-contact", "", day=last.isoformat(), days=(today - last).days)


def _certified(journey: Journey, today: date) -> Iterator[Finding]:
    """V20."""
    if journey.state.state in _OVER and journey.end is not None and journey.done("recognition") is None:
        due = journey.end + CERTIFICATE
        if today > due:
            yield warning("V20", "rule.certificate-late", "", day=due.isoformat())


def _incident(event: Happened, today: date, versions: Versions) -> Iterator[Finding]:
    """V19: how severe it is and what it was stays with the two agencies; the finding says neither."""
    said = event.record.body.get("confidential")
    severity = said.get("severity") if isinstance(said, dict) else None
    if not isinstance(severity, int) or severity < SEVERE or event.day is None:
        return
    due = event.day + MEASURE
    first = min(
        (
            record.issued.date()
            for record in versions.get(key_of(event.record), (event.record,))
            if _has_measures(record.body)
        ),
        default=None,
    )
    if (first is None and today > due) or (
        first is not None and first > due and not _is_made_up(event.record.body)
    ):
        yield error("V19", "rule.incident", "", day=event.day.isoformat(), event=event.record.id)


def _has_measures(body: Body) -> bool:
    said = body.get("confidential")
    return isinstance(said, dict) and bool(said.get("measures"))


def _is_made_up(body: Body) -> bool:
    """Of a demonstration the days of writing mean nothing."""
    return body.get("synthetic") is True
