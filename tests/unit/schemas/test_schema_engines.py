"""Two engines, one verdict: ``jsonschema-rs``, which decides, and ``jsonschema``, which explains.

They come from different hands and read patterns with different machines; where they differed, a
record would be refused without a reason, or a reason given for a record that was taken.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, cast

import pytest
from edtf import parse_edtf  # the oracle
from hypothesis import example, given
from hypothesis import strategies as st

from passerelle.exchange import edtf
from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.schemafaults import Explainer
from passerelle.protocol.schemas import Schemas

Reading: TypeAlias = Literal["strict", "relaxed", "outgoing"]
Place: TypeAlias = tuple[str | int, ...]

ROOT = Path(__file__).parents[3] / "schemas"
SCHEMAS = Schemas.packaged()
RECORDS = [
    cast("JsonObject", json.loads(path.read_text(encoding="utf-8")))
    for path in sorted((ROOT / "samples").glob("*/valid-*.json"))
    if path.parent.name != "stub"
]
FORMS = cast("JsonObject", SCHEMAS._documents["urn:passerelle:schema:common:1.0"]["$defs"])
MAX_INTEGER = 2**53 - 1


def texts() -> st.SearchStrategy[str]:
    """Any text, and what engines trip over: newlines at the end, other digits, letters of no alphabet."""
    tricky = [
        "",
        "\n",
        "\r\n",
        " ",
        "a\n",
        "2017\n",
        "٣",
        "é",
        "e\u0301",
        "\u2028",
        "😀",
        "public\n",
        "VIR",
        "..",
        "/",
    ]
    return st.sampled_from(tricky) | st.text(max_size=20)


def values() -> st.SearchStrategy[Json]:
    leaves: st.SearchStrategy[Json] = (
        st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | texts()
    )
    names = st.sampled_from(["fr", "id", "country", "surprise"])
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=5,
    )


def places(value: Json, at: Place = ()) -> Iterator[Place]:
    """Every place inside a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in inner:
        yield (*at, step)
        yield from places(child, (*at, step))


