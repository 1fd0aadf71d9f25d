"""EDTF bounds, with the edtf library as an outside opinion."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from edtf import parse_edtf
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.exchange import edtf

_years = st.integers(1000, 2998)
_days = st.dates(date(1000, 1, 1), date(2998, 12, 31))
_marks = st.sampled_from(["", "~", "?", "%"])


def _dates() -> st.SearchStrategy[str]:
    return st.one_of(
        _days.map(str),
        _days.map(lambda day: str(day)[:7]),
        _days.map(lambda day: f"{str(day)[:7]}-XX"),
        _years.map(str),
        _years.map(lambda year: f"{year}-XX"),
        _years.map(lambda year: f"{year}-XX-XX"),
        _years.map(lambda year: f"{str(year)[:3]}X"),
        _years.map(lambda year: f"{str(year)[:2]}XX"),
    )


def _outside(text: str) -> tuple[str, str]:
    """The library's strict bounds; a mark is cut, for the library reads one beside an X as nothing."""
    parsed = parse_edtf(text)
    low, high = parsed.lower_strict(), parsed.upper_strict()
    return (f"{low[0]:04}-{low[1]:02}-{low[2]:02}", f"{high[0]:04}-{high[1]:02}-{high[2]:02}")


@given(_dates(), _marks)
def test_a_date_has_the_days_that_the_library_gives_it(text: str, mark: str) -> None:
    """S-60: the earliest and the latest possible day; a mark of doubt moves neither."""
    span = edtf.parse(text + mark)
    assert (str(span.earliest), str(span.latest)) == _outside(text)


@given(_days, _days)
def test_an_interval_runs_from_the_first_to_the_last_day(first: date, last: date) -> None:
    """S-60: bounds of an interval."""
    text = f"{str(first)[:7]}/{str(last)[:4]}"
    span = edtf.parse(text)
    assert span.earliest == edtf.parse(str(first)[:7]).earliest
    assert span.latest == edtf.parse(str(last)[:4]).latest


@pytest.mark.parametrize("month", [21, 22, 23])
def test_seasons_are_the_librarys(month: int) -> None:
    """Spring, summer, autumn."""
    span = edtf.parse(f"2001-{month}")
    assert (str(span.earliest), str(span.latest)) == _outside(f"2001-{month}")


def test_winter_runs_into_the_next_year() -> None:
    """The library stops at 31 December; three months are meant."""
    assert edtf.parse("2003-24") == edtf.Span(date(2003, 12, 1), date(2004, 2, 29), 3)


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("2017/..", date(2017, 1, 1), None),
        ("2017/", date(2017, 1, 1), None),
        ("../2017-02", None, date(2017, 2, 28)),
        ("/2017", None, date(2017, 12, 31)),
        ("2018-12-13/2018-12-15", date(2018, 12, 13), date(2018, 12, 15)),
        ("2016-02-29", date(2016, 2, 29), date(2016, 2, 29)),
        ("2017~/2018?", date(2017, 1, 1), date(2018, 12, 31)),
    ],
)
def test_open_and_unknown_ends_have_no_day(text: str, earliest: date | None, latest: date | None) -> None:
    """S-60: no day is invented."""
    span = edtf.parse(text)
    assert (span.earliest, span.latest) == (earliest, latest)


def test_an_open_start_is_the_first_day_there_is() -> None:
    """``earliest_day`` always gives a day."""
    assert edtf.earliest_day("../2017") == date.min
    assert edtf.earliest_day("2017-05") == date(2017, 5, 1)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "/",
            "../..",
            "..",
            "17",
            "2017-13",
            "2017-00",
            "2017-02-30",
            "2017-02-29",
            "0000",
            "2017-XX-03",
        ),
        *("2017-21-01", "2017-1", "2017/2018/2019", "2017-01-01T10:00:00Z", "Y170000002", "-1985", "201X-05"),
        *("{2017,2018}", "2017 ", "२०१७", "2017-25", "2017~~", "XXXX", "2017-05-1X"),
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    """Only the forms of the header of the module are read."""
    with pytest.raises(ProtocolError) as caught:
        edtf.parse(text)
    assert caught.value.code == "edtf.malformed"


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("2012-07/2013-04", Fraction(10)),
        ("2012-07", Fraction(1)),
        ("2012/2013", Fraction(24)),
        ("2012-07-01/2013-04-30", Fraction(304 * 16, 487)),
        ("2012-07/2013-04-30", Fraction(304 * 16, 487)),
        ("2012-07-01", Fraction(16, 487)),
        ("2017/..", None),
        ("../2017", None),
        ("2018/2017", None),
    ],
)
def test_months_are_counted_as_they_are_written(text: str, months: Fraction | None) -> None:
    """S-62: calendar months where written to the month, days / 30.4375 where written to the day."""
    assert edtf.parse(text).months == months
