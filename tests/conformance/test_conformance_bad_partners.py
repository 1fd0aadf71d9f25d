"""A node that has added the kit may hang, lie or flood too: the kit ends with a report, and gives no verdict on silence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from passerelle.conformance import Examination, asking, partner, plan, posting, stand, steps
from passerelle.conformance.author import Agency
from passerelle.conformance.examination import CLOSE_SECONDS
from passerelle.conformance.stand import Stand
from tests.conformance.partner_faults import PARTNER_FAULTS, Stage
from tests.conformance.partnering import introduced
from tests.conformance.proxy import Ask, Proxy, Reply
from tests.conformance.world import World

MOST_SECONDS = 120.0
Before = Callable[[Ask], Awaitable[Reply | None]]


async def _silent(_ask: Ask) -> Reply | None:
    await asyncio.sleep(600)
    return None


async def _flooding(_ask: Ask) -> Reply | None:
    return Reply(200, [("Content-Type", "application/octet-stream")], b"x" * 2**23)


async def _lying(_ask: Ask) -> Reply | None:
    return Reply(200, [("Content-Type", "application/octet-stream")], b"as you wish")


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch, _hasty_kit: None) -> None:
    monkeypatch.setattr(plan, "REPORT_SECONDS", 1.0)
    monkeypatch.setattr(partner, "NOTICE_SECONDS", 0.5)


async def _examined(world: World, answer: Before, *, after: str, seconds: float) -> Examination:
    """What the kit finds of a node that goes bad once a path that ends so was answered with 200; at once where empty."""
    async with Proxy(world.node.address) as proxy:
        examination = Examination(proxy.address, patience=seconds, pause=0.1)
        try:
            await introduced(examination, world)

            def change(ask: Ask, reply: Reply) -> Reply | None:
                if after and reply.status == 200 and ask.path.endswith(after):
                    proxy.before = answer
                return None

            proxy.changes.append(change)
            proxy.before = None if after else answer
            await examination.as_partner()
            return examination
        finally:
            await examination.close()


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    ("answer", "after"), [(_silent, "/to/1/checkpoint"), (_flooding, "/public/1/receipt")]
)
async def test_a_node_that_goes_bad_is_no_more_judged(
    world: World, monkeypatch: pytest.MonkeyPatch, answer: Before, after: str
) -> None:
    """docs/developer/conformance.md: after five requests without an answer nothing more is asked; silence breaks no rule."""
    monkeypatch.setattr(asking, "REQUEST_SECONDS", 1.5)
    began = time.monotonic()
    examination = await _examined(world, answer, after=after, seconds=20.0)
    report = examination.report()
    assert (report.cut, report.roles, report.conforms) == ("no-answer", (), False)
    assert report.broken == []
    assert time.monotonic() - began < MOST_SECONDS


@pytest.mark.asyncio(loop_scope="session")
async def test_a_node_that_says_yes_to_everything_is_found_out(world: World) -> None:
    """It answers at once, and everything alike: a report with rules that are broken."""
    examination = await _examined(world, _lying, after="", seconds=1.0)
    report = examination.report()
    assert (report.cut, report.roles, report.conforms) == (None, ("partner",), False)
    assert {"F-1", "Q-16", "P-13", "F-17"} <= set(report.broken)


@pytest.mark.asyncio(loop_scope="session")
async def test_how_a_node_has_asked_is_judged_though_no_more_is_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs/developer/conformance.md: the report has everything found until then, and what the node asked was seen."""

    async def gone(_partner: partner.Partner) -> None:
        raise asking.NoAnswer("road.unreachable", "")

    monkeypatch.setattr(posting, "examine", gone)
    (fault,) = (one for one in PARTNER_FAULTS if one.name == "signs for an hour")
    async with Proxy(world.node.address) as towards, Proxy("") as back:
        examination = Examination(towards.address, patience=20.0, pause=0.1)
        try:
            stage = Stage(world, examination, towards, back)
            await introduced(examination, world, back, lambda: fault.arm(stage))
            await examination.as_partner()
            report = examination.report()
        finally:
            await examination.close()
    assert (report.cut, report.roles, report.broken) == ("no-answer", (), ["Q-5"])


@pytest.mark.asyncio(loop_scope="session")
async def test_a_feed_that_is_given_up_is_looked_at_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the node does not come after, nothing is shown in that feed any more; the other feed tells what it can."""
    monkeypatch.setattr(partner, "SETTLE_SECONDS", 0.3)
    receipt = "/public/1/receipt"
    began = time.monotonic()
    async with Proxy(world.node.address) as proxy:
        examination = Examination(proxy.address, patience=24.0, pause=0.1)
        try:
            kit = await introduced(examination, world)
            kept: list[Reply] = []

            def change(ask: Ask, reply: Reply) -> Reply | None:
                if kit.agency.public.note and ask.path.endswith(receipt) and not kept:
                    kept.append(reply)
                return kept[0] if kept and ask.path.endswith(receipt) else None

            assert await kit.moves(kit.agency.public, len(kit.agency.public.leaves), 20.0)
            proxy.changes.append(change)
            examination.begun = {"follower", "partner"}
            await examination._part(steps.right(kit, steps.RIGHT[0], seconds=4.0))
            await examination._steps(kit)
            report = examination.report()
        finally:
            await examination.close()
    told = {one.rule.id: (one.verdict, one.why) for one in report.findings}
    assert (report.broken, report.cut, report.conforms) == (["L-6"], "not-followed", False)
    assert [told[rule] for rule in ("L-14", "Q-21", "Q-22")] == [("held", None)] * 3
    assert [told[rule] for rule in ("L-9", "I-35", "F-7")] == [("unseen", "cut")] * 3
    assert time.monotonic() - began < MOST_SECONDS


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("part", ["follower", "added", "partner"])
async def test_the_whole_ends_in_its_time_with_what_was_found(world: World, part: str) -> None:
    """docs/developer/conformance.md: whatever hangs, and in whatever part, the report comes in time and keeps what is in it."""
    async with Proxy(world.node.address) as proxy:
        examination = Examination(proxy.address, patience=20.0, seconds=6.0)
        examination.notes.broken("P-2", sent="before", got="then")
        began = time.monotonic()
        try:
            if part == "follower":
                proxy.before = _silent
                await examination.as_follower()
            else:
                kit = await introduced(examination, world)
                proxy.before = _silent
                if part == "added":
                    assert not await examination.wait_until_added(600.0)
                else:
                    kit.stand.overrides[f"/{kit.agency.public.origin.path}/checkpoint"] = _hanging
                    await examination.as_partner()
            report = examination.report()
        finally:
            await examination.close()
    assert time.monotonic() - began < 6.0 + CLOSE_SECONDS + 3.0
    assert report.cut == ("not-added" if part == "added" else "cut")
    assert "P-2" in report.broken


async def _hanging(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(600)
    return web.Response()


async def test_a_node_that_asks_without_end_is_answered(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    """Of a flood of requests the newest are kept, and no body beyond the limit is read."""
    monkeypatch.setattr(stand, "MAX_CALLS", 50)
    place = Stand(Agency(world.author.scid, world.author.began), "127.0.0.1", 0)
    await place.open()
    try:
        url = f"http://127.0.0.1:{place.port}"
        async with aiohttp.ClientSession() as session:
            for number in range(120):
                async with session.get(f"{url}/{number}") as answer:
                    assert answer.status == 404
            async with session.post(f"{url}/notices", data=b"x" * 2**20) as answer:
                assert answer.status == 413
        assert [call.path for call in place.calls] == [f"/{number}" for number in range(70, 120)]
    finally:
        await place.close()
