"""Divergences as people read them: a line for each side of each fact."""

from __future__ import annotations

import json
from collections.abc import Iterator

from passerelle.cli.output import Output, short
from passerelle.cli.session import mapping, rows
from passerelle.cli.sheets import Cell, write
from passerelle.protocol.profile import Json, JsonObject
from passerelle.words import Words

_COLUMNS = [
    *("cli.column.fact", "cli.column.field", "cli.column.agency", "cli.column.value", "cli.column.record"),
    *("cli.column.version", "cli.column.issued"),
]


def show_divergences(out: Output, answer: JsonObject) -> None:
    """Each fact with what each agency says of it; the same words stand in no table."""
    found = rows(answer["divergences"])
    if not found:
        out.say("cli.reconcile.none")
        return
    out.say("cli.reconcile.some", n=len(found))
    out.table(_COLUMNS, _lines(out.words, answer, whole=False))
    out.say("cli.reconcile.next")


def write_divergences(words: Words, answer: JsonObject) -> None:
    """A sheet with a line for each side."""
    write(words, _COLUMNS, _lines(words, answer, whole=True))


def _lines(words: Words, answer: JsonObject, *, whole: bool) -> Iterator[list[Cell]]:
    for item in rows(answer["divergences"]):
        for number, side in enumerate(rows(item["sides"])):
            first = number == 0 or whole
            yield [
                _fact(words, answer, item) if first else "",
                _word(words, "field", item["field"]) if first else "",
                _agency(words, answer, side["agency"]),
                _value(words, side["value"]),
                side["id"] if whole else short(side["id"]),
                side["version"],
                words.date(str(side["issued"]), "short"),
            ]


def _fact(words: Words, answer: JsonObject, item: JsonObject) -> str:
    """What is spoken of: the step and whose it is, or the number and what it is of."""
    people = mapping(answer["people"])
    about = str(people.get(str(item["about"])) or item["about"])
    return f"{_word(words, str(item['kind']), item['detail'])} · {about.removeprefix('urn:uuid:')}"


def _word(words: Words, kind: str, code: Json) -> str:
    msgid = f"reconcile.{kind}.{code}"
    return words.text(msgid) if words.has(msgid) else str(code)


def _agency(words: Words, answer: JsonObject, scid: Json) -> str:
    known = mapping(answer["agencies"]).get(str(scid))
    code = mapping(known)["code"] if known else None
    return str(code) if code else words.agency(str(scid))


def _value(words: Words, value: Json) -> str:
    """A date or a code as it stands in words, a quantity or a place by what is in it."""
    if isinstance(value, str):
        return words.edtf(value)
    if isinstance(value, dict):
        return ", ".join(str(part) for part in value.values())
    return json.dumps(value, ensure_ascii=False)