@st.composite
def mutants(draw: st.DrawFn) -> JsonObject:
    """A sample with one to three places put out of order."""
    record = copy.deepcopy(draw(st.sampled_from(RECORDS)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(list(places(record))))
        mutate(draw, record, place)
    return record


def mutate(draw: st.DrawFn, record: JsonObject, place: Place) -> None:
    holder: Json = record
    for step in place[:-1]:
        holder = holder[step]  # type: ignore[index]
    last = place[-1]
    how = draw(st.sampled_from(["replace", "delete", "append", "again"]))
    if isinstance(holder, dict) and isinstance(last, str):
        old = holder[last]
        if how == "delete" and last != "schema":
            del holder[last]
        elif how == "append" and isinstance(old, str):
            holder[last] = old + draw(texts())
        elif how == "again":
            holder[last + "x"] = copy.deepcopy(old)
        elif last != "schema":
            holder[last] = draw(values())
    elif isinstance(holder, list) and isinstance(last, int):
        if how == "delete":
            del holder[last]
        elif how == "again":
            holder.append(copy.deepcopy(holder[last]))
        else:
            holder[last] = draw(values())


@cache
def explainer(reading: Reading) -> Explainer:
    return Explainer(SCHEMAS._read(reading))


class TestVerdicts:
    @given(mutants(), st.sampled_from(["strict", "relaxed", "outgoing"]))
    def test_the_engines_agree_on_whatever_comes(self, record: JsonObject, reading: Reading) -> None:
        urn = f"urn:passerelle:schema:{str(record['schema']).split(':')[3]}:1.0"
        decided = SCHEMAS._validator(reading, urn).is_valid(record)
        explained = explainer(reading).faults(urn, record)
        assert decided is (explained == [])

    @pytest.mark.parametrize("record", RECORDS, ids=lambda record: str(record["id"]))
    def test_a_newline_at_the_end_is_no_part_of_any_form(self, record: JsonObject) -> None:
        """In Python ``$`` also stands before it. Patterns stand in the types' own documents and in the common one."""
        for name in ("nonce", "id", "issuer", "issued"):
            changed = {**record, name: str(record[name]) + "\n"}
            assert not SCHEMAS._validator("strict", str(record["schema"])).is_valid(changed)
            faults = explainer("strict").faults(str(record["schema"]), changed)
            assert [(fault.path, fault.rule) for fault in faults] == [(f"/{name}", "pattern")]

    @given(texts(), st.sampled_from(sorted(FORMS)))
    @example("2017\n", "edtfDate")
    @example("2026-11-21\n", "day")
    def test_the_engines_agree_on_every_form(self, text: str, form: str) -> None:
        reference = f"urn:passerelle:schema:common:1.0#/$defs/{form}"
        decided = SCHEMAS._validator("strict", reference).is_valid(text)
        assert decided is (explainer("strict").faults(reference, text) == [])


def fits(form: str, text: str) -> bool:
    return SCHEMAS._validator("strict", f"urn:passerelle:schema:common:1.0#/$defs/{form}").is_valid(text)


class TestDates:
    @pytest.mark.parametrize("year", [1000, 1200, 1582, 1900, 1996, 2000, 2017, 2028, 2100, 2400, 2999])
    def test_a_day_is_a_day_of_the_calendar(self, year: int) -> None:
        """So that whoever reads a record that passed never meets a day without bounds."""
        real = {
            (date(year, 1, 1) + timedelta(days=n)).isoformat()
            for n in range(date(year, 12, 31).timetuple().tm_yday)
        }
        for month in range(14):
            for day in range(33):
                text = f"{year:04}-{month:02}-{day:02}"
                assert fits("day", text) is fits("edtfDate", text) is (text in real)
                assert fits("time", f"{text}T00:00:00Z") is (text in real)

    def test_leap_years_are_those_of_the_calendar(self) -> None:
        for year in range(1000, 3000):
            leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
            assert fits("day", f"{year}-02-29") is leap, year

    @pytest.mark.parametrize("form", ["edtfDate", "edtfPeriod"])
    def test_every_date_that_passes_is_edtf(self, form: str) -> None:
        """The library that knows all of EDTF reads each shape that our pattern takes."""
        dates = [
            "2017",
            "2012-05",
            "2018-12-13",
            "201X",
            "20XX",
            "2004-XX",
            "2004-06-XX",
            "2004-XX-XX",
            "2001-21",
            "2001-24",
        ]
        shapes = [*dates, *(one + mark for one in dates[:4] for mark in "~?%")]
        if form == "edtfPeriod":
            shapes += [f"{one}/{other}" for one in dates[:3] for other in [*dates[:3], "..", "", "2020~"]]
            shapes += ["../2017", "/2017", "../2018-12-13"]
        for shape in shapes:
            assert fits(form, shape), shape
            assert parse_edtf(shape) is not None, shape

    @given(st.from_regex(re.compile(r"[12][0-9X]{3}(-[0-9X]{2}){0,2}[~?%]?"), fullmatch=True))
    @example("2000-02-29")
    @example("2004-XX-XX")
    @example("2001-24")
    @example("201X%")
    def test_every_date_that_passes_has_bounds(self, text: str) -> None:
        """In the library's eyes and in the fold's: what reads a record that passed never fails on a date."""
        if fits("edtfDate", text):
            parsed = parse_edtf(text)
            assert parsed.lower_strict() <= parsed.upper_strict()
            assert (edtf.parse(text).earliest or date.min) <= (edtf.parse(text).latest or date.max)

    @given(
        st.from_regex(
            re.compile(r"([12][0-9X]{3}(-[0-9X]{2}){0,2}[~?%]?|\.\.|)(/([12][0-9X]{3}(-[0-9X]{2})?|\.\.|))?"),
            fullmatch=True,
        )
    )
    def test_every_period_that_passes_is_read_by_the_fold(self, text: str) -> None:
        if fits("edtfPeriod", text):
            span = edtf.parse(text)
            assert (span.earliest, span.latest) != (None, None)
