"""Certificates of volunteers: ``certificate issue · endorse · print · show · list · revoke · verify``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from passerelle.cli.certificatefiles import (
    digest_of,
    files_in,
    given,
    keep_holder,
    refuse_other,
    text_of,
    write_document,
    write_new,
)
from passerelle.cli.exits import Exit
from passerelle.cli.localised import Group, Option
from passerelle.cli.output import short
from passerelle.cli.persons import Holder, read_holder
from passerelle.cli.session import Session, mapping, rows, session
from passerelle.errors import InputError
from passerelle.protocol import certificateletters, certificatenames
from passerelle.protocol.certificates import Certificate, Endorsement
from passerelle.protocol.profile import JsonObject, encode
from passerelle.words import Words

LANGUAGES: Final = ("fr", "en")

_person = click.option(
    "--person",
    cls=Option,
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="cli.certificate.person",
)
_out = click.option(
    "--out",
    cls=Option,
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="DIR",
    help="cli.certificate.out",
)
_language = click.option(
    "--language", cls=Option, type=click.Choice(LANGUAGES), help="cli.certificate.language"
)


@click.group("certificate", cls=Group, help="cli.certificate.help")
def certificate() -> None:
    """Group of the commands about certificates."""


@certificate.command("issue", help="cli.certificate.issue.help")
@click.argument("placement")
@_person
@_out
@_language
@click.option("--role", cls=Option, metavar="…", help="cli.certificate.role")
@click.option("--narrative", cls=Option, metavar="…", help="cli.certificate.narrative")
@session
def issue(
    own: Session,
    *,
    placement: str,
    person: Path | None,
    out: Path,
    language: str | None,
    role: str | None,
    narrative: str | None,
) -> None:
    """Sign a certificate; the volunteer's own file is on the disk before anything is signed."""

    def ask(method: str, commitment: str | None = None) -> JsonObject:
        spoken = language or own.words.lang
        told = own.ask(
            method,
            placement=placement,
            commitment=commitment,
            language=spoken,
            role=role,
            narrative=narrative,
        )
        return mapping(told)

    drafted = ask("certificate_draft")
    holder = read_holder(own, person, with_salt=False)
    _refuse_named(drafted, holder)
    _refuse_unprintable(holder)
    commitment = holder.person.commitment
    name = f"certificate-{commitment[:12]}"
    refuse_other(
        out / f"{name}.json", lambda held: isinstance(held, Certificate) and held.commitment == commitment
    )
    kept = keep_holder(out / f"{name}.holder.json", holder)
    try:
        told = ask("certificate_issue", commitment)
    except InputError:
        if kept:  # refused: nothing was signed, and a file with a name lies about for no reason
            (out / f"{name}.holder.json").unlink(missing_ok=True)
        raise
    path = write_document(out / f"{name}.json", told)
    if own.as_json:
        own.out.json(told | {"file": str(path), "holder_file": str(out / f"{name}.holder.json")})
        return
    own.out.say(_signed(told, "issued"), id=told["id"], digest=short(told["digest"]))
    own.out.say("cli.certificate.file", file=path)
    own.out.say("cli.certificate.holder-file", file=out / f"{name}.holder.json")


@certificate.command("endorse", help="cli.certificate.endorse.help")
@click.argument("file", type=click.Path(path_type=Path))
@_out
@_language
@session
def endorse(own: Session, *, file: Path, out: Path, language: str | None) -> None:
    """Sign an endorsement of a partner's certificate."""
    document = text_of(file)
    path = out / f"{file.stem.removesuffix('.holder')}.endorsement.json"
    digest = digest_of(document)
    refuse_other(path, lambda held: isinstance(held, Endorsement) and held.certificate_digest == digest)
    told = mapping(own.ask("certificate_endorse", document=document, language=language or own.words.lang))
    write_document(path, told)
    if own.as_json:
        own.out.json(told | {"file": str(path)})
        return
    own.out.say(_signed(told, "endorsed"), id=told["id"], digest=short(told["digest"]))
    own.out.say("cli.certificate.file", file=path)


@certificate.command("print", help="cli.certificate.print.help")
@click.argument("file", type=click.Path(path_type=Path))
@_person
@click.option(
    "--endorsement",
    cls=Option,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="cli.certificate.print.endorsement",
)
@click.option(
    "--out",
    cls=Option,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="cli.certificate.print.out",
)
@click.option("--address", cls=Option, metavar="URL", help="cli.certificate.print.address")
@_language
@session
def print_(
    own: Session,
    *,
    file: Path,
    person: Path | None,
    endorsement: Path | None,
    out: Path | None,
    address: str | None,
    language: str | None,
) -> None:
    """Print the volunteer's sheet, once everything on it is proven."""
    from passerelle.cli.certificatesheets import sheet_of  # noqa: PLC0415  (loads a PDF library)
    from passerelle.paper import print_sheet  # noqa: PLC0415  likewise

    document, endorsed = text_of(file), None if endorsement is None else text_of(endorsement)
    told = mapping(own.ask("certificate_sheet", document=document, endorsement=endorsed))
    holder = read_holder(own, person, with_salt=True)
    sheet = sheet_of(document, endorsed, holder, told, address)
    target = out or file.with_name(f"{file.stem}.holder.pdf")
    write_new(target, print_sheet(sheet, Words(language or own.words.lang)))
    if own.as_json:
        own.out.json({"file": str(target)})
        return
    own.out.say("cli.certificate.printed", file=target)


