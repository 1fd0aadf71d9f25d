"""What every judge needs: what was judged before, and how a reference is followed.

A judge is given the book, a record and its view, and returns a verdict; the first rule that
fails names it. Here stand the rules that hold for all types; ``nominations``, ``placements``
and ``decisions`` hold those of one type.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from passerelle.exchange.book import Book, Case, Known
from passerelle.exchange.causality import BESIDE, At, Cut, is_within
from passerelle.exchange.held import Entry
from passerelle.exchange.quotas import Ledger
from passerelle.exchange.verdicts import ACCEPTED, Verdict, blocked, waiting
from passerelle.exchange.views import (
    AgreedDirection,
    AgreementView,
    Direction,
    EventView,
    Ref,
)

_PUBLIC_ONLY: Final = frozenset({"offer"})
BILATERAL_ONLY: Final = frozenset({"agreement", "dossier", "nomination", "placement"})
"""Types whose records are never public, nor is what names one: its id alone tells who deals with whom."""


@dataclass(slots=True)
class Bench:
    """What a judge has before it: the book, and for each side of the pair the places in its view.

    Args:
        book: What was judged before.
        pair: SCIDs of the two agencies; empty for the public feeds.
        nominated: By agency, places taken by nominations, in the view of the agency that nominates.
        accepted: By agency, places taken by acceptances, in the view of the agency that accepts.
    """

    book: Book
    pair: frozenset[str] = frozenset()
    nominated: dict[str, Ledger] = field(default_factory=dict)
    accepted: dict[str, Ledger] = field(default_factory=dict)

    def is_home(self, direction: Direction) -> bool:
        """Whether this pair's records decide on what has that direction."""
        return direction.ends == self.pair


def judge_version(book: Book, entry: Entry, cut: Cut) -> Verdict:
    """As `judge_header`, where all that is in the view was judged before."""
    before = book.find(entry.previous) if entry.previous is not None else None
    if before is None or not is_within(before.at, cut):
        return judge_header(book, entry, cut, None)
    if before.at[0] == BESIDE and before.entry.issuer != entry.issuer:
        return judge_header(book, entry, cut, None)  # nothing says that its author had it
    return judge_header(book, entry, cut, before.entry)


def judge_header(book: Book, entry: Entry, cut: Cut, before: Entry | None) -> Verdict:
    """One digest for an id and version; a next version has the issuer, type and audience of the one before.

    The schemas hold who is addressed; it is asked again here, for what follows rests on it.

    Args:
        book: All headers that were met.
        entry: The record.
        cut: Its view.
        before: What it names as the version before; None where that is not held, not in view, or of another
            agency and in no line of the pair.
    """
    if entry.type in (BILATERAL_ONLY if entry.is_public else _PUBLIC_ONLY):
        return blocked("record.audience", type=entry.type)
    verdict = _judge_id(
        entry, [(other, at) for other, at in book.headers.get(entry.id, ()) if is_within(at, cut)]
    )
    if not verdict.is_accepted:
        return verdict
    if before is None:
        return ACCEPTED  # widened to those who had not seen the version before
    return _judge_previous(before, entry)


def _judge_id(entry: Entry, others: Sequence[tuple[Entry, At]]) -> Verdict:
    """An id is its first issuer's, for the type of the first record, and each version has one digest.

    Headers alone decide, whatever became of the other record: what was blocked would
    otherwise open a way round these rules. Of another issuer's record a next version is not
    asked, so that nobody takes an id away by writing it down: not in a public record, which
    is in every view, nor in one that claims not to have seen ours.
    """
    own = [other for other, _ in others if other.issuer == entry.issuer]
    for other in own:
        if other.version == entry.version:
            return blocked("record.version-conflict", id=entry.id, version=entry.version, digest=other.digest)
    strangers = (other for other, at in others if other.issuer != entry.issuer and at[0] != BESIDE)
    stranger = next(strangers, None)
    if entry.previous is None and stranger is not None:
        return blocked("version.not-issuer", id=entry.id, issuer=stranger.issuer)
    if own and own[0].type != entry.type:
        return blocked("version.other-type", id=entry.id, type=own[0].type)
    return ACCEPTED


