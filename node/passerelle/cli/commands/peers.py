"""Partners: ``peer add``, ``peer list``, ``peer test``, ``peer pick``."""

from __future__ import annotations

import sys

import click

from passerelle.cli.exits import Exit
from passerelle.cli.intake.cells import yes_no
from passerelle.cli.intake.faults import CellError
from passerelle.cli.localised import Group, Option
from passerelle.cli.session import Session, mapping, rows, session
from passerelle.errors import InputError
from passerelle.protocol.profile import Json, JsonObject, parse_time


@click.group(cls=Group, help="cli.peer.help")
def peer() -> None:
    """Group of the commands about partners."""


@peer.command("add", help="cli.peer.add.help")
@click.argument("url")
@click.option("--code", cls=Option, metavar="ML-CNPV", help="cli.peer.add.code")
@click.option("--address", cls=Option, metavar="URL", help="cli.peer.add.address")
@click.option("--fingerprint", cls=Option, metavar="12345 …", help="cli.peer.add.fingerprint")
@click.option("--yes", cls=Option, is_flag=True, help="cli.peer.add.yes")
@session
def add(
    own: Session, url: str, code: str | None, address: str | None, fingerprint: str | None, *, yes: bool
) -> None:
    """Show who answers, let a person compare, then add; of a known partner change code or address."""
    found = mapping(own.ask("peer_inspect", doing="cli.peer.asking", url=url))
    if fingerprint is not None and _digits(fingerprint) != _digits(str(found["fingerprint"])):
        raise InputError("peer.another-fingerprint", expected=fingerprint, found=found["fingerprint"])
    if code is None and not found["known"]:
        code = _text(found["published"])
    if not own.as_json:
        show_partner(own, found, code)
    if fingerprint is None and not yes and not found["known"]:
        own.out.say("cli.peer.add.compare")
        if not _answered_yes(own):
            raise InputError("peer.declined")
    added = mapping(
        own.ask("peer_add", doing="cli.peer.asking", url=url, scid=found["scid"], code=code, address=address)
    )
    if own.as_json:
        own.out.json(added)
    else:
        done = "cli.peer.add.changed" if added["changed"] else "cli.peer.add.done"
        own.out.say(done, name=added["code"] or _name(own, found), address=added["connect"])


def _answered_yes(own: Session) -> bool:
    """What the person says; where standard input ends and no person can be there, that is an error of its own."""
    try:
        return confirmed(own, "cli.peer.add.question")
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise InputError("peer.unanswered") from None


def confirmed(own: Session, msgid: str) -> bool:
    """Ask a question to which the answer is yes or no, in any language that we read; no by default."""
    question = f"{own.words.text(msgid)} {own.words.text('cli.yes-no')}"
    while True:
        answer: str = click.prompt(question, default="non", show_default=False, err=True)
        try:
            return yes_no(answer)
        except CellError:
            continue


def show_partner(own: Session, found: JsonObject, code: str | None = None) -> None:
    """Name, code to be bound, address and fingerprint, the groups in lines of four as they are read aloud."""
    groups = str(found["fingerprint"]).split()
    own.out.facts(
        [
            ("cli.fact.name", _name(own, found)),
            ("cli.fact.code", code),
            ("cli.fact.address", found.get("address")),
            ("cli.fact.scid", found["scid"]),
            ("cli.fact.fingerprint", "\n".join(" ".join(groups[start : start + 4]) for start in (0, 4, 8))),
        ]
    )


@peer.command("list", help="cli.peer.list.help")
@session
def list_(own: Session) -> None:
    """Every partner, when it was last heard, and how far each feed is."""
    partners = rows(own.ask("peer_list"))
    if own.as_json:
        own.out.json(partners)
        return
    if not partners:
        own.out.say("cli.peer.list.none")
        return
    own.out.table(
        [
            "cli.column.partner",
            "cli.column.last-heard",
            "cli.column.feed",
            "cli.column.state",
            "cli.column.size",
        ],
        [line for partner in partners for line in _feeds(own, partner)],
        right=[4],
    )


def _feeds(own: Session, partner: JsonObject) -> list[tuple[object, ...]]:
    shown = moment(own, partner.get("last_heard"))
    lines: list[tuple[object, ...]] = []
    for feed in rows(partner["feeds"]):
        kind = (
            "cli.feed.own"
            if feed["own"]
            else "cli.feed.public"
            if "/public/" in str(feed["origin"])
            else "cli.feed.to-us"
        )
        first = (partner.get("code") or partner["scid"], shown) if not lines else ("", "")
        size = f"{feed['cosigned']} / {feed['size']}"
        lines.append((*first, own.words.text(kind), own.words.text(f"state.feed.{feed['state']}"), size))
    return lines


@peer.command("test", help="cli.peer.test.help")
@click.argument("partner")
@session
def test(own: Session, partner: str) -> int:
    """Try the road to a partner, step by step."""
    steps = rows(own.ask("peer_test", doing="cli.peer.asking", peer=partner))
    if own.as_json:
        own.out.json(steps)
    else:
        own.out.table(
            ["cli.column.step", "cli.column.outcome", "cli.column.milliseconds"],
            [
                (own.words.text(f"cli.step.{step['step']}"), _outcome(own, step), step["milliseconds"])
                for step in steps
            ],
            right=[2],
        )
    return Exit.DONE if all(step["ok"] for step in steps) else Exit.FAILED


@peer.command("pick", help="cli.peer.pick.help")
@click.argument("partner")
@click.argument("branch", required=False, type=click.IntRange(1, 2))
@session
def pick(own: Session, partner: str, branch: int | None) -> None:
    """Show both branches of a forked identity, or say which one counts."""
    found = mapping(own.ask("peer_pick", peer=partner, branch=branch))
    if own.as_json:
        own.out.json(found)
        return
    name = found.get("code") or found["scid"]
    own.out.say("cli.peer.pick.forked", name=name, common=found["common"])
    own.out.table(
        ["cli.column.branch", "cli.column.entry", "cli.column.issued"],
        [
            (line["branch"], line["version"], own.words.time(parse_time(str(line["time"]))))
            for line in rows(found["branches"])
        ],
    )
    if found["picked"] is None:
        own.out.say("cli.peer.pick.how", name=name)
    else:
        own.out.say("cli.peer.pick.picked", name=name, branch=found["picked"])


def _outcome(own: Session, step: JsonObject) -> str:
    if step["ok"]:
        return own.words.text("cli.ok")
    return own.words.user(str(step.get("code")), **mapping(step.get("params") or {}))


def _name(own: Session, found: JsonObject) -> str:
    names = found.get("names")
    texts = {tag: str(text) for tag, text in names.items()} if isinstance(names, dict) else {}
    return own.words.pick(texts)[0] or str(found["scid"])


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _digits(fingerprint: str) -> str:
    return "".join(char for char in fingerprint if char.isdigit())


def moment(own: Session, time: Json) -> str:
    """``2027-01-31T09:12:00Z`` as a time for a person; *never* where there is none."""
    return own.words.time(parse_time(time)) if isinstance(time, str) else own.words.text("cli.never")
