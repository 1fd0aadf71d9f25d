"""Making a home, serving it, and asking how it is: ``init``, ``serve``, ``status``."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from passerelle.cli.commands.keys import chosen_secret
from passerelle.cli.commands.peers import moment
from passerelle.cli.localised import Command, Option
from passerelle.cli.logs import log_to_standard_error
from passerelle.cli.session import Session, mapping, rows, session
from passerelle.cli.views import type_name
from passerelle.protocol.profile import JsonObject


@click.command(cls=Command, help="cli.init.help")
@click.option("--code", cls=Option, required=True, metavar="TG-ANVT", help="cli.init.code")
@click.option("--country", cls=Option, required=True, metavar="TG", help="cli.init.country")
@click.option(
    "--name", "names", cls=Option, required=True, multiple=True, metavar="fr=…", help="cli.init.name"
)
@click.option("--acronym", cls=Option, default="", help="cli.init.acronym")
@click.option("--address", cls=Option, required=True, metavar="URL", help="cli.init.address")
@click.option("--language", "languages", cls=Option, multiple=True, metavar="fr", help="cli.init.language")
@click.option(
    "--port", cls=Option, type=click.IntRange(0, 65535), default=8420, show_default=True, help="cli.init.port"
)
@click.option(
    "--console-port",
    cls=Option,
    type=click.IntRange(0, 65535),
    default=8421,
    show_default=True,
    help="cli.init.console",
)
@click.option("--database", cls=Option, default="sqlite", metavar="URL", help="cli.init.database")
@click.option(
    "--database-password-file",
    cls=Option,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="cli.init.database-password",
)
@click.option("--fictitious", cls=Option, is_flag=True, help="cli.init.fictitious")
@click.option("--passphrase", cls=Option, is_flag=True, help="cli.init.passphrase")
@click.option(
    "--secret-file",
    cls=Option,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="cli.init.secret-file",
)
@session
def init(
    own: Session,
    *,
    code: str,
    country: str,
    names: Sequence[str],
    acronym: str,
    address: str,
    languages: Sequence[str],
    port: int,
    console_port: int,
    database: str,
    database_password_file: Path | None,
    fictitious: bool,
    passphrase: bool,
    secret_file: Path | None,
) -> None:
    """Make a home."""
    from passerelle import app  # noqa: PLC0415  (loads the node)
    from passerelle.cli.settings import home_settings  # noqa: PLC0415  (loads the node)

    agency, server, console = home_settings(
        code=code,
        country=country,
        names=by_language(names, own),
        acronym=acronym,
        languages=languages or [own.words.lang],
        fictitious=fictitious,
        address=address,
        port=port,
        console_port=console_port,
    )
    secret = chosen_secret(own, passphrase=passphrase, secret_file=secret_file)
    made = own.run(
        app.init_home(
            own.home,
            agency=agency,
            server=server,
            console=console,
            secret=secret,
            secret_file=secret_file,
            database=database,
            database_password_file=database_password_file and database_password_file.absolute(),
        ),
        doing="cli.init.doing",
    )
    if own.as_json:
        own.out.json(made)
        return
    _show_made(own, made, fictitious=fictitious)


def _show_made(own: Session, made: Mapping[str, object], *, fictitious: bool) -> None:
    """Who the new node is, where its secret and its offline keys lie, and what comes next."""
    own.out.say("cli.init.done", home=made["home"])
    own.out.facts([("cli.fact.scid", made["scid"]), ("cli.fact.fingerprint", made["fingerprint"])])
    if fictitious:
        own.out.say("cli.init.secret-fictitious")
    elif made["secret_file"] is not None:
        own.out.say("cli.keys.secret-in-file", file=made["secret_file"])
    else:
        own.out.say("cli.keys.secret-known")
    own.out.say("cli.init.offline", folder=made["offline_keys"])
    own.out.say("cli.init.next", command=f"passerelle serve --home {own.home}")


def by_language(names: Sequence[str], own: Session) -> dict[str, str]:
    """``fr=Agence…`` as language and text; without a language it is in the one being spoken."""
    found: dict[str, str] = {}
    for name in names:
        language, equals, text = name.partition("=")
        if equals and 2 <= len(language) <= 3 and language.isalpha():
            found[language.lower()] = text
        else:
            found[own.words.lang] = name
    return found


@click.command(cls=Command, help="cli.serve.help")
@click.option("--with-parent", cls=Option, is_flag=True, hidden=True)
@session
def serve(own: Session, *, with_parent: bool) -> None:
    """Own a home and answer, until told to stop."""
    from passerelle import app  # noqa: PLC0415  (loads the node)

    log_to_standard_error(as_json=own.as_json)
    if with_parent:
        threading.Thread(target=_stop_with_parent, daemon=True).start()

    def ready(told: dict[str, object]) -> None:
        if own.as_json:
            click.echo(json.dumps(told))  # on one line: whoever started us waits for it
            return
        own.out.say("cli.serve.ready", address=told["address"])
        own.out.say("cli.serve.console", address=told["console"])
        own.out.say("cli.serve.stop")

    own.opened(lambda given: asyncio.run(app.serve_home(own.home, ready=ready, given=given)))


def _stop_with_parent() -> None:
    """End when standard input does: whoever started us is gone, however that came about."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


@click.command(cls=Command, help="cli.status.help")
@session
def status(own: Session) -> None:
    """Who the node is, whether it may sign, and what it holds of whom."""
    told = mapping(own.ask("status"))
    if own.as_json:
        own.out.json(told)
        return
    own.out.facts(
        [
            ("cli.fact.agency", f"{told['code']} · {own.words.country(str(told['country']))}"),
            ("cli.fact.address", told["address"]),
            ("cli.fact.scid", told["scid"]),
            ("cli.fact.fingerprint", told["fingerprint"]),
            ("cli.fact.identity-entry", told["identity_entry"]),
            ("cli.fact.records", _counted(own, mapping(told["records_by_type"]))),
        ]
    )
    if told["fictitious"]:
        own.out.say("cli.status.fictitious")
    partners = rows(told["partners"])
    if partners:
        own.out.table(
            ["cli.column.partner", "cli.column.last-heard", "cli.column.state"],
            [
                (
                    partner["code"] or partner["scid"],
                    moment(own, partner["last_heard"]),
                    own.words.text(f"state.feed.{partner['state']}"),
                )
                for partner in partners
            ],
        )
    closed = told["read_only"]
    if isinstance(closed, dict):
        own.out.line(own.words.user(str(closed["code"]), **mapping(closed["params"])), style="bold red")


def _counted(own: Session, counts: JsonObject) -> str:
    """``3 offer, 1 agency`` in the reader's words."""
    return ", ".join(f"{type_name(own.words, kind)} {number}" for kind, number in sorted(counts.items()))
