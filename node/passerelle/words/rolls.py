"""The roll in words: the same lines on a terminal, in a sheet, and on a page that is printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from passerelle.words import Words

Row = Mapping[str, Any]
"""One volunteer, as ``passerelle roll --json`` gives it."""

_TONES: Final = {"present": "good", "suspended": "warn"}


class SaidRoll:
    """What one answer of ``roll`` says.

    Args:
        answer: As the desk gives it: ``people``, ``contacts``, ``agencies``, ``asOf``, ``madeAt``.
        words: The language; also attribute.
    """

    def __init__(self, answer: Mapping[str, Any], words: Words) -> None:
        self._answer: Final = answer
        self.words: Final = words

    @property
    def as_of(self) -> str:
        """The day."""
        return str(self._answer["asOf"])

    @property
    def made_at(self) -> str:
        """When the roll was made, in words."""
        return self.words.time(str(self._answer["madeAt"]))

    @property
    def people(self) -> list[Row]:
        """Everybody, by country and town."""
        return list(self._answer["people"])

    def by_country(self) -> Iterator[tuple[str, list[Row]]]:
        """Name of the country, empty where it is not told, and who is there."""
        for country, rows in groupby(self.people, lambda row: str(row["country"] or "")):
            yield self.words.country(country) if country else "", list(rows)

    def calls(self) -> list[tuple[str, str]]:
        """Agency, and how it is reached by day and night."""
        contacts = self._answer["contacts"]
        return [(self.agency(scid), _reached(contacts[scid])) for scid in sorted(contacts)]

    def calls_for(self, row: Row) -> list[str]:
        """How the two agencies of a volunteer are reached."""
        contacts = self._answer["contacts"]
        return [_reached(contacts[scid]) for scid in (row["from"], row["to"]) if scid in contacts]

    def place(self, row: Row) -> str:
        """Town and country, as far as they are told."""
        country = self.words.country(str(row["country"])) if row["country"] else ""
        return ", ".join(part for part in (str(row["city"] or ""), country) if part)

    def organisation(self, row: Row) -> str:
        """Name of the host organisation."""
        return self.words.pick({tag: str(text) for tag, text in dict(row["organisation"] or {}).items()})[0]

    def direction(self, row: Row) -> str:
        """Sending and host agency."""
        return f"{self.agency(row['from'])} → {self.agency(row['to'])}"

    def agency(self, scid: str) -> str:
        """Its local code, else the beginning of its SCID."""
        known = self._answer["agencies"].get(scid)
        code = known["code"] if known else None
        return str(code) if code else self.words.agency(str(scid))

    def day(self, day: str | None) -> str:
        """A day, or that there is none."""
        return self.words.text("cli.roll.open") if day is None else self.words.date(day, "short")

    def situation(self, row: Row) -> str:
        """Whether the volunteer is there, or somebody must ask."""
        return self.words.text(f"situation.{row['situation']}")

    def tone(self, row: Row) -> str:
        """Colour of the badge that says so in words."""
        return _TONES.get(str(row["situation"]), "bad")

    def tutors(self, row: Row) -> list[str]:
        """The mailboxes of those who accompany the volunteer, by side."""
        return [
            self.words.text("roll.tutor", side=self._side(str(tutor["side"])), contact=tutor["contact"])
            for tutor in row["tutors"]
            if tutor["contact"]
        ]

    def _side(self, side: str) -> str:
        msgid = f"side.{side}"
        return self.words.text(msgid) if self.words.has(msgid) else side


def _reached(contact: Mapping[str, Any]) -> str:
    return " ".join(str(contact[name]) for name in ("phone", "mailbox") if contact.get(name))
