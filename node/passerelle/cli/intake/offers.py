"""From a row of text to the body of an offer, every fault of the row found at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from passerelle.cli.intake import cells
from passerelle.cli.intake.columns import REQUIRED, TRANSLATED, Heading, language_of
from passerelle.cli.intake.faults import CellError, Fault
from passerelle.cli.intake.tables import Row
from passerelle.protocol.profile import Json, JsonObject

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Publisher:
    """What the node's own agency brings to every offer.

    Args:
        scid: The agency, also the host of every offer.
        country: Used where a row names no country.
        lang: Language of texts where neither a row nor the headings tell.
        partners: SCID and country of each known partner, by code, for the column of sending agencies.
        schemes: Plain label or code of each scheme to its code.
        sectors: The same for sectors.
    """

    scid: str
    country: str
    lang: str
    partners: Mapping[str, tuple[str, str]]
    schemes: Mapping[str, str]
    sectors: Mapping[str, str]


@dataclass(slots=True)
class _Sheet:
    """One row under its headings. A cell is read once; a cell that is wrong leaves a fault."""

    file: str
    row: int
    cells: list[tuple[Heading, str]]
    faults: list[Fault] = field(default_factory=list)

    def read(self, key: str, reader: Callable[[str], T]) -> T | None:
        """The value of a column, None where the row has none or it is wrong."""
        for heading, cell in self.cells:
            if heading.column.key == key and cell:
                return self._read(heading, cell, reader)
        return None

    def translated(self, key: str, lang: str) -> dict[str, str]:
        """A text by language."""
        found: dict[str, str] = {}
        for heading, cell in self.cells:
            if heading.column.key == key and cell:
                value = self._read(heading, cell, cells.text)
                tag = heading.lang or lang
                if tag in found:  # `titre` and `titre (fr)` of a row in French
                    self.faults.append(
                        Fault(
                            self.file,
                            self.row,
                            heading.shown,
                            "offers.column-twice",
                            {"heading": heading.shown},
                        )
                    )
                elif value is not None:
                    found[tag] = value
        return found

    def fault(self, key: str, code: str, **params: object) -> None:
        """Write down what is wrong with a column of this row."""
        shown = next((heading.shown for heading, _ in self.cells if heading.column.key == key), None)
        self.faults.append(Fault(self.file, self.row, shown, code, params))

    def _read(self, heading: Heading, cell: str, reader: Callable[[str], T]) -> T | None:
        try:
            return reader(cell)
        except CellError as exc:
            self.faults.append(Fault(self.file, self.row, heading.shown, exc.code, exc.params))
            return None


def offer_body(
    file: str, headings: list[Heading | None], row: Row, publisher: Publisher
) -> tuple[JsonObject, list[Fault]]:
    """The body of the offer that a row describes, and everything that is wrong with the row.

    The body is worth publishing only when there is no fault. Limits that concern the record
    alone (a text too long) are left to the schema, which the desk applies.
    """
    named = [(heading, cell) for heading, cell in zip(headings, row.cells, strict=False) if heading]
    sheet = _Sheet(file, row.number, named)
    if any(row.cells[len(headings) :]):
        sheet.faults.append(Fault(file, row.number, None, "offers.row-too-long", {"cells": len(row.cells)}))
    lang = sheet.read("lang", cells.language) or language_of(headings, publisher.lang)
    body: JsonObject = {"lang": lang, "host": {"agency": publisher.scid, "country": publisher.country}}
    for key in sorted(TRANSLATED):
        text = sheet.translated(key, lang)
        if text:
            body[key] = {tag: value for tag, value in text.items()}  # noqa: C416  (widens to Json for mypy)
    for part in (_mission, _profile, _conditions):
        body.update(part(sheet, publisher))
    sheet.faults.extend(_missing(sheet))
    return body, sheet.faults


def _mission(sheet: _Sheet, publisher: Publisher) -> JsonObject:
    """Where, what under, how many, when."""
    country = sheet.read("country", cells.country) or publisher.country
    city = sheet.read("city", cells.text)
    place: JsonObject = {"country": country, "city": city} if city else {"country": country}
    organisation: JsonObject = {"name": sheet.read("organisation", cells.text)}
    return _present(
        scheme=sheet.read("scheme", cells.code(publisher.schemes)),
        hostOrganisation=organisation,
        needExpressedOn=sheet.read("need", cells.day),
        place=place,
        places=sheet.read("places", cells.count),
        period=_period(sheet),
        durationMonths=sheet.read("months", cells.decimal),
        closesOn=sheet.read("closes_on", cells.day),
        weeklyHours=sheet.read("hours", cells.decimal),
        sectors=_listed(sheet, "sectors", cells.code(publisher.sectors)),
        origins=_origins(sheet, publisher),
        contact=sheet.read("contact", cells.text),
    )


def _period(sheet: _Sheet) -> str | None:
    """``start/end``, an open end where the row has none."""
    start, end = sheet.read("start", cells.day), sheet.read("end", cells.day)
    if start and end and end < start:
        sheet.fault("end", "offers.end-before-start", start=start, end=end)
        return None
    return f"{start}/{end or '..'}" if start else None


def _profile(sheet: _Sheet, _publisher: Publisher) -> JsonObject:
    wanted = sheet.read("languages", cells.language_levels) or []
    languages: list[Json] = [{"bcp47": tag, "cefr": level} for tag, level in wanted]
    profile = _present(
        languages=languages or None,
        ageMin=sheet.read("age_min", cells.count),
        ageMax=sheet.read("age_max", cells.count),
    )
    return {"profile": profile} if profile else {}


def _conditions(sheet: _Sheet, _publisher: Publisher) -> JsonObject:
    lodging, tutor = sheet.read("lodging", cells.yes_no), sheet.read("tutor", cells.yes_no)
    conditions = _present(
        allowance=_allowance(sheet), lodging=None if lodging is None else {"provided": lodging}
    )
    return _present(conditions=conditions or None, tutor=None if tutor is None else {"assigned": tutor})


def _allowance(sheet: _Sheet) -> JsonObject | None:
    """An amount means nothing without its currency."""
    amount, currency = sheet.read("allowance", cells.decimal), sheet.read("currency", cells.currency)
    if amount and not currency:
        sheet.fault("allowance", "offers.currency-missing", amount=amount)
        return None
    return {"amount": amount, "currency": currency, "unit": "month"} if amount and currency else None


def _origins(sheet: _Sheet, publisher: Publisher) -> list[Json] | None:
    """Who may nominate. Codes are local names, so only partners that this node knows can be meant."""
    found: list[Json] = []
    for code in sheet.read("origins", cells.listed) or []:
        partner = publisher.partners.get(code.upper())
        if partner is None:
            sheet.fault("origins", "offers.unknown-partner", value=code, known=sorted(publisher.partners))
        else:
            found.append({"agency": partner[0], "country": partner[1]})
    return found or None


def _listed(sheet: _Sheet, key: str, reader: cells.Reader) -> list[Json] | None:
    """Several values of one cell, each read alike."""

    def read(cell: str) -> list[Json]:
        return [reader(item) for item in cells.listed(cell)]

    return sheet.read(key, read) or None


def _missing(sheet: _Sheet) -> Iterator[Fault]:
    """Cells that every offer needs and that this row leaves empty."""
    for column in REQUIRED:
        filled = any(heading.column.key == column.key and cell for heading, cell in sheet.cells)
        shown = next((heading.shown for heading, _ in sheet.cells if heading.column.key == column.key), None)
        if shown and not filled:
            yield Fault(sheet.file, sheet.row, shown, "offers.cell-missing", {"heading": shown})


def _present(**members: Json) -> JsonObject:
    return {name: value for name, value in members.items() if value is not None}
