"""From the bytes of a CSV file to rows of text.

French Excel writes semicolons and, depending on the menu entry chosen, UTF-8 with a byte
order mark, the Windows code page 1252, or UTF-16 with tabs. All are read; which one it is
follows from the bytes, never from the machine's settings.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from passerelle.errors import InputError

DELIMITERS: Final = (";", ",", "\t")
MAX_FILE_BYTES: Final = 67_108_864
MAX_CELL_CHARACTERS: Final = 131_072
"""Far beyond what a record takes: a longer cell is a quotation mark that was never closed."""
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods; .xls


@dataclass(frozen=True, slots=True)
class Row:
    """One row of cells.

    Args:
        number: As a spreadsheet shows it: the headings are row 1, and a cell of several lines is
            still one row.
    """

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The headings and the rows that are not empty."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]


def parse_table(data: bytes, *, known: Callable[[str], bool]) -> Table:
    """Read a CSV file.

    Args:
        data: The whole file.
        known: Whether a heading is one that we know: it tells which character separates the cells.

    Raises:
        InputError: ``offers.workbook``, ``offers.encoding``, ``offers.empty-file``,
            ``offers.not-a-table``, ``offers.cell-too-long``.
    """
    text = decode(data)
    first, _, rest = text.partition("\n")
    # A line for Excel alone, which does not show it either, so rows keep their numbers.
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return _read(rest, first.strip()[4])
    return _read(text, _delimiter(text, known))


def decode(data: bytes) -> str:
    """The text of a file: by its byte order mark, else UTF-8, else the code page of Western Windows.

    Raises:
        InputError: ``offers.workbook``: a spreadsheet's own format; ``offers.encoding`` with the
            position, where it is none of these.
    """
    if data.startswith(_WORKBOOKS):
        raise InputError("offers.workbook")
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return _checked(data.decode("utf-16"))
        try:
            return _checked(data.decode("utf-8-sig"))
        except UnicodeDecodeError:
            return _checked(data.decode("cp1252"))
    except UnicodeDecodeError as exc:
        raise InputError("offers.encoding", position=exc.start) from exc


def _checked(text: str) -> str:
    """Text without U+0000, which no record may hold."""
    position = text.find("\0")
    if position >= 0:
        raise InputError("offers.encoding", position=position)
    return text


def _delimiter(text: str, known: Callable[[str], bool]) -> str:
    """The separator under which most headings are known; with none known, the most frequent."""
    first = next(iter(text.splitlines()), "")
    scores = []
    for delimiter in DELIMITERS:
        cells = next(csv.reader([first], delimiter=delimiter), [])
        scores.append((sum(known(cell) for cell in cells), len(cells)))
    return DELIMITERS[scores.index(max(scores))]


def _read(text: str, delimiter: str) -> Table:
    # newline handling is the reader's: a lone \r inside quotes belongs to the cell.
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    lines = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    rows = []
    try:
        for number, cells in enumerate(lines, start=1):
            rows.append(Row(number, tuple(cell.strip() for cell in cells)))
    except csv.Error as exc:
        if "field limit" in str(exc):
            raise InputError("offers.cell-too-long", row=len(rows) + 1, max=MAX_CELL_CHARACTERS) from exc
        raise InputError("offers.not-a-table", row=len(rows) + 1, problem=str(exc)) from exc
    if not rows or not any(rows[0].cells):
        raise InputError("offers.empty-file")
    return Table(rows[0].cells, tuple(row for row in rows[1:] if any(row.cells)))
