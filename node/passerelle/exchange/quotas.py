"""Who holds a place: counted as records come into an author's view, so that no rule counts anew.

Only one author adds to each count: the sender nominates, the host accepts. So each side of a
pair has a :class:`Ledger` that follows that side's view, which only grows, and a check costs
the few places that were given back after the day in question, not the whole history.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from passerelle.exchange.book import Case
from passerelle.exchange.views import Direction

Key: TypeAlias = tuple[Case, Direction]
"""An agreement, in all its versions, and a direction."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a direction's quota.

    Args:
        year: Calendar year in which it was taken.
        released: Day from which it is free again; None while it is held.
    """

    year: int
    released: date | None


@dataclass(slots=True)
class _Column:
    """Places of one key."""

    places: dict[Case, Place] = field(default_factory=dict)
    held: Counter[int] = field(default_factory=Counter)
    released: list[tuple[date, int]] = field(default_factory=list)

    def put(self, case: Case, place: Place | None) -> None:
        before = self.places.pop(case, None)
        if before is not None:
            self._count(before, -1)
        if place is not None:
            self.places[case] = place
            self._count(place, 1)

    def _count(self, place: Place, by: int) -> None:
        if place.released is None:
            self.held[place.year] += by
        elif by > 0:
            insort(self.released, (place.released, place.year))
        else:
            self.released.remove((place.released, place.year))

    def count(self, on: date, year: int | None) -> int:
        after = self.released[bisect_right(self.released, (on, 9999)) :]
        if year is None:
            return self.held.total() + len(after)
        return self.held[year] + sum(1 for _, taken in after if taken == year)


@dataclass(slots=True)
class Ledger:
    """The places of one kind (nominated, or accepted) in one side's view."""

    _columns: defaultdict[Key, _Column] = field(default_factory=lambda: defaultdict(_Column))

    def put(self, key: Key, nomination: Case, place: Place | None) -> None:
        """Says anew what a nomination holds under a key; None: nothing, not even in the past."""
        self._columns[key].put(nomination, place)

    def count(self, key: Key, nomination: Case, on: date, per_period: str) -> int:
        """How many other nominations hold a place on a day.

        Args:
            key: Agreement and direction.
            nomination: Left out of the count.
            on: Day of the act that wants a place. Places given back by then are free.
            per_period: ``total``, or else by the calendar year of ``on``. A code that this
                version does not know counts like ``total``, which never lets too many through.
        """
        year = on.year if per_period in {"year", "edition"} else None
        column = self._columns[key]
        own = column.places.get(nomination)
        column.put(nomination, None)
        others = column.count(on, year)
        column.put(nomination, own)
        return others
