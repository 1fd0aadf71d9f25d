"""Certificates of volunteers: ``certificate issue · endorse · print · show · list · revoke · verify``."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from passerelle.cli.exits import Exit
from passerelle.cli.localised import Group, Option
from passerelle.cli.output import short
from passerelle.cli.persons import Holder, read_holder
from passerelle.cli.session import Session, mapping, rows, session
from passerelle.errors import InputError, reason_of
from passerelle.protocol import certificatenames
from passerelle.protocol.profile import JsonObject, encode
from passerelle.storage import private
from passerelle.words import Words

MAX_FILE_BYTES: Final = 16 * 2**20
"""Of a file given to be read: a printed copy holds fonts."""

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
    name = f"certificate-{holder.person.commitment[:12]}"
    kept = _keep_holder(out / f"{name}.holder.json", holder)
    try:
        told = ask("certificate_issue", holder.person.commitment)
    except InputError:
        if kept:  # refused: nothing was signed, and a file with a name lies about for no reason
            (out / f"{name}.holder.json").unlink(missing_ok=True)
        raise
    path = _write_document(out / f"{name}.json", told)
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
    told = mapping(own.ask("certificate_endorse", document=_text(file), language=language or own.words.lang))
    path = _write_document(out / f"{file.stem.removesuffix('.holder')}.endorsement.json", told)
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

    document, endorsed = _text(file), None if endorsement is None else _text(endorsement)
    told = mapping(own.ask("certificate_sheet", document=document, endorsement=endorsed))
    holder = read_holder(own, person, with_salt=True)
    sheet = sheet_of(document, endorsed, holder, told, address)
    target = out or file.with_name(f"{file.stem}.holder.pdf")
    _write_new(target, print_sheet(sheet, Words(language or own.words.lang)))
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
    given = Path(name)
    document = _text(given) if given.is_file() else None
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
@session
def verify(own: Session, *, files: Sequence[Path], person: Path | None, ask: bool) -> int:
    """Check certificates with what is given, with nothing but the protocol."""
    from passerelle.audit import inspect_certificates  # noqa: PLC0415  (reads every schema)
    from passerelle.cli.certificateviews import show_certificates  # noqa: PLC0415  likewise

    holder = read_holder(own, person, with_salt=True) if person is not None or ask else None
    folders = [path for path in files if path.is_dir()]
    given = [item for path in files if not path.is_dir() for item in _files_in(path)]
    report = own.run(
        asyncio.to_thread(
            inspect_certificates,
            given,
            folders,
            datetime.now(UTC),
            None if holder is None else holder.person,
        ),
        doing="cli.audit.doing",
    )
    if own.as_json:
        own.out.json(report.to_json())
    else:
        show_certificates(own.out, report)
    return Exit.DONE if report.ok else Exit.FAILED


# --- files -------------------------------------------------------------------------------


def _data(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise InputError("certify.file-unreadable", path=str(path), reason="efbig")
    return data


def _given(path: Path) -> bytes:
    """A file that somebody named.

    Raises:
        InputError: ``certify.file-unreadable``.
    """
    try:
        return _data(path)
    except OSError as exc:
        raise InputError("certify.file-unreadable", path=str(path), reason=reason_of(exc)) from exc


def _files_in(path: Path) -> list[tuple[str, bytes]]:
    """A file, or those that lie in a PDF.

    Raises:
        InputError: ``certify.file-unreadable``, ``certify.pdf-unreadable``, ``certify.pdf-empty``.
    """
    data = _given(path)
    if not data.startswith(b"%PDF-"):
        return [(str(path), data)]
    from passerelle.paper import attachments_of  # noqa: PLC0415  (loads a PDF library)

    return [(f"{path} · {name}", held) for name, held in attachments_of(data, str(path))]


def _text(path: Path) -> str:
    return _given(path).decode("utf-8", "replace")


def _keep_holder(path: Path, holder: Holder) -> bool:
    """Write the volunteer's own file; False where it is there already, as when a command is repeated.

    Raises:
        InputError: ``certify.file-exists`` where another one is; ``certify.file-unwritable``.
    """
    return _write_once(path, holder.encode())


def _write_document(path: Path, told: JsonObject) -> Path:
    """The canonical bytes of what was signed (D-26)."""
    _write_once(path, encode(told["document"]))
    return path


def _write_once(path: Path, data: bytes) -> bool:
    """Whether it was written; the same file may be there already, another one is never written over."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if _data(path) == data:
            return False
        raise InputError("certify.file-exists", path=str(path))
    _write(path, data)
    return True


def _write_new(path: Path, data: bytes) -> None:
    """A file that is never written over another one."""
    if path.exists():
        raise InputError("certify.file-exists", path=str(path))
    _write(path, data)


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        private.write_new(path, data)
    except OSError as exc:
        raise InputError("certify.file-unwritable", path=str(path), reason=reason_of(exc)) from exc


def _refuse_named(document: JsonObject, holder: Holder) -> None:
    """D-28: a text that names the volunteer is refused before it is signed, and not repeated."""
    member = certificatenames.member_with_person(document, holder.person)
    if member is not None:
        raise InputError("certify.names-volunteer", member=member)


def _signed(told: JsonObject, verb: str) -> str:
    return f"cli.certificate.{verb}-before" if told.get("already") else f"cli.certificate.{verb}"
