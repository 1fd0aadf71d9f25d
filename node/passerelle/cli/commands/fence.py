"""A node that signs nothing, and the person who may let it sign again: ``fence show``, ``fence confirm``."""

from __future__ import annotations

import click

from passerelle.cli.commands.peers import moment
from passerelle.cli.exits import Exit
from passerelle.cli.localised import Group, Option
from passerelle.cli.session import Session, mapping, rows, session
from passerelle.protocol.profile import Json, JsonObject


@click.group(cls=Group, help="cli.fence.help")
def fence() -> None:
    """Group of the commands about the rollback fence."""


@fence.command("show", help="cli.fence.show.help")
@session
def show(own: Session) -> int:
    """Why the node signs nothing, what its partners hold of its feeds, and what a person can do."""
    told = mapping(own.ask("fence_show", doing="cli.fence.asking"))
    if own.as_json:
        own.out.json(told)
    else:
        _show(own, told)
    return Exit.DONE if told["read_only"] is None else Exit.FAILED


@fence.command("confirm", help="cli.fence.confirm.help")
@click.option("--yes", cls=Option, is_flag=True, help="cli.fence.confirm.yes")
@session
def confirm(own: Session, *, yes: bool) -> None:
    """Let the node sign again, once a person has typed the agency's code under what is risked."""
    if not yes:
        told = mapping(own.ask("fence_show", doing="cli.fence.asking"))
        if not own.as_json:
            _show(own, told)
        # Where it cannot be confirmed the desk says why; nobody is asked to type for nothing.
        if told["confirmable"] and not _typed(own, str(told["code"])):
            raise click.Abort
    done = mapping(own.ask("fence_confirm", doing="cli.fence.asking"))
    if own.as_json:
        own.out.json(done)
    else:
        own.out.say("cli.fence.confirm.done")


def _typed(own: Session, code: str) -> bool:
    """Whether the person has typed the agency's code: more than a yes that comes out of habit."""
    typed: str = click.prompt(
        own.words.text("cli.fence.confirm.type", code=code), default="", show_default=False, err=True
    )
    return typed.strip() == code


def _show(own: Session, told: JsonObject) -> None:
    closed = told["read_only"]
    if not isinstance(closed, dict):
        own.out.say("cli.fence.show.open")
    else:
        own.out.line(_said(own, closed), style="bold red")
    own.out.table(
        ["cli.column.feed", "cli.column.rows", "cli.column.head"],
        [(feed["origin"], feed["rows"], feed["head"]) for feed in rows(told["feeds"])],
        right=[1, 2],
    )
    partners = rows(told["partners"])
    if partners:
        heard = {str(item["scid"]): item["last_heard"] for item in rows(own.ask("peer_list"))}
        own.out.table(
            ["cli.column.partner", "cli.column.last-heard", "cli.column.held-there", "cli.column.outcome"],
            [_partner(own, item, heard.get(str(item["scid"]))) for item in partners],
        )
    if not isinstance(closed, dict):
        return
    obstacle = told["obstacle"]
    if isinstance(obstacle, dict):
        if obstacle["code"] != closed["code"]:
            own.out.line(_said(own, obstacle))
        own.out.say("cli.fence.show.not-confirmable")
        return
    own.out.say("cli.fence.risk")
    silent = told["silent"]
    if isinstance(silent, list) and silent:
        names = [str(item["code"] or item["scid"]) for item in partners if item["scid"] in silent]
        own.out.say("cli.fence.risk.silent", partners=own.words.join(names))
    elif partners:
        own.out.say("cli.fence.risk.all-answered")
    else:
        own.out.say("cli.fence.risk.no-partners")


def _partner(own: Session, item: JsonObject, heard: Json) -> tuple[object, ...]:
    """Who, when last heard, how much it holds of our public feed and of our feed to it, whether that agrees."""
    holdings = rows(item["feeds"])
    sizes = " / ".join("–" if held["size"] is None else str(held["size"]) for held in holdings)
    against = [str(held["contradicts"]) for held in holdings if held["contradicts"] is not None]
    error = item["error"]
    if isinstance(error, dict):
        outcome = _said(own, error)
    elif against:
        outcome = own.words.text("cli.fence.contradicts")
    else:
        outcome = own.words.text("cli.ok" if item["answered"] else "cli.fence.not-told")
    return item["code"] or item["scid"], moment(own, heard), sizes, outcome


def _said(own: Session, error: JsonObject) -> str:
    return own.words.user(str(error["code"]), **mapping(error["params"]))
