"""Answers as a sheet: CSV that the reader's own spreadsheet opens without being asked anything.

French spreadsheets part cells by semicolons and write decimals with a comma, English ones by commas and with
a point. A program takes ``--json``, which is the same in every language.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from passerelle.cli.output import clean
from passerelle.words import Words

_FORMULA: Final = (
    *("=", "+", "-", "@", "\t", "\r", "\n"),
    *("\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}"),
    *("\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}"),
)
"""What makes a spreadsheet compute a cell. A partner's text must not."""

_BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Without it Excel takes UTF-8 for something else."""

Cell = object


@dataclass(frozen=True, slots=True)
class Decimal:
    """A decimal as the answers write it, ``31.934``, to be shown as a number."""

    text: str


def write(words: Words, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Prints a sheet.

    Args:
        words: The reader's language.
        headings: msgids.
        rows: Text, whole numbers, :class:`Decimal`; None for an empty cell.
    """
    if not sys.stdout.isatty():
        sys.stdout.write(_BYTE_ORDER_MARK)
    sys.stdout.write(sheet(words, headings, rows))


def sheet(words: Words, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The text of a sheet."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if words.lang == "fr" else ",", lineterminator="\n")
    writer.writerow([words.text(msgid) for msgid in headings])
    writer.writerows([_cell(words, value) for value in row] for row in rows)
    return text.getvalue()


def _cell(words: Words, value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return value.text.replace(".", ",") if words.lang == "fr" else value.text
    if isinstance(value, bool):
        return words.text("cli.yes" if value else "cli.no")
    if isinstance(value, int):
        return str(value)
    text = clean(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