@certificate.command("show", help="cli.certificate.show.help")
@click.argument("name")
@session
def show(own: Session, name: str) -> None:
    """The file of one that this node signed, on standard output."""
    told = mapping(own.ask("certificate_show", name=name))
    if own.as_json:
        own.out.json(told)
        return
    sys.stdout.buffer.write(encode(told["document"]) + b"\n")


@certificate.command("list", help="cli.certificate.list.help")
@session
def list_(own: Session) -> None:
    """What this node signed, and what of it is revoked."""
    found = rows(own.ask("certificate_list"))
    if own.as_json:
        own.out.json(found)
        return
    if not found:
        own.out.say("cli.certificate.none")
        return
    own.out.table(
        [
            "cli.column.digest",
            "cli.column.kind",
            "cli.column.placement",
            "cli.column.signed",
            "cli.column.revoked",
        ],
        [
            (
                short(row["digest"]),
                own.words.text(f"cli.certificate.kind.{row['kind']}"),
                row["placement"],
                own.words.time(str(row["signed"])),
                None if row["revoked"] is None else own.words.time(str(row["revoked"])),
            )
            for row in found
        ],
    )


@certificate.command("revoke", help="cli.certificate.revoke.help")
@click.argument("name")
@click.option("--yes", cls=Option, is_flag=True, help="cli.certificate.revoke.yes")
@session
def revoke(own: Session, name: str, *, yes: bool) -> None:
    """Revoke one that we signed, by id, digest or file."""
    path = Path(name)
    document = text_of(path) if path.is_file() else None
    if not yes:
        if not sys.stdin.isatty():
            raise InputError("certify.revoke-unconfirmed")
        click.confirm(own.words.text("cli.certificate.revoke.sure"), abort=True, err=True)
    told = mapping(
        own.ask("certificate_revoke", document=document, name=None if document is not None else name)
    )
    if own.as_json:
        own.out.json(told)
        return
    own.out.say("cli.certificate.revoked", digest=short(told["digest"]))


@certificate.command("verify", help="cli.certificate.verify.help", epilog="cli.certificate.verify.exits")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@_person
@click.option("--ask", cls=Option, is_flag=True, help="cli.certificate.verify.ask")
@click.option(
    "--log",
    "logs",
    cls=Option,
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="cli.certificate.verify.log",
)
@click.option(
    "--fingerprint",
    "fingerprints",
    cls=Option,
    multiple=True,
    metavar="12345 …",
    help="cli.certificate.verify.fingerprint",
)
@click.option("--partners", cls=Option, is_flag=True, help="cli.certificate.verify.partners")
@session
def verify(
    own: Session,
    *,
    files: Sequence[Path],
    person: Path | None,
    ask: bool,
    logs: Sequence[Path],
    fingerprints: Sequence[str],
    partners: bool,
) -> int:
    """Check certificates with what is given, with nothing but the protocol; and whether their agencies are known."""
    from passerelle.audit import Known, inspect_certificates  # noqa: PLC0415  (reads every schema)
    from passerelle.cli.certificateviews import show_certificates  # noqa: PLC0415  likewise

    holder = read_holder(own, person, with_salt=True) if person is not None or ask else None
    folders = [path for path in files if path.is_dir()]
    held = [item for path in files if not path.is_dir() for item in files_in(path)]
    known = Known(
        [(str(path), given(path)) for path in logs], fingerprints, _partners(own) if partners else ()
    )
    report = own.run(
        asyncio.to_thread(
            inspect_certificates,
            held,
            folders,
            datetime.now(UTC),
            None if holder is None else holder.person,
            known,
        ),
        doing="cli.audit.doing",
    )
    if own.as_json:
        own.out.json(report.to_json())
    else:
        show_certificates(own.out, report)
    return Exit.DONE if report.ok else Exit.FAILED


def _partners(own: Session) -> list[str]:
    """The identities that this home's node knows: its own, and those of its partners."""
    told = [mapping(own.ask("status")), *rows(own.ask("peer_list"))]
    return [str(one["scid"]) for one in told]


def _refuse_named(document: JsonObject, holder: Holder) -> None:
    """D-28: a text that names the volunteer is refused before it is signed, and not repeated."""
    member = certificatenames.member_with_person(document, holder.person)
    if member is not None:
        raise InputError("certify.names-volunteer", member=member)


def _refuse_unprintable(holder: Holder) -> None:
    """A name that no sheet can show is refused before a certificate about it is signed."""
    letters = certificateletters.missing_letters(holder.name)
    if letters:
        raise InputError("certify.unprintable", member="holder", letters=letters)


def _signed(told: JsonObject, verb: str) -> str:
    return f"cli.certificate.{verb}-before" if told.get("already") else f"cli.certificate.{verb}"
