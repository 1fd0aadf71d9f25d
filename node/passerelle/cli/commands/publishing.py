"""Publishing: ``publish FILE…``, ``nominate``, ``decide``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import click

from passerelle.cli.exits import Exit
from passerelle.cli.intake.cells import day, plain
from passerelle.cli.intake.faults import CellError, Fault
from passerelle.cli.intake.files import Reading, Wish, read_files
from passerelle.cli.intake.offers import Publisher
from passerelle.cli.intake.ruling import judged
from passerelle.cli.localised import Command, Option
from passerelle.cli.output import clean, short
from passerelle.cli.session import Session, mapping, rows, session
from passerelle.errors import InputError
from passerelle.protocol.codelists import CodeList
from passerelle.protocol.profile import Json, JsonObject, encode
from passerelle.protocol.schemas import Schemas
from passerelle.words import LANGUAGES


class Day(click.ParamType[str]):
    """A day as people write it, ``31/12/2017`` or ``2017-12-31``."""

    name = "day"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The day as ``2017-12-31``; what is no such day but could be EDTF is left to the desk."""
        try:
            return day(value)
        except CellError as exc:
            if exc.code == "offers.not-a-date":
                return value
            own = ctx.find_object(Session) if ctx else None
            self.fail(own.words.user(exc.code, **exc.params) if own else exc.code, param, ctx)


@click.command(cls=Command, help="cli.publish.help")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--keep-going", cls=Option, is_flag=True, help="cli.publish.keep-going")
@click.option("--check", cls=Option, is_flag=True, help="cli.publish.check")
@click.option("--again", cls=Option, is_flag=True, help="cli.publish.again")
@session
def publish(own: Session, files: Sequence[Path], *, keep_going: bool, check: bool, again: bool) -> int:
    """Read files of offers, explain every row that is wrong, publish the others or nothing."""
    reading = judged(read_files(files, publisher_of(own)), datetime.now(UTC).date())
    faults, published = list(reading.faults), list[Json]()
    if not check and (keep_going or not faults):
        try:
            published, refused = _publish(own, reading.wishes, keep_going=keep_going, again=again)
        except (KeyboardInterrupt, click.Abort):
            # The node may have had it all before we stopped waiting.
            own.out.error(InputError("publish.interrupted-again" if again else "publish.interrupted"))
            raise
        faults += refused
    _report(own, reading, published, faults, check=check)
    return Exit.REFUSED if faults else Exit.DONE


def publisher_of(own: Session) -> Publisher:
    """What the rows of a file need to know of this node and its partners."""
    agency = mapping(own.ask("status"))
    partners = {
        str(partner["code"]): partner for partner in rows(own.ask("peer_list")) if partner.get("code")
    }
    schemas = Schemas.packaged()
    # A code begins with its country, by its form.
    return Publisher(
        scid=str(agency["scid"]),
        country=str(agency["country"]),
        lang=own.words.lang,
        partners={code: (str(partner["scid"]), code[:2]) for code, partner in partners.items()},
        schemes=labels(schemas.code_list("scheme")),
        sectors=labels(schemas.code_list("sector")),
    )


def labels(codes: CodeList) -> dict[str, str]:
    """Each code by itself and by its labels, as ``plain`` writes them; a label of two codes means neither."""
    found: dict[str, str] = {}
    ambiguous: set[str] = set()
    for code in codes:
        for text in {plain(code), *(plain(codes.label(code, lang)) for lang in LANGUAGES)}:
            if found.setdefault(text, code) != code:
                ambiguous.add(text)
    return {text: code for text, code in found.items() if text not in ambiguous}


def _publish(
    own: Session, wishes: Sequence[Wish], *, keep_going: bool, again: bool
) -> tuple[list[Json], list[Fault]]:
    """All in one call, so that all or nothing is published; with ``--keep-going`` one by one.

    The key of a row is made of its content: a command repeated after a cut, or with a row put
    right, publishes nothing twice. A row that stands twice is meant twice, and has two keys.
    """
    items = [wish.item if again else {**wish.item, "key": key} for wish, key in _keyed(wishes)]
    batches = [[number] for number in range(len(items))] if keep_going else [list(range(len(items)))]
    published: list[Json] = []
    refused: list[Fault] = []
    for batch in filter(None, batches):
        try:
            given: list[Json] = [items[number] for number in batch]
            published += rows(own.ask("publish", doing="cli.publish.doing", items=given))
        except InputError as exc:
            if not keep_going:
                raise
            wish = wishes[batch[0]]
            refused.append(Fault(wish.file, wish.row, None, exc.code, exc.params))
    return published, refused


def _keyed(wishes: Sequence[Wish]) -> Iterator[tuple[Wish, str]]:
    """Each row with the key of its content, and of how often that content stood before it."""
    stood: Counter[str] = Counter()
    for wish in wishes:
        content = sha256(encode(wish.item)).hexdigest()
        stood[content] += 1
        yield wish, f"publish-{content}-{stood[content]}"


