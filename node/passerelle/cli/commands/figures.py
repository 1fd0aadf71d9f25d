"""What is counted and who is where: ``figures``."""

from __future__ import annotations

import click

from passerelle.cli.commands.publishing import Day
from passerelle.cli.figureviews import GROUPS, Told, show_figures, write_figures
from passerelle.cli.localised import Command, Option
from passerelle.cli.session import Session, mapping, session


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
