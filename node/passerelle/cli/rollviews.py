"""The roll as people read it: a line for each volunteer, then whom to call."""

from __future__ import annotations

from collections.abc import Iterator

from passerelle.cli.output import Output
from passerelle.cli.sheets import Cell, write
from passerelle.protocol.profile import JsonObject
from passerelle.words import Words
from passerelle.words.rolls import SaidRoll

SHEET = [
    *("cli.sheet.as-of", "cli.column.country", "cli.column.city", "cli.column.organisation"),
    *("cli.column.volunteer", "cli.sheet.from", "cli.sheet.to", "cli.column.from-day", "cli.column.to-day"),
    *("cli.column.situation", "cli.column.tutors", "cli.column.call"),
]
TABLE = [
    *("cli.column.city", "cli.column.organisation", "cli.column.volunteer", "cli.column.direction"),
    *("cli.column.from-day", "cli.column.to-day", "cli.column.situation", "cli.column.tutors"),
]


def show_roll(out: Output, answer: JsonObject) -> None:
    """Everybody by country and town; those about whom somebody must ask say so."""
    roll = SaidRoll(answer, out.words)
    people = roll.people
    out.say("cli.roll.on", day=out.words.date(roll.as_of), n=len(people))
    if people:
        out.table(
            TABLE,
            [
                (
                    *(roll.place(row), roll.organisation(row), row["volunteer"], roll.direction(row)),
                    *(roll.day(row["since"]), roll.day(row["until"]), roll.situation(row)),
                    "\n".join(roll.tutors(row)),
                )
                for row in people
            ],
        )
    for agency, contact in roll.calls():
        out.say("cli.roll.call", agency=agency, contact=contact)
    out.say("cli.roll.pseudonyms")


def write_roll(words: Words, answer: JsonObject) -> None:
    """A sheet with a line for each volunteer."""
    write(words, SHEET, _lines(SaidRoll(answer, words)))


def _lines(roll: SaidRoll) -> Iterator[list[Cell]]:
    for row in roll.people:
        yield [
            *(roll.as_of, row["country"], row["city"], roll.organisation(row), row["volunteer"]),
            *(roll.agency(row["from"]), roll.agency(row["to"]), row["since"], row["until"]),
            *(roll.situation(row), "\n".join(roll.tutors(row)), " ".join(roll.calls_for(row))),
        ]
