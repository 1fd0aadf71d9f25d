"""The verdict of a placement: the host places whom it accepted and who confirmed, once."""

from __future__ import annotations

from passerelle.exchange import lifecycles
from passerelle.exchange.book import Book, Case, Known
from passerelle.exchange.causality import Cut
from passerelle.exchange.held import Entry
from passerelle.exchange.judging import Bench, resolve_case
from passerelle.exchange.nominations import agreed_row
from passerelle.exchange.verdicts import ACCEPTED, Verdict, blocked, waiting
from passerelle.exchange.views import NominationView, PlacementView


def judge_placement(bench: Bench, entry: Entry, view: PlacementView, cut: Cut) -> Verdict:
    """In this order: the ends of the direction, the nomination, V01 on the day of the planned start."""
    if view.direction.host != entry.issuer:
        return blocked("placement.not-host", **view.direction.params)
    if view.direction.sender == entry.issuer or view.direction.sender not in entry.reaches:
        return blocked("placement.sender-not-addressed", **view.direction.params)
    if not bench.is_home(view.direction):
        return waiting("view.not-held", **view.direction.params)
    if view.nomination is None:
        return blocked("placement.nomination-not-confirmed", nomination=None)
    named = resolve_case(bench.book, view.nomination, cut, member="nomination", record_type="nomination")
    if isinstance(named, Verdict):
        return named
    placed = _judge_nomination(bench.book, entry, view, named, cut)
    return placed if not placed.is_accepted else _judge_start(bench.book, view, cut)


def _judge_nomination(
    book: Book, entry: Entry, view: PlacementView, named: tuple[Known, Case], cut: Cut
) -> Verdict:
    """Accepted, confirmed, of the same direction and agreement, and placed nowhere else."""
    known, nomination = named
    case = book.case_of(entry)
    if case.versions and case.nomination is not nomination:
        return blocked("version.subject-changed", id=entry.id)
    if lifecycles.own_end(case, cut) is not None:
        return blocked("version.subject-ended", id=entry.id)
    ended = lifecycles.nomination_end(book, nomination, cut)
    if ended is not None or lifecycles.standing(nomination, cut) != "confirm":
        return blocked("placement.nomination-not-confirmed", nomination=nomination.id)
    if not isinstance(known.view, NominationView) or (
        known.view.direction != view.direction or known.view.agreement.id != view.agreement.id
    ):
        return blocked("placement.nomination-mismatch", nomination=nomination.id)
    others = (placement for placement in nomination.placements if placement is not case)
    if any(other.is_in(cut) and not lifecycles.has_lapsed(other, cut) for other in others):
        return blocked("placement.nomination-placed", nomination=nomination.id)
    return ACCEPTED


def _judge_start(book: Book, view: PlacementView, cut: Cut) -> Verdict:
    """V01. A suspension stops new nominations, not placements."""
    named = resolve_case(book, view.agreement, cut, member="agreement", record_type="agreement")
    if isinstance(named, Verdict):
        return named
    if view.start is None:
        return blocked("placement.undated", planned=view.planned)
    row = agreed_row(named[1], view.agreement, view.direction, cut, on=view.start)
    return row if isinstance(row, Verdict) else ACCEPTED
