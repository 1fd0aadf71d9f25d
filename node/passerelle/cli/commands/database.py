"""Where the rows of a home are: ``database move``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from passerelle.cli.localised import Group, Option
from passerelle.cli.session import Session, session
from passerelle.words import Words


@click.group(cls=Group, help="cli.database.help")
def database() -> None:
    """Group of the commands about the database."""


@database.command("move", help="cli.database.move.help")
@click.argument("url")
@click.option(
    "--password-file",
    cls=Option,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="cli.init.database-password",
)
@session
def move(own: Session, url: str, password_file: Path | None) -> None:
    """Move the rows of a stopped home."""
    from passerelle import app  # noqa: PLC0415  (loads the node)

    file = password_file and password_file.absolute()
    with Steps(own.words) as steps:
        moved = asyncio.run(app.move_database(own.home, url, password_file=file, progress=steps.told))
    if own.as_json:
        own.out.json(moved)
        return
    own.out.say("cli.database.moved", old=moved["from"], new=moved["to"])
    own.out.say("cli.database.old", old=moved["old"])


class Steps:
    """How far a move is, on standard error: a bar for each table on a terminal, a line elsewhere."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=self._console
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._console.is_terminal:
            self._bars.stop()

    def told(self, step: str, table: str, done: int, total: int) -> None:
        """A stretch of a table is copied, or read again to be compared."""
        name = self._words.text(
            "cli.database.copying" if step == "copy" else "cli.database.checking", table=table
        )
        if not self._console.is_terminal:
            if done == total:
                self._console.print(f"{name} ({total})", soft_wrap=True)
            return
        if (step, table) not in self._tasks:
            self._tasks[step, table] = self._bars.add_task(name, total=total)
        self._bars.update(self._tasks[step, table], completed=done)
