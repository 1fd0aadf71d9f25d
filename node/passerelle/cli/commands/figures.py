"""What is counted, what stands where, and who is where: ``figures``, ``board``, ``reconcile``, ``roll``."""

from __future__ import annotations

from typing import cast

import click

from passerelle.cli.boardviews import agencies, show_board, show_groups, write_board
from passerelle.cli.commands.publishing import Day
from passerelle.cli.figureviews import GROUPS, Told, show_figures, write_figures
from passerelle.cli.localised import Command, Option
from passerelle.cli.output import Output
from passerelle.cli.reconcileviews import show_divergences, write_divergences
from passerelle.cli.rollviews import show_roll, write_roll
from passerelle.cli.session import Session, mapping, session
from passerelle.desk.board_view import Board
from passerelle.words import Words


@click.command(cls=Command, help="cli.figures.help")
@click.argument("partner", required=False)
@click.option("--as-of", cls=Option, type=Day(), metavar="JJ/MM/AAAA", help="cli.figures.as-of")
@click.option("--year", cls=Option, type=click.IntRange(1900, 2100), metavar="AAAA", help="cli.figures.year")
@click.option("--scheme", cls=Option, metavar="vir", help="cli.figures.scheme")
@click.option("--programme", cls=Option, metavar="WECCEE", help="cli.figures.programme")
@click.option("--by", cls=Option, type=click.Choice(list(GROUPS)), help="cli.figures.by")
@click.option("--csv", "as_sheet", cls=Option, is_flag=True, help="cli.option.csv")
@session
def figures(
    own: Session,
    partner: str | None,
    as_of: str | None,
    year: int | None,
    scheme: str | None,
    programme: str | None,
    by: str | None,
    *,
    as_sheet: bool,
) -> None:
    """Who sent how many to whom, by year, scheme and programme."""
    answer = mapping(
        own.ask("figures", partner=partner, as_of=as_of, year=year, scheme=scheme, programme=programme)
    )
    told = Told(own.words, answer)
    if own.as_json:
        own.out.json(answer)
    elif as_sheet:
        write_figures(told)
    else:
        show_figures(own.out, told, by)


@click.command(cls=Command, help="cli.roll.help")
@click.option("--as-of", cls=Option, type=Day(), metavar="JJ/MM/AAAA", help="cli.roll.as-of")
@click.option("--csv", "as_sheet", cls=Option, is_flag=True, help="cli.option.csv")
@session
def roll(own: Session, as_of: str | None, *, as_sheet: bool) -> None:
    """Which volunteers are where, and whom to call."""
    answer = mapping(own.ask("roll", as_of=as_of))
    if own.as_json:
        own.out.json(answer)
    elif as_sheet:
        write_roll(own.words, answer)
    else:
        show_roll(own.out, answer)


@click.command(cls=Command, help="cli.board.help")
@click.option("--as-of", cls=Option, type=Day(), metavar="JJ/MM/AAAA", help="cli.board.as-of")
@click.option("--csv", "as_sheet", cls=Option, is_flag=True, help="cli.option.csv")
@session
def board(own: Session, as_of: str | None, *, as_sheet: bool) -> None:
    """What an exchange desk sees at one look."""
    answer = mapping(own.ask("board", as_of=as_of))
    told = cast("Board", answer)  # the desk's own shape, as it came over the local socket
    words = Words(own.words.lang, {one["scid"]: one["code"] for one in agencies(told) if one["code"]})
    if as_sheet and not own.as_json:
        write_board(words, told)
        return
    groups = mapping(own.ask("groups", as_of=as_of))
    if own.as_json:
        own.out.json({**answer, "groups": groups})
    else:
        show_board(Output(words, as_json=False), told)
        show_groups(Output(words, as_json=False), groups)


@click.command(cls=Command, help="cli.reconcile.help")
@click.argument("partner", required=False)
@click.option("--as-of", cls=Option, type=Day(), metavar="JJ/MM/AAAA", help="cli.reconcile.as-of")
@click.option("--csv", "as_sheet", cls=Option, is_flag=True, help="cli.option.csv")
@session
def reconcile(own: Session, partner: str | None, as_of: str | None, *, as_sheet: bool) -> None:
    """Facts on which the records of two agencies differ."""
    answer = mapping(own.ask("reconcile", partner=partner, as_of=as_of))
    if own.as_json:
        own.out.json(answer)
    elif as_sheet:
        write_divergences(own.words, answer)
    else:
        show_divergences(own.out, answer)
