"""Real nodes for a play: one process for each agency, a forwarder for each ordered pair of partners.

    work/anvt/            the home of the node
    work/anvt.log         what it logged
    cnpv  --->  forwarder(cnpv -> anvt)  --->  anvt's port

A node knows its partner's identity, which lies at a made-up domain, and is told to
connect to the forwarder. Every child is ended by its own process id, and ends by itself
when this process is gone: each holds a pipe that closes with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from itertools import permutations
from pathlib import Path
from typing import Final

from passerelle import app
from passerelle.config import SQLITE, Agency, Console, Server, Sync
from passerelle.errors import ConfigError, TransportError
from passerelle.protocol.profile import Json, JsonObject
from passerelle.scenario import model
from passerelle.scenario.databases import Databases
from passerelle.scenario.forwarder import HOST, Forwarder
from passerelle.scenario.play import Play

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0
CATCH_UP_SECONDS: Final = 120.0
POLL_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 0.05
# Linux draws near ends from 32768 up, macOS and BSD from 49152 up.
_PORTS: Final = range(16_000, 32_000)
_handed_out: Final[set[int]] = set()


class NodeProcess:
    """One node in a process of its own.

    Args:
        home: Its home, made already.
        log: File to which its log lines are added.
    """

    def __init__(self, home: Path, log: Path) -> None:
        self.home = home
        self.console = ""
        self.address = ""
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start, and wait until it answers.

        Raises:
            ConfigError: ``scenario.node-not-started`` with the end of its log.
        """
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(
                    sys.executable,
                    "-m",
                    "passerelle",
                    "serve",
                    "--home",
                    str(self.home),
                    "--json",
                    "--with-parent",
                ),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                # Ctrl-C at the terminal is for the runner, which then ends its nodes in order.
                start_new_session=True,
            )
        told = await self._first_line()
        self.address, self.console = str(told["address"]), str(told["console"])

    async def _first_line(self) -> JsonObject:
        process = self._process
        if process is None or process.stdout is None:
            raise RuntimeError("a started process has an output")
        line = b""
        with contextlib.suppress(TimeoutError):
            line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        if not line:
            await self.kill()
            raise ConfigError("scenario.node-not-started", home=str(self.home), log=self._end_of_log())
        told: JsonObject = json.loads(line)
        return told

    def _end_of_log(self) -> str:
        return self._log.read_text("utf-8", errors="replace")[-2000:]

    async def stop(self) -> None:
        """Ask it to end and wait; a node that does not is killed."""
        process = self._process
        if process is None:
            return
        _signal(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            await self.kill()
        self._process = None

    async def kill(self) -> None:
        """End it as a power cut would."""
        process = self._process
        if process is None:
            return
        _signal(process, signal.SIGKILL)
        await process.wait()
        self._process = None


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Send a signal by process id.

    The method of ``process`` would first look whether the child has ended, and so take its
    exit code away from the event loop, which then warns.
    """
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


class Nodes:
    """The stage of a play on this machine; see :class:`passerelle.scenario.stage.Stage`.

    Args:
        work: Folder for homes and logs.
        agencies: Who plays.
        partners: Pairs that know each other.
        keep: Names of agencies of which all bytes that they send and receive are kept.
        database: Where the rows go; see :class:`passerelle.scenario.databases.Databases`.
    """

    def __init__(
        self,
        work: Path,
        agencies: dict[str, model.Agency],
        partners: Sequence[Sequence[str]],
        *,
        keep: Sequence[str] = (),
        database: str = SQLITE,
    ) -> None:
        self.work = work
        self.processes: dict[str, NodeProcess] = {}
        self.links: dict[tuple[str, str], Forwarder] = {}
        self._agencies = agencies
        self._partners = [(pair[0], pair[1]) for pair in partners]
        self._keep = frozenset(keep)
        self._databases = Databases(database)

    async def open(self) -> None:
        """Make the homes, start the nodes, join the partners."""
        # One after the other: making a home migrates a database, which is not made to run twice at once.
        for name in self._agencies:
            await self._make(name)
        await asyncio.gather(*(process.start() for process in self.processes.values()))
        for pair in self._partners:
            await self.join(*pair)

    async def join(self, first: str, second: str) -> None:
        """Put a link between two nodes and let each add the other as a partner."""
        for caller, target in permutations((first, second)):
            port = int(self.processes[target].address.rpartition(":")[2])
            kept = not self._keep.isdisjoint((caller, target))
            link = self.links[caller, target] = Forwarder(port, keep=kept)
            await link.restore()
            code = self._agencies[target].code
            await self.call(caller, "peer_add", url=link.address, code=code)

    async def close(self) -> None:
        """End every node and close every link; on return none is left."""
        await asyncio.gather(*(process.stop() for process in self.processes.values()))
        for link in self.links.values():
            await link.cut()
        await self._databases.drop()

    async def _make(self, name: str) -> None:
        agency = self._agencies[name]
        home = self.work / name
        await app.init_home(
            home,
            agency=Agency(
                code=agency.code,
                country=agency.country,
                names=agency.names,
                acronym=agency.code.partition("-")[2],
                languages=tuple(agency.languages),
                fictitious=True,
            ),
            server=Server(public_address=f"https://{agency.domain}", host=HOST, port=free_port()),
            console=Console(host=HOST, port=free_port()),
            sync=Sync(poll_seconds=POLL_SECONDS, backoff_max_seconds=POLL_SECONDS),
            database=await self._databases.make(),
        )
        self.processes[name] = NodeProcess(home, self.work / f"{name}.log")

    async def call(self, agency: str, method: str, **arguments: Json) -> Json:
        """Ask a node's desk."""
        answer: Json = await app.call(self.processes[agency].home, method, **arguments)
        return answer

    async def cut(self, first: str, second: str) -> None:
        """Close and refuse, in both directions."""
        await asyncio.gather(self.links[first, second].cut(), self.links[second, first].cut())

    async def restore(self, first: str, second: str) -> None:
        """Let through again."""
        await asyncio.gather(self.links[first, second].restore(), self.links[second, first].restore())

    async def start(self, agency: str) -> None:
        """Start a node again."""
        await self.processes[agency].start()

    async def stop(self, agency: str) -> None:
        """End a node in order."""
        await self.processes[agency].stop()

    async def kill(self, agency: str) -> None:
        """End a node as a power cut would."""
        await self.processes[agency].kill()

    async def catch_up(self, agencies: Sequence[str]) -> None:
        """Let the nodes visit each other until each holds, and has confirmed, what the others have.

        Raises:
            TransportError: ``scenario.link-is-cut``, ``scenario.not-caught-up``.
        """
        pairs = [pair for pair in permutations(agencies, 2) if pair in self.links]
        for caller, target in pairs:
            if self.links[caller, target].is_cut:
                raise TransportError("scenario.link-is-cut", agencies=[caller, target])
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while True:
            await asyncio.gather(*(self._visit(*pair) for pair in pairs))
            behind = await self._behind(agencies, pairs)
            if not behind:
                return
            if time.monotonic() > deadline:
                raise TransportError("scenario.not-caught-up", feeds=behind)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _visit(self, caller: str, target: str) -> None:
        await self.call(caller, "sync", peer=self._agencies[target].code)

    async def _behind(self, agencies: Sequence[str], pairs: Sequence[tuple[str, str]]) -> list[Json]:
        """Feeds that a follower does not hold whole, or whose author has no receipt yet."""
        listings = dict(
            zip(agencies, await asyncio.gather(*(self._listing(name) for name in agencies)), strict=True)
        )
        own = {
            feed["origin"]: feed["size"]
            for name in agencies
            for feed in _rows(_mapping(await self.call(name, "status"))["feeds"])
        }
        return [
            feed["origin"]
            for caller, target in pairs
            for feed in _rows(listings[caller][self._agencies[target].code]["feeds"])
            if (feed["cosigned"] if _is_receipted(feed) else feed["size"])
            != own.get(feed["origin"], feed["size"])
            or (not feed["own"] and feed["origin"] not in own)
        ]

    async def _listing(self, agency: str) -> dict[str, JsonObject]:
        return {str(row["code"]): row for row in _rows(await self.call(agency, "peer_list"))}


def _is_receipted(feed: JsonObject) -> bool:
    """Whether more than holding is asked: of feeds to one partner, the reader's cosignature."""
    return "/to/" in str(feed["origin"])


@contextlib.asynccontextmanager
async def staged(
    scenario: Play, work: Path, *, keep: Sequence[str] = (), database: str = SQLITE
) -> AsyncIterator[Nodes]:
    """The stage of a scenario for the length of the block. No node outlives it."""
    header = scenario.header
    nodes = Nodes(work, header.agencies, header.partners, keep=keep, database=database)
    try:
        await nodes.open()
        yield nodes
    finally:
        # Also when cancelled by Ctrl-C: ending the children is not to be cut short.
        await asyncio.shield(asyncio.ensure_future(nodes.close()))


def free_port() -> int:
    """A loopback port that is free now, and that this process hands out once.

    A node keeps its port over restarts, so it cannot be chosen at bind. It is taken from
    below the range from which systems draw the near ends of outgoing connections: a port
    of that range may be somebody's near end by the time the node binds it.

    Raises:
        ConfigError: When no port of the range is free.
    """
    for port in random.sample(_PORTS, len(_PORTS)):
        if port not in _handed_out and _is_free(port):
            _handed_out.add(port)
            return port
    raise ConfigError("server.port-in-use", host=HOST, port=_PORTS.start)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _mapping(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise TypeError("the desk answers with a mapping")
    return value


def _rows(value: Json) -> list[JsonObject]:
    if not isinstance(value, list):
        raise TypeError("the desk answers with a list")
    return [_mapping(item) for item in value]
