"""How long an honest partner's sync takes while another attacks, beside how long it takes in peace.

Both are measured in one run, in turns, so that a machine that is busy with something else
is busy for both. The honest partner has a process of its own; what is compared is what
our node makes of it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from passerelle import config
from passerelle.custody import unlock
from passerelle.storage import peers as peer_rows
from passerelle.storage.database import Database, sqlite_url
from passerelle.storage.peers import Peer
from passerelle.storage.secret import Given
from tests.hostile.partner import Partner, as_it_is
from tests.hostile.scene import Outcome, Scene, Target, scene
from tests.hostile.table import Behaviour

HONEST = "XX-HONEST"


@dataclass(frozen=True, slots=True)
class Delay:
    """Median seconds of one sync.

    Args:
        calm: In peace.
        attacked: While another partner attacks.
    """

    calm: float
    attacked: float

    @property
    def seconds(self) -> float:
        """How much longer it took."""
        return self.attacked - self.calm


@dataclass
class Honest:
    """The honest partner's process."""

    process: subprocess.Popen[str]
    shown: int = 0

    async def grow(self, count: int) -> None:
        """Show more records."""
        self.shown += count
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("a process with pipes")
        self.process.stdin.write(f"{self.shown}\n")
        self.process.stdin.flush()
        await asyncio.to_thread(self.process.stdout.readline)


async def measure(row: Behaviour, folder: Path, home: Path, *, records: int, rounds: int) -> Delay:
    """Sync so many new records of the honest partner in peace and under attack, in turns."""
    calm: list[float] = []
    attacked: list[float] = []
    async with _stage(folder, home, records * (2 * rounds + 1)) as (made, honest):
        attacker = made.partners["XX-000"]
        row.arm(attacker)
        await honest.grow(records)
        await _synced(made)  # workers and caches are warm
        for _ in range(rounds):
            for times, act in ((calm, False), (attacked, True)):
                await honest.grow(records)
                async with _attack(made, attacker, row, really=act):
                    times.append(await _synced(made))
    return Delay(statistics.median(calm), statistics.median(attacked))


@asynccontextmanager
async def _attack(made: Scene, attacker: Partner, row: Behaviour, *, really: bool) -> AsyncIterator[None]:
    """The attack, over and over, for the length of the block."""
    if not really:
        yield
        return

    async def over_and_over() -> None:
        while True:
            with suppress(AssertionError):
                await row.act(made, attacker, Outcome())

    attacking = asyncio.create_task(over_and_over())
    await asyncio.sleep(0.2)
    try:
        yield
    finally:
        attacking.cancel()
        await asyncio.gather(attacking, return_exceptions=True)
        for line in made.lines:
            line.close()


async def _synced(made: Scene) -> float:
    began = time.monotonic()
    (visit,) = await made.target.call("sync", peer=HONEST)
    assert visit["ok"], visit
    return time.monotonic() - began


@asynccontextmanager
async def _stage(folder: Path, home: Path, records: int) -> AsyncIterator[tuple[Scene, Honest]]:
    """Our node with an attacker and with the honest partner."""
    target = Target(home, "ML-FICT")
    key = unlock(target.paths, config.load(target.home), Given()).sealing[0].public.hex()
    process = _started(target.scid, key, records)
    try:
        if process.stdout is None:
            raise RuntimeError("a process with pipes")
        told = json.loads(await asyncio.to_thread(process.stdout.readline))
        async with scene(folder, home, {"XX-000": as_it_is}, also=_adding(told)) as made:
            yield made, Honest(process)
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.kill()
        process.wait()


def _started(us: str, key: str, records: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.hostile.honest", us, key, str(records)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _adding(told: dict[str, str]) -> Callable[[Target], Awaitable[None]]:
    """Our operator has added the honest partner as well."""

    async def add(target: Target) -> None:
        log, descriptor = (base64.b64decode(told[name]) for name in ("log", "descriptor"))
        database = Database(sqlite_url(target.paths.database))
        try:
            async with database.writing() as connection:
                await peer_rows.put_identity(connection, told["scid"], log, 1)
                await peer_rows.add(
                    connection, Peer(told["scid"], HONEST, told["address"], True, 2, None, descriptor)
                )
        finally:
            await database.close()

    return add
