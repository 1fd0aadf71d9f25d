"""The columns of a file of offers: their headings in French and English, and how each cell is read.

The table below is the documentation's source too (a test compares them). A heading is
compared without case, accents and punctuation, so ``Date de clôture`` and ``DATE CLOTURE``
are one. ``titre``, ``description`` and ``résumé`` may be followed by a language,
``titre (en)``; without one they are in the language of the row.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from passerelle.cli.intake.cells import plain
from passerelle.cli.intake.faults import Fault

TRANSLATED: Final = frozenset({"title", "summary", "description"})
"""Columns that may be repeated, once a language."""

_WITH_LANGUAGE: Final = re.compile(r"(?P<name>.+?) (?P<tag>[a-z]{2,3})")


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        key: Name in our own code.
        headings: What may stand above it, French first, then English; the first of each language
            is the one that messages and documentation use.
        english: Where the English ones begin in ``headings``.
        required: Whether every row needs it.
    """

    key: str
    headings: tuple[str, ...]
    english: int
    required: bool = False

    def heading(self, lang: str) -> str:
        """The heading to propose to somebody who reads French or English."""
        return self.headings[0 if lang == "fr" else self.english]


def _column(key: str, french: Sequence[str], english: Sequence[str], *, required: bool = False) -> Column:
    return Column(key, (*french, *english), len(french), required)


COLUMNS: Final = (
    _column("title", ["titre", "intitulé", "titre de la mission"], ["title"], required=True),
    _column("summary", ["résumé"], ["summary"]),
    _column("description", ["description", "description de la mission"], ["description"], required=True),
    _column("lang", ["langue du texte", "langue"], ["language of the text", "language"]),
    _column("scheme", ["dispositif"], ["scheme"], required=True),
    _column(
        "organisation",
        ["structure d'accueil", "structure"],
        ["host organisation", "host organization", "host"],
        required=True,
    ),
    _column("need", ["besoin exprimé le", "date du besoin"], ["need expressed on", "need date"]),
    _column("country", ["pays", "pays de la mission"], ["country"]),
    _column("city", ["ville", "lieu", "commune"], ["city", "town", "place"], required=True),
    _column(
        "places", ["nombre de places", "places"], ["number of places", "places available"], required=True
    ),
    _column("start", ["date de début", "début"], ["start date", "start"], required=True),
    _column("end", ["date de fin", "fin"], ["end date", "end"]),
    _column("months", ["durée en mois", "durée (mois)"], ["duration in months", "duration (months)"]),
    _column(
        "closes_on", ["date de clôture", "clôture", "date limite"], ["closing date", "closes on", "deadline"]
    ),
    _column("hours", ["heures par semaine", "heures hebdomadaires"], ["hours per week", "weekly hours"]),
    _column("sectors", ["secteurs", "secteur", "domaine"], ["sectors", "sector"]),
    _column("languages", ["langues demandées", "langues"], ["languages required", "languages"]),
    _column("age_min", ["âge minimum", "âge min"], ["minimum age", "age min"]),
    _column("age_max", ["âge maximum", "âge max"], ["maximum age", "age max"]),
    _column("allowance", ["indemnité mensuelle", "indemnité"], ["monthly allowance", "allowance"]),
    _column("currency", ["monnaie", "devise"], ["currency"]),
    _column("lodging", ["logement fourni", "logement"], ["lodging provided", "lodging"]),
    _column("tutor", ["tuteur désigné", "tutrice ou tuteur désigné", "tuteur"], ["tutor assigned", "tutor"]),
    _column(
        "origins",
        ["agences d'envoi", "agences d'origine"],
        ["sending agencies", "origin agencies"],
    ),
    _column("contact", ["boîte de contact", "contact"], ["contact mailbox", "contact"]),
)

