"""click in the reader's language.

Help texts are msgids, said when they are shown: the language is known only once the
command line has been read. click's own sentences (*Usage*, *No such option*) go through
gettext, so they are given a catalogue of their own.
"""

from __future__ import annotations

import contextlib
import copy
import gettext
import os
import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import click
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from passerelle.cli.session import Session
from passerelle.words import Words

_DOMAIN = "passerelle"
SHORT_HELP_CHARACTERS = 160


def _said(command: click.Command, words: Words) -> click.Command:
    said = copy.copy(command)
    said.help = words.text(command.help) if command.help else None
    said.epilog = words.text(command.epilog) if command.epilog else None
    return said


def _words() -> Words | None:
    context = click.get_current_context(silent=True)
    session = context.find_object(Session) if context else None
    return session.words if session else None


class Option(click.Option):
    """An option whose help is a msgid."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Name and help, the help in the reader's language."""
        words = _words()
        if words is None or not self.help:
            return super().get_help_record(ctx)
        said = copy.copy(self)
        said.help = words.text(self.help)
        return click.Option.get_help_record(said, ctx)


class Command(click.Command):
    """A command whose help is a msgid, and which takes the options that every command takes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += common_options()

    def get_short_help_str(self, limit: int = SHORT_HELP_CHARACTERS) -> str:
        """The first sentence of the help, whole: a line may wrap, half a sentence helps nobody."""
        words = _words()
        said = _said(self, words) if words else self
        return click.Command.get_short_help_str(said, max(limit, SHORT_HELP_CHARACTERS))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help in the reader's language."""
        words = _words()
        click.Command.format_help_text(_said(self, words) if words else self, ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  (click's)
        """The text below the options, lines kept as they are."""
        words = _words()
        if words and self.epilog:
            formatter.write_paragraph()
            for line in words.text(self.epilog).splitlines():
                formatter.write(f"{line}\n")


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command
    group_class = type


def common_options() -> list[click.Parameter]:
    """``--home``, ``--json`` and ``--lang``, which may stand before or after a command's name."""
    return [
        Option(
            ["--home"],
            type=click.Path(path_type=Path, file_okay=False),
            expose_value=False,
            callback=_set_home,
            help="cli.option.home",
            metavar="DIR",
        ),
        Option(
            ["--json"],
            is_flag=True,
            default=None,
            expose_value=False,
            callback=_set_json,
            help="cli.option.json",
        ),
        Option(
            ["--lang"],
            type=click.Choice(["fr", "en"]),
            expose_value=False,
            callback=_set_language,
            help="cli.option.lang",
        ),
    ]


def _set_home(ctx: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.ensure_object(Session).home = value


def _set_json(ctx: click.Context, _parameter: click.Parameter, value: bool | None) -> None:  # noqa: FBT001  (click calls it)
    if value:
        ctx.ensure_object(Session).as_json = True


def _set_language(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(Session).words = Words(value)


@contextlib.contextmanager
def click_speaks(lang: str) -> Iterator[None]:
    """Let click's own sentences be in the reader's language while a command runs.

    click looks them up with the module-level functions of gettext, which read compiled files: so
    the catalogue, kept as text like all others, is compiled for as long as it is needed.
    """
    source = resources.files("passerelle.cli") / f"click.{lang}.po"
    if not source.is_file():
        yield
        return
    with tempfile.TemporaryDirectory(prefix="passerelle-words-") as folder:
        target = Path(folder) / lang / "LC_MESSAGES" / f"{_DOMAIN}.mo"
        target.parent.mkdir(parents=True)
        with source.open("rb") as text, target.open("wb") as compiled:
            write_mo(compiled, read_po(text, locale=lang, abort_invalid=True))
        before = gettext.textdomain(), os.environ.get("LANGUAGE")
        gettext.bindtextdomain(_DOMAIN, folder)
        gettext.textdomain(_DOMAIN)
        os.environ["LANGUAGE"] = lang
        try:
            yield
        finally:
            gettext.textdomain(before[0])
            os.environ.pop("LANGUAGE")
            if before[1] is not None:
                os.environ["LANGUAGE"] = before[1]
