"""Faults in what a node makes of another clock, and of one feed's checkpoint where another's was asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Final

from passerelle.conformance import otherclock
from passerelle.conformance.author import Feed
from passerelle.protocol.profile import Json, format_time
from tests.conformance.follower_stage import problem
from tests.conformance.partner_asking import asks
from tests.conformance.partner_flawed import Items, rejecting, sealing
from tests.conformance.partner_stage import (
    PartnerFault,
    Stage,
    first_kept,
    gets,
    held_checkpoint,
    is_receipt,
    posts,
    signed,
    verdict,
)
from tests.conformance.proxy import Ask, Reply

# --- another clock -----------------------------------------------------------------------------------------


def _theirs(stage: Stage) -> datetime | None:
    """The present by the clock of the kit, while that is another."""
    offset = stage.partner.stand.clock
    return datetime.now(UTC) + offset if offset else None


async def _keeping_its_time(stage: Stage, ask: Ask) -> Reply | None:
    """What is signed anew after the first refusal does not go out: it would be by the old time again."""
    if _theirs(stage) is None or not signed(ask):
        return None
    stage.memory["asked"] = int(str(stage.memory.get("asked", 0))) + 1
    return None if stage.memory["asked"] == 1 else problem(404, "path.not-found")


def _dated(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
    feed, theirs = stage.agency.public, _theirs(stage)
    size, _ = stage.read(reply)
    return reply if theirs is None or not size else stage.cosigned(feed, size, at=int(theirs.timestamp()))


def _is_let_through(stage: Stage, ask: Ask) -> bool:
    """Whether the signature is wrong by the node's clock, and right by that of the kit."""
    theirs = _theirs(stage)
    return theirs is not None and verdict(stage, ask) == "request.time" and not verdict(stage, ask, at=theirs)


def _telling(stage: Stage) -> None:
    def change(_ask: Ask, reply: Reply) -> Reply | None:
        theirs = _theirs(stage)
        if theirs is None or reply.status != 401 or b"serverTime" not in reply.body:
            return None
        told = {**json.loads(reply.body), "serverTime": format_time(theirs)}
        return Reply(401, reply.headers, json.dumps(told).encode())

    stage.towards.changes.append(change)


def _issued_then(stage: Stage, feed: Feed, items: Items) -> None:
    author, plan = stage.world.author, stage.examination.plan
    assert plan is not None
    body: dict[str, Json] = {"items": [*items], "synthetic": True}
    when = datetime.now(UTC).replace(microsecond=0) + otherclock.AHEAD
    value = author.value("rejection", body, when, to=[stage.agency.scid], seen=plan.claims)
    sealing(stage, feed, author.record_of(value).data)


CLOCK: Final = (
    PartnerFault("Q-15", "keeps to its own time", "clock", asks(_keeping_its_time), through=True),
    PartnerFault("Q-15", "keeps to a time that is later", "roads", asks(_keeping_its_time), through=True),
    PartnerFault(
        "Q-15", "dates receipts by its partner's clock", "clock", gets(is_receipt("public"), _dated)
    ),
    PartnerFault("Q-15", "lets a partner through by its own clock", "clock", posts(_is_let_through)),
    PartnerFault(
        "Q-15",
        "refuses by its partner's clock",
        "clock",
        posts(
            lambda s, a: _theirs(s) is not None and not verdict(s, a),
            problem(401, "request.time", serverTime="2026-01-01T00:00:00Z"),
        ),
    ),
    PartnerFault("Q-15", "tells a partner its own time", "clock", _telling),
    PartnerFault("Q-15", "dates records by its partner's clock", "clock", rejecting(feed=_issued_then)),
)

# --- another feed ------------------------------------------------------------------------------------------


def _as_shown(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
    shown = stage.agency.bilateral.note
    return reply if shown is None else Reply(200, [], shown)


def _once_shown(stage: Stage) -> bool:
    """Whether the node has been shown its own notes at the wrong place."""
    stage.memory["shown"] = stage.memory.get("shown") or bool(stage.partner.stand.overrides)
    return bool(stage.memory["shown"])


def _halted(stage: Stage) -> None:
    """It signs nothing after that."""

    def change(ask: Ask, reply: Reply) -> Reply | None:
        feed = stage.agency.public
        if _once_shown(stage):
            size = stage.memory.setdefault("size", len(feed.leaves) - 1)
            if is_receipt("public")(stage, ask):
                return stage.cosigned(feed, int(str(size)))
        return None

    stage.towards.changes.append(change)


async def _asking_no_more(stage: Stage, ask: Ask) -> Reply | None:
    """One wrong note is all the receipt that it wants."""
    if not _once_shown(stage) or not ask.path.endswith("/public/1/receipt"):
        return None
    if stage.partner.stand.overrides:
        return None
    return problem(404, "path.not-found")


ELSEWHERE: Final = (
    PartnerFault(
        "L-14", "holds one feed at the place of another", "elsewhere", gets(held_checkpoint, _as_shown)
    ),
    PartnerFault("L-14", "stops at the note of another feed", "elsewhere", gets(held_checkpoint, first_kept)),
    PartnerFault("L-14", "takes its own word for another", "own-words", _halted),
    PartnerFault("L-14", "keeps a receipt of another feed", "own-words", asks(_asking_no_more), through=True),
)