REQUIRED: Final = tuple(column for column in COLUMNS if column.required)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a file that is one of our columns.

    Args:
        shown: As it stands in the file.
        column: What it is.
        lang: The language it names, ``titre (en)``, or None.
    """

    shown: str
    column: Column
    lang: str | None

    @property
    def written_in(self) -> str | None:
        """The language of the heading itself, None where it is a heading of both (``description``)."""
        names = [plain(name) for name in self.column.headings]
        shown = plain(self.shown)
        shown = shown if self.lang is None else shown.removesuffix(f" {self.lang}")
        french, english = shown in names[: self.column.english], shown in names[self.column.english :]
        return None if french and english else "fr" if french else "en"


_MEMBERS: Final = (
    ("/title", "title"),
    ("/summary", "summary"),
    ("/description", "description"),
    ("/lang", "lang"),
    ("/scheme", "scheme"),
    ("/hostOrganisation", "organisation"),
    ("/needExpressedOn", "need"),
    ("/place/country", "country"),
    ("/place", "city"),
    ("/places", "places"),
    ("/period", "start"),
    ("/durationMonths", "months"),
    ("/closesOn", "closes_on"),
    ("/weeklyHours", "hours"),
    ("/sectors", "sectors"),
    ("/profile/languages", "languages"),
    ("/profile/ageMin", "age_min"),
    ("/profile/ageMax", "age_max"),
    ("/conditions/allowance/currency", "currency"),
    ("/conditions/allowance", "allowance"),
    ("/conditions/lodging", "lodging"),
    ("/tutor", "tutor"),
    ("/origins", "origins"),
    ("/contact", "contact"),
)
"""From where a member stands in an offer's body to the column that fills it; the first that fits counts."""


def heading_at(path: str, headings: Sequence[Heading]) -> str | None:
    """The heading, as it stands in the file, of the column that fills a member of the body.

    Args:
        path: JSON pointer into the body, ``/description/fr``.
        headings: Those of the file; none where it is no table.
    """
    key = next((key for member, key in _MEMBERS if f"{path}/".startswith(f"{member}/")), None)
    fitting = [heading for heading in headings if heading.column.key == key]
    named = [heading for heading in fitting if path.endswith(f"/{heading.lang}")]
    return next((heading.shown for heading in [*named, *fitting]), None)


def language_of(headings: Sequence[Heading | None], otherwise: str) -> str:
    """The language of a table by its headings: who writes *titre* goes on in French."""
    written = [heading.written_in for heading in headings if heading]
    french, english = written.count("fr"), written.count("en")
    return otherwise if french == english else "fr" if french > english else "en"


def recognise(heading: str) -> Heading | None:
    """The column that a heading means, or None."""
    name = plain(heading)
    column = _by_heading().get(name)
    if column:
        return Heading(heading, column, None)
    with_language = _WITH_LANGUAGE.fullmatch(name)
    if with_language:
        column = _by_heading().get(with_language["name"])
        if column and column.key in TRANSLATED:
            return Heading(heading, column, with_language["tag"])
    return None


def nearest(heading: str) -> str | None:
    """The known heading that looks most like one that is not known."""
    close = difflib.get_close_matches(plain(heading), _by_heading(), n=1, cutoff=0.7)
    if not close:
        return None
    column = _by_heading()[close[0]]
    return next(known for known in column.headings if plain(known) == close[0])


def read_headings(file: str, shown: Sequence[str], lang: str) -> tuple[list[Heading | None], list[Fault]]:
    """The columns of a file in order (None where a cell of row 1 is empty), and what is wrong with them."""
    faults: list[Fault] = []
    found: list[Heading | None] = []
    for heading in shown:
        known = recognise(heading) if heading else None
        if heading and known is None:
            near = nearest(heading)
            code = "offers.unknown-column" if near is None else "offers.unknown-column-near"
            faults.append(Fault(file, 1, heading, code, {"heading": heading, "near": near}))
        if known and any(other and _same(other, known) for other in found):
            faults.append(Fault(file, 1, heading, "offers.column-twice", {"heading": heading}))
        found.append(known)
    present = {known.column.key for known in found if known}
    faults += [
        Fault(file, 1, None, "offers.column-missing", {"heading": column.heading(lang)})
        for column in REQUIRED
        if column.key not in present
    ]
    return found, faults


def _same(first: Heading, second: Heading) -> bool:
    return first.column.key == second.column.key and first.lang == second.lang


@functools.cache
def _by_heading() -> dict[str, Column]:
    """Every heading as ``plain`` gives it. French comes first: ``langue`` and ``language`` differ."""
    table: dict[str, Column] = {}
    for column in COLUMNS:
        for heading in column.headings:
            table.setdefault(plain(heading), column)
    return table
