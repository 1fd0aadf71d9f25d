"""What every command shares: whose home, which language, which form of answer, and the way to the desk."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol, TypeVar

import click

from passerelle.cli.output import Output
from passerelle.cli.waiting import waiting
from passerelle.errors import ConfigError
from passerelle.protocol.profile import Json
from passerelle.storage.secret import Given
from passerelle.words import Words

T = TypeVar("T")

DEFAULT_HOME: Final = Path.home() / ".passerelle"


class Call(Protocol):
    """``passerelle.app.call``: asks a home for something, through its running node if there is one."""

    def __call__(self, home: Path, method: str, /, **arguments: Json) -> Awaitable[Json]:
        """The answer of the desk; raises what the desk raises."""
        ...


def _desk(given: Given) -> Call:
    # Loaded when first used: help and usage errors must not wait for the whole node.
    from passerelle import app  # noqa: PLC0415

    return app.caller(given)


@dataclass(slots=True)
class Session:
    """One run of the command line.

    Args:
        words: The language to speak.
        home: The home to work on.
        as_json: Whether answers and errors are JSON.
        given: What the process was given to open the keys.
        connect: Gives the way to the desk; replaced by tests.
    """

    words: Words
    home: Path = DEFAULT_HOME
    as_json: bool = False
    given: Given = field(default_factory=Given)
    connect: Callable[[Given], Call] = field(default=_desk)

    @property
    def out(self) -> Output:
        """Where answers go."""
        return Output(self.words, as_json=self.as_json)

    def ask(self, method: str, *, doing: str | None = None, **arguments: Json) -> Json:
        """Ask the desk and wait; after two seconds say what is being waited for.

        Args:
            method: Of the desk.
            doing: msgid of what takes the time; the general sentence where None.
            arguments: Given to the desk, but for those that are None: it has its own defaults.
        """
        asked = {name: value for name, value in arguments.items() if value is not None}
        return self.opened(
            lambda given: self.run(self.connect(given)(self.home, method, **asked), doing=doing)
        )

    def opened(self, act: Callable[[Given], T]) -> T:
        """Do something that may need the keys; where a passphrase locks them, ask for it and do it again.

        A passphrase is asked for only at a terminal, and only once nothing else opens the keys:
        beside a running node none is needed. It is asked outside the event loop, so that Ctrl-C
        ends the question.
        """
        try:
            return act(self.given)
        except ConfigError as error:
            if error.code != "keys.locked" or not sys.stdin.isatty():
                raise
        typed = click.prompt(self.words.text("cli.keys.ask"), hide_input=True, err=True)
        self.given = replace(self.given, typed=typed)
        return act(self.given)

    def run(self, work: Awaitable[T], *, doing: str | None = None) -> T:
        """Run something to its end; after two seconds say what is being waited for."""
        return asyncio.run(waiting(work, self.words, doing or "cli.working"))


session = click.make_pass_decorator(Session)
"""Gives a command its session as first argument."""


def mapping(value: Json) -> dict[str, Json]:
    """An answer of the desk that is a mapping."""
    if not isinstance(value, dict):
        raise TypeError("the desk answers with a mapping")
    return value


def rows(value: Json) -> list[dict[str, Json]]:
    """An answer of the desk that is a list of mappings."""
    if not isinstance(value, list):
        raise TypeError("the desk answers with a list")
    return [mapping(item) for item in value]


def environment_home(environment: Mapping[str, str]) -> Path:
    """The home where no ``--home`` is given."""
    return Path(environment["PASSERELLE_HOME"]) if environment.get("PASSERELLE_HOME") else DEFAULT_HOME
