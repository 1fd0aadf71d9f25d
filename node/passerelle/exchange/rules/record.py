"""What the rules say of one record by itself: V03 to V06, V14, V22, V25, V26.

It is asked of each record that this node publishes, so it is quick: one look at each member, and nothing is made
for a record that breaks no rule. Bodies have passed their schema. What needs another record is in
:mod:`passerelle.exchange.rules.together`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeAlias

from passerelle.exchange import edtf
from passerelle.exchange.rules.book import Rulebook
from passerelle.exchange.rules.limits import Limits, limits_of
from passerelle.exchange.rules.table import Finding, error, warning
from passerelle.protocol.profile import Json

Body: TypeAlias = Mapping[str, Json]

_PERIODS: Final = {
    "agreement": ("period",),
    "evaluation": ("period", "restitutedOn"),
    "event": ("planned", "actual"),
    "offer": ("period",),
    "placement": ("planned", "actual"),
    "programme": ("period",),
    "statistic": ("period",),
}
"""Members that may hold an interval."""

_TIERS: Final = {"card": {"T1", "T2", "T3"}, "extract": {"T2", "T3"}, "identity": {"T3"}}
"""By part of a dossier: tiers of which its consent must allow one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A record that the rules are asked about.

    Args:
        type: Its type.
        body: Its body, by its schema.
        is_public: Whether everybody may read it.
        today: The day on which it is published, or looked at.
        audience: SCIDs of those addressed.
        terms: What the agreement that it names changes of the pack.
    """

    type: str
    body: Body
    is_public: bool
    today: date
    audience: tuple[str, ...] = ()
    terms: Mapping[str, int] = field(default_factory=dict)


def judge_record(book: Rulebook, asked: Asked) -> list[Finding]:
    """Findings on one record by itself."""
    found: list[Finding] = []
    if asked.is_public and asked.type != "node":
        person = book.persons.first(asked.body)
        if person is not None:
            found.append(error("V22", "rule.personal-data", person.path, what=f"person-{person.what}"))
    for member in _PERIODS.get(asked.type, ()):
        period = asked.body.get(member)
        if isinstance(period, str) and _ends_before_it_begins(period):
            found.append(error("V14", "rule.end-before-start", f"/{member}", period=period))
    judge = _JUDGES.get(asked.type)
    if judge is not None:
        found += judge(book, asked)
    return found


def _ends_before_it_begins(period: str) -> bool:
    span = edtf.parse(period)
    return span.earliest is not None and span.latest is not None and span.latest < span.earliest


def rests_on_others(record_type: str, body: Body) -> bool:
    """Whether a rule on an offer asks what it names: its agreement, or the record of its host organisation."""
    host = body.get("hostOrganisation")
    return record_type == "offer" and ("agreement" in body or (isinstance(host, dict) and "id" in host))


# --- offers ----------------------------------------------------------------------------


def _offer(book: Rulebook, asked: Asked) -> list[Finding]:
    body = asked.body
    found = _offer_within(book, asked)
    need = body.get("needExpressedOn")
    if not isinstance(need, str):
        found.append(error("V03", "rule.need-not-expressed", "/needExpressedOn"))
    elif edtf.earliest_day(need) > asked.today:
        found.append(error("V03", "rule.need-in-future", "/needExpressedOn", day=need))
    tutor = body.get("tutor")
    if not isinstance(tutor, dict) or tutor.get("assigned") is not True:
        found.append(error("V04", "rule.no-tutor", "/tutor/assigned"))
    return found


def _offer_within(book: Rulebook, asked: Asked) -> list[Finding]:
    """V06: what it asks for and offers is within its scheme."""
    body, period = asked.body, asked.body.get("period")
    span = edtf.parse(period) if isinstance(period, str) else None
    if span is None or span.earliest is None:
        return []
    scheme, host = str(body.get("scheme")), country_of(body.get("host"))
    limits = limits_of(book.packs, scheme, None, host, span.earliest, asked.terms)
    if limits is None:
        return []
    found = limits.begun("/period")
    profile = body.get("profile")
    if isinstance(profile, dict):
        for member in ("ageMin", "ageMax"):
            if isinstance(profile.get(member), int):
                found += limits.within(str(profile[member]), "age", f"/profile/{member}")
    return found + _length_and_hours(limits, body, span)


def _length_and_hours(limits: Limits, body: Body, span: edtf.Span) -> list[Finding]:
    months, hours = body.get("durationMonths"), body.get("weeklyHours")
    found: list[Finding] = []
    if isinstance(months, str):
        found += limits.duration(float(months), "/durationMonths")
    elif span.earliest is not None and span.latest is not None and span.earliest <= span.latest < date.max:
        path = "/planned" if "planned" in body else "/period"
        found += limits.between(span.earliest, span.latest, path)
    if isinstance(hours, str):
        found += limits.within(hours, "hours", "/weeklyHours")
    return found


def country_of(party: Json) -> str | None:
    """The country of a party."""
    country = party.get("country") if isinstance(party, dict) else None
    return country if isinstance(country, str) else None


# --- placements ------------------------------------------------------------------------


def _placement(book: Rulebook, asked: Asked) -> list[Finding]:
    body, planned, direction = asked.body, asked.body.get("planned"), asked.body.get("direction")
    span = edtf.parse(planned) if isinstance(planned, str) else None
    if span is None or not isinstance(direction, dict):
        return []
    ends = (country_of(direction.get("from")), country_of(direction.get("to")))
    scheme = str(body.get("scheme"))
    found = [*_postings(body, span)]
    if span.earliest is not None:
        limits = limits_of(book.packs, scheme, *ends, span.earliest, asked.terms)
        if limits is not None:
            found += limits.begun("/planned")
            found += _length_and_hours(limits, body, span)
    contract = body.get("contract")
    signed = contract.get("signedOn") if isinstance(contract, dict) else None
    if isinstance(signed, str):
        has_visa = any(
            item.get("kind") == "visa" and item.get("outcome") == "valid" for item in attestations(body)
        )
        found += frozen(
            book, scheme, ends, date.fromisoformat(signed), "/contract/signedOn", has_visa=has_visa
        )
    return found


def attestations(body: Body) -> Iterator[Body]:
    """What a body says of papers that were checked."""
    listed = body.get("attestations")
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, dict):
            yield item


def _postings(body: Body, span: edtf.Span) -> Iterator[Finding]:
    """V14: no posting ends before it begins, or lies outside of the placement."""
    actual = body.get("actual")
    spans = [span, edtf.parse(actual)] if isinstance(actual, str) else [span]
    firsts = [found.earliest for found in spans if found.earliest is not None]
    lasts = [found.latest for found in spans if found.latest is not None]
    listed = body.get("postings")
    for number, posting in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(posting, dict):
            continue
        begins, ends = posting.get("from"), posting.get("to")
        first = edtf.parse(begins).earliest if isinstance(begins, str) else None
        last = edtf.parse(ends).latest if isinstance(ends, str) else None
        if first is not None and last is not None and last < first:
            yield error("V14", "rule.end-before-start", f"/postings/{number}/to", period=f"{begins}/{ends}")
        elif _is_before(posting.get("from"), min(firsts, default=None)) or _is_after(
            posting.get("to"), max(lasts, default=None), is_open=len(lasts) < len(spans)
        ):
            yield error("V14", "rule.posting-outside", f"/postings/{number}", number=number + 1)


def _is_before(written: Json, first: date | None) -> bool:
    """Whether the latest day that a date may mean lies before another."""
    latest = edtf.parse(written).latest if isinstance(written, str) else None
    return first is not None and latest is not None and latest < first


def _is_after(written: Json, last: date | None, *, is_open: bool) -> bool:
    earliest = edtf.parse(written).earliest if isinstance(written, str) else None
    return not is_open and last is not None and earliest is not None and earliest > last


def frozen(
    book: Rulebook,
    scheme: str,
    ends: tuple[str | None, str | None],
    signed: date,
    path: str,
    *,
    has_visa: bool,
) -> Iterator[Finding]:
    """V26: no contract is signed while its scheme is frozen.

    A warning where the visa was granted already, for then the placement is deferred, and where nobody knows when
    the freeze ended.
    """
    pack = book.packs.find(scheme, *ends)
    edition = None if pack is None else pack.edition(signed)
    if pack is None or edition is None:
        return
    for freeze in edition.frozen:
        if freeze.holds_on(signed):
            make = warning if has_visa or freeze.last is None else error
            last = None if freeze.last is None else freeze.last.isoformat()
            params = {"pack": pack.name, "first": freeze.first.isoformat(), "last": last}
            yield make("V26", "rule.frozen", path, **params)


# --- dossiers --------------------------------------------------------------------------


def _dossier(_book: Rulebook, asked: Asked) -> list[Finding]:
    """V05, as far as the dossier itself tells."""
    consent, part = asked.body.get("consent"), str(asked.body.get("part"))
    if not isinstance(consent, dict):
        return []
    return [
        error("V05", "rule.consent", f"/consent/{_MEMBERS[why]}", why=why)
        for why in _uncovered(consent, part, asked)
    ]


_MEMBERS: Final = {
    "consent-recipient": "recipients",
    "consent-tier": "tiersAllowed",
    "consent-not-given": "givenOn",
    "consent-expired": "expires",
    "consent-withdrawn": "withdrawnOn",
}
"""What may be wrong with a consent, and the member that says so."""


def _uncovered(consent: Body, part: str, asked: Asked) -> Iterator[str]:
    recipients, tiers = consent.get("recipients"), consent.get("tiersAllowed")
    if isinstance(recipients, list) and not set(asked.audience) <= set(map(str, recipients)):
        yield "consent-recipient"
    if isinstance(tiers, list) and not _TIERS.get(part, set()) & set(map(str, tiers)):
        yield "consent-tier"
    # A record made up for a demonstration may tell of years past; of a real one the present counts.
    if asked.body.get("synthetic") is not True:
        # That it was withdrawn is told by the next version of the dossier.
        yield from (why for why in consent_on(consent, asked.today) if why != "consent-withdrawn")


def consent_on(consent: Body, day: date) -> Iterator[str]:
    """Why a consent does not hold on a day."""
    given, expires, withdrawn = (consent.get(name) for name in ("givenOn", "expires", "withdrawnOn"))
    if isinstance(given, str) and date.fromisoformat(given) > day:
        yield "consent-not-given"
    if (
        isinstance(expires, str)
        and edtf.parse(expires).latest is not None
        and edtf.earliest_day(expires) < day
    ):
        yield "consent-expired"
    if isinstance(withdrawn, str) and edtf.earliest_day(withdrawn) <= day:
        yield "consent-withdrawn"


# --- statistics ------------------------------------------------------------------------


def _statistic(_book: Rulebook, asked: Asked) -> Iterator[Finding]:
    """V25: where a total and all its parts by one dimension are given, the parts sum to it."""
    totals: dict[str, int] = {}
    parts: defaultdict[tuple[str, str], list[int | None]] = defaultdict(list)
    listed = asked.body.get("values")
    for row in listed if isinstance(listed, list) else []:
        if not isinstance(row, dict):
            continue
        indicator, dims = str(row.get("indicator")), row.get("dims")
        number = exact(row.get("quantity"))
        if not dims and number is not None:
            totals[indicator] = number
        elif isinstance(dims, dict) and len(dims) == 1:
            parts[indicator, next(iter(dims))].append(number)
    for (indicator, dimension), numbers in parts.items():
        known = [number for number in numbers if number is not None]
        total = totals.get(indicator)
        if total is not None and len(known) == len(numbers) > 1 and sum(known) != total:
            params = {"indicator": indicator, "dimension": dimension, "total": total, "sum": sum(known)}
            yield warning("V25", "rule.sum", "/values", **params)


def exact(quantity: Json) -> int | None:
    """The number of a quantity that is given exactly."""
    if not isinstance(quantity, dict) or quantity.get("qualifier", "exact") != "exact":
        return None
    value = quantity.get("value")
    return value if isinstance(value, int) else None


_JUDGES: Final[Mapping[str, Callable[[Rulebook, Asked], Iterable[Finding]]]] = {
    "dossier": _dossier,
    "offer": _offer,
    "placement": _placement,
    "statistic": _statistic,
}
