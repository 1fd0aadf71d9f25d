"""What a desk has to look at: ``findings``, what the rules say of all that is held; ``due``, what is to be done by when."""

from __future__ import annotations

from collections.abc import Sequence

import click

from passerelle.cli import sheets
from passerelle.cli.commands.publishing import Day
from passerelle.cli.localised import Command, Option
from passerelle.cli.session import Session, mapping, rows, session
from passerelle.cli.views import type_name
from passerelle.protocol.profile import Json, JsonObject
from passerelle.words import Words

_FINDING_COLUMNS = ["cli.column.severity", "cli.column.rule", "cli.column.about", "cli.column.finding"]
_DUE_COLUMNS = ["cli.column.day", "cli.column.late", "cli.column.to-do", "cli.column.who", "cli.column.about"]


@click.command(cls=Command, help="cli.findings.help")
@click.option("--as-of", cls=Option, type=Day(), metavar="JJ/MM/AAAA", help="cli.findings.as-of")
@click.option("--csv", "as_sheet", cls=Option, is_flag=True, help="cli.sheet")
@session
def findings(own: Session, *, as_of: str | None, as_sheet: bool) -> None:
    """What the rules of the field say of all that is held."""
    told = rows(own.ask("findings", as_of=as_of))
    if own.as_json:
        own.out.json(told)
        return
    shown = [_finding(own, item) for item in told]
    if as_sheet:
        columns = [*_FINDING_COLUMNS, "cli.column.code", "cli.column.id"]
        more = [(item["code"], item["id"]) for item in told]
        sheets.write(own.words, columns, [(*row, *ends) for row, ends in zip(shown, more, strict=True)])
    elif not told:
        own.out.say("cli.findings.none")
    else:
        own.out.table(_FINDING_COLUMNS, shown)
        errors = sum(item["severity"] == "error" and item["waived"] is None for item in told)
        own.out.say("cli.findings.count", errors=errors, all=len(told))


def _finding(own: Session, item: JsonObject) -> Sequence[str]:
    words = own.words
    waived = item["waived"]
    severity = words.text("cli.findings.waived" if waived else f"cli.findings.{item['severity']}")
    by = "" if item["issuer_code"] is None else f" ({item['issuer_code']})"
    about = f"{type_name(words, str(item['type']))}{by} {named(words, item['about'])}".strip()
    codes = mapping(item["agencies"])
    params = {name: _by_code(codes, value) for name, value in mapping(item["params"]).items()}
    return severity, str(item["rule"]), about, words.user(str(item["code"]), **params)


def _by_code(codes: JsonObject, value: Json) -> object:
    """A value of a finding, with agencies by the codes that they have here, also where it lists several."""
    if isinstance(value, list):
        return [_by_code(codes, item) for item in value]
    return codes.get(value, value) if isinstance(value, str) else value


def named(words: Words, about: Json) -> str:
    """What a record is known by, in the reader's language where it has one."""
    return words.pick({tag: str(text) for tag, text in mapping(about).items()})[0]


@click.command(cls=Command, help="cli.due.help")
@click.option("--as-of", cls=Option, type=Day(), metavar="JJ/MM/AAAA", help="cli.findings.as-of")
@click.option("--within", cls=Option, type=click.IntRange(0, 3660), metavar="N", help="cli.due.within")
@click.option("--all", "all_agencies", cls=Option, is_flag=True, help="cli.due.all")
@click.option("--csv", "as_sheet", cls=Option, is_flag=True, help="cli.sheet")
@session
def due(own: Session, *, as_of: str | None, within: int | None, all_agencies: bool, as_sheet: bool) -> None:
    """What is overdue and comes due, and who must act."""
    told = rows(own.ask("due", as_of=as_of, within=within, all_agencies=all_agencies or None))
    if own.as_json:
        own.out.json(told)
    elif as_sheet:
        columns = [*_DUE_COLUMNS, "cli.column.id"]
        sheets.write(
            own.words,
            columns,
            [(item["day"], item["days_late"], *_to_do(own, item), item["id"]) for item in told],
        )
    elif not told:
        own.out.say("cli.due.none")
    else:
        own.out.table(
            _DUE_COLUMNS,
            [(own.words.date(str(item["day"])), _late(own, item), *_to_do(own, item)) for item in told],
        )


def _to_do(own: Session, item: JsonObject) -> Sequence[str]:
    codes = item["who_codes"]
    who = ", ".join(map(str, codes)) if isinstance(codes, list) else ""
    kind = "" if item["type"] is None else type_name(own.words, str(item["type"]))
    return named(own.words, item["text"]), who, f"{kind} {named(own.words, item['about'])}".strip()


def _late(own: Session, item: JsonObject) -> str:
    late = int(str(item["days_late"]))
    if late == 0:
        return own.words.text("cli.due.today")
    return own.words.plural("cli.due.late" if late > 0 else "cli.due.left", abs(late))
