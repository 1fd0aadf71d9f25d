"""Of whom a certificate speaks: read from a file, from standard input or at the terminal, never from the command line.

Arguments stand in the history of a shell and in the list of processes. What is read here
goes into the volunteer's own file and nowhere else: no desk is called with it, and no
error repeats it.

The file is JSON: ``{"name":"Afi Mensah","birthDate":"1998-04-07"}``, in the volunteer's own with ``"salt"`` besides.
"""

from __future__ import annotations

import json
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from passerelle.cli.session import Session
from passerelle.errors import InputError, ProtocolError, reason_of
from passerelle.protocol import profile
from passerelle.protocol.certificates import Person

STANDARD_INPUT: Final = Path("-")
MAX_BYTES: Final = 65_536
_SALT_BYTES: Final = 16
_MEMBERS: Final = frozenset({"name", "birthDate", "salt"})


@dataclass(frozen=True, slots=True)
class Holder:
    """What the volunteer's own file has of the person.

    Args:
        name: As it was typed; in print as it is.
        birth_date: As it was typed.
        salt: 32 hexadecimal digits.
    """

    name: str
    birth_date: str
    salt: str

    @property
    def person(self) -> Person:
        """The same, as it is compared. Raises InputError ``certificate.person-unreadable``."""
        try:
            return Person.parse(self.name, self.birth_date, self.salt)
        except ProtocolError as exc:
            raise InputError(exc.code, **exc.params) from exc

    def encode(self) -> bytes:
        """The volunteer's own file."""
        told = {"name": self.name, "birthDate": self.birth_date, "salt": self.salt}
        return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def read_holder(own: Session, path: Path | None, *, with_salt: bool) -> Holder:
    """Who it is, from a file or from whoever sits at the terminal.

    Args:
        own: The session, for its language.
        path: The file, ``-`` for standard input, None to ask.
        with_salt: Whether the salt is asked for too; where it is not, and none is given, one is drawn.

    Raises:
        InputError: ``certify.no-person`` where nobody can be asked; ``certify.person-file``;
            ``certificate.person-unreadable``.
    """
    if path is None and not sys.stdin.isatty():
        raise InputError("certify.no-person")
    given = _ask(own, with_salt=with_salt) if path is None else _parse(_read(path), path)
    if with_salt and not given.get("salt"):
        raise InputError("certificate.person-unreadable", member="salt")
    salt = given.get("salt") or secrets.token_bytes(_SALT_BYTES).hex()
    holder = Holder(given["name"].strip(), given["birthDate"].strip(), salt)
    holder.person  # noqa: B018  refuses what cannot be compared later
    return holder


def _ask(own: Session, *, with_salt: bool) -> dict[str, str]:
    told = {
        "name": str(click.prompt(own.words.text("cli.certificate.ask-name"), err=True)),
        "birthDate": str(click.prompt(own.words.text("cli.certificate.ask-birth-date"), err=True)),
    }
    if with_salt:
        told["salt"] = str(click.prompt(own.words.text("cli.certificate.ask-salt"), err=True))
    return told


def _read(path: Path) -> bytes:
    if path == STANDARD_INPUT:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise InputError("certify.file-unreadable", path=str(path), reason=reason_of(exc)) from exc


def _parse(data: bytes, path: Path) -> dict[str, str]:
    """The members of the file; what is in it is not repeated."""
    try:
        value = profile.parse(data.removeprefix(b"\xef\xbb\xbf"), max_bytes=MAX_BYTES)
    except ProtocolError as exc:
        raise InputError("certify.person-file", path=str(path)) from exc
    if not isinstance(value, dict) or not {"name", "birthDate"} <= value.keys() <= _MEMBERS:
        raise InputError("certify.person-file", path=str(path))
    if not all(isinstance(item, str) for item in value.values()):
        raise InputError("certify.person-file", path=str(path))
    return {member: str(item) for member, item in value.items()}
