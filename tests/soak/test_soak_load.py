"""At length: an hour of everything at once, with an eye on what a process takes. Run by ``make soak``.

``SOAK_MINUTES`` sets how long, ``SOAK_SEED`` what happens when; a seed is drawn and printed.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from passerelle.scenario.forwarder import Forwarder
from tests.faults.harness import Node, assert_each_once, offer
from tests.rows import rows_of
from tests.soak.upheaval import Side, Upheaval, since
from tests.soak.watching import Sample, assert_no_leak, look, summary

MINUTES: Final = float(os.environ.get("SOAK_MINUTES", "60"))
SEED: Final = os.environ.get("SOAK_SEED") or secrets.token_hex(4)
STEPS: Final = (-86_400, -3_600, 0, 0, 3_600, 86_400)
"""Seconds by which a clock may be off."""


@pytest.mark.timeout(0)
async def test_an_hour_of_mixed_load(
    pair: Callable[[str], tuple[Node, Node]],
    tmp_path: Path,
    say: Callable[[str], None],
    conclude: Callable[[str], None],
) -> None:
    """Publishing, visits, statements, cuts, kills and clock steps together; then all is held once, and nothing leaks."""
    began = time.monotonic()
    say(f"{MINUTES:g} minutes of mixed load, seed {SEED}")
    nodes = pair("homes")
    roads = [await _road(*nodes), await _road(*reversed(nodes))]
    world = await Upheaval.begin(nodes, SEED, tmp_path)
    steady, other = world.sides
    samples: list[Sample] = []
    counts = {"statements": 0, "cuts": 0, "steps": 0}
    jobs = [
        *(job for side in world.sides for job in (world.work(side, pause=1.0), world.look(side, pause=1.0))),
        _batches(world, steady),
        *(_statements(world, side, counts) for side in world.sides),
        *(_cuts(world, road, counts) for road in roads),
        _steps(world, counts),
        _kills(world, other),
        _watch(steady, samples, began, say),
    ]
    await world.during(jobs, lambda: asyncio.sleep(MINUTES * 60))
    for side in world.sides:
        side.node.set_clock(0)
    for road in roads:
        await road.restore()
    await world.catch_up()
    for side in world.sides:
        assert_each_once(side.node)
        assert await side.node.stop() == 0
    for road in roads:
        await road.cut()
    records = sum(len(side.acknowledged) for side in world.sides)
    conclude(
        f"{since(began)} of mixed load (seed {SEED}): {records} records, "
        f"{sum(side.visits for side in world.sides)} visits, {counts['statements']} statements, "
        f"{counts['cuts']} cuts, {counts['steps']} clock steps, {other.kills} kills; none lost, none twice"
    )
    conclude(summary(f"{steady.node.code}, one life", samples))
    assert_no_leak(samples)


async def _road(caller: Node, called: Node) -> Forwarder:
    """The road from one node to the other, which can be cut."""
    road = Forwarder(int(called.address.rpartition(":")[2]))
    await road.restore()
    with rows_of(caller.home) as rows:
        rows.execute("update peer set address = ?", (road.address,))
    return road


async def _batches(world: Upheaval, side: Side) -> None:
    """Now and then many records at once."""
    while True:
        await asyncio.sleep(world.dice.uniform(5, 30))
        items = [offer(f"lot {number}", side.node.code[:2]) for number in range(world.dice.randint(10, 120))]
        await side.publish_once(items)


async def _statements(world: Upheaval, side: Side, counts: dict[str, int]) -> None:
    while True:
        await asyncio.sleep(world.dice.uniform(0.5, 4))
        if await side.tried("statement", partner=side.other.code):
            counts["statements"] += 1


async def _cuts(world: Upheaval, road: Forwarder, counts: dict[str, int]) -> None:
    while True:
        await asyncio.sleep(world.dice.uniform(5, 40))
        await road.cut()
        counts["cuts"] += 1
        await asyncio.sleep(world.dice.uniform(0.1, 5))
        await road.restore()


async def _steps(world: Upheaval, counts: dict[str, int]) -> None:
    while True:
        await asyncio.sleep(world.dice.uniform(10, 60))
        world.dice.choice(world.sides).node.set_clock(world.dice.choice(STEPS))
        counts["steps"] += 1


async def _kills(world: Upheaval, side: Side) -> None:
    """One of the two dies from time to time; the other lives on, to be watched."""
    while True:
        await asyncio.sleep(world.dice.uniform(20, 90))
        side.kill()
        await side.start()


async def _watch(side: Side, samples: list[Sample], began: float, say: Callable[[str], None]) -> None:
    every = max(1.0, MINUTES * 60 / 240)
    while True:
        await asyncio.sleep(every)
        samples.append(look(side.node, len(side.acknowledged)))
        if len(samples) % 24 == 0:
            now = samples[-1]
            say(f"{since(began)}  {now.records} records, {now.memory_mib:.0f} MiB, {now.files} files")
