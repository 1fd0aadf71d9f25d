"""From the book of a pair to its state as of a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Final

from passerelle.exchange import agreements, edtf, lifecycles
from passerelle.exchange.agreements import Version
from passerelle.exchange.book import EVERYTHING, Book, Case, End, Known
from passerelle.exchange.pairs import Pair
from passerelle.exchange.state import (
    AgreementState,
    DirectionState,
    DossierState,
    NominationState,
    OfferState,
    PairState,
    PlacementState,
)
from passerelle.exchange.tables import prevailing
from passerelle.exchange.views import (
    AgreedDirection,
    AgreementView,
    DossierView,
    NominationView,
    OfferView,
    PlacementView,
)

_ENDED: Final = {
    "reject": "rejected",
    "withdraw": "withdrawn",
    "decline": "declined",
    "terminate": "terminated",
    "cancel": "cancelled",
}
_STANDING: Final = {
    "none": "submitted",
    "shortlist": "shortlisted",
    "waitlist": "waitlisted",
    "accept": "accepted",
    "confirm": "confirmed",
    "contested": "contested",
}


def derive_pair(pair: Pair, as_of: date) -> PairState:
    """The state of a pair."""
    book = pair.book
    nominations = {
        key: _nomination(book, known, view, as_of)
        for key, known in _subjects(book, "nomination")
        if isinstance(view := known.view, NominationView) and view.day <= as_of
    }
    engaged = {nomination.dossier for nomination in nominations.values() if nomination.is_accepted}
    return PairState(
        agreements={
            key: _agreement(known, as_of)
            for key, known in _subjects(book, "agreement")
            if isinstance(known.view, AgreementView)
        },
        dossiers={
            key: _dossier(known, view, as_of, is_engaged=known.entry.id in engaged)
            for key, known in _subjects(book, "dossier")
            if isinstance(view := known.view, DossierView)
        },
        nominations=nominations,
        placements={
            key: _placement(book, known, as_of)
            for key, known in _subjects(book, "placement")
            if isinstance(known.view, PlacementView)
        },
        waiting=tuple(
            sorted({found.code or "" for found in pair.verdicts.values() if found.status == "waiting"})
        ),
    )


def derive_offers(public: Book, accepted: dict[tuple[str, str], int], as_of: date) -> dict[str, OfferState]:
    """The offers of the network.

    Args:
        public: The public records.
        accepted: By id and issuer of the offer, how many nominations are accepted.
        as_of: The day.
    """
    return {
        key: _offer(known, view, accepted.get((known.entry.id, known.entry.issuer), 0), as_of)
        for key, known in _subjects(public, "offer")
        if isinstance(view := known.view, OfferView)
    }


def _subjects(book: Book, record_type: str) -> Iterator[tuple[str, Known]]:
    """One record for each subject: of the versions that count the newest, without any the newest of all.

    With the key of the subject: its id. Should two issuers have written down one id, the one
    with the larger SCID has its SCID added, so that neither hides the other from the figures.
    """
    for record_id in sorted(book.by_id):
        found = [known for known in book.by_id[record_id] if known.entry.type == record_type]
        for rank, issuer in enumerate(sorted({known.entry.issuer for known in found})):
            own = [known for known in found if known.entry.issuer == issuer]
            counting = [known for known in own if known.verdict.is_accepted] or own
            key = record_id if rank == 0 else f"{record_id} {issuer}"
            yield key, max(counting, key=lambda known: (known.entry.version, known.entry.digest))


def _fault(known: Known) -> tuple[str, str | None] | None:
    """State and code of a subject of which no version counts."""
    return None if known.verdict.is_accepted else (known.verdict.status, known.verdict.code)


def _case(known: Known) -> Case:
    if known.case is None:
        raise RuntimeError(f"a {known.entry.type} without a case")
    return known.case


# --- agreements ------------------------------------------------------------------------


def _agreement(newest: Known, as_of: date) -> AgreementState:
    case, fault = _case(newest), _fault(newest)
    if not isinstance(newest.view, AgreementView):
        raise TypeError("not an agreement")
    last = Version(newest, newest.view)
    governing = agreements.governing(case, EVERYTHING, as_of)
    shown = governing or last
    since = _first_day_in_force(case, as_of)
    over = agreements.terminated_on(case, EVERYTHING)
    directions = tuple(_direction(case, shown, row, since, as_of) for row in shown.view.directions)
    state, code = fault or (_agreement_state(case, last, governing, directions, as_of), None)
    return AgreementState(
        id=newest.entry.id,
        issuer=newest.entry.issuer,
        state=state,
        code=code,
        version=shown.number,
        digest=shown.digest,
        newest_version=last.number,
        newest_digest=last.digest,
        missing=tuple(sorted(agreements.missing(case, last, EVERYTHING, as_of))),
        since=since,
        ended_on=over,
        parties=tuple(sorted(shown.view.parties, key=lambda party: party.agency)),
        period=shown.view.period,
        schemes=tuple(sorted(shown.view.schemes)),
        directions=directions,
    )


def _agreement_state(
    case: Case,
    last: Version,
    governing: Version | None,
    directions: tuple[DirectionState, ...],
    as_of: date,
) -> str:
    over = agreements.terminated_on(case, EVERYTHING)
    if over is not None and over <= as_of:
        return "terminated"
    if governing is not None:
        latest = edtf.parse(governing.view.period).latest
        if latest is not None and latest < as_of:
            return "expired"
        is_suspended = bool(directions) and all(row.status == "suspended" for row in directions)
        return "suspended" if is_suspended else "in-force"
    refused = agreements.refused(case, last, EVERYTHING, as_of)
    if refused is not None:
        return _ENDED[refused.outcome]
    return "proposed" if agreements.missing(case, last, EVERYTHING, as_of) else "accepted"


def _first_day_in_force(case: Case, as_of: date) -> date | None:
    """The first day on which any version governed, if that has come."""
    if agreements.governing(case, EVERYTHING, as_of) is None:
        return None
    days = (
        agreements.begins_on(case, version, EVERYTHING) for version in agreements.versions(case, EVERYTHING)
    )
    return min((day for day in days if day is not None), default=None)


def _direction(
    case: Case, version: Version, row: AgreedDirection, since: date | None, as_of: date
) -> DirectionState:
    suspension = agreements.suspended(
        case, EVERYTHING, as_of, row.direction, schemes=version.view.schemes, programme=None
    )
    status, begun, by = row.status_on(as_of), row.since, None
    if status == "open":
        begun = None
        if suspension is not None:
            status, begun, by = "suspended", suspension.since, suspension.by
    return DirectionState(
        sender=row.sender,
        host=row.host,
        status=status,
        since=begun,
        by=by,
        quota=row.quota,
        per_period=row.per_period,
        quota_to_date=_quota_to_date(case, version, row, since, as_of),
        candidates_per_place=row.candidates_per_place,
    )


def _quota_to_date(
    case: Case, version: Version, row: AgreedDirection, since: date | None, as_of: date
) -> int | None:
    """Persons agreed for the periods begun: once, or for each calendar year in force."""
    if row.quota is None or since is None:
        return None
    if row.per_period not in {"year", "edition"}:
        return row.quota
    last_days = [as_of, edtf.parse(version.view.period).latest, agreements.terminated_on(case, EVERYTHING)]
    last = min(day for day in last_days if day is not None)
    return row.quota * max(last.year - since.year + 1, 0)


# --- nominations and what they name ----------------------------------------------------


def _nomination(book: Book, newest: Known, view: NominationView, as_of: date) -> NominationState:
    case, fault = _case(newest), _fault(newest)
    known = newest if fault else lifecycles.current(case, EVERYTHING, as_of) or newest
    view = known.view if isinstance(known.view, NominationView) else view
    end = None if fault else lifecycles.nomination_end(book, case, EVERYTHING, as_of)
    offer = book.find(view.offer.digest)
    state, code = fault or (_nomination_state(case, end, as_of), None)
    return NominationState(
        id=known.entry.id,
        digest=known.entry.digest,
        version=known.entry.version,
        sender=view.direction.sender,
        host=view.direction.host,
        agreement=view.agreement.id,
        offer=view.offer.id,
        dossier=view.dossier.id,
        scheme=offer.view.scheme if offer is not None and isinstance(offer.view, OfferView) else None,
        nominated_on=view.day,
        state=state,
        code=code,
        ended_on=None if end is None else end.day,
    )


def _nomination_state(case: Case, end: End | None, as_of: date) -> str:
    if end is not None:
        return _ENDED[end.outcome]
    if any(lifecycles.accepted_on(placement, EVERYTHING, as_of) for placement in case.placements):
        return "placed"
    return _STANDING[lifecycles.standing(case, EVERYTHING, as_of)]


def _dossier(known: Known, view: DossierView, as_of: date, *, is_engaged: bool) -> DossierState:
    end = lifecycles.own_end(_case(known), EVERYTHING, as_of)
    state, code = _fault(known) or ("engaged" if is_engaged else "shared", None)
    if end is not None:
        state = _ENDED[end.outcome]
    return DossierState(
        id=known.entry.id,
        digest=known.entry.digest,
        version=known.entry.version,
        issuer=known.entry.issuer,
        part=view.part,
        state=state,
        code=code,
    )


def _offer(known: Known, view: OfferView, accepted: int, as_of: date) -> OfferState:
    state, code = _fault(known) or (_offer_state(_case(known), view, accepted, as_of), None)
    return OfferState(
        id=known.entry.id,
        digest=known.entry.digest,
        version=known.entry.version,
        issuer=known.entry.issuer,
        scheme=view.scheme,
        places=view.places,
        accepted=accepted,
        state=state,
        code=code,
    )


def _offer_state(case: Case, view: OfferView, accepted: int, as_of: date) -> str:
    end = lifecycles.own_end(case, EVERYTHING, as_of)
    if end is not None:
        return _ENDED[end.outcome]
    if accepted >= view.places:
        return "filled"
    closes = None if view.closes_on is None else edtf.parse(view.closes_on).latest
    if closes is not None and closes < as_of:
        return "closed"
    return "on-hold" if any(True for _ in agreements.suspensions(case, EVERYTHING, as_of)) else "open"


# --- placements ------------------------------------------------------------------------


def _placement(book: Book, newest: Known, as_of: date) -> PlacementState:
    case, fault = _case(newest), _fault(newest)
    known = newest if fault else lifecycles.current(case, EVERYTHING, as_of) or newest
    view = known.view
    if not isinstance(view, PlacementView):
        raise TypeError("not a placement")
    accepted = None if fault else lifecycles.accepted_on(case, EVERYTHING, as_of)
    arrived = None if fault else lifecycles.arrived_on(book, case, EVERYTHING, as_of)
    realised = not fault and lifecycles.is_realised(book, case, EVERYTHING, as_of)
    ended = None if fault else _ended_on(book, case, as_of)
    state, code = fault or (_placement_state(book, case, as_of, is_realised=realised), None)
    return PlacementState(
        id=known.entry.id,
        digest=known.entry.digest,
        version=known.entry.version,
        sender=view.direction.sender,
        host=view.direction.host,
        agreement=view.agreement.id,
        nomination=None if view.nomination is None else view.nomination.id,
        offer=None if view.offer is None else view.offer.id,
        scheme=view.scheme,
        programme=view.programme or _programme(book, case, as_of),
        planned=view.planned,
        state=state,
        code=code,
        accepted_on=accepted,
        arrived_on=arrived,
        ended_on=ended,
        completed_on=None if fault else lifecycles.completed_on(book, case, EVERYTHING, as_of),
        is_realised=realised,
        planned_months=edtf.parse(view.planned).months,
        realised_months=_months(view, ended) if realised else None,
    )


def _programme(book: Book, placement: Case, as_of: date) -> str | None:
    """The programme of the offer that the nomination of a placement names."""
    nomination = placement.nomination
    named = None if nomination is None else lifecycles.current(nomination, EVERYTHING, as_of)
    if named is None or not isinstance(named.view, NominationView):
        return None
    offer = book.find(named.view.offer.digest)
    return offer.view.programme if offer is not None and isinstance(offer.view, OfferView) else None


def _ended_on(book: Book, case: Case, as_of: date) -> date | None:
    """Day of a decision that ended it or of an early return, the earlier."""
    end = lifecycles.placement_end(case, EVERYTHING, as_of)
    early = lifecycles.ended_early_on(book, case, EVERYTHING, as_of)
    days = [day for day in (early, None if end is None else end.day) if day is not None]
    return min(days, default=None)


def _placement_state(book: Book, case: Case, as_of: date, *, is_realised: bool) -> str:
    end = lifecycles.placement_end(case, EVERYTHING, as_of)
    accepted = lifecycles.accepted_on(case, EVERYTHING, as_of)
    if end is not None and accepted is None:
        return "rejected" if end.outcome == "reject" else "withdrawn"
    if end is not None:
        return "ended-early" if is_realised else "cancelled"
    if accepted is None:
        return "proposed"
    if is_realised and lifecycles.ended_early_on(book, case, EVERYTHING, as_of) is not None:
        return "ended-early"
    if is_realised and lifecycles.completed_on(book, case, EVERYTHING, as_of) is not None:
        return "completed"
    is_suspended = any(True for _ in agreements.suspensions(case, EVERYTHING, as_of))
    if is_suspended and prevailing("placement", "accept", "suspend") == "suspend":
        return "suspended"
    return "active" if is_realised else "planned"


def _months(view: PlacementView, ended: date | None) -> Fraction | None:
    """Realised months: over the actual interval where it has a length, else over the planned one."""
    actual = None if view.actual is None else edtf.parse(view.actual)
    span = actual if actual is not None and actual.months is not None else edtf.parse(view.planned)
    if ended is None or span.earliest is None or (span.latest is not None and span.latest <= ended):
        return span.months
    return edtf.months_between(span.earliest, ended)
