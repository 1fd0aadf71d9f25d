"""The verdict of a nomination: who nominates, what it names, V01 and V02."""

from __future__ import annotations

from datetime import date

from passerelle.exchange import agreements, lifecycles
from passerelle.exchange.book import Book, Case, Known
from passerelle.exchange.causality import Cut
from passerelle.exchange.held import Entry
from passerelle.exchange.judging import Bench, judge_limit, resolve, resolve_case
from passerelle.exchange.reading import View
from passerelle.exchange.verdicts import ACCEPTED, Verdict, blocked, waiting
from passerelle.exchange.views import AgreedDirection, Direction, NominationView, OfferView, Ref


def judge_nomination(bench: Bench, entry: Entry, view: NominationView, cut: Cut) -> Verdict:
    """In this order: the ends of the direction, the version, dossier and offer, V01, V02."""
    if view.direction.sender != entry.issuer:
        return blocked("nomination.not-sender", **view.direction.params)
    if view.direction.host == entry.issuer or view.direction.host not in entry.reaches:
        return blocked("nomination.host-not-addressed", **view.direction.params)
    if not bench.is_home(view.direction):
        return waiting("view.not-held", **view.direction.params)
    kept = _judge_next_version(bench.book, entry, view, cut)
    if not kept.is_accepted:
        return kept
    dossier = resolve_case(bench.book, view.dossier, cut, member="dossier", record_type="dossier")
    if isinstance(dossier, Verdict):
        return dossier
    if lifecycles.own_end(dossier[1], cut) is not None:
        return blocked("nomination.dossier-withdrawn", dossier=dossier[1].id)
    offer = _offer_of_the_host(bench.book, view, cut)
    if isinstance(offer, Verdict):
        return offer
    return _judge_place(bench, entry, view, offer.view, cut)


def _offer_of_the_host(book: Book, view: NominationView, cut: Cut) -> Known | Verdict:
    """The offer named, which must be the host's own: nobody else's need be held by both."""
    offer = resolve(book, view.offer, cut, member="offer", record_type="offer")
    if isinstance(offer, Verdict) or offer.entry.issuer == view.direction.host:
        return offer
    return blocked("nomination.offer-not-hosts", offer=offer.entry.id, **view.direction.params)


def _judge_next_version(book: Book, entry: Entry, view: NominationView, cut: Cut) -> Verdict:
    """A next version keeps direction and agreement, and comes before the end."""
    case = book.case_of(entry)
    for known in case.versions_in(cut):
        before = known.view
        if isinstance(before, NominationView) and (
            before.direction != view.direction or before.agreement.id != view.agreement.id
        ):
            return blocked("version.subject-changed", id=entry.id)
    if lifecycles.nomination_end(book, case, cut) is not None:
        return blocked("version.subject-ended", id=entry.id)
    return ACCEPTED


def _judge_place(bench: Bench, entry: Entry, view: NominationView, offer: View | None, cut: Cut) -> Verdict:
    """V01: the agreement named is in force and its direction open. V02: a place is left to nominate for."""
    named = resolve_case(bench.book, view.agreement, cut, member="agreement", record_type="agreement")
    if isinstance(named, Verdict):
        return named
    agreement = named[1]
    row = agreed_row(agreement, view.agreement, view.direction, cut, on=view.day)
    if isinstance(row, Verdict):
        return row
    open_ = _judge_open(agreement, row, view, offer, cut)
    if not open_.is_accepted or row.limit is None:
        return open_
    ledger = bench.nominated[entry.issuer]
    case = bench.book.case_of(entry)
    count = ledger.count((agreement, view.direction), case, view.day, row.per_period)
    return judge_limit(row, count, row.limit, of="nominations", year=view.day.year)


def agreed_row(
    agreement: Case, named: Ref | None, direction: Direction, cut: Cut, *, on: date
) -> AgreedDirection | Verdict:
    """The direction as agreed in the version in force on a day.

    Args:
        agreement: The agreement.
        named: The version that a record names, which must be the one in force; None where it names none.
        direction: Which row.
        cut: The view.
        on: The day.
    """
    version = agreements.in_force(agreement, cut, on)
    if isinstance(version, Verdict):
        return version
    if named is not None and version.digest != named.digest:
        return blocked("agreement.superseded", agreement=agreement.id, inForce=version.number)
    row = version.view.row(direction)
    if row is None:
        return blocked("direction.unknown", agreement=agreement.id, **direction.params)
    return row


def _judge_open(
    agreement: Case, row: AgreedDirection, view: NominationView, offer: View | None, cut: Cut
) -> Verdict:
    """Neither closed nor suspended on the day, by the agreement or by a decision of a party."""
    about = {"agreement": agreement.id, **view.direction.params}
    status = row.status_on(view.day)
    if status == "closed":
        return blocked("direction.closed", **about, since=row.since)
    if status != "open":
        return blocked("direction.suspended", **about, since=row.since, by=None)
    known = offer if isinstance(offer, OfferView) else None
    suspension = agreements.suspended(
        agreement,
        cut,
        view.day,
        view.direction,
        schemes=frozenset() if known is None else frozenset({known.scheme}),
        programme=None if known is None else known.programme,
    )
    if suspension is None:
        return ACCEPTED
    return blocked("direction.suspended", **about, since=suspension.since, by=suspension.by)
