"""Two nodes at work while things happen to them: who publishes and visits, who kills, and what must hold at every rest."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from passerelle import app
from passerelle.errors import TransportError
from tests.faults.harness import Died, Item, Node, catch_up, check_pair, digests_of, group

ROUNDS = 20
"""Of visits to catch up: what a wrong clock held back is examined again in portions."""


@dataclass(slots=True)
class Side:
    """One of the nodes, with what it has acknowledged.

    Args:
        node: The home and its process.
        other: Its partner.
        up: Set while its process answers.
        acknowledged: Digests of all that it said it had published.
        before: Digests of what it had published before.
        keys: How many idempotency keys it was asked with.
        wanted: How many records were asked for with them.
        asked: By key, what has no answer yet.
    """

    node: Node
    other: Node
    up: asyncio.Event = field(default_factory=asyncio.Event)
    acknowledged: set[str] = field(default_factory=set)
    before: set[str] = field(default_factory=set)
    keys: int = 0
    wanted: int = 0
    asked: dict[str, list[Item]] = field(default_factory=dict)
    kills: int = 0
    visits: int = 0

    @property
    def is_held(self) -> bool:
        """Whether the partner has all of it as records."""
        return digests_of(self.other, self.node.scid) == digests_of(self.node, self.node.scid)

    async def ask(self, method: str, **arguments: object) -> Any:
        """One use case through the process, and never in this one: a dead node is not worked for.

        Raises:
            Died: The process is not there, or ended meanwhile.
        """
        await self.up.wait()
        try:
            return await app._through_socket(self.node.home, method, arguments)
        except (OSError, aiohttp.ClientError) as error:
            raise Died from error
        except TransportError as error:
            if error.code != "node.stopped":
                raise
            raise Died from error

    async def start(self) -> None:
        """Start until it answers; nothing but a kill keeps it from that."""
        self.node.begin()
        assert await self.node.ready(), self.node.last_words()
        self.up.set()
        closed = (await self.ask("status"))["read_only"]
        assert closed is None, closed

    def kill(self) -> None:
        """End it as a power cut would."""
        self.up.clear()
        self.node.kill()
        self.kills += 1

    async def publish_once(self, items: list[Item]) -> None:
        """Ask with one key until it is answered, over however many lives of the process."""
        self.keys += 1
        self.wanted += len(items)
        key = f"soak-{self.keys}"
        self.asked[key] = items
        await self.answered(key)

    async def answered(self, key: str) -> None:
        """Ask again under a key that has no answer yet."""
        while key in self.asked:
            try:
                answer = await self.ask("publish", items=self.asked[key], key=key)
            except Died:
                await asyncio.sleep(0.02)
                continue
            self.acknowledged |= {item["digest"] for item in answer}
            del self.asked[key]

    async def tried(self, method: str, **arguments: object) -> bool:
        """One use case, where the process lives long enough."""
        try:
            await self.ask(method, **arguments)
        except Died:
            return False
        return True

    async def visit_once(self) -> None:
        """Visit the partner; that one of the two is away just now is no fault, nor that its clock is a day ahead (F-43)."""
        try:
            visit = (await self.ask("sync", peer=self.other.code))[0]
        except Died:
            return
        error = visit["error"]
        code = "" if error is None else error["code"]
        assert not code or code.startswith("road.") or code == "cosignature.ahead", error
        self.visits += error is None


@dataclass(slots=True)
class Upheaval:
    """Two nodes at work.

    Args:
        sides: Both.
        dice: Decides what happens when; its seed is printed.
        folder: For copies that are audited.
    """

    sides: tuple[Side, Side]
    dice: random.Random
    folder: Path
    audits: int = 0

    @classmethod
    async def begin(cls, nodes: tuple[Node, Node], seed: str, folder: Path) -> Upheaval:
        """Start both."""
        first, second = nodes
        sides = (Side(first, second), Side(second, first))
        for side in sides:
            side.before = digests_of(side.node, side.node.scid)
        await asyncio.gather(*(side.start() for side in sides))
        return cls(sides, random.Random(seed), folder)

    async def work(self, side: Side, *, pause: float) -> None:
        """Publish groups, one after the other, for ever."""
        while True:
            await side.publish_once(group(side.node, side.other, f"{side.node.code} {side.keys}"))
            await asyncio.sleep(self.dice.uniform(0, 2 * pause))

    async def look(self, side: Side, *, pause: float) -> None:
        """Visit the partner, for ever."""
        while True:
            await side.visit_once()
            await asyncio.sleep(self.dice.uniform(0, 2 * pause))

    async def during(self, jobs: Sequence[Awaitable[None]], until: Callable[[], Awaitable[None]]) -> None:
        """Let jobs run while something else happens; a job that fails ends it all."""
        tasks = [asyncio.ensure_future(job) for job in jobs]
        happening = asyncio.ensure_future(until())
        done, _ = await asyncio.wait({*tasks, happening}, return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, happening):
            if task not in done:
                task.cancel()
        await asyncio.gather(*tasks, happening, return_exceptions=True)
        for task in done:
            task.result()

    async def rest(self) -> None:
        """Nothing happens for a while: both must come to hold the same, once, of one history, and all that was said."""
        await self.catch_up()
        self.audits += 1
        first, second = self.sides
        await check_pair(first.node, second.node, self.folder / f"audit-{self.audits}")

    async def catch_up(self) -> None:
        """What has no answer yet gets one; then both hold all that was acknowledged, and nothing else."""
        for side in self.sides:
            for key in list(side.asked):
                await side.answered(key)
        first, second = self.sides
        for _ in range(ROUNDS):
            await catch_up(first.node, second.node)
            if all(side.is_held for side in self.sides):
                break
        for side in self.sides:
            own = digests_of(side.node, side.node.scid)
            assert own == side.before | side.acknowledged, "what was acknowledged, and nothing else"
            assert len(side.acknowledged) == side.wanted, "each group once"
            assert digests_of(side.other, side.node.scid) == own, "the partner holds all of it"


def since(start: float) -> str:
    """Minutes and seconds, for a line of progress."""
    minutes, seconds = divmod(int(time.monotonic() - start), 60)
    return f"{minutes}:{seconds:02d}"
