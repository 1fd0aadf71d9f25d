"""Figures as people read them: directions, what they balance to, and the same by year, scheme or programme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from passerelle.cli.output import Output
from passerelle.cli.session import mapping, rows
from passerelle.cli.sheets import Cell, Decimal, write
from passerelle.protocol.profile import Json, JsonObject
from passerelle.words import Words

GROUPS = {"year": "years", "scheme": "schemes", "programme": "programmes"}
"""What flows can be told apart by, and the member that holds it."""

SHEET = [
    *("cli.sheet.as-of", "cli.sheet.from", "cli.sheet.to", "cli.sheet.from-scid", "cli.sheet.to-scid"),
    *("cli.sheet.year", "cli.sheet.scheme", "cli.sheet.programme", "cli.sheet.planned", "cli.sheet.realised"),
    *("cli.sheet.planned-months", "cli.sheet.realised-months", "cli.sheet.undated"),
    *("cli.sheet.basis", "cli.sheet.complete"),
]


@dataclass(frozen=True, slots=True)
class Told:
    """The answer of ``figures`` with what its values are called.

    Args:
        words: The language.
        answer: The answer.
    """

    words: Words
    answer: JsonObject

    @property
    def pairs(self) -> list[JsonObject]:
        """One for each partner."""
        return rows(self.answer["pairs"])

    @property
    def own(self) -> str:
        """Our SCID."""
        return str(self.answer["agency"])

    def agency(self, scid: Json) -> str:
        """The code of an agency, else the beginning of its SCID."""
        known = mapping(self.answer["agencies"]).get(str(scid))
        code = mapping(known)["code"] if known else None
        return str(code) if code else self.words.agency(str(scid))

    def way(self, row: JsonObject) -> str:
        """A direction by the codes of its agencies."""
        return f"{self.agency(row['from'])} → {self.agency(row['to'])}"

    def scheme(self, code: Json) -> str:
        """A scheme by its label, else its code."""
        labels = mapping(self.answer["schemes"]).get(str(code))
        return _in(self.words, labels) or str(code)

    def programme(self, record_id: Json) -> str:
        """A programme by its acronym or name, else its id."""
        if record_id is None:
            return self.words.text("cli.figures.no-programme")
        known = mapping(self.answer["programmes"]).get(str(record_id))
        if not known:
            return str(record_id)
        acronym = mapping(known)["acronym"]
        return str(acronym) if acronym else _in(self.words, mapping(known)["names"]) or str(record_id)

    def value(self, group: str, value: Json) -> str:
        """A year, scheme or programme in words."""
        if group == "scheme":
            return self.scheme(value)
        return self.programme(value) if group == "programme" else str(value)


def show_figures(out: Output, told: Told, by: str | None) -> None:
    """All pairs: a line for each direction, a line for what each pair balances to, and what is not known."""
    words = out.words
    if not told.pairs:
        out.say("cli.figures.none")
        return
    out.say("cli.figures.on", day=words.date(str(told.answer["asOf"])))
    _show_wish(out, told)
    if mapping(told.answer["wish"]) == {"year": None, "scheme": None, "programmes": None}:
        _show_directions(out, told)
    else:
        _show_selected(out, told)
    _show_balances(out, told)
    if by is not None:
        _show_groups(out, told, by)
    _show_declared(out, told)
    position = mapping(told.answer["position"])
    out.say(
        "cli.figures.position",
        sent=position["sent"],
        hosted=position["hosted"],
        number=_signed(position["position"]),
    )
    silent = told.answer["notHeard"]
    if isinstance(silent, list) and silent:
        out.say("cli.figures.not-heard", partners=words.join([told.agency(scid) for scid in silent]))


def _show_wish(out: Output, told: Told) -> None:
    wish = mapping(told.answer["wish"])
    if wish["year"] is not None:
        out.say("cli.figures.of-year", year=wish["year"])
    if wish["scheme"] is not None:
        out.say("cli.figures.of-scheme", scheme=told.scheme(wish["scheme"]))
    if isinstance(wish["programmes"], list):
        out.say(
            "cli.figures.of-programme",
            programmes=out.words.join([told.programme(one) for one in wish["programmes"]]),
        )


def _show_directions(out: Output, told: Told) -> None:
    """What was agreed and done in each direction; a direction that is shut says so beside its numbers."""
    words = out.words
    out.table(
        [
            *("cli.column.direction", "cli.column.status", "cli.column.quota", "cli.column.planned"),
            *("cli.column.realised", "cli.column.fulfilment", "cli.column.months"),
        ],
        [
            (
                told.way(row),
                _status(words, row),
                row["quota"],
                row["planned"],
                row["realised"],
                _share(words, row["fulfilment"]),
                words.number(str(months["realised"])),
            )
            for row, months in _directions(told)
        ],
        right=range(2, 7),
    )


def _directions(told: Told) -> Iterator[tuple[JsonObject, JsonObject]]:
    for pair in told.pairs:
        figures = mapping(pair["figures"])
        lengths = rows(mapping(figures["personMonths"])["directions"])
        yield from zip(rows(figures["directions"]), lengths, strict=True)


def _status(words: Words, row: JsonObject) -> str:
    said = words.text(f"state.direction.{row['status']}")
    if row["since"] is None:
        return said
    return words.text("cli.figures.since", status=said, day=words.edtf(str(row["since"])))


def _show_selected(out: Output, told: Told) -> None:
    """Only what was wished for: no quota, for what is agreed is agreed for all of it."""
    out.table(
        ["cli.column.direction", "cli.column.planned", "cli.column.realised", "cli.column.months"],
        [
            (told.way(row), row["planned"], row["realised"], out.words.number(str(row["realisedMonths"])))
            for pair in told.pairs
            for row in rows(mapping(pair["selected"])["directions"])
        ],
        right=range(1, 4),
    )


def _show_balances(out: Output, told: Told) -> None:
    out.table(
        [
            *("cli.column.partner", "cli.column.balance", "cli.column.index", "cli.column.months-index"),
            "cli.column.complete",
        ],
        [
            (
                told.agency(pair["partner"]),
                _signed(mapping(balance)[told.own]),
                _index(out.words, index),
                _index(out.words, by_months),
                out.words.text("cli.yes" if mapping(pair["basis"])["complete"] else "cli.no"),
            )
            for pair in told.pairs
            for balance, index, by_months in [_balance(pair)]
        ],
        right=range(1, 4),
    )


def _balance(pair: JsonObject) -> tuple[Json, Json, Json]:
    if pair["selected"] is None:
        figures = mapping(pair["figures"])
        return figures["balance"], figures["index"], mapping(figures["personMonths"])["index"]
    selected = mapping(pair["selected"])
    return selected["balance"], selected["index"], selected["monthsIndex"]


def _show_groups(out: Output, told: Told, by: str) -> None:
    """The flows of each pair by year, scheme or programme; those not wished for are left out."""
    words = out.words
    out.table(
        [
            *(f"cli.column.{by}", "cli.column.direction", "cli.column.planned", "cli.column.realised"),
            *("cli.column.months", "cli.column.index"),
        ],
        [
            (
                told.value(by, group[by]),
                told.way(row),
                row["planned"],
                row["realised"],
                words.number(str(row["realisedMonths"])),
                _index(words, group["index"]),
            )
            for pair in told.pairs
            for group in rows(mapping(pair["flows"])[GROUPS[by]])
            if is_wished(told, {by: group[by]})
            for row in rows(group["directions"])
        ],
        right=range(2, 6),
    )


def _show_declared(out: Output, told: Told) -> None:
    """What agencies declare beside what is recorded here, with the gap; nothing of it is counted above."""
    words = out.words
    said = [row for row in rows(told.answer["declared"]) if is_wished(told, _bounds(row))]
    if not said:
        return
    out.say("cli.figures.declared")
    out.table(
        [
            *("cli.column.issuer", "cli.column.period", "cli.column.direction", "cli.column.indicator"),
            *("cli.column.declared", "cli.column.recorded", "cli.column.gap", "cli.column.remark"),
        ],
        [
            (
                told.agency(row["issuer"]),
                words.edtf(str(row["period"])),
                f"{_end(told, row['from'])} → {_end(told, row['to'])}",
                _indicator(words, row),
                _quantity(words, row),
                words.text("cli.none") if row["recorded"] is None else words.number(str(row["recorded"])),
                None if row["gap"] is None else _signed(row["gap"]),
                _remark(told, row),
            )
            for row in said
        ],
        right=range(4, 7),
    )
    for row in rows(told.answer["declaredBalances"]):
        ends, counts = row["ends"], row["counts"]
        if isinstance(ends, list) and isinstance(counts, list) and is_wished(told, _bounds(row)):
            first, second = (_end(told, end) for end in ends)
            out.say(
                "cli.figures.declared-balance",
                first=first,
                second=second,
                period=words.edtf(str(row["period"])),
                there=words.number(str(counts[0])),
                back=words.number(str(counts[1])),
                index=words.text("cli.none") if row["index"] is None else words.decimal(str(row["index"]), 3),
            )


def _bounds(row: JsonObject) -> JsonObject:
    """What a declared number is bounded by, as far as it says."""
    year = str(row["period"])[:4]
    bounds: JsonObject = {name: row[name] for name in ("scheme", "programme") if row[name] is not None}
    return bounds | ({"year": int(year)} if year.isdigit() else {})


def _indicator(words: Words, row: JsonObject) -> str:
    """What is counted, with the traits that bound it."""
    msgid = f"indicator.{row['indicator']}"
    said = words.text(msgid) if words.has(msgid) else str(row["indicator"])
    traits = ", ".join(str(value) for value in mapping(row["traits"]).values())
    return f"{said} ({traits})" if traits else said


def _quantity(words: Words, row: JsonObject) -> str:
    """A declared number with how precise it is."""
    if row["suppressed"]:
        return words.text("cli.figures.suppressed")
    number = words.number(str(row["declared"]))
    msgid = f"qualifier.{row['qualifier']}"
    return words.text(msgid, number=number) if words.has(msgid) else number


def _remark(told: Told, row: JsonObject) -> str:
    """How sure it is, who confirms it, and whether its parts add up."""
    words = told.words
    said = [words.text(f"method.{row['method']}")] if words.has(f"method.{row['method']}") else []
    confirmed = row["confirmedBy"]
    if isinstance(confirmed, list) and confirmed:
        said.append(
            words.text(
                "cli.figures.confirmed-by", agencies=words.join([told.agency(one) for one in confirmed])
            )
        )
    elif row["outside"]:
        said.append(words.text("cli.figures.unconfirmed"))
    said += [words.text("cli.figures.parts-differ", sum=part["sum"]) for part in rows(row["partsDiffer"])]
    return ", ".join(said)


def _end(told: Told, end: Json) -> str:
    """One end of a declared flow: an agency, a country, an area; everywhere where nothing is said."""
    if not isinstance(end, dict):
        return told.words.text("cli.figures.everywhere")
    if "agency" in end:
        return told.agency(end["agency"])
    return told.words.country(str(end.get("country") or end.get("m49")))


def write_figures(told: Told) -> None:
    """A sheet with a line for each direction, year, scheme and programme."""
    write(told.words, SHEET, _lines(told))


def _lines(told: Told) -> Iterator[list[Cell]]:
    for pair in told.pairs:
        flows = mapping(pair["flows"])
        for row in rows(flows["rows"]):
            if is_wished(told, row):
                yield [
                    *(
                        flows["asOf"],
                        told.agency(row["from"]),
                        told.agency(row["to"]),
                        row["from"],
                        row["to"],
                    ),
                    *(row["year"], row["scheme"], row["programme"], row["planned"], row["realised"]),
                    *(
                        Decimal(str(row["plannedMonths"])),
                        Decimal(str(row["realisedMonths"])),
                        row["undated"],
                    ),
                    *(told.words.text("cli.basis.recorded"), mapping(pair["basis"])["complete"]),
                ]


def is_wished(told: Told, row: Mapping[str, Json]) -> bool:
    """Whether a row is of the year, scheme and programmes that were asked for, as far as it says of what it is."""
    wish = mapping(told.answer["wish"])
    programmes = wish["programmes"]
    for name in ("year", "scheme"):
        if name in row and wish[name] not in {None, row[name]}:
            return False
    return "programme" not in row or not isinstance(programmes, list) or row["programme"] in programmes


def _index(words: Words, value: Json) -> str:
    return words.text("cli.none") if value is None else words.decimal(str(value))


def _share(words: Words, value: Json) -> str:
    return words.text("cli.none") if value is None else words.percent(str(value))


def _signed(value: Json) -> str:
    number = value if isinstance(value, int) else 0
    return f"{number:+d}" if number else "0"


def _in(words: Words, text: Json) -> str:
    """A text of a record in the reader's language; empty where there is none."""
    return (
        words.pick({str(tag): str(value) for tag, value in text.items()})[0] if isinstance(text, dict) else ""
    )