def _report(
    own: Session, reading: Reading, answers: Sequence[Json], faults: Sequence[Fault], *, check: bool
) -> None:
    already = [row for row in rows(list(answers)) if row.get("already")]
    published = [row for row in rows(list(answers)) if not row.get("already")]
    if own.as_json:
        told = [_fault_json(own, fault) for fault in faults]
        own.out.json({"published": published, "already": already, "faults": told})
        return
    for fault in faults:
        own.out.line(f"{_place(own, fault)} : {own.words.user(fault.code, **fault.params)}")
    if published:
        own.out.table(
            ["cli.column.id", "cli.column.digest"], [(row["id"], short(row["digest"])) for row in published]
        )
    if already:
        own.out.say("cli.publish.already", already=len(already))
    if faults and not published:
        own.out.say("cli.publish.nothing", good=len(reading.wishes), bad=bad_rows(faults))
    elif faults:
        own.out.say("cli.publish.some", published=len(published), bad=bad_rows(faults))
    elif check:
        own.out.say("cli.publish.good", good=len(reading.wishes))
    else:
        own.out.say("cli.publish.all", published=len(published))


def bad_rows(faults: Sequence[Fault]) -> int:
    """Rows that could not be published."""
    return len({(fault.file, fault.row) for fault in faults})


def _place(own: Session, fault: Fault) -> str:
    """``offres.csv, ligne 4, « places »``."""
    parts = [fault.file]
    if fault.row is not None:
        as_items = fault.file.lower().endswith(".json")
        parts.append(own.words.text("cli.publish.item" if as_items else "cli.publish.row", row=fault.row))
    if fault.column is not None:
        parts.append(own.words.text("cli.publish.column", column=clean(fault.column)))
    return ", ".join(parts)


def _fault_json(own: Session, fault: Fault) -> dict[str, object]:
    return {
        "file": fault.file,
        "row": fault.row,
        "column": fault.column,
        "code": fault.code,
        "params": dict(fault.params),
        "user": own.words.user(fault.code, **fault.params),
        "developer": own.words.developer(fault.code, **fault.params),
    }


@click.command(cls=Command, help="cli.nominate.help")
@click.option("--offer", cls=Option, required=True, metavar="ID", help="cli.nominate.offer")
@click.option("--dossier", cls=Option, required=True, metavar="ID", help="cli.nominate.dossier")
@click.option("--agreement", cls=Option, required=True, metavar="ID", help="cli.nominate.agreement")
@click.option(
    "--date", "nominated_on", cls=Option, type=Day(), metavar="JJ/MM/AAAA", help="cli.nominate.date"
)
@click.option("--rank", cls=Option, type=click.IntRange(1), help="cli.nominate.rank")
@click.option("--motivation", cls=Option, metavar="…", help="cli.nominate.motivation")
@session
def nominate(
    own: Session,
    *,
    offer: str,
    dossier: str,
    agreement: str,
    nominated_on: str | None,
    rank: int | None,
    motivation: str | None,
) -> None:
    """Propose a volunteer."""
    _show_made(
        own,
        own.ask(
            "nominate",
            offer=offer,
            dossier=dossier,
            agreement=agreement,
            nominated_on=nominated_on,
            rank=rank,
            motivation=_text(own, motivation),
        ),
    )


@click.command(cls=Command, help="cli.decide.help")
@click.argument("record")
@click.argument("outcome")
@click.option("--effective", cls=Option, type=Day(), metavar="JJ/MM/AAAA", help="cli.decide.effective")
@click.option("--reason", cls=Option, metavar="CODE", help="cli.decide.reason")
@click.option("--function", cls=Option, metavar="CODE", help="cli.decide.function")
@click.option("--text", cls=Option, metavar="…", help="cli.decide.text")
@click.option("--rule", cls=Option, metavar="V06", help="cli.decide.rule")
@session
def decide(
    own: Session,
    *,
    record: str,
    outcome: str,
    effective: str | None,
    reason: str | None,
    function: str | None,
    text: str | None,
    rule: str | None,
) -> None:
    """Decide on a record."""
    _show_made(
        own,
        own.ask(
            "decide",
            about=record,
            outcome=outcome,
            effective=effective,
            reason=reason,
            function=function,
            text=_text(own, text),
            rule=rule,
        ),
    )


def _text(own: Session, text: str | None) -> JsonObject | None:
    return None if text is None else {own.words.lang: text}


def _show_made(own: Session, answer: Json) -> None:
    if own.as_json:
        own.out.json(answer)
        return
    made = mapping(answer)
    own.out.say("cli.published", id=made["id"], digest=short(made["digest"]))
