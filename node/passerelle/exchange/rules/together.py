"""What the rules say of a record with those that it names: V05 to V07, V09, V10, V15, V17, V23, V31.

Each function is given what it rests on and looks nothing up, so that it serves the check before publishing and the
findings at the desk alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from passerelle.exchange import edtf
from passerelle.exchange.rules.book import Rulebook
from passerelle.exchange.rules.holdings import Journey
from passerelle.exchange.rules.limits import Limits, limits_of
from passerelle.exchange.rules.record import Body, consent_on, country_of
from passerelle.exchange.rules.references import terms_of
from passerelle.exchange.rules.table import Finding, error, warning
from passerelle.protocol.profile import Json

_AGES: Final = {"16-17": (16, 17), "18-25": (18, 25), "26-30": (26, 30), "31-35": (31, 35), "36-59": (36, 59)}
"""Bands of the code list ``age-band``; ``60-plus`` has no upper end."""

_PURPOSES: Final = frozenset({"nomination", "matching"})
_NATIONAL: Final = frozenset({"nat-vol", "nat-vol-citizen", "nat-vol-senior"})
"""Schemes in which people serve in their own country."""


@dataclass(frozen=True, slots=True)
class Presented:
    """A nomination with what it names.

    Args:
        body: Its own.
        card: The dossier's.
        offer: The offer's.
        agreement: The agreement's.
        host: SCID of the host agency.
    """

    body: Body
    card: Body
    offer: Body
    agreement: Body
    host: str

    @property
    def scheme(self) -> str:
        """Of the offer."""
        return str(self.offer.get("scheme"))

    @property
    def countries(self) -> tuple[str | None, str | None]:
        """Sending and host country."""
        direction = self.body.get("direction")
        ends = direction if isinstance(direction, dict) else {}
        return country_of(ends.get("from")), country_of(ends.get("to"))

    @property
    def day(self) -> date:
        """Of the nomination."""
        return edtf.earliest_day(str(self.body.get("nominatedOn")))


def judge_nomination(book: Rulebook, given: Presented) -> Iterator[Finding]:
    """V05, V06, V07, V15 and V31, as far as the records tell."""
    consent = given.card.get("consent")
    if isinstance(consent, dict):
        for why in _uncovered(consent, given):
            yield error("V05", "rule.consent", "/dossier", why=why)
    period = given.offer.get("period")
    start = edtf.parse(period).earliest if isinstance(period, str) else None
    limits = (
        None
        if start is None
        else limits_of(
            book.packs, given.scheme, *given.countries, start, terms_of(given.agreement, given.scheme)
        )
    )
    yield from _nationality(limits, given)
    if limits is not None:
        yield from _age(limits, given.card.get("ageBand"))
        yield from _served(limits, given)
    closes = given.offer.get("closesOn")
    if isinstance(closes, str) and (last := edtf.parse(closes).latest) is not None and last < given.day:
        yield warning("V31", "rule.offer-closed", "/offer", day=closes)


def _uncovered(consent: Body, given: Presented) -> Iterator[str]:
    recipients, purposes = consent.get("recipients"), consent.get("purposes")
    if isinstance(recipients, list) and given.host not in recipients:
        yield "consent-recipient"
    if isinstance(purposes, list) and _PURPOSES.isdisjoint(map(str, purposes)):
        yield "consent-purpose"
    yield from consent_on(consent, given.day)


def _nationality(limits: Limits | None, given: Presented) -> Iterator[Finding]:
    """V07: an error where the scheme asks for another nationality or no other one is there; else dual is shown."""
    host = given.countries[1]
    held = given.card.get("nationality")
    nationalities = held if isinstance(held, list) else []
    conditions: Mapping[str, bool] = (
        {} if limits is None or limits.edition is None else limits.edition.conditions
    )
    if host in nationalities and given.scheme not in _NATIONAL:
        is_error = len(nationalities) == 1 or conditions.get("nationality-differs", False)
        yield (error if is_error else warning)("V07", "rule.nationality", "/dossier", country=host)
    if given.card.get("residenceCountry") == host and "not-resident" in conditions:
        yield (error if conditions["not-resident"] else warning)(
            "V07", "rule.resident", "/dossier", country=host
        )


def _age(limits: Limits, band: Json) -> Iterator[Finding]:
    """V06: an error where no age of the band is within; a warning where some are not."""
    first, last = _AGES.get(str(band), (60, 200) if band == "60-plus" else (None, None))
    if first is None or last is None:
        return
    for name in ("ageMin", "ageMax"):
        value = limits.get(name)
        if value is None:
            continue
        beyond = [age < value.value if name == "ageMin" else age > value.value for age in (first, last)]
        if all(beyond):
            yield limits.outside("scheme-age", str(band), name, value, "/dossier")
        elif any(beyond):
            yield limits.outside(
                "scheme-age", str(band), name, replace(value, confidence="uncertain"), "/dossier"
            )


def _served(limits: Limits, given: Presented) -> Iterator[Finding]:
    """V15: what was served before under the same scheme, and what the offer would add."""
    served = given.card.get("served")
    schemes = limits.pack.schemes
    before = [
        Decimal(str(item.get("months")))
        for item in (served if isinstance(served, list) else [])
        if isinstance(item, dict) and item.get("scheme") in schemes
    ]
    times, most = limits.get("timesMax"), limits.get("cumulatedMonthsMax")
    if times is not None and len(before) >= times.value:
        yield (error if times.is_read else warning)(
            "V15",
            "rule.served-before",
            "/dossier",
            scheme=given.scheme,
            found=len(before),
            limit=times.value,
            unit="served-times",
        )
    adds = given.offer.get("durationMonths")
    total = sum(before) + (Decimal(adds) if isinstance(adds, str) else 0)
    if most is not None and before and total > most.value:
        yield (error if most.is_read else warning)(
            "V15",
            "rule.served-before",
            "/dossier",
            scheme=given.scheme,
            found=int(total),
            limit=most.value,
            unit="served-months",
        )


# --- acceptances -----------------------------------------------------------------------


def judge_acceptance(
    nomination: str,
    *,
    places: int | None,
    others: Iterable[str],
    dossier: str,
    span: edtf.Span | None,
    same_dossier: Mapping[str, edtf.Span | None],
) -> Iterator[Finding]:
    """V17 and V23.

    Args:
        nomination: Its id.
        places: Of the offer; None where it is not held.
        others: Ids of nominations for the offer that are accepted.
        dossier: Id of the dossier.
        span: When it would serve; None where nobody knows.
        same_dossier: Nominations with the dossier that are accepted, with the same.
    """
    taken = len(set(others) - {nomination})
    if places is not None and taken >= places:
        yield error("V17", "rule.places", "/about", places=places, taken=taken)
    for other, its in same_dossier.items():
        if other != nomination and overlap(span, its):
            yield error("V23", "rule.dossier-twice", "/about", dossier=dossier, other=other)


def overlap(one: edtf.Span | None, other: edtf.Span | None) -> bool:
    """Whether two intervals may share a day; what nobody knows may."""
    if one is None or other is None:
        return True
    first = max(one.earliest or date.min, other.earliest or date.min)
    return first <= min(one.latest or date.max, other.latest or date.max)


# --- departures and hosts --------------------------------------------------------------


def judge_departure(journey: Journey, departed: date) -> Iterator[Finding]:
    """V09 and V10: papers and insurance of who has left."""
    has = {
        "contract": journey.done("contract-signed") is not None
        or isinstance(journey.body.get("contract"), dict)
        or bool(journey.valid("contract") or journey.valid("tripartite-convention")),
        "visa": journey.done("visa-granted") is not None
        or bool(journey.valid("visa", also=("not-required",))),
        "medical-certificate": journey.done("medical-check") is not None
        or bool(journey.valid("medical-certificate", also=("not-required",))),
    }
    missing = [kind for kind, is_there in has.items() if not is_there]
    if missing:
        yield error("V10", "rule.departure-papers", "/about", missing=missing)
    if not _is_insured(journey, departed):
        last = journey.span.latest
        yield error(
            "V09",
            "rule.insurance",
            "/about",
            first=departed.isoformat(),
            last=None if last is None else last.isoformat(),
        )


def _is_insured(journey: Journey, first: date) -> bool:
    last = journey.span.latest
    for paper in journey.valid("insurance"):
        begins, ends = paper.get("validFrom"), paper.get("validUntil")
        begun = not isinstance(begins, str) or edtf.earliest_day(begins) <= first
        lasts = not isinstance(ends, str) or last is None or edtf.earliest_day(ends) >= last
        if begun and lasts:
            return True
    return False


def judge_host(body: Body) -> Iterator[Finding]:
    """V03: the organisation of an offer is vetted and active."""
    if body.get("status") in {"suspended", "closed"}:
        yield error("V03", "rule.host-not-vetted", "/hostOrganisation/id", why=f"host-{body['status']}")
    elif not isinstance(body.get("vettedOn"), str):
        yield error("V03", "rule.host-not-vetted", "/hostOrganisation/id", why="host-unvetted")


def decided_before(body: Body, subject: date) -> Iterator[Finding]:
    """A decision that takes effect before what it is about was there; an imprecise day may still be later."""
    effective = body.get("effective")
    latest = edtf.parse(effective).latest if isinstance(effective, str) else None
    if latest is not None and latest < subject:
        yield error("V14", "rule.decided-before", "/effective", day=effective, subject=subject.isoformat())
