"""Runs the kit as a partner of a real node, whole or the part that sees one fault."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from aiohttp import ClientSession

from passerelle import app
from passerelle.conformance import (
    Examination,
    Report,
    addresses,
    badkeys,
    belated,
    calls,
    elsewhere,
    entries,
    follower,
    gaps,
    misuse,
    otherclock,
    posting,
    private,
    replays,
    roads,
    steps,
)
from passerelle.conformance.author import Agency
from passerelle.conformance.partner import NotFollowed, Partner
from passerelle.conformance.plan import Plan
from tests.conformance.partner_faults import PartnerFault, Stage
from tests.conformance.proxy import Proxy
from tests.conformance.world import World
from tests.faults.harness import offer

PATIENCE = 24.0
BRIEF = 12.0
"""Where the fault is that nothing comes."""
PAUSE = 4.5


async def under(fault: PartnerFault, world: World, *, private_allowed: bool = False) -> Report:
    """What the kit finds as a partner where a node breaks one rule, in the part that looks at it."""
    async with Proxy(world.node.address) as towards, Proxy("") as back:
        examination = Examination(
            towards.address,
            patience=BRIEF if fault.rule in {"L-26", "F-13"} else PATIENCE,
            pause=PAUSE,
            private_allowed=private_allowed,
        )
        try:
            stage = Stage(world, examination, towards, back if fault.through else towards)
            partner = await introduced(
                examination, world, back if fault.through else None, lambda: fault.arm(stage)
            )
            with suppress(NotFollowed):  # what was seen until then counts, as in a whole examination
                await _part(examination, partner, fault)
            examination.roles = ["follower", "partner"]
            return examination.report()
        finally:
            await examination.close()


async def whole(world: World, *, grows: bool = False) -> Report:
    """Both roles, on the node as it is; where nobody else examines it, it publishes one more offer meanwhile and withdraws it."""
    examination = Examination(world.node.address, patience=2 * PATIENCE, pause=PAUSE)
    try:
        await examination.as_follower()
        agency = await examination.introduce("127.0.0.1", 0)
        assert agency is not None
        assert examination.partner is not None
        url = f"http://127.0.0.1:{examination.partner.stand.port}"
        await app.call(world.node.home, "peer_add", url=url, code=agency.code)
        assert await examination.wait_until_added(20.0)
        if grows:
            (told,) = await world.node.publish([offer("entre-temps")], "meanwhile")
            await world.node.call("decide", about=told["id"], outcome="withdraw")
        await examination.as_partner()
        # No request of the protocol has a query (P-1): what the node asked of the kit had none.
        assert [call.path for call in examination.partner.stand.calls if "?" in call.path] == []
        return examination.report()
    finally:
        await examination.close()


async def introduced(
    examination: Examination, world: World, back: Proxy | None = None, arm: Callable[[], None] = lambda: None
) -> Partner:
    """The kit among the partners of the node, led to it through a proxy where one is given; armed before it is added."""
    await follower.look_at_identity(examination.seen)
    await follower.look_at_descriptor(examination.seen)
    agency = await examination.introduce("127.0.0.1", 0)
    assert agency is not None
    partner = examination.partner
    assert partner is not None
    url = f"http://127.0.0.1:{partner.stand.port}"
    if back is not None:
        back.target, url = url, back.address
    arm()
    await app.call(world.node.home, "peer_add", url=url, code=agency.code)
    assert await examination.wait_until_added(20.0)
    return partner


async def _part(examination: Examination, partner: Partner, fault: PartnerFault) -> None:
    feed, notes = partner.agency.public, partner.notes
    if fault.part == "requests":
        await posting.examine(partner)
        return
    came = await partner.moves(feed, len(feed.leaves), BRIEF if fault.rule == "F-1" else PATIENCE)
    notes.judge(came, "F-1", sent="a feed, and notices of it", got="no receipt")
    if not came:
        return
    parts: dict[str, Callable[[], Awaitable[object]]] = {
        "lasting": lambda: replays.lasting(partner, _set()),
        "misuse": lambda: misuse.examine(partner),
        "private": lambda: _private(partner),
        "gaps": lambda: gaps.examine(partner, Plan(partner), seconds=PATIENCE),
        "flawed": lambda: examination._flawed(partner),
        "L-6": lambda: steps.right(partner, steps.RIGHT[0], seconds=BRIEF / 2),
        "L-9": lambda: steps.right(partner, steps.RIGHT[1], seconds=BRIEF / 2),
        "stale": lambda: steps.stale_descriptor(partner, seconds=BRIEF / 2),
        "steps": lambda: steps.wrong(partner, _step_of(fault), seconds=BRIEF),
        "asking": lambda: _asking(partner),
        "roads": lambda: _ROADS[fault.rule](partner, seconds=PATIENCE),
        "belated": lambda: belated.look_again(partner, Plan(partner), seconds=PATIENCE),
        "addresses": lambda: addresses.examine(partner, seconds=PATIENCE),
        "identity": lambda: roads.identity_changes(partner, seconds=PATIENCE),
        "flood": lambda: posting.flood(partner),
        "entries": lambda: entries.Showing(partner, _logs_of(fault)).run(),
        "clock": lambda: examination._flawed(partner),
        "elsewhere": lambda: elsewhere.bilateral(partner, seconds=BRIEF),
        "own-words": lambda: _own_words(partner),
        "fork": lambda: steps.fork(partner, seconds=BRIEF),
        "logs": lambda: roads.two_logs(partner, seconds=BRIEF),
    }
    await parts[fault.part]()


def _set() -> asyncio.Event:
    """All else is over."""
    event = asyncio.Event()
    event.set()
    return event


_ROADS: Mapping[str, Callable[..., Awaitable[object]]] = {
    "P-15": roads.redirect,
    "Q-21": roads.endless,
    "Q-22": roads.silence,
    "Q-15": otherclock.behind,
}


async def _private(partner: Partner) -> None:
    await private.examine(partner)
    await private.look_again(partner)


async def _asking(partner: Partner) -> None:
    await _strangers_ask(partner)
    await steps.right(partner, steps.RIGHT[0], seconds=PATIENCE)
    calls.judge_calls(partner)


async def _strangers_ask(partner: Partner) -> None:
    """Another node asks the kit too, for it takes it for somebody else: nothing of that is the examined node's fault."""
    other = Agency("Qm" + "2" * 44, datetime.now(UTC).replace(microsecond=0))
    path = f"/{partner.agency.bilateral.origin.path}/checkpoint"
    signed = replace(
        partner.signature("GET", path),
        target=partner.agency.address + path,
        key=other.request,
        key_id=other.request_key_id(),
    )
    async with ClientSession() as session:
        await session.get(f"http://127.0.0.1:{partner.stand.port}{path}", headers=signed.headers())


async def _own_words(partner: Partner) -> None:
    for _ in range(3):  # so that it is seen to ask for the receipts that it has not got
        await partner.visit(partner.agency.public, BRIEF)
    await elsewhere.own_words(partner, seconds=BRIEF)


def _logs_of(fault: PartnerFault) -> list[entries.Wrong]:
    """The one log that the fault takes."""
    return [wrong for wrong in badkeys.LOGS if fault.name.endswith(wrong.what)]


def _step_of(fault: PartnerFault) -> steps.Step:
    """The step that the fault is named after, or one that sees its rule broken; cosignatures of any step show when they are wrong."""
    known = (*steps.WRONG, *elsewhere.WRONG, *steps.LAST)
    named = [step for step in known if fault.name.endswith(step.what)]
    fitting = [step for step in known if fault.rule in {step.rule, step.after}]
    return [*named, *fitting, steps.WRONG[0]][0]
