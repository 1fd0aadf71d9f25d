"""``conformance``: examine a node from outside, as its follower and as a partner that keeps to nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from passerelle.cli.exits import Exit
from passerelle.cli.localised import Command, Option
from passerelle.cli.session import Session, session
from passerelle.errors import InputError, TransportError

if TYPE_CHECKING:
    from passerelle.conformance import Examination, Report

LISTEN: Final = "127.0.0.1:8440"


@click.command(cls=Command, help="cli.conformance.help")
@click.argument("url")
@click.option("--follower-only", cls=Option, is_flag=True, help="cli.conformance.follower-only")
@click.option("--listen", cls=Option, default=LISTEN, show_default=True, help="cli.conformance.listen")
@click.option("--address", cls=Option, metavar="URL", help="cli.conformance.address")
@click.option("--private-allowed", cls=Option, is_flag=True, help="cli.conformance.private-allowed")
@click.option("--every-log", cls=Option, is_flag=True, help="cli.conformance.every-log")
@click.option(
    "--wait",
    cls=Option,
    type=click.IntRange(1, 86_400),
    default=600,
    show_default=True,
    help="cli.conformance.wait",
)
@click.option(
    "--minutes",
    cls=Option,
    type=click.FloatRange(0, 1_440, min_open=True),
    default=40.0,
    show_default=True,
    help="cli.conformance.minutes",
)
@click.option(
    "--certificate",
    "file",
    cls=Option,
    type=click.Path(path_type=Path, dir_okay=False),
    help="cli.conformance.certificate",
)
@session
def conformance(
    own: Session,
    url: str,
    listen: str,
    address: str | None,
    wait: int,
    minutes: float,
    file: Path | None,
    *,
    follower_only: bool,
    private_allowed: bool,
    every_log: bool,
) -> int:
    """Look at a node, and say of each rule whether it is kept."""
    # Loaded when used: help must not wait for schemas and cryptography.
    from passerelle.cli.conformance import Progress, show_report  # noqa: PLC0415
    from passerelle.conformance import Examination, certificate  # noqa: PLC0415

    if not url.startswith(("http://", "https://")):
        raise InputError("conformance.no-url", url=url)
    if file is not None and file.exists():
        raise InputError("conformance.file-exists", path=str(file))
    host, port = _place(listen)
    with Progress(own.words) as progress:
        examination = Examination(
            url.rstrip("/"),
            progress.say,
            private_allowed=private_allowed,
            seconds=60.0 * minutes,
            every_log=every_log,
        )
        report = asyncio.run(
            _examine(own, examination, None if follower_only else (host, port), address, wait)
        )
    if own.as_json:
        own.out.json(report.to_json())
    else:
        show_report(own.out, report)
    if file is not None and report.conforms:
        file.write_bytes(certificate(report))
        own.out.say("cli.conformance.written", path=file)
    return _exit(report, follower_only=follower_only)


def _place(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise InputError("conformance.no-place", place=listen)
    return host.strip("[]"), int(port)


async def _examine(
    own: Session, examination: Examination, place: tuple[str, int] | None, address: str | None, wait: int
) -> Report:
    try:
        await examination.as_follower()
        if place is not None and examination.cut is None:
            await _as_partner(own, examination, place, address, wait)
        return examination.report()
    finally:
        await examination.close()


async def _as_partner(
    own: Session, examination: Examination, place: tuple[str, int], address: str | None, wait: int
) -> None:
    try:
        agency = await examination.introduce(*place)
    except OSError as exc:
        raise TransportError("server.port-in-use", host=place[0], port=place[1]) from exc
    if agency is None or examination.partner is None:
        return
    from passerelle.cli.conformance import show_waiting  # noqa: PLC0415  as above

    port = examination.partner.stand.port
    show_waiting(own, agency, address or f"http://{place[0]}:{port}")
    examination.progress("added")
    if await examination.wait_until_added(float(wait)):
        await examination.as_partner()


def _exit(report: Report, *, follower_only: bool) -> Exit:
    """7 where a mandatory rule is broken, 4 where the node could not be looked at to the end, else 0."""
    if report.broken:
        return Exit.FAILED
    whole = report.cut is None and (follower_only or len(report.roles) == 2)
    return Exit.DONE if whole else Exit.PARTNER
