"""Faults in how a node goes along with feeds and identities: receipts are made in its name."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, cast

from passerelle.conformance import badkeys, elsewhere, entries
from passerelle.protocol.checkpoints import cosign
from passerelle.protocol.notes import SignedNote
from passerelle.protocol.origins import witness_name
from tests.conformance.follower_stage import problem
from tests.conformance.partner_stage import (
    Part,
    PartnerFault,
    Stage,
    becomes,
    first_kept,
    gets,
    held_checkpoint,
    is_receipt,
    posts,
    signed,
    verdict,
)
from tests.conformance.proxy import Ask, Reply


def _eager(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
    """Cosigns whatever was published, whatever was shown, and does not take it back."""
    feed = stage.agency.public
    if feed.note or stage.partner.stand.overrides:
        stage.memory["given"] = stage.cosigned(feed, len(feed.leaves))
    given = stage.memory.get("given")
    return given if isinstance(given, Reply) and stage.read(given)[0] > stage.read(reply)[0] else reply


def _with_all_lines(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
    """Cosigns what it was shown, and serves it as it was, with the line that does not verify."""
    shown = stage.agency.public.note
    if shown is None:
        return reply
    note, name = SignedNote.parse(shown), witness_name(stage.world.author.scid)
    line = cosign(note, stage.world.keys.witness, name, int(time.time()))
    return Reply(200, [], note.with_signatures(line).encode())


def _belated(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
    """Cosigns what it was shown a moment after the kit has looked for that, and takes it back at once."""
    shown = stage.agency.public.note
    if shown is not None:
        stage.memory["shown"] = shown
        return reply
    late = stage.memory.pop("shown", None)
    if not isinstance(late, bytes):
        return reply
    note, name = SignedNote.parse(late), witness_name(stage.world.author.scid)
    line = cosign(note, stage.world.keys.witness, name, int(time.time()))
    return Reply(200, [], note.with_signatures(line).encode())


def _shrinking(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
    feed = stage.agency.public
    return stage.cosigned(feed, 1, at=stage.read(reply)[1]) if feed.note else reply


def _crooked(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
    feed = stage.agency.public
    size, at = stage.read(reply)
    return stage.cosigned(feed, size, root=bytes(32), at=at) if feed.note else reply


def _dating_back(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
    feed = stage.agency.public
    size, at = stage.read(reply)
    return stage.cosigned(feed, size, at=at - 5_000) if feed.note else reply


def _step(rule: str, name: str, part: Part, change: Callable[[Stage, Ask, Reply], Reply]) -> PartnerFault:
    return PartnerFault(rule, name, part, gets(is_receipt("public"), change))


def _held_public(stage: Stage, ask: Ask) -> bool:
    return ask.path == f"/received/{stage.agency.scid}/public/1/checkpoint"


STEPS: Final = (
    _step("F-1", "never looks", "steps", becomes(404)),
    _step("L-6", "stops at a line that it does not know", "L-6", first_kept),
    _step("L-9", "stops at many lines", "L-9", first_kept),
    _step("I-35", "stops at a descriptor that has expired", "stale", first_kept),
    *(
        _step(rule, f"cosigns what {rule} has it refuse", "steps", _eager)
        for rule in ("L-5", "L-7", "L-8", "L-10", "L-11", "L-14", "L-18", "F-9", "X-17")
    ),
    *(_step(step.rule, f"cosigns {step.what}", "steps", _eager) for step in elsewhere.WRONG),
    _step("L-7", "serves a receipt with a line that does not verify", "steps", _with_all_lines),
    _step("L-8", "cosigns a moment later what it must refuse", "steps", _belated),
    _step("F-24", "cosigns another tree", "steps", _crooked),
    _step("F-25", "cosigns a smaller tree after a larger one", "steps", _shrinking),
    _step("F-27", "dates a cosignature back", "steps", _dating_back),
    _step("F-8", "takes damage on the road for a fault of the author", "steps", first_kept),
    _step("F-7", "takes old news for a fault", "steps", first_kept),
    _step("F-19", "takes what nobody signed for a fork", "steps", first_kept),
    _step(
        "F-21",
        "goes on after a fork",
        "fork",
        lambda s, a, r: s.cosigned(s.agency.public, len(s.agency.public.leaves)),
    ),
    PartnerFault(
        "F-21",
        "follows on after a fork",
        "fork",
        gets(_held_public, lambda s, _a, _r: Reply(200, [], s.agency.public.checkpoint())),
    ),
    PartnerFault("F-22", "stops all feeds at a fork of one", "fork", gets(held_checkpoint, becomes(404))),
)


def _forgets(stage: Stage) -> None:
    """Once it was shown an older log, it takes that for the newest, until it looks again."""

    def change(ask: Ask, _reply: Reply) -> Reply | None:
        agency = stage.agency
        if agency.log == agency.first_log:
            stage.memory["old"] = True
        elif ask.method == "POST" and stage.memory.pop("old", False):
            return problem(401, "request.key-unknown")
        return None

    stage.towards.changes.append(change)


def _is_by_first_key(stage: Stage, ask: Ask) -> bool:
    agency = stage.agency
    return agency.request is agency.next_request and agency.first_request.multikey in signed(ask)


def _is_mirror(_stage: Stage, ask: Ask) -> bool:
    return ask.path.startswith("/mirrors/") and bool(signed(ask))


def _first_log(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
    return Reply(reply.status, reply.headers, stage.agency.first_log)


def _all_held(stage: Stage, ask: Ask, reply: Reply) -> Reply:
    return Reply(200, [], stage.agency.bilateral.checkpoint())


def _keeping(wrong: entries.Wrong) -> PartnerFault:
    """A node that takes a log which it must refuse, and shows it as its mirror."""

    def mirrored(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
        shown = stage.memory.get("bad") or stage.partner.stand.log
        stage.memory["bad"] = shown
        return reply if shown is None else Reply(200, [], cast("bytes", shown))

    def arm(stage: Stage) -> None:
        def watch(_ask: Ask, _reply: Reply) -> None:
            stage.memory["bad"] = stage.memory.get("bad") or stage.partner.stand.log

        stage.towards.changes.append(watch)
        gets(lambda _s, a: a.path.startswith("/mirrors/"), mirrored)(stage)

    return PartnerFault(wrong.rule, f"takes a log whose last entry {wrong.what}", "entries", arm)


def _in_order(_stage: Stage, _ask: Ask, reply: Reply) -> Reply:
    return Reply(reply.status, reply.headers, reply.body.replace(b"{ ", b"{", 1))


IDENTITY: Final = (
    *map(_keeping, badkeys.LOGS),
    PartnerFault("I-21", "takes an older log for the newest", "identity", _forgets),
    PartnerFault(
        "I-12",
        "takes a key that has not begun",
        "identity",
        posts(lambda s, a: verdict(s, a) == "request.key-unknown" and not _is_by_first_key(s, a)),
    ),
    PartnerFault("Q-10", "takes a key that was retired", "identity", posts(_is_by_first_key)),
    PartnerFault("I-5", "keeps the first log for ever", "identity", gets(_is_mirror, _first_log)),
    PartnerFault("I-8", "puts a newer log in order", "identity", gets(_is_mirror, _in_order)),
    PartnerFault("I-23", "goes on after two logs", "logs", gets(held_checkpoint, _all_held)),
)
