"""The exchange with partners: ``sync``, ``statement``; ``copy``, and ``audit``, which trusts no node."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from passerelle.cli.commands.publishing import Day
from passerelle.cli.exits import Exit
from passerelle.cli.localised import Command, Option
from passerelle.cli.session import Session, mapping, rows, session
from passerelle.cli.views import show_audit, show_statement
from passerelle.protocol.profile import JsonObject


@click.command(cls=Command, help="cli.sync.help")
@click.argument("partner", required=False)
@session
def sync(own: Session, partner: str | None) -> int:
    """Look at one partner, or at all, now."""
    told = rows(own.ask("sync", doing="cli.sync.doing", peer=partner))
    if own.as_json:
        own.out.json(told)
    elif not told:
        own.out.say("cli.peer.list.none")
    else:
        own.out.table(
            ["cli.column.partner", "cli.column.new", "cli.column.confirmed", "cli.column.outcome"],
            [
                (visit["code"] or visit["scid"], _new(visit), _confirmed(visit), _outcome(own, visit))
                for visit in told
            ],
            right=[1, 2],
        )
    return Exit.DONE if all(visit["error"] is None for visit in told) else Exit.PARTNER


def _new(visit: JsonObject) -> int:
    """Leaves that this visit added, of all feeds."""
    return sum(int(str(feed["new"])) for feed in rows(visit["feeds"]))


def _confirmed(visit: JsonObject) -> str:
    """The sizes of our feeds that the partner has confirmed holding."""
    return ", ".join(str(size) for size in mapping(visit["receipts"]).values())


def _outcome(own: Session, visit: JsonObject) -> str:
    """Why the visit ended early, or each feed that does not stand well, or that all is well."""
    error = visit["error"]
    if isinstance(error, dict):
        return own.words.user(str(error["code"]), **mapping(error["params"]))
    troubles = [own.words.user(str(feed["code"])) for feed in rows(visit["feeds"]) if feed["code"]]
    return " ".join(troubles) or own.words.text("cli.ok")


@click.command(cls=Command, help="cli.statement.help")
@click.argument("partner")
@click.option("--as-of", cls=Option, type=Day(), metavar="JJ/MM/AAAA", help="cli.statement.as-of")
@session
def statement(own: Session, partner: str, as_of: str | None) -> None:
    """The reciprocity statement with a partner."""
    told = mapping(own.ask("statement", partner=partner, as_of=as_of))
    if own.as_json:
        own.out.json(told)
    else:
        show_statement(own.out, told)


@click.command(cls=Command, help="cli.copy.help")
@click.argument("folder", type=click.Path(path_type=Path))
@session
def copy(own: Session, folder: Path) -> None:
    """Copy the feeds that are held into a folder, for an auditor or a stick."""
    told = rows(own.ask("copy", doing="cli.copy.doing", folder=str(folder.absolute())))
    if own.as_json:
        own.out.json(told)
        return
    own.out.table(
        ["cli.column.feed", "cli.column.size"], [(feed["origin"], feed["size"]) for feed in told], right=[1]
    )
    own.out.say("cli.copy.next", command=f"passerelle audit {folder}")


@click.command(cls=Command, help="cli.audit.help")
@click.argument("path", type=click.Path(path_type=Path))
@session
def audit(own: Session, path: Path) -> int:
    """Check feeds copied to a folder, with nothing but the protocol."""
    from passerelle.audit import audit_folder  # noqa: PLC0415  (reads every schema)

    report = own.run(asyncio.to_thread(audit_folder, path, datetime.now(UTC)), doing="cli.audit.doing")
    if own.as_json:
        own.out.json(report.to_json())
    else:
        show_audit(own.out, report)
    return Exit.DONE if report.ok else Exit.FAILED
