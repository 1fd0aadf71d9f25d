"""How long an honest partner's sync takes while another attacks, beside how long it takes in peace.

``python -m tests.hostile.delay`` measures every behaviour and prints the table; names of
behaviours measure those, ``--pairs`` and ``--records`` change how much, ``--rank`` how much the attackers stand back.

Peace and attack are measured in turns, in pairs, the first of a pair being now the one and
now the other: what drifts, or is busy with something else, is so for both. What counts of a
behaviour is the median of the ratios of its pairs.

Where the machine has two cores our node has one to itself, with all its processes: what an
attack has it do is then seen in full, and what the attack costs its author is not. The honest
partner is a process of its own that serves files from memory and holds the watch; the
attackers come after it and after our node wherever they want the same core.

An attack is what a partner can do by itself: it sends notices as fast as they are answered,
and our node comes to look as often as it allows (F-44). Before each pair the partner was
honest and was visited, so that no pause after failures protects us. Floods are renewed at
each visit. The node runs with its true limits.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from passerelle import config
from passerelle.custody import unlock
from passerelle.storage import peers as peer_rows
from passerelle.storage.database import Database, sqlite_url
from passerelle.storage.peers import Peer
from passerelle.storage.secret import Given
from tests.hostile.behaviours import BEHAVIOURS, behaviour_named
from tests.hostile.floods import FLOODS
from tests.hostile.honest import CODE as HONEST
from tests.hostile.partner import Partner, as_it_is
from tests.hostile.requests import REQUESTS, Line, line, notice, signed
from tests.hostile.running import BYSTANDER
from tests.hostile.scene import Outcome, Scene, Target, make_home, scene
from tests.hostile.table import Behaviour

RECORDS: Final = 512
"""New records of the honest partner in each sync."""
PAIRS: Final = 5
UNDER_WAY_SECONDS: Final = 2.0
"""From the first notice, or the first request, until the honest sync begins: the attack goes on, it does not begin."""
AT_ONCE: Final = 8
"""Behaviours for which one node is started."""
LAST: Final = 19
"""Rank of the attackers among processes."""


@dataclass(frozen=True, slots=True)
class Took:
    """One sync.

    Args:
        seconds: Until it was done.
        work: Processor seconds of our node meanwhile, its workers among them.
    """

    seconds: float
    work: float


@dataclass(frozen=True, slots=True)
class Delay:
    """The syncs beside one behaviour, pair by pair.

    Args:
        name: Of the behaviour.
        calm: In peace.
        attacked: While it attacks.
    """

    name: str
    calm: tuple[Took, ...]
    attacked: tuple[Took, ...]

    @property
    def ratio(self) -> float:
        """How many times as long a sync takes beside the attack: the median of the pairs."""
        return statistics.median(self.ratios("seconds"))

    @property
    def work(self) -> float:
        """How many times as much our node works meanwhile, likewise: true on a machine that is busy too."""
        return statistics.median(self.ratios("work"))

    def ratios(self, of: Literal["seconds", "work"]) -> list[float]:
        """Of each pair."""
        return [
            getattr(attacked, of) / max(0.01, getattr(calm, of))
            for calm, attacked in zip(self.calm, self.attacked, strict=True)
        ]

    def __str__(self) -> str:
        """One row of the table."""
        seconds = statistics.median(took.seconds for took in self.calm)
        pairs = " ".join(f"{ratio:.2f}" for ratio in self.ratios("seconds"))
        return f"| {self.name} | {seconds:.2f} s | {self.ratio:.2f} | {self.work:.2f} | {pairs} |"


@dataclass
class Honest:
    """The honest partner's process."""

    process: subprocess.Popen[str]
    records: int
    target: Target
    shown: int = 0

    async def synced(self) -> Took:
        """Show that many records more, and have them fetched."""
        self.shown += self.records
        before = self._work()
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("a process with pipes")
        self.process.stdin.write(f"{self.shown}\n")
        self.process.stdin.flush()
        seconds = float(await asyncio.to_thread(self.process.stdout.readline))
        return Took(seconds, self._work() - before)

    def _work(self) -> float:
        """Processor seconds of our node until now."""
        own = self.target.process.pid
        ticks = 0
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                fields = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()
                if folder.name == str(own):
                    ticks += sum(map(int, fields[11:15]))  # and of workers that have ended
                elif fields[1] == str(own):
                    ticks += sum(map(int, fields[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")


def measure(
    rows: Sequence[Behaviour],
    folder: Path,
    home: Path,
    *,
    records: int = RECORDS,
    pairs: int = PAIRS,
    rank: int = LAST,
) -> list[Delay]:
    """Sync so many new records of the honest partner in peace and beside each behaviour, in turns."""
    with ThreadPoolExecutor(1) as thread:  # cores and rank are those of a thread, and go with it
        return thread.submit(asyncio.run, _measure(rows, folder, home, records, pairs, rank)).result()


async def _measure(
    rows: Sequence[Behaviour], folder: Path, home: Path, records: int, pairs: int, rank: int
) -> list[Delay]:
    codes = {row.name: f"XX-{number:03}" for number, row in enumerate(rows)}
    ways = {codes[row.name]: row.peer for row in rows} | {BYSTANDER: as_it_is}
    found = []
    async with _stage(folder, home, ways, records, 2 * pairs * len(rows) + 1, rank) as (made, honest):
        await honest.synced()  # workers and caches are warm
        for row in rows:
            times: dict[bool, list[Took]] = {False: [], True: []}
            for number in range(pairs):
                for act in (False, True) if number % 2 else (True, False):
                    async with _attack(made, made.partners[codes[row.name]], row, really=act):
                        times[act].append(await honest.synced())
            found.append(Delay(row.name, tuple(times[False]), tuple(times[True])))
    return found


# --- the attack --------------------------------------------------------------------------------------------


@asynccontextmanager
async def _attack(made: Scene, attacker: Partner, row: Behaviour, *, really: bool) -> AsyncIterator[None]:
    """The attack, over and over, for the length of the block; then peace, until nothing of it is left to do."""
    if not really:
        yield
        return
    row.arm(attacker)
    attacking = asyncio.create_task(
        _requests(made, attacker, row) if row in REQUESTS else _notices(made, attacker, row)
    )
    await asyncio.sleep(UNDER_WAY_SECONDS)
    try:
        yield
    finally:
        attacking.cancel()
        await asyncio.gather(attacking, return_exceptions=True)
        for one in made.lines:
            one.close()
        made.lines.clear()
        attacker.twists.clear()
        attacker.public.note = attacker.bilateral.note = None
        await made.visit(attacker)


async def _requests(made: Scene, attacker: Partner, row: Behaviour) -> None:
    """What it asks of us, over and over."""
    while True:
        with suppress(AssertionError):
            await row.act(made, attacker, Outcome())


async def _notices(made: Scene, attacker: Partner, row: Behaviour) -> None:
    """Have our node come and look, over and over."""
    at, visited = await line(made), attacker.requests
    while True:
        at = await _notified(made, at, attacker)
        if row in FLOODS and attacker.requests > visited:
            row.arm(attacker)
        visited = attacker.requests
        await asyncio.sleep(0.05)


async def _notified(made: Scene, at: Line, attacker: Partner) -> Line:
    """One notice; on a new connection where the node has closed this one."""
    with suppress(ConnectionError, TimeoutError):
        await at.send(signed(attacker, "POST", "/notices", notice(attacker)))
        if (await at.answer())[0]:
            return at
    at.close()
    return await line(made)


# --- the stage ---------------------------------------------------------------------------------------------


class Plain(Target):
    """Our node as it is: with its true limits, and a core of its own where there are two."""

    def begin(self, *, crash: str = "", command: tuple[str, ...] = ("serve", "--with-parent")) -> None:
        """Start the process and return at once."""
        ours, others = _cores()
        os.sched_setaffinity(0, ours)  # what is started inherits it, threads and workers too
        try:
            super(Target, self).begin(crash=crash, command=command)
        finally:
            os.sched_setaffinity(0, others)


def _cores() -> tuple[set[int], set[int]]:
    """A core for the node, and the others for everybody else."""
    cores = sorted(range(os.cpu_count() or 1))
    return {cores[0]}, set(cores[1:] or cores)


@asynccontextmanager
async def _stage(
    folder: Path, home: Path, ways: dict[str, Callable[[Peer], Peer]], records: int, syncs: int, rank: int
) -> AsyncIterator[tuple[Scene, Honest]]:
    """Our node with the attackers and with the honest partner."""
    process = _started(folder / "ml", Target(home, "ML-FICT"), records * syncs)
    try:
        if process.stdout is None:
            raise RuntimeError("a process with pipes")
        told = json.loads(await asyncio.to_thread(process.stdout.readline))
        async with scene(folder, home, ways, also=_adding(told), kind=Plain) as made:
            os.setpriority(os.PRIO_PROCESS, 0, rank)  # this thread and those that it starts
            yield made, Honest(process, records, made.target)
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        process.kill()
        process.wait()


def _started(home: Path, target: Target, records: int) -> subprocess.Popen[str]:
    key = unlock(target.paths, config.load(target.home), Given()).sealing[0].public.hex()
    return subprocess.Popen(
        [sys.executable, "-m", "tests.hostile.honest", str(home), target.scid, key, str(records)],
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


# --- by itself ---------------------------------------------------------------------------------------------


def _print_all(rows: Sequence[Behaviour], records: int, pairs: int, rank: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        asyncio.run(make_home(home))
        for start in range(0, len(rows), AT_ONCE):
            beside = Path(folder) / str(start)
            beside.mkdir()
            part = rows[start : start + AT_ONCE]
            for found in measure(part, beside, home, records=records, pairs=pairs, rank=rank):
                print(found, flush=True)  # noqa: T201  the table


def main() -> None:
    """Measure, and print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("names", nargs="*")
    asked.add_argument("--records", type=int, default=RECORDS)
    asked.add_argument("--pairs", type=int, default=PAIRS)
    asked.add_argument("--rank", type=int, default=LAST, help="of the attackers; 0 where the machine is busy")
    given = asked.parse_args()
    rows = [behaviour_named(name) for name in given.names] or BEHAVIOURS
    _print_all(rows, given.records, given.pairs, given.rank)


if __name__ == "__main__":
    main()