def _judge_previous(before: Entry, entry: Entry) -> Verdict:
    if before.issuer != entry.issuer:
        return blocked("version.not-issuer", id=entry.id, issuer=before.issuer)
    if before.id != entry.id or before.version + 1 != entry.version:
        return blocked("version.previous-mismatch", id=entry.id, version=entry.version)
    if not entry.is_public and (before.is_public or not before.reaches <= entry.reaches):
        return blocked("version.audience-narrowed", id=entry.id, version=entry.version)
    return ACCEPTED


def judge_event(entry: Entry, view: EventView) -> Verdict:
    """A public event names nothing that two agencies keep between them."""
    private = sorted(view.about_types & BILATERAL_ONLY) if entry.is_public else ()
    return blocked("event.audience", type=private[0]) if private else ACCEPTED


def judge_agreement(entry: Entry, view: AgreementView) -> Verdict:
    """The parties are exactly the issuer and those addressed, so that nobody is bound unknowingly."""
    if view.agencies != entry.reaches or len(view.parties) != len(view.agencies):
        return blocked("agreement.parties", id=entry.id)
    return ACCEPTED


def judge_limit(row: AgreedDirection, count: int, limit: int, *, of: str, year: int) -> Verdict:
    """V02: fewer stand before it than the limit.

    Params of ``quota.reached``: ``of`` is ``nominations`` or ``acceptances``, ``quota`` the
    persons agreed, ``limit`` how many of these may stand, ``count`` how many do.
    """
    if count < limit:
        return ACCEPTED
    return blocked(
        "quota.reached",
        of=of,
        quota=row.quota,
        limit=limit,
        count=count,
        perPeriod=row.per_period,
        year=year,
        **row.direction.params,
    )


# --- references ------------------------------------------------------------------------


def resolve(book: Book, ref: Ref, cut: Cut, *, member: str, record_type: str) -> Known | Verdict:
    """The record that another names, if its author could have known it and it counts."""
    known = find_named(book, ref, cut, member=member, record_type=record_type)
    if isinstance(known, Verdict) or known.verdict.is_accepted:
        return known
    return as_reference(known.verdict, member, ref)


def as_reference(verdict: Verdict, member: str, ref: Ref) -> Verdict:
    """What the verdict of a record that does not count makes of one that names it."""
    where = {"member": member, "digest": ref.digest, "because": verdict.code}
    if verdict.status == "waiting":
        return waiting("reference.waiting", **where)
    return blocked("reference.blocked", **where)


def find_named(book: Book, ref: Ref, cut: Cut, *, member: str, record_type: str) -> Known | Verdict:
    """The record that another names, whatever its own verdict is."""
    known = book.find(ref.digest)
    where = {"member": member, "digest": ref.digest}
    if known is None and ref.digest not in book.lines:
        return waiting("reference.not-held", **where)
    if known is None or not is_within(known.at, cut):
        return blocked("reference.not-in-view", **where)
    if known.entry.id != ref.id:
        return blocked("reference.other-id", **where, id=known.entry.id)
    if known.entry.type != record_type:
        return blocked("reference.other-type", **where, type=known.entry.type, expected=record_type)
    return known


def resolve_case(
    book: Book, ref: Ref, cut: Cut, *, member: str, record_type: str
) -> tuple[Known, Case] | Verdict:
    """As :func:`resolve`, for types that have cases."""
    known = resolve(book, ref, cut, member=member, record_type=record_type)
    if isinstance(known, Verdict):
        return known
    if known.case is None:
        raise RuntimeError(f"an accepted {record_type} without a case")
    return known, known.case
