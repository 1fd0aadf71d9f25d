"""The roll as people read it: a line for each volunteer, then whom to call."""

from __future__ import annotations

from collections.abc import Iterator

from passerelle.cli.output import Output
from passerelle.cli.session import mapping, rows
from passerelle.cli.sheets import Cell, write
from passerelle.protocol.profile import Json, JsonObject
from passerelle.words import Words

SHEET = [
    *("cli.sheet.as-of", "cli.column.country", "cli.column.city", "cli.column.organisation"),
    *("cli.column.volunteer", "cli.sheet.from", "cli.sheet.to", "cli.column.from-day", "cli.column.to-day"),
    *("cli.column.situation", "cli.column.tutors", "cli.column.call"),
]


def show_roll(out: Output, answer: JsonObject) -> None:
    """Everybody by country and town; those about whom somebody must ask say so."""
    words = out.words
    people = rows(answer["people"])
    out.say("cli.roll.on", day=words.date(str(answer["asOf"])), n=len(people))
    if people:
        out.table(
            [
                *(
                    "cli.column.city",
                    "cli.column.organisation",
                    "cli.column.volunteer",
                    "cli.column.direction",
                ),
                *("cli.column.from-day", "cli.column.to-day", "cli.column.situation", "cli.column.tutors"),
            ],
            [
                (
                    _place(words, row),
                    _named(words, row["organisation"]),
                    row["volunteer"],
                    f"{_agency(words, answer, row['from'])} → {_agency(words, answer, row['to'])}",
                    _day(words, row["since"]),
                    _day(words, row["until"]),
                    words.text(f"situation.{row['situation']}"),
                    _tutors(words, row),
                )
                for row in people
            ],
        )
    for scid, contact in sorted(mapping(answer["contacts"]).items()):
        out.say("cli.roll.call", agency=_agency(words, answer, scid), contact=_reached(contact))
    out.say("cli.roll.pseudonyms")


def write_roll(words: Words, answer: JsonObject) -> None:
    """A sheet with a line for each volunteer."""
    write(words, SHEET, _lines(words, answer))


def _lines(words: Words, answer: JsonObject) -> Iterator[list[Cell]]:
    contacts = mapping(answer["contacts"])
    for row in rows(answer["people"]):
        yield [
            *(
                answer["asOf"],
                row["country"],
                row["city"],
                _named(words, row["organisation"]),
                row["volunteer"],
            ),
            *(
                _agency(words, answer, row["from"]),
                _agency(words, answer, row["to"]),
                row["since"],
                row["until"],
            ),
            words.text(f"situation.{row['situation']}"),
            _tutors(words, row),
            " ".join(
                _reached(contacts[str(scid)]) for scid in (row["from"], row["to"]) if str(scid) in contacts
            ),
        ]


def _place(words: Words, row: JsonObject) -> str:
    country = words.country(str(row["country"])) if row["country"] else ""
    return ", ".join(part for part in (str(row["city"] or ""), country) if part)


def _named(words: Words, names: Json) -> str:
    return words.pick({tag: str(text) for tag, text in mapping(names).items()})[0]


def _agency(words: Words, answer: JsonObject, scid: Json) -> str:
    known = mapping(answer["agencies"]).get(str(scid))
    code = mapping(known)["code"] if known else None
    return str(code) if code else words.agency(str(scid))


def _day(words: Words, day: Json) -> str:
    return words.text("cli.roll.open") if day is None else words.date(str(day), "short")


def _tutors(words: Words, row: JsonObject) -> str:
    return "\n".join(
        f"{words.text(msgid) if words.has(msgid) else tutor['side']} : {tutor['contact']}"
        for tutor in rows(row["tutors"])
        if tutor["contact"]
        for msgid in [f"side.{tutor['side']}"]
    )


def _reached(contact: Json) -> str:
    said = mapping(contact)
    return " ".join(str(said[name]) for name in ("phone", "mailbox") if said.get(name))
