"""Our node in a process of its own among scripted partners, and what each of them cost it.

What is measured: bytes that a partner sent (and the kernel took), wall time of the visit,
rows and bytes that its feeds take in the database, and meanwhile whether the node still
serves and publishes.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from passerelle import app, config
from passerelle.config import Agency, Console, Server, Sync
from passerelle.custody import unlock
from passerelle.scenario.nodes import free_port
from passerelle.storage import peers as peer_rows
from passerelle.storage.database import Database, sqlite_url
from passerelle.storage.peers import Peer
from passerelle.storage.secret import Given
from tests.faults.harness import Node, offer
from tests.hostile.partner import Partner

REQUEST_SECONDS: Final = 3.0
QUIET: Final = Sync(
    poll_seconds=3_600.0, backoff_max_seconds=3_600.0, request_seconds=REQUEST_SECONDS, notices=True
)
"""Nothing moves but what a test asks for, and what begins to fail is not waited for long."""

Item = dict[str, Any]


class Target(Node):
    """Our node, perhaps with a guard taken out."""

    mutant: str = "-"

    def begin(self, *, crash: str = "", command: tuple[str, ...] = ("serve", "--with-parent")) -> None:
        """Start the process and return at once."""
        env = {**os.environ, "LC_ALL": "C.UTF-8", "PASSERELLE_CRASH_AT": crash}
        arguments = [*command, "--home", str(self.home), "--json"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.hostile.launch", self.mutant, *arguments],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=env,
                start_new_session=True,
            )

    def memory_now(self) -> int:
        """Bytes of it that are in memory now."""
        return self._of_status("VmRSS")

    def memory_peak(self) -> int:
        """Most bytes of it that were in memory since `forget_peak`."""
        return self._of_status("VmHWM")

    def forget_peak(self) -> None:
        """Begin to look for the peak anew."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5", "ascii")

    def _of_status(self, name: str) -> int:
        text = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        line = next(line for line in text.splitlines() if line.startswith(f"{name}:"))
        return int(line.split()[1]) * 1024


async def make_home(home: Path) -> None:
    """The home of our node; made once, copied for each scene."""
    await app.init_home(
        home,
        agency=Agency(code="ML-FICT", country="ML", names={"fr": "Agence fictive"}, fictitious=True),
        server=Server(public_address="https://ml.example", port=free_port()),
        console=Console(port=free_port()),
        sync=QUIET,
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """What one partner's feeds take in our database."""

    rows: int
    bytes: int


@dataclass(slots=True)
class Outcome:
    """What came of one behaviour.

    Args:
        state: The worst state of the partner's feeds afterwards.
        code: The first code that tells why: of the visit, of a feed, of a setback, of our answer.
        codes: Every code that was seen.
        sent: Bytes that the partner sent during the visit.
        seconds: How long the visit took.
        rows: Rows that it added.
        stored: Bytes in them.
        memory: By how many bytes the peak of our memory rose.
        served: Slowest answer of our node meanwhile, in seconds.
        calm: Slowest of three answers just before, where it is looked at closely: what this machine takes now.
        published: Whether our node published meanwhile.
        again: State of the partner's feeds after it was honest again.
        notes: What else a behaviour found out.
    """

    state: str = ""
    code: str | None = None
    codes: list[str] = field(default_factory=list)
    sent: int = 0
    seconds: float = 0.0
    rows: int = 0
    stored: int = 0
    memory: int = 0
    served: float = 0.0
    calm: float = 0.0
    published: bool = False
    again: str = ""
    notes: Item = field(default_factory=dict)


class Scene:
    """Our node, running, and its partners.

    Args:
        target: Our node.
        partners: By code.
    """

    def __init__(self, target: Target, partners: dict[str, Partner]) -> None:
        self.target = target
        self.partners = partners
        self.lines: list[Any] = []
        self._published = 0

    async def visit(self, partner: Partner) -> Item:
        """Visit one partner, and wait for the end."""
        visits: list[Item] = await self.target.call("sync", peer=partner.code)
        return visits[0]

    async def states(self, partner: Partner) -> list[Item]:
        """How the partner's own feeds stand."""
        listed: list[Item] = await self.target.call("peer_list")
        entry = next(row for row in listed if row["scid"] == partner.scid)
        return [row for row in entry["feeds"] if not row["own"]]

    def taken(self, partner: Partner) -> Taken:
        """Rows and bytes of the partner's feeds."""
        with closing(sqlite3.connect(self.target.paths.database)) as rows:
            (count, size) = rows.execute(_TAKEN, {"scid": partner.scid}).fetchone()
        return Taken(count, size)

    async def publish(self) -> None:
        """Publish one record."""
        self._published += 1
        item = offer(f"{self._published}", "ML")
        await self.target.publish([item], f"scene-{self._published}")

    async def served(self) -> float:
        """Seconds that an answer of our node takes."""
        began = time.monotonic()
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.target.address}/.well-known/passerelle") as response,
        ):
            assert response.status == 200
            await response.read()
        return time.monotonic() - began


