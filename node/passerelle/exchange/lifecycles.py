"""Where a nomination or a placement stands, in a view and by a day.

``until`` is the day: what is effective later does not count yet. Without it every decision
in view counts, whatever its date: so may an author know that something will end.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import date

from passerelle.exchange.book import FOR_EVER, Act, Book, Case, End, Known, end_of
from passerelle.exchange.causality import Cut
from passerelle.exchange.tables import BOTH, prevailing
from passerelle.exchange.views import NominationView, PlacementView


def newest(case: Case, cut: Cut) -> Known | None:
    """The newest accepted version in view."""
    return max(case.versions_in(cut), key=lambda known: known.entry.version, default=None)


def current(case: Case, cut: Cut, until: date = FOR_EVER) -> Known | None:
    """The version that counts: the newest that was accepted by the other side, else the newest."""
    accepted = {act.digest for act in case.acts_in(cut, "bind", until) if act.outcome == "accept"}
    chosen = [known for known in case.versions_in(cut) if known.entry.digest in accepted]
    return max(chosen, key=lambda known: known.entry.version, default=newest(case, cut))


def own_end(case: Case, cut: Cut, until: date = FOR_EVER) -> End | None:
    """How the decisions on a subject itself ended it."""
    return end_of(list(case.acts_in(cut, "end", until)))


# --- placements ------------------------------------------------------------------------


def placement_end(placement: Case, cut: Cut, until: date = FOR_EVER) -> End | None:
    """A placement ends by a decision on it, or with its nomination."""
    ends = [own_end(placement, cut, until)]
    if placement.nomination is not None:
        ends.append(own_end(placement.nomination, cut, until))
    return min((end for end in ends if end is not None), key=lambda end: end.day, default=None)


def accepted_on(placement: Case, cut: Cut, until: date = FOR_EVER) -> date | None:
    """Since when the sender has accepted it, in any version."""
    return min((act.day for act in placement.acts_in(cut, "bind", until)), default=None)


def arrived_on(book: Book, placement: Case, cut: Cut, until: date = FOR_EVER) -> date | None:
    """Day on which the host says that the volunteer arrived; of several, the earliest."""
    days = _days_of(book, placement, cut, {"arrival"}, {placement.issuer})
    return min((day for day in days if day <= until), default=None)


def ended_early_on(book: Book, placement: Case, cut: Cut, until: date) -> date | None:
    """Day of an early return, as either end of the direction states it."""
    days = _days_of(book, placement, cut, {"early-return"}, _ends(placement, cut))
    return min((day for day in days if day <= until), default=None)


def completed_on(book: Book, placement: Case, cut: Cut, until: date) -> date | None:
    """Day of the end of the mission or of the return, as either end of the direction states it."""
    days = _days_of(book, placement, cut, {"end-of-mission", "return"}, _ends(placement, cut))
    return min((day for day in days if day <= until), default=None)


def _ends(placement: Case, cut: Cut) -> AbstractSet[str]:
    known = newest(placement, cut)
    return known.view.direction.ends if known and isinstance(known.view, PlacementView) else frozenset()


def _days_of(
    book: Book, placement: Case, cut: Cut, kinds: AbstractSet[str], issuers: AbstractSet[str]
) -> Iterator[date]:
    """Days on which such an event is said to have been done."""
    for happening in book.happenings_of(placement.id, cut):
        view = happening.view
        if (
            view.kind in kinds
            and view.status == "done"
            and happening.issuer in issuers
            and view.day is not None
        ):
            yield view.day


def is_realised(book: Book, placement: Case, cut: Cut, until: date = FOR_EVER) -> bool:
    """Accepted by the sender, arrived, and not ended before the day of arrival."""
    arrived = arrived_on(book, placement, cut, until)
    if arrived is None or accepted_on(placement, cut, until) is None:
        return False
    end = placement_end(placement, cut, until)
    return end is None or arrived <= end.day


def cancelled_on(book: Book, placement: Case, cut: Cut, until: date = FOR_EVER) -> date | None:
    """Day from which a placement that the sender had accepted will not take place."""
    accepted = accepted_on(placement, cut, until)
    end = placement_end(placement, cut, until)
    if accepted is None or end is None or is_realised(book, placement, cut, until):
        return None
    return max(accepted, end.day)


def has_lapsed(placement: Case, cut: Cut) -> bool:
    """Ended without ever having been accepted: it leaves its nomination as it was."""
    return placement_end(placement, cut) is not None and accepted_on(placement, cut) is None


# --- nominations -----------------------------------------------------------------------


def nomination_end(book: Book, nomination: Case, cut: Cut, until: date = FOR_EVER) -> End | None:
    """A nomination ends by a decision on it, or when its placement is cancelled."""
    end = own_end(nomination, cut, until)
    if end is not None:
        return end
    days = [
        day
        for placement in nomination.placements
        if placement.is_in(cut) and (day := cancelled_on(book, placement, cut, until)) is not None
    ]
    return End(min(days), "cancel") if days else None


def release_day(book: Book, nomination: Case, cut: Cut) -> date | None:
    """Day from which an ended nomination leaves its place to another; never, once realised."""
    if any(is_realised(book, placement, cut) for placement in nomination.placements if placement.is_in(cut)):
        return None
    end = nomination_end(book, nomination, cut)
    return None if end is None else end.day


def is_placed(nomination: Case, cut: Cut) -> bool:
    """Whether a placement in view rests on it."""
    return any(placement.is_in(cut) and not has_lapsed(placement, cut) for placement in nomination.placements)


def last_word(nomination: Case, cut: Cut, author: str, until: date = FOR_EVER) -> Act | None:
    """The last decision of one author by a day that binds or holds."""
    acts = [
        act
        for effect in ("bind", "hold")
        for act in nomination.acts_in(cut, effect, until)
        if act.author == author
    ]
    return max(acts, key=lambda act: act.turn, default=None)


def standing(nomination: Case, cut: Cut, until: date = FOR_EVER) -> str:
    """What the last words of both sides make of a nomination that has not ended.

    ``none``, ``shortlist``, ``waitlist``, ``accept``, ``confirm`` (both have bound
    themselves) or ``contested``.
    """
    known = newest(nomination, cut)
    if known is None or not isinstance(known.view, NominationView):
        return "none"
    host = last_word(nomination, cut, known.view.direction.host, until)
    sender = last_word(nomination, cut, known.view.direction.sender, until)
    if host is None:
        return "none"
    if sender is None or (host.outcome != "accept" and host.had_seen(sender)):
        return host.outcome
    result = prevailing("nomination", host.outcome, sender.outcome)
    return "confirm" if result == BOTH else result


def place_held(nomination: Case, host: str, cut: Cut) -> tuple[Act, date | None] | None:
    """The acceptance by which a nomination holds a place, and the day on which the host took it back.

    None where the host never accepted it.
    """
    words = sorted(
        (act for effect in ("bind", "hold") for act in nomination.acts_in(cut, effect) if act.author == host),
        key=lambda act: act.turn,
    )
    accepts = [act for act in words if act.outcome == "accept"]
    if not accepts:
        return None
    later = (act.day for act in words if act.outcome != "accept" and act.turn > accepts[-1].turn)
    return accepts[-1], min(later, default=None)
