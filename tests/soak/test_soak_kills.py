"""At length: a thousand kills at random moments, of both nodes while both work. Run by ``make soak``.

``SOAK_KILLS`` sets how many, ``SOAK_SEED`` which; a seed is drawn and printed.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.faults.harness import Node, assert_each_once
from tests.soak.upheaval import Side, Upheaval, since

KILLS: Final = int(os.environ.get("SOAK_KILLS", "1000"))
SEED: Final = os.environ.get("SOAK_SEED") or secrets.token_hex(4)
PAIRS: Final = 8
"""Pairs of homes among which the kills are shared. Each begins small: an audit takes as long as there are records."""
KILLS_BETWEEN_RESTS: Final = 25
PAUSES: Final = (0.2, 2.0)
"""Mean seconds before a kill: into what has just begun, and into work that is well under way."""
IN_A_START: Final = 0.25
"""Share of the kills that fall into the start of the process, where recovery is under way."""


@dataclass(slots=True)
class Total:
    """What came of all pairs."""

    pairs: int = 0
    kills: int = 0
    records: int = 0
    audits: int = 0
    visits: int = 0


@pytest.fixture(scope="module")
def total() -> Total:
    """The sum over the pairs."""
    return Total()


@pytest.mark.timeout(0)
@pytest.mark.parametrize("number", range(PAIRS))
async def test_a_thousand_kills(
    number: int,
    total: Total,
    pair: Callable[[str], tuple[Node, Node]],
    tmp_path: Path,
    say: Callable[[str], None],
    conclude: Callable[[str], None],
) -> None:
    """W-6 to W-11, F-9, F-10, F-26: nothing acknowledged is lost, nothing is there twice, and no feed has two histories."""
    began = time.monotonic()
    wanted = len(range(number, KILLS, PAIRS))
    say(f"pair {number + 1} of {PAIRS}: {wanted} kills, seed {SEED}")
    world = await Upheaval.begin(pair("homes"), f"{SEED} {number}", tmp_path)
    done = 0
    while done < wanted:
        round_of = min(KILLS_BETWEEN_RESTS, wanted - done)
        jobs = [
            job for side in world.sides for job in (world.work(side, pause=0.2), world.look(side, pause=0.1))
        ]
        await world.during(jobs, partial(_kill, world, round_of))
        await world.rest()
        shutil.rmtree(tmp_path / f"audit-{world.audits}")
        done += round_of
        say(f"{since(began)}  {done} of {wanted} kills, {_records(world)} records, {world.audits} audits")
    for side in world.sides:
        assert_each_once(side.node)
        assert await side.node.stop() == 0
    total.pairs += 1
    total.kills += sum(side.kills for side in world.sides)
    total.records += _records(world)
    total.audits += world.audits
    total.visits += sum(side.visits for side in world.sides)
    if number == PAIRS - 1:
        conclude(
            f"{total.kills} kills of {total.pairs} pairs (seed {SEED}): {total.records} records acknowledged, none lost, "
            f"none twice, one history of each feed in {total.audits} audits; {total.visits} visits between the kills"
        )


def _records(world: Upheaval) -> int:
    return sum(len(side.acknowledged) for side in world.sides)


async def _kill(world: Upheaval, count: int) -> None:
    """Kill one of the two, or both, at random moments; some while they start."""
    while count > 0:
        await asyncio.sleep(world.dice.expovariate(1 / world.dice.choice(PAUSES)))
        sides = list(world.sides) if world.dice.random() < 0.1 else [world.dice.choice(world.sides)]
        for side in sides:
            side.kill()
        count -= len(sides)
        for side in sides:
            count -= await _start(world, side)


async def _start(world: Upheaval, side: Side) -> int:
    """Start it again; how often it was killed before it answered."""
    killed = 0
    while world.dice.random() < IN_A_START:
        side.node.begin()
        await asyncio.sleep(world.dice.uniform(0.0, 1.5))
        side.kill()
        killed += 1
    await side.start()
    return killed
