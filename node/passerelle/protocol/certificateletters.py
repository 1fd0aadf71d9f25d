"""Which letters a printed certificate can show, and how a text of several lines is written for it.

The table is that of the fonts that lie in every sheet (:mod:`passerelle.paper`); a test holds it to
them. Signing asks it too: what could not be printed later is refused while nothing is signed yet.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from passerelle.protocol.profile import Json

LETTERS: Final = frozenset(
    chain.from_iterable(
        range(first, last + 1)
        for first, last in (
            *((0x20, 0x7E), (0xA0, 0x2DD), (0x300, 0x34F), (0x351, 0x353), (0x357, 0x358), (0x35A, 0x35A)),
            *((0x35C, 0x362), (0x1E00, 0x1EFB), (0x2010, 0x2015), (0x2018, 0x2022), (0x2026, 0x2026)),
            *((0x202F, 0x202F), (0x2032, 0x2033), (0x2039, 0x203A), (0x2044, 0x2044), (0x20A3, 0x20A3)),
            *((0x20AC, 0x20AC), (0x2116, 0x2116), (0x2122, 0x2122), (0x2212, 0x2212), (0x2C60, 0x2C77)),
            *((0x2C79, 0x2C7F), (0xA722, 0xA72B), (0xA730, 0xA741), (0xA746, 0xA74B), (0xA74E, 0xA753)),
            *((0xA756, 0xA757), (0xA764, 0xA767), (0xA780, 0xA783), (0xA789, 0xA78E), (0xA790, 0xA791)),
            (0xA7A0, 0xA7AA),
        )
    )
)
"""Code points that both fonts have: Latin scripts with their marks, and the signs that stand beside them."""

_MOST_NAMED: Final = 10
_LINE_ENDS: Final = re.compile("\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
_GAPS: Final = re.compile("[ \t]+")
_SHOWN: Final = (
    ("name", ("name",)),
    ("issuer", ("issuer", "name")),
    ("role", ("credentialSubject", "role")),
    ("narrative", ("credentialSubject", "narrative")),
    ("achievement", ("credentialSubject", "achievement", "name")),
    ("criteria", ("credentialSubject", "achievement", "criteria", "narrative")),
)
"""What a sheet shows of a document, by the name under which a fault tells of it."""


def lines_of(text: str) -> list[str]:
    """The lines of a text that are not empty, without space around them; any sign that ends a line does."""
    found = (_GAPS.sub(" ", line).strip(" ") for line in _LINE_ENDS.split(text))
    return [line for line in found if line]


def on_one_line(text: str) -> str:
    """The same text on one line."""
    return " ".join(lines_of(text))


def missing_letters(text: str) -> str:
    """The letters that no sheet can show, each once and at most ten, with spaces between; empty where there is none."""
    missing = {letter for letter in "".join(lines_of(text)) if ord(letter) not in LETTERS}
    return " ".join(sorted(missing)[:_MOST_NAMED])


def unprintable(document: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Member and letters of each text of a certificate or an endorsement that a sheet shows and cannot."""
    for member, path in _SHOWN:
        missing = missing_letters(text_at(document, path))
        if missing:
            yield member, missing


def text_at(document: Mapping[str, Json], path: tuple[str, ...]) -> str:
    """The text at a path of members; empty where there is none."""
    found: Json = dict(document)
    for member in path:
        found = found.get(member) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
