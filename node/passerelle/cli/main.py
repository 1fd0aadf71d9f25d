"""The command line: ``passerelle ...``. The only module that ends the process with a code."""

from __future__ import annotations

import io
import itertools
import logging
import os
import resource
import signal
import sys
from collections.abc import Sequence

import click

from passerelle.cli.exits import Exit, exit_of
from passerelle.cli.lazily import Commands
from passerelle.cli.localised import Group, Option, click_speaks
from passerelle.cli.logs import log_to_standard_error
from passerelle.cli.session import Session, environment_home
from passerelle.cli.unexpected import unexpected
from passerelle.errors import PasserelleError
from passerelle.storage.secret import Given
from passerelle.words import LANGUAGES, Words, choose_language


@click.group(
    cls=Group,
    commands=Commands(),
    help="cli.help",
    epilog="cli.exits",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="passerelle", cls=Option, help="cli.option.version")
def cli() -> None:
    """Root of all commands; what it says stands in the catalogues."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code (see :mod:`passerelle.cli.exits`)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    language = choose_language(asked=asked_language(given), environment=os.environ)
    _no_image_of_memory()
    session = Session(Words(language), home=environment_home(os.environ), given=Given.take_from(os.environ))
    _write_what_can_be_shown()
    # Ended by a service manager or `timeout`: tidy up as after Ctrl-C (`serve` has a way of its own).
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with click_speaks(language):
        return run(given, session)


def _no_image_of_memory() -> None:
    """No core file: it would hold every key. What still writes one is the administrator's own choice."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(arguments: Sequence[str], session: Session) -> int:
    """Run one command in a session. Errors that have a name become a sentence and a code."""
    log_to_standard_error(as_json=session.as_json, least=logging.WARNING)
    try:
        result = cli.main(list(arguments), prog_name="passerelle", standalone_mode=False, obj=session)
    except click.ClickException as exc:
        if not (session.as_json or asks_for_json(arguments)):
            exc.show()
        else:
            session.as_json = True
            session.out.error(PasserelleError("command.usage", message=exc.format_message()))
        return Exit.USAGE
    except PasserelleError as exc:
        session.out.error(exc)
        return exit_of(exc)
    except (click.Abort, KeyboardInterrupt):
        click.echo(err=True)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing more to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except Exception as exc:  # noqa: BLE001  the edge: nobody at a desk reads a traceback
        session.out.error(unexpected(exc, named_only(arguments)))
        return Exit.FAULT
    return result if isinstance(result, int) else Exit.DONE


def _write_what_can_be_shown() -> None:
    """On a terminal or into a pipe without UTF-8, a character that it cannot show is `?`, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether ``--json`` stands anywhere: a command line that is wrong may not have been read so far."""
    return "--json" in itertools.takewhile(lambda argument: argument != "--", arguments)


def named_only(arguments: Sequence[str]) -> list[str]:
    """Commands and options without values, which may be of persons; a value is shown as ``…``."""
    known = {
        *cli.commands,
        *(name for group in cli.commands.values() for name in getattr(group, "commands", {})),
    }
    return [
        item.partition("=")[0] if item.startswith("--") else item if item in known else "…"
        for item in arguments
    ]


def asked_language(arguments: Sequence[str]) -> str | None:
    """The language that ``--lang`` asks for, wherever it stands: ``--help`` before it must obey too."""
    asked = None
    for position, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == "--lang" and position + 1 < len(arguments):
            asked = arguments[position + 1]
        elif argument.startswith("--lang="):
            asked = argument.removeprefix("--lang=")
    return asked if asked in LANGUAGES else None
