"""Figures of docs/performance.md, "The fold": ``python -m tests.soak.measure_fold 4000 20000``."""

from __future__ import annotations

import asyncio
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import date

from passerelle.exchange.fold import derive, judge_all
from passerelle.exchange.growing import Growing
from passerelle.exchange.held import Held
from tests.unit.exchange.world import ML, TG, Programme, World

AS_OF = date(2030, 1, 1)


def history(records: int) -> tuple[Programme, list[Held]]:
    """A pair with so many records at Togo: a tenth of them whole placements, else dossiers of a partner."""
    programme = Programme.signed(World().row(TG, ML, records))
    for _ in range(records // 80):  # eight records each
        programme.realised(TG, ML)
    for _ in range(records - len(programme.world.held_by(TG))):
        programme.world.dossier(ML, TG)
    programme.world.sync(TG, ML)
    return programme, programme.world.held_by(TG)


def seconds(work: Callable[[], object]) -> float:
    """Processor time."""
    began = time.process_time()
    work()
    return time.process_time() - began


async def longest_wait(work: Callable[[], object]) -> float:
    """How long a loop that wants to run every millisecond did not, while work went on in a thread."""
    task = asyncio.create_task(asyncio.to_thread(work))
    longest, last = 0.0, time.perf_counter()
    while not task.done():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return longest


def measure(records: int) -> None:
    """Prints one row of each figure."""
    programme, held = history(records)
    world = programme.world
    sizes = world.sizes_of(TG)
    growing = Growing()

    def whole() -> None:
        growing.grow(held, sizes)
        derive(growing.judged(), AS_OF)

    def one_more() -> None:
        growing.grow(world.held_by(TG)[-1:], world.sizes_of(TG))
        growing.judged()

    tracemalloc.start()
    whole()
    kept = tracemalloc.get_traced_memory()[0] / len(held)
    tracemalloc.stop()
    first = seconds(lambda: judge_all(held, sizes))
    world.dossier(TG, ML)
    more = seconds(one_more)
    proposed = world.record(TG, (ML,), "dossier", {"part": "card", "sendingAgency": TG})
    ahead = seconds(lambda: growing.propose(proposed))
    waited = asyncio.run(longest_wait(lambda: judge_all(held, sizes)))
    sys.stdout.write(
        f"{records:>7} records: all {first:.2f} s, one more {more * 1000:.1f} ms, "
        f"one proposed {ahead * 1000:.1f} ms, the loop waited {waited * 1000:.0f} ms, "
        f"{kept:.0f} bytes a record\n"
    )


if __name__ == "__main__":
    for count in map(int, sys.argv[1:]):
        measure(count)