_TAKEN: Final = """
with mine as (select id from feed where author = :scid and role = 'followed'),
parts(size) as (
    select length(data) + 32 from leaf where feed_id in mine
    union all select coalesce(length(object), 0) + length(params) from setback where feed_id in mine
    union all select length(note) from checkpoint where feed_id in mine
    union all select length(note) from receipt where feed_id in mine
    union all select length(first_note) + length(second_note) + length(proof) from fork where feed_id in mine
    union all select length(data) from vault_record where record in
        (select record from place where feed_id in mine)
    union all select length(log) from identity_log where scid = :scid
    union all select length(descriptor) from peer where scid = :scid)
select count(*), coalesce(sum(size), 0) from parts
"""


@asynccontextmanager
async def scene(
    folder: Path,
    home: Path,
    ways: Mapping[str, Callable[[Peer], Peer]],
    mutant: str = "-",
    *,
    also: Callable[[Target], Awaitable[None]] | None = None,
    kind: type[Target] = Target,
) -> AsyncIterator[Scene]:
    """Our node with as many partners as codes are given, each visited once while still honest.

    Args:
        folder: Where the home goes.
        home: Copied.
        ways: Code of each partner, and what is said of the way to it.
        mutant: Which guard is taken out of the node.
        also: What else is done to the home before it starts.
        kind: How our node is started.
    """
    shutil.copytree(home, folder / "ml")
    target = kind(folder / "ml", "ML-FICT")
    target.mutant = mutant
    sealing = unlock(target.paths, config.load(target.home), Given()).sealing[0].public
    partners = {code: Partner(code, target.scid, sealing, peer=way) for code, way in ways.items()}
    for partner in partners.values():
        await partner.start()
    try:
        await _introduce(target, partners.values())
        if also is not None:
            await also(target)
        await target.start()
        made = Scene(target, partners)
        await target.call("sync")
        try:
            yield made
        finally:
            for line in made.lines:  # of an attack that was broken off
                line.writer.transport.abort()
            await asyncio.sleep(0)
    finally:
        target.kill()
        for partner in partners.values():
            await partner.stop()


async def _introduce(target: Target, partners: Any) -> None:
    """Our operator has added them all."""
    database = Database(sqlite_url(target.paths.database))
    try:
        async with database.writing() as connection:
            for partner in partners:
                await peer_rows.put_identity(connection, partner.scid, partner.log, 1)
                await peer_rows.add(connection, partner.row())
    finally:
        await database.close()


async def attempt(scene: Scene, partner: Partner, attack: Any, *, closely: bool = False) -> Outcome:
    """One visit to a partner that misbehaves, while we serve and publish; all the time, where looked at closely."""
    outcome = Outcome()
    before = scene.taken(partner)
    partner.sent = 0
    if closely:
        outcome.calm = max([await scene.served() for _ in range(3)])
    memory = scene.target.memory_now()
    scene.target.forget_peak()
    ended: list[float] = []
    began = time.monotonic()
    visiting = asyncio.create_task(attack(scene, partner, outcome))
    visiting.add_done_callback(lambda _task: ended.append(time.monotonic()))
    watching = asyncio.create_task(_watch(scene, outcome, visiting, closely=closely))
    await asyncio.sleep(0.05)
    await scene.publish()
    outcome.published = True
    visit = await visiting
    await watching
    await asyncio.sleep(0)  # it may have ended just now
    outcome.seconds = ended[0] - began
    outcome.sent = partner.sent
    outcome.memory = scene.target.memory_peak() - memory
    after = scene.taken(partner)
    outcome.rows, outcome.stored = after.rows - before.rows, after.bytes - before.bytes
    states = await scene.states(partner)
    outcome.state = worst(row["state"] for row in states)
    outcome.codes += _codes(visit, states)
    outcome.code = outcome.codes[0] if outcome.codes else None
    return outcome


async def _watch(scene: Scene, outcome: Outcome, visiting: asyncio.Task[Any], *, closely: bool) -> None:
    """How long our answers take: of one, or of all until the visit ends, whatever else we do meanwhile."""
    await asyncio.sleep(0.05)
    outcome.served = await scene.served()
    while closely and not visiting.done():
        outcome.served = max(outcome.served, await scene.served())
        await asyncio.sleep(0.05)


def _codes(visit: Item | None, states: Sequence[Item]) -> list[str]:
    found = []
    if visit is not None and visit["error"] is not None:
        found.append(visit["error"]["code"])
    found += [row["code"] for row in states if row["code"]]
    if visit is not None:
        found += [code for feed in visit["feeds"] for code in feed["setbacks"]]
    return found


def worst(states: Any) -> str:
    """The state of the feed that stands worst."""
    order = ("forked", "blocked", "stale", "waiting", "syncing", "unknown", "current")
    return str(min(states, key=order.index, default="unknown"))
