"""The keys of a home and the secret that opens them: ``keys show``, ``keys rewrap``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from passerelle.cli.commands.peers import moment
from passerelle.cli.localised import Command, Group, Option
from passerelle.cli.session import Session, rows, session
from passerelle.errors import InputError
from passerelle.protocol.profile import parse_time
from passerelle.storage.secret import Secret


@click.group(cls=Group, help="cli.keys.help")
def keys() -> None:
    """The group."""


@keys.command(cls=Command, help="cli.keys.show.help")
@session
def show(own: Session) -> None:
    """Which keys there are; never a secret."""
    from passerelle import custody  # noqa: PLC0415  (loads the node)

    told = custody.show(own.home)
    if own.as_json:
        own.out.json(told)
        return
    own.out.table(
        ["cli.column.key", "cli.column.kind", "cli.column.since", "cli.column.public"],
        [
            (key["name"], key["kind"], moment(own, int(parse_time(str(key["since"])).timestamp())), key["id"])
            for key in rows(told["keys"])
        ],
    )
    own.out.say(f"cli.keys.locked-by.{told['locked_by']}", file=told["secret_file"])
    for sheet in rows(told["offline"]):
        own.out.say("cli.keys.still-here", file=sheet["file"])


@keys.command(cls=Command, help="cli.keys.rewrap.help")
@click.option("--passphrase", cls=Option, is_flag=True, help="cli.keys.rewrap.passphrase")
@click.option(
    "--secret-file",
    cls=Option,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="cli.init.secret-file",
)
@session
def rewrap(own: Session, *, passphrase: bool, secret_file: Path | None) -> None:
    """Lock the keys with a new secret."""
    from passerelle import custody  # noqa: PLC0415  (loads the node)

    refuse_both(passphrase=passphrase, secret_file=secret_file)
    typed = ask_new(own) if passphrase else None
    done = own.opened(
        lambda given: custody.rewrap(own.home, given, passphrase=typed, secret_file=secret_file)
    )
    if own.as_json:
        own.out.json(done)
        return
    if done["secret_file"] is None:
        own.out.say("cli.keys.secret-known")
    else:
        own.out.say("cli.keys.secret-in-file", file=done["secret_file"])
    own.out.say("cli.keys.old-backups")


def chosen_secret(own: Session, *, passphrase: bool, secret_file: Path | None) -> Secret | None:
    """What is to open the keys of a new home, where that is not a file of its own making.

    Raises:
        InputError: ``keys.no-terminal``, ``keys.passphrase-too-short``, ``keys.two-choices``.
    """
    refuse_both(passphrase=passphrase, secret_file=secret_file)
    if passphrase:
        return Secret.parse(ask_new(own))
    given = own.given.secrets()
    return given[0] if given and secret_file is None else None


def refuse_both(*, passphrase: bool, secret_file: Path | None) -> None:
    """Raise InputError ``keys.two-choices`` where a passphrase and a file are asked for at once."""
    if passphrase and secret_file is not None:
        raise InputError("keys.two-choices")


def ask_new(own: Session) -> str:
    """A new passphrase, typed twice.

    Raises:
        InputError: ``keys.no-terminal``.
    """
    if not sys.stdin.isatty():
        raise InputError("keys.no-terminal")
    typed: str = click.prompt(
        own.words.text("cli.keys.ask-new"),
        hide_input=True,
        confirmation_prompt=own.words.text("cli.keys.ask-again"),
        err=True,
    )
    Secret.parse(typed).refuse_weak()
    return typed
