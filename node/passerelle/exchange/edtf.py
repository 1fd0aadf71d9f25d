"""Dates of facts: EDTF levels 0 and 1 as far as days have them, with the days they bound.

    2016-10-24   2012-05   2019   2019~   201X   20XX   1985-04-XX   2001-21
    2012-07/2013-04   2017/..   2017/   ../2017

What the fold needs of an imprecise date is its earliest and its latest day. The marks ``?``,
``~`` and ``%`` say how sure an author is and move no day, and so no figure. Times of day,
level 2, and years outside 0001 to 9999 are not read; the record schemas allow still less.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Final

from passerelle.errors import ProtocolError

_DATE: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2}|XX)(?:-(?P<day>[0-9]{2}|XX))?)?[~?%]?"
    r"|(?P<decade>[0-9]{3})X[~?%]?"
    r"|(?P<century>[0-9]{2})XX[~?%]?"
)
_UNBOUNDED: Final = ("", "..")

_SEASONS: Final = {"21": 3, "22": 6, "23": 9, "24": 12}
"""First month of each season. EDTF ties seasons to no hemisphere; meteorology's northern ones are taken."""

_DAYS_A_MONTH: Final = Fraction(487, 16)
"""30.4375 days, exactly."""


@dataclass(frozen=True, slots=True)
class Span:
    """The days that an EDTF date or interval may cover.

    Args:
        earliest: First day that is possible; None where the start is open or unknown.
        latest: Last day that is possible; None where the end is open or unknown.
        whole_months: Number of calendar months from the first to the last inclusive, where
            both ends are written to the month or the year; None where days are written.
    """

    earliest: date | None
    latest: date | None
    whole_months: int | None

    @property
    def months(self) -> Fraction | None:
        """Length in person-months, exact: calendar months where written so, else days / 30.4375.

        None where an end is open or unknown, or the end lies before the start.
        """
        if self.earliest is None or self.latest is None or self.latest < self.earliest:
            return None
        if self.whole_months is not None:
            return Fraction(self.whole_months)
        return months_between(self.earliest, self.latest)


def months_between(first: date, last: date) -> Fraction:
    """Months of 30.4375 days from ``first`` to ``last``, both counted; 0 where ``last`` lies before."""
    return Fraction(max((last - first).days + 1, 0)) / _DAYS_A_MONTH


@lru_cache(maxsize=4096)
def parse(text: str) -> Span:
    """The span of a date or an interval.

    Raises:
        ProtocolError: ``edtf.malformed`` for what is not of the forms above, ``/`` and ``../..`` included.
    """
    start, slash, end = text.partition("/")
    if not slash:
        first, last, precise = _bounds(text)
        return Span(first, last, None if precise else _count_months(first, last))
    if start in _UNBOUNDED and end in _UNBOUNDED:
        raise ProtocolError("edtf.malformed", text=text[:64])
    if start in _UNBOUNDED:
        return Span(None, _bounds(end)[1], None)
    first, _, precise_start = _bounds(start)
    if end in _UNBOUNDED:
        return Span(first, None, None)
    _, last, precise_end = _bounds(end)
    return Span(first, last, None if precise_start or precise_end else _count_months(first, last))


def earliest_day(text: str) -> date:
    """First possible day; the first day that there is where the start is open or unknown.

    Raises:
        ProtocolError: ``edtf.malformed``.
    """
    return parse(text).earliest or date.min


def _bounds(text: str) -> tuple[date, date, bool]:
    """First and last day of one date, and whether it is written to the day."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise ProtocolError("edtf.malformed", text=text[:64])
    try:
        if match["decade"]:
            first = int(match["decade"]) * 10
            return date(first, 1, 1), date(first + 9, 12, 31), False
        if match["century"]:
            first = int(match["century"]) * 100
            return date(first, 1, 1), date(first + 99, 12, 31), False
        return _bounds_in_year(int(match["year"]), match["month"], match["day"])
    except ValueError as exc:  # a month 13, a 30 February, the year 0
        raise ProtocolError("edtf.malformed", text=text[:64]) from exc


def _bounds_in_year(year: int, month: str | None, day: str | None) -> tuple[date, date, bool]:
    if month is None:
        return date(year, 1, 1), date(year, 12, 31), False
    if month == "XX":
        if day not in {None, "XX"}:
            raise ValueError("a day of an unknown month")
        return date(year, 1, 1), date(year, 12, 31), False
    if month in _SEASONS:
        if day is not None:
            raise ValueError("a day of a season")
        return (*_season(year, _SEASONS[month]), False)
    if day in {None, "XX"}:
        return date(year, int(month), 1), date(year, int(month), monthrange(year, int(month))[1]), False
    exact = date(year, int(month), int(day or 0))
    return exact, exact, True


def _season(year: int, month: int) -> tuple[date, date]:
    """Three months; winter runs into the next year."""
    first = date(year, month, 1)
    after = date(year + 1, 3, 1) if month == 12 else date(year, month + 3, 1)
    return first, after - timedelta(days=1)


def _count_months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1
