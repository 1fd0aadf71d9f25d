"""Read one cell: dates, numbers, yes and no, countries, codes, as people in French and English write them.

Each reader takes the trimmed text of a cell that is not empty and gives a value of the
JSON profile, or raises ``CellError`` with what the person can do about it.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from babel import Locale

from passerelle.cli.intake.faults import CellError

Reader = Callable[[str], str]

_ISO_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_FRENCH_DATE: Final = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})")
_NUMBER: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
# Spaces between thousands as spreadsheets write them: plain, no-break, narrow no-break.
_SPACES: Final = str.maketrans("", "", " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}")
_YES: Final = frozenset({"oui", "o", "yes", "y", "vrai", "true", "1", "x"})
_NO: Final = frozenset({"non", "n", "no", "faux", "false", "0"})
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_LEVELS: Final = frozenset({"A1", "A2", "B1", "B2", "C1", "C2"})
_CURRENCIES: Final = {"fcfa": "XOF", "f cfa": "XOF", "euro": "EUR", "euros": "EUR"}
_LISTED: Final = re.compile(r"[;,/|\n]")


def plain(text: str) -> str:
    """Text without case, accents and punctuation, for comparing headings and labels."""
    decomposed = unicodedata.normalize("NFKD", text.replace("œ", "oe").casefold())
    letters = (char if char.isalnum() else " " for char in decomposed if not unicodedata.combining(char))
    return " ".join("".join(letters).split())


def text(cell: str) -> str:
    """Any text, normalised (NFC), lines ending in one line feed."""
    return unicodedata.normalize("NFC", cell.replace("\r\n", "\n").replace("\r", "\n"))


def day(cell: str) -> str:
    """``31/12/2017`` or ``2017-12-31`` as ``2017-12-31``. Day before month, as in French."""
    french, iso = _FRENCH_DATE.fullmatch(cell), _ISO_DATE.fullmatch(cell)
    if french:
        day_, month, year = french.groups()
    elif iso:
        year, month, day_ = iso.groups()
    else:
        raise CellError("offers.not-a-date", value=cell)
    try:
        return date(int(year), int(month), int(day_)).isoformat()
    except ValueError as exc:
        raise CellError("offers.no-such-day", value=cell) from exc


def decimal(cell: str) -> str:
    """``35,5`` or ``35.5`` as the decimal string ``35.5``; spaces between thousands are dropped."""
    squeezed = cell.translate(_SPACES)
    if not _NUMBER.fullmatch(squeezed):
        raise CellError("offers.not-a-number", value=cell)
    whole, _, fraction = squeezed.replace(",", ".").partition(".")
    fraction = fraction.rstrip("0")
    whole = whole.lstrip("0") or "0"  # not by way of ``int``, which reads no more than 4300 digits
    return f"{whole}.{fraction}" if fraction else whole


def count(cell: str) -> int:
    """A whole number from 1; ``2,0`` is 2."""
    value = decimal(cell)
    if "." in value:
        raise CellError("offers.not-whole", value=cell)
    if len(value) > 4 or value == "0":
        raise CellError("offers.out-of-range", value=cell, least=1, most=9999)
    return int(value)


def yes_no(cell: str) -> bool:
    """``oui``, ``non``, ``yes``, ``no``, ``x``, and what spreadsheets make of a tick box."""
    said = plain(cell)
    if said in _YES:
        return True
    if said in _NO:
        return False
    raise CellError("offers.not-yes-no", value=cell)


def country(cell: str) -> str:
    """An ISO 3166-1 code, or the country's name in French or English."""
    if cell.upper() in _territories("en"):
        return cell.upper()
    for language in ("fr", "en"):
        for code, name in _territories(language).items():
            if plain(name) == plain(cell):
                return code
    raise CellError("offers.unknown-country", value=cell)


def language(cell: str) -> str:
    """A language tag: ``fr``, ``wo``."""
    if not _LANGUAGE.fullmatch(cell):
        raise CellError("offers.not-a-language", value=cell)
    return cell


def language_levels(cell: str) -> list[tuple[str, str]]:
    """``fr B2, wo A2`` as languages with the least level wanted (CEFR)."""
    found = []
    for item in listed(cell):
        tag, _, level = item.partition(" ")
        if level.strip().upper() not in _LEVELS:
            raise CellError("offers.not-a-level", value=item)
        found.append((language(tag.lower()), level.strip().upper()))
    return found


def currency(cell: str) -> str:
    """An ISO 4217 code; ``FCFA`` is the West African franc, as its users write it."""
    found = _CURRENCIES.get(plain(cell), cell.upper())
    if not re.fullmatch("[A-Z]{3}", found):
        raise CellError("offers.not-a-currency", value=cell)
    return found


def listed(cell: str) -> list[str]:
    """The items of a cell that holds several, whatever separates them."""
    return [item.strip() for item in _LISTED.split(cell) if item.strip()]


def code(labels: Mapping[str, str]) -> Reader:
    """Reader of a code list: the code itself, or its label in French or English.

    Args:
        labels: Plain label or code to code.
    """

    def read(cell: str) -> str:
        found = labels.get(plain(cell))
        if found is None:
            raise CellError("offers.unknown-code", value=cell, known=sorted(set(labels.values())))
        return found

    return read


@functools.cache
def _territories(language_tag: str) -> dict[str, str]:
    """Country names by code; regions such as 011 and codes that are no country are left out."""
    names = Locale.parse(language_tag).territories
    kept = {key: str(name) for key, name in names.items() if len(key) == 2 and key.isalpha()}
    return {key: name for key, name in kept.items() if key not in {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}}
