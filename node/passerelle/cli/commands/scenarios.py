"""Playing exchanges on this machine: ``scenario run FILE``, ``demo``."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from passerelle.cli.exits import Exit
from passerelle.cli.localised import Command, Group, Option
from passerelle.cli.output import clean
from passerelle.cli.session import Session, mapping, session
from passerelle.cli.views import show_statement
from passerelle.protocol.profile import Json
from passerelle.scenario.cast import Cast
from passerelle.scenario.expectations import Finding
from passerelle.scenario.model import FiguresExpectation, SayStep
from passerelle.scenario.play import Entry, Play, load
from passerelle.scenario.player import Outcome
from passerelle.scenario.readings import is_readable

if TYPE_CHECKING:
    from passerelle.scenario.nodes import Nodes

PILOT = "togo-mali-pilot.yaml"
SAMPLE = "offres.csv"


@click.group(cls=Group, help="cli.scenario.help")
def scenario() -> None:
    """Group of the commands about scenarios."""


@scenario.command("run", help="cli.scenario.run.help")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--keep",
    cls=Option,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="cli.scenario.keep",
)
@click.option(
    "--database",
    cls=Option,
    default="sqlite",
    envvar="PASSERELLE_SCENARIO_DATABASE",
    metavar="URL",
    help="cli.scenario.database",
)
@click.option("--without-nodes", "on_paper", cls=Option, is_flag=True, help="cli.scenario.without-nodes")
@session
def run(own: Session, file: Path, keep: Path | None, database: str, *, on_paper: bool) -> int:
    """Play a scenario with real nodes and compare what they say with what the file expects."""
    play = load(file)
    return asyncio.run(_on_paper(own, play) if on_paper else _run(own, play, keep, database))


@scenario.command("generate", help="cli.scenario.generate.help")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--size", cls=Option, type=click.Choice(["S", "M", "L"]), default="S", help="cli.scenario.size")
@click.option("--seed", cls=Option, type=int, default=1, metavar="N", help="cli.scenario.seed")
@session
def generate(own: Session, folder: Path, size: str, seed: int) -> int:
    """Write demonstration data, the same for the same size and seed."""
    from passerelle.scenario.generated.sizes import SIZES  # noqa: PLC0415  (loads the protocol)
    from passerelle.scenario.generated.writing import write  # noqa: PLC0415  (likewise)

    summary = write(folder, SIZES[size], seed, name=size)
    if own.as_json:
        own.out.json(summary)
        return Exit.DONE
    counts = mapping(summary["records"])
    own.out.table(
        ["cli.column.type", "cli.column.records"], [(kind, str(count)) for kind, count in counts.items()]
    )
    own.out.say("cli.scenario.generated", folder=str(folder))
    return Exit.DONE


async def _on_paper(own: Session, play: Play) -> int:
    from passerelle.scenario.paper import Paper  # noqa: PLC0415  (loads the fold)
    from passerelle.scenario.player import play as play_on  # noqa: PLC0415  (loads the node)

    narrator = Narrator(own, play)
    narrator.title()
    return report(own, play, await play_on(play, Paper(play), watch=narrator.watch))


async def _run(own: Session, play: Play, keep: Path | None, database: str) -> int:
    from passerelle.scenario.nodes import staged  # noqa: PLC0415  (loads the node)
    from passerelle.scenario.player import play as play_on  # noqa: PLC0415  (loads the node)

    narrator = Narrator(own, play)
    with workplace(keep) as work:
        narrator.starting()
        async with staged(play, work, database=database) as nodes:
            outcome = await play_on(play, nodes, watch=narrator.watch)
    return report(own, play, outcome)


@contextlib.contextmanager
def workplace(keep: Path | None) -> Iterator[Path]:
    """A folder for homes and logs, removed afterwards unless somebody wants to look at it."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    work = Path(tempfile.mkdtemp(prefix="passerelle-"))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


class Narrator:
    """Says what happens while it happens: the sentences of the file, and how far the play is.

    Args:
        own: The session.
        play: What is played.
    """

    def __init__(self, own: Session, play: Play) -> None:
        self._own = own
        self._play = play

    def title(self) -> None:
        """The title and what it is about."""
        own, header = self._own, self._play.header
        if own.as_json:
            return
        own.out.line(own.words.pick(header.title)[0], style="bold")
        if header.summary:
            own.out.line(own.words.pick(header.summary)[0])

    def starting(self) -> None:
        """The title, and that nodes are being started: the longest silence of a play."""
        self.title()
        if not self._own.as_json:
            self._own.out.say("cli.scenario.starting", n=len(self._play.header.agencies))

    def watch(self, entry: Entry) -> None:
        """One line for each sentence of the file, with the progress of the play before it."""
        if self._own.as_json or not isinstance(entry.part, SayStep):
            return
        done = self._own.words.percent(str((entry.number - 1) / len(self._play.entries)))
        self._own.out.line(f"{done:>6}  {self._own.words.pick(entry.part.say)[0]}")


