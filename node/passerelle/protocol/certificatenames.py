"""Whether a text of a certificate names the volunteer (spec/24-certificates.md, Issuing).

A certificate goes from hand to hand and names nobody. What people write into its texts is
held against the person before it is signed: two words of the name, or its only one, or
the birth date, or the pseudonym under which the placement's records speak of the person.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from passerelle.protocol.certificates import Person
    from passerelle.protocol.profile import Json

_NOT_OF_PEOPLE: Final = frozenset({"@context", "evidence", "id", "identifier", "proof", "relatedResource"})
_WORD: Final = re.compile("[A-Z]+")
_LEAST: Final = 2
"""Letters of a word that counts: a single one stands in any sentence."""


def written(value: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Member and text of all that people wrote into a document; names and constants of the form do no harm."""
    for member, item in value.items():
        if member not in _NOT_OF_PEOPLE:
            yield from _below(member, item)


def _below(member: str, value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield member, value
    elif isinstance(value, dict):
        yield from written(value)
    elif isinstance(value, list):
        for item in value:
            yield from _below(member, item)


def member_with_pseudonym(value: Mapping[str, Json], pseudonym: str) -> str | None:
    """The first member whose text holds a pseudonym, None where none does."""
    sought = pseudonym.casefold()
    return next((member for member, text in written(value) if sought in text.casefold()), None)


def member_with_person(value: Mapping[str, Json], person: Person) -> str | None:
    """The first member whose text holds two words of a name, its only one, or the birth date; None where none does."""
    sought = {word for word in person.name.split(" ") if len(word) >= _LEAST}
    enough = min(_LEAST, len(sought))
    dates = _spellings(person.birth_date)
    for member, text in written(value):
        words = set(_WORD.findall(_letters(text)))
        if (enough and len(sought & words) >= enough) or any(day in text for day in dates):
            return member
    return None


def _letters(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).upper()


def _spellings(birth_date: str) -> tuple[str, ...]:
    """How a whole birth date is mostly written; a year alone may be any year."""
    year, _, rest = birth_date.partition("-")
    month, _, day = rest.partition("-")
    if not day:
        return ()
    return (birth_date, *(sign.join((day, month, year)) for sign in "/.-"))
