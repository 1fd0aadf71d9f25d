"""Looking at records: ``records list``, ``records show``."""

from __future__ import annotations

import json

import click

from passerelle.cli.commands.peers import moment
from passerelle.cli.localised import Group, Option
from passerelle.cli.session import Session, mapping, rows, session
from passerelle.cli.views import type_name
from passerelle.protocol.profile import JsonObject

PAGE_ROWS = 50


@click.group(cls=Group, help="cli.records.help")
def records() -> None:
    """Group of the commands that show records."""


@records.command("list", help="cli.records.list.help")
@click.option("--type", "record_type", cls=Option, metavar="offer", help="cli.records.type")
@click.option("--issuer", cls=Option, metavar="ML-CNPV", help="cli.records.issuer")
@click.option(
    "--limit",
    cls=Option,
    type=click.IntRange(1, 1000),
    default=PAGE_ROWS,
    show_default=True,
    help="cli.records.limit",
)
@click.option("--offset", cls=Option, type=click.IntRange(0), default=0, help="cli.records.offset")
@session
def list_(own: Session, record_type: str | None, issuer: str | None, limit: int, offset: int) -> None:
    """The newest version of each record, newest first."""
    found = rows(own.ask("records_list", type=record_type, issuer=issuer, limit=limit, offset=offset))
    if own.as_json:
        own.out.json(found)
        return
    if not found:
        own.out.say("cli.records.none")
        return
    own.out.table(
        [
            "cli.column.id",
            "cli.column.type",
            "cli.column.version",
            "cli.column.issuer",
            "cli.column.issued",
            "cli.column.verdict",
        ],
        [
            (
                row["id"],
                type_name(own.words, str(row["type"])),
                row["version"],
                row["issuer_code"] or row["issuer"],
                moment(own, row["issued"]),
                verdict(own, row, brief=True),
            )
            for row in found
        ],
        right=[2],
    )
    if len(found) == limit:
        own.out.say("cli.records.more", offset=offset + limit)


@records.command("show", help="cli.records.show.help")
@click.argument("record")
@session
def show(own: Session, record: str) -> None:
    """One record with its places and what the rules say of it."""
    told = mapping(own.ask("records_show", name=record))
    if own.as_json:
        own.out.json(told)
        return
    own.out.facts(
        [
            ("cli.fact.id", told["id"]),
            ("cli.fact.type", type_name(own.words, str(told["type"]))),
            ("cli.fact.version", told["version"]),
            ("cli.fact.issuer", told["issuer_code"] or told["issuer"]),
            ("cli.fact.issued", moment(own, told["issued"])),
            ("cli.fact.digest", told["digest"]),
            ("cli.fact.verdict", verdict(own, told)),
            (
                "cli.fact.places",
                "\n".join(f"{place['origin']} · {place['index']}" for place in rows(told["places"])),
            ),
        ]
    )
    record_value = told["record"]
    if isinstance(record_value, dict):
        own.out.line()
        own.out.line(json.dumps(record_value.get("body"), ensure_ascii=False, indent=2))


def verdict(own: Session, row: JsonObject, *, brief: bool = False) -> str | None:
    """What the rules say of a record, and why; None for types that no rule concerns."""
    status = row.get("verdict")
    if status is None:
        return None
    said = own.words.text(f"cli.verdict.{status}")
    code = row.get("code")
    if code is None or brief:
        return said
    return f"{said} · {own.words.user(str(code), **mapping(row.get('params') or {}))}"