def report(own: Session, play: Play, outcome: Outcome, *, brief: bool = False) -> int:
    """A table for each node, then the verdict; the exit code.

    Args:
        own: The session.
        play: What was played.
        outcome: How it went.
        brief: Whether the tables are left out when all is right.
    """
    if own.as_json:
        own.out.json(
            {
                "ok": outcome.ok,
                "played": outcome.played,
                "entries": len(play.entries),
                "findings": [as_json(finding) for finding in outcome.findings],
            }
        )
        return Exit.DONE if outcome.ok else Exit.FAILED
    for agency, details in play.header.agencies.items():
        findings = [finding for finding in outcome.findings if finding.agency == agency]
        if findings and not (brief and outcome.ok):
            own.out.line()
            own.out.line(f"{details.code} · {own.words.pick(details.names)[0]}", style="bold")
            own.out.table(
                ["cli.column.subject", "cli.column.expected", "cli.column.found", "cli.column.outcome"],
                [
                    (
                        f.subject,
                        shown(f.expected),
                        shown(f.found),
                        own.words.text("cli.right" if f.ok else "cli.wrong"),
                    )
                    for f in findings
                ],
            )
    wrong = sum(not finding.ok for finding in outcome.findings)
    if outcome.played < len(play.entries):
        stopped = play.entries[outcome.played]
        own.out.say("cli.scenario.stopped", number=stopped.number, file=stopped.file, line=stopped.line)
    if not outcome.findings:
        own.out.say("cli.scenario.empty")
    elif wrong:
        own.out.say("cli.scenario.failed", wrong=wrong, n=len(outcome.findings))
    else:
        own.out.say("cli.scenario.passed", n=len(outcome.findings))
    return Exit.DONE if outcome.ok else Exit.FAILED


def as_json(finding: Finding) -> dict[str, object]:
    """A finding for a program."""
    return {
        "entry": finding.number,
        "line": finding.line,
        "agency": finding.agency,
        "subject": finding.subject,
        "expected": finding.expected,
        "found": finding.found,
        "ok": finding.ok,
    }


def shown(value: Json) -> str:
    """A value in a table; long ones by their beginning."""
    text = clean(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


@click.command(cls=Command, help="cli.demo.help")
@click.option("--exit", "leave", cls=Option, is_flag=True, help="cli.demo.exit")
@click.option(
    "--keep",
    cls=Option,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="cli.scenario.keep",
)
@click.option(
    "--database",
    cls=Option,
    default="sqlite",
    envvar="PASSERELLE_SCENARIO_DATABASE",
    metavar="URL",
    help="cli.scenario.database",
)
@session
def demo(own: Session, *, leave: bool, keep: Path | None, database: str) -> int:
    """The pilot between Togo and Mali, told in words, then left running to look at."""
    with resources.as_file(resources.files("passerelle.examples") / PILOT) as file:
        play = load(file)
    return asyncio.run(_demo(own, play, keep, database, leave=leave))


async def _demo(own: Session, play: Play, keep: Path | None, database: str, *, leave: bool) -> int:
    from passerelle.scenario.nodes import staged  # noqa: PLC0415  (loads the node)
    from passerelle.scenario.player import play as play_on  # noqa: PLC0415  (loads the node)

    narrator = Narrator(own, play)
    with workplace(keep) as work:
        narrator.starting()
        async with staged(play, work, database=database) as nodes:
            outcome = await play_on(play, nodes, watch=narrator.watch)
            code = report(own, play, outcome, brief=True)
            if outcome.ok:
                await _show(own, nodes, play, outcome.cast)
            if outcome.ok and not leave:
                own.out.say("cli.demo.stays")
                async with stopped_by_signals() as stop:
                    await stop.wait()
            own.out.say("cli.demo.ending")
    return code


async def _show(own: Session, nodes: Nodes, play: Play, cast: Cast) -> None:
    """The same statement from both parties, what an outsider sees of it, and where to look further."""
    pair = next(entry.part.pair for entry in play.entries if isinstance(entry.part, FiguresExpectation))
    names = {identity.scid: identity.code for identity in cast.agencies.values()}
    as_of = play.header.as_of
    if own.as_json:
        return
    for agency in play.header.agencies:
        own.out.line()
        if agency in pair:
            other = next(name for name in pair if name != agency)
            own.out.say("cli.demo.statement", agency=cast.agencies[agency].code)
            told = await nodes.call(agency, "statement", partner=cast.agencies[other].code, as_of=as_of)
            show_statement(own.out, mapping(told), lambda scid: names.get(scid, scid))
        else:
            readable = [made for made in cast.bilateral if await is_readable(nodes, agency, made.id)]
            own.out.say(
                "cli.demo.invisible",
                agency=cast.agencies[agency].code,
                n=len(cast.bilateral),
                readable=len(readable),
            )
    own.out.line()
    own.out.say("cli.demo.pages")
    for agency, process in nodes.processes.items():
        own.out.line(f"  {cast.agencies[agency].code:<8}  {process.console}?as-of={as_of}")
    own.out.say("cli.demo.publish", agency=cast.agencies[pair[1]].code)
    with resources.as_file(resources.files("passerelle.examples") / "samples" / SAMPLE) as sample:
        home = str(nodes.processes[pair[1]].home)
        own.out.line(f"  {shlex.join([*own_command(), 'publish', '--home', home, str(sample)])}")


def own_command() -> list[str]:
    """How this program was started, so that a command shown can be copied."""
    started = Path(sys.argv[0])
    return [sys.argv[0]] if started.stem == "passerelle" else [sys.executable, "-m", "passerelle"]


@contextlib.asynccontextmanager
async def stopped_by_signals() -> AsyncIterator[asyncio.Event]:
    """An event that Ctrl-C sets instead of breaking off: while a demonstration waits, that is its good end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    names = (signal.SIGINT, signal.SIGTERM)
    for name in names:
        loop.add_signal_handler(name, stop.set)
    try:
        yield stop
    finally:
        for name in names:
            loop.remove_signal_handler(name)
