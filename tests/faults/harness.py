"""Real nodes to be hurt: homes, processes, copies for the audit, and every checkpoint that was ever signed.

A pair of homes that know each other is made once and then copied for each test, so a
test costs little more than the start of its processes. Nothing outlives a test: each
process ends with the pipe that this one holds.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import tomli_w

from passerelle import app, config
from passerelle.audit import audit_folder
from passerelle.config import Agency, Console, Server, Sync
from passerelle.errors import PasserelleError
from passerelle.protocol.checkpoints import Checkpoint, verify_checkpoint
from passerelle.protocol.identity import Identity, parse_identity
from passerelle.protocol.merkle import leaf_hash, root_of
from passerelle.protocol.origins import Origin
from passerelle.scenario.nodes import free_port
from passerelle.storage.database import Database
from passerelle.storage.heads import HeadStore
from passerelle.storage.home import Paths
from passerelle.sync import copying
from tests.rows import copy_database, drop_database, rows_of

START_SECONDS = 120.0
STOP_SECONDS = 60.0
Item = dict[str, Any]


class Node:
    """One home, and the process that owns it while it runs.

    Args:
        home: The folder.
        code: Short code of the agency.
    """

    def __init__(self, home: Path, code: str) -> None:
        self.home = home
        self.code = code
        self.paths = Paths(home)
        self.log = home.with_name(f"{home.name}.log")
        self._clock = home.with_name(f"{home.name}.clock")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def scid(self) -> str:
        """Its identity."""
        with rows_of(self.home) as rows:
            found = rows.execute("select value from node_fact where name = 'own-scid'").fetchone()
        return str(found[0])

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{_port(self.paths.home)}"

    def begin(self, *, crash: str = "", command: tuple[str, ...] = ("serve", "--with-parent")) -> None:
        """Start the process and return at once.

        Args:
            crash: Where it is to die, as ``PASSERELLE_CRASH_AT`` has it.
            command: What to run.
        """
        env = {
            **os.environ,
            "PASSERELLE_CRASH_AT": crash,
            "PASSERELLE_CLOCK_FILE": str(self._clock),
            "LC_ALL": "C.UTF-8",
        }
        if not self._clock.exists():
            self.set_clock(0)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "passerelle", *command, "--home", str(self.home), "--json"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=env,
                start_new_session=True,
            )

    def set_clock(self, ahead: int) -> None:
        """Let the clock of its processes, also of one that runs, be wrong by so many seconds."""
        beside = self._clock.with_suffix(".new")
        beside.write_text(str(ahead), "ascii")
        beside.rename(self._clock)

    async def ready(self) -> bool:
        """Wait until it answers; False where it ended before it did."""
        process = self.process
        if process.stdout is None:
            raise RuntimeError("a started process has an output")
        line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), START_SECONDS)
        return b'"address"' in line

    async def start(self, *, crash: str = "") -> None:
        """Start, and wait until it answers."""
        self.begin(crash=crash)
        assert await self.ready(), self.last_words()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process, running or ended."""
        if self._process is None:
            raise RuntimeError("the node was not started")
        return self._process

    @property
    def is_running(self) -> bool:
        """Whether it runs now."""
        return self._process is not None and self._process.poll() is None

    async def ended(self) -> int:
        """Wait for its end; the exit code, negative for the signal that ended it."""
        code = await asyncio.to_thread(self.process.wait, STOP_SECONDS)
        self._drop()
        return code

    async def stop(self) -> int:
        """Ask it to end, and wait."""
        os.kill(self.process.pid, signal.SIGTERM)
        return await self.ended()

    def kill(self) -> None:
        """End it as a power cut would; nothing to do where it does not run."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(STOP_SECONDS)
        self._drop()

    async def said(self) -> str:
        """Wait for the end of a command; the code of its error, empty where it had none."""
        if self.process.stdout is None:
            raise RuntimeError("a started process has an output")
        said = await asyncio.to_thread(self.process.stdout.read)
        # Where it takes more than two seconds, a command first says that it works.
        answer = (said or self.log.read_bytes()).partition(b"{")
        told = json.loads(b"".join(answer[1:]) or b"{}")
        return "" if "scid" in told else str(told.get("code", ""))

    def own_database(self) -> None:
        """Take a copy of the database that the settings name, where a copy of the folder has not brought one."""
        was = config.load(self.home)
        if was.database != config.SQLITE:
            config.switch_database(
                self.home, was.model_copy(update={"database": copy_database(was.database)})
            )

    def drop(self) -> None:
        """End it, and delete its database where that does not lie in its folder."""
        self.kill()
        if self.paths.home.exists() and (database := config.load(self.home).database) != config.SQLITE:
            drop_database(database)

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text("utf-8", errors="replace")[-3000:] if self.log.exists() else ""

    def _drop(self) -> None:
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        self._process = None

    async def call(self, method: str, /, **arguments: object) -> Any:
        """One use case; through the process where one was started, else in this one."""
        try:
            if self._process is None:
                return await app.call(self.home, method, **arguments)
            # Not `app.call`: beside a process that is just dying it would do the work in its place.
            return await app._through_socket(self.home, method, arguments)
        except (FileNotFoundError, aiohttp.ClientConnectorError) as error:
            raise Died from error
        except PasserelleError as error:
            if error.code == "node.stopped":
                raise Died from error
            raise

    async def publish(self, items: list[Item], key: str) -> list[Item]:
        """Publish under an idempotency key."""
        answer: list[Item] = await self.call("publish", items=items, key=key)
        return answer

    async def read_only(self) -> str | None:
        """The code for which the node signs nothing, or None."""
        closed = (await self.call("status"))["read_only"]
        return None if closed is None else str(closed["code"])

    async def sync(self, other: Node) -> Item:
        """Visit another node, and wait for the end of the visit."""
        visits: list[Item] = await self.call("sync", peer=other.code)
        return visits[0]


class Died(Exception):
    """The process ended while it was asked."""


def _port(home: Path) -> int:
    return int(tomllib.loads((home / "passerelle.toml").read_text("utf-8"))["server"]["port"])


# --- homes -------------------------------------------------------------------------------------------------


def in_file() -> str:
    """The setting `database` of a home with a database of its own."""
    return config.SQLITE


async def make_strangers(folder: Path, database: Callable[[], str] = in_file) -> tuple[Node, Node]:
    """Two homes that do not know each other, each with a database of its own."""
    togo, mali = Node(folder / "tg", "TG-FICT"), Node(folder / "ml", "ML-FICT")
    for node in (togo, mali):
        await app.init_home(
            node.home,
            agency=Agency(
                code=node.code, country=node.code[:2], names={"fr": f"Agence {node.code}"}, fictitious=True
            ),
            server=Server(public_address=f"https://{node.home.name}.example", port=free_port()),
            console=Console(port=free_port()),
            sync=Sync(poll_seconds=3_600.0, backoff_max_seconds=1.0, request_seconds=20.0),
            database=database(),
        )
    return togo, mali


async def make_pair(togo: Node, mali: Node) -> tuple[Node, Node]:
    """Let two homes know each other and hold a few records of each other; they are at rest again."""
    try:
        togo.begin()
        mali.begin()
        assert await togo.ready(), togo.log.read_text("utf-8")
        assert await mali.ready(), mali.log.read_text("utf-8")
        await togo.call("peer_add", url=mali.address, address=mali.address, code=mali.code)
        await mali.call("peer_add", url=togo.address, address=togo.address, code=togo.code)
        await togo.publish(group(togo, mali, "base"), "base")
        await mali.publish(group(mali, togo, "base"), "base")
        await catch_up(togo, mali)
        await togo.stop()
        await mali.stop()
    finally:
        togo.kill()
        mali.kill()
    return togo, mali


def clone(pair: tuple[Node, Node], folder: Path) -> tuple[Node, Node]:
    """Copy a pair at rest; the copies know each other at new ports."""
    copies = tuple(Node(folder / node.home.name, node.code) for node in pair)
    for node, copy in zip(pair, copies, strict=True):
        shutil.copytree(node.home, copy.home)
        set_ports(copy, free_port(), free_port())
        copy.own_database()
    for copy, other in zip(copies, reversed(copies), strict=True):
        with rows_of(copy.home) as rows:
            rows.execute("update peer set address = ?", (other.address,))
    return copies[0], copies[1]


def set_ports(node: Node, port: int, console: int) -> None:
    """Let a node at rest listen elsewhere."""
    path = node.home / "passerelle.toml"
    given = tomllib.loads(path.read_text("utf-8"))
    given["server"]["port"], given["console"]["port"] = port, console
    path.write_bytes(tomli_w.dumps(given).encode())


def offer(title: str, country: str = "TG") -> Item:
    """A public record with as little in it as the schema allows."""
    return {
        "type": "offer",
        "body": {
            "title": {"fr": f"Exemple fictif - {title}"},
            "description": {"fr": "Offre fictive."},
            "scheme": "vir",
            "hostOrganisation": {"name": "Organisation (fictive)"},
            "needExpressedOn": "2026-06",
            "tutor": {"assigned": True},
            "host": {"agency": f"{country}-FICT", "country": country},
            "place": {"country": country, "city": "Ville (fictive)"},
            "places": 1,
            "period": "2027-01/2027-06",
        },
    }


def agreement(author: Node, partner: Node, title: str) -> Item:
    """A bilateral record."""
    ends = [{"agency": node.code, "country": node.code[:2]} for node in (author, partner)]
    return {
        "type": "agreement",
        "to": [partner.code],
        "body": {
            "kind": "exchange-protocol",
            "names": {"fr": f"Exemple fictif - {title}"},
            "parties": ends,
            "period": "2027/..",
            "schemes": ["vir"],
            "directions": [{"from": ends[0], "to": ends[1], "quota": {"persons": 4, "perPeriod": "total"}}],
        },
    }


def group(author: Node, partner: Node, title: str) -> list[Item]:
    """Records for both feeds of an author, published together: one transaction, two heads to move."""
    return [
        offer(title, author.code[:2]),
        agreement(author, partner, title),
        offer(f"{title} bis", author.code[:2]),
    ]


async def catch_up(first: Node, second: Node) -> None:
    """Let both visit each other until each holds, and has confirmed, what the other has."""
    for _ in range(3):
        await asyncio.gather(first.sync(second), second.sync(first))


# --- what is held ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint found somewhere, with where."""

    checkpoint: Checkpoint
    where: str


async def check_pair(first: Node, second: Node, folder: Path) -> None:
    """Both homes hold feeds that an outsider accepts, each record once, and of each feed one history."""
    await asyncio.gather(*(audit_copy(node, folder / node.home.name) for node in (first, second)))
    for node in (first, second):
        assert_each_once(node)
    signed = [item for node in (first, second) for item in await signed_checkpoints(node)]
    await assert_one_history(signed, (first, second))


async def audit_copy(node: Node, folder: Path) -> None:
    """Copy every feed that a home writes or holds to a folder, and audit it as an outsider would."""
    await copy_feeds(node, folder)
    report = audit_folder(folder, datetime.now(UTC))
    wrong = [(feed.folder, feed.findings) for feed in report.feeds if feed.findings]
    assert report.ok, (node.code, wrong, report.findings)
    assert len(report.feeds) == 4, "own and received, public and bilateral"


async def copy_feeds(node: Node, folder: Path) -> None:
    """What ``passerelle copy`` writes, read from the home of a node that may be running or dead."""
    place = config.load(node.home).place(node.paths)
    database, heads = Database(place), HeadStore(node.paths.heads)
    try:
        await copying.copy_feeds(database, node.scid, await heads.read(), folder)
    finally:
        await heads.close()
        await database.close()


def assert_each_once(node: Node) -> None:
    """No record stands twice in a feed, and no id has two digests under one version."""
    with rows_of(node.home) as rows:
        places = Counter(rows.execute("select feed_id, record from place"))
        versions = Counter(rows.execute("select issuer, id, version from record"))
    assert set(places.values()) <= {1}
    assert set(versions.values()) <= {1}


async def signed_checkpoints(node: Node) -> list[Signed]:
    """Every checkpoint that lies in a home: rows, receipts and the head store."""
    notes: list[tuple[str, bytes]] = []
    with rows_of(node.home) as rows:
        for table in ("checkpoint", "receipt"):
            query = f"select feed.origin, {table}.note from {table} join feed on feed.id = {table}.feed_id"
            notes += rows.execute(query).fetchall()
    if node.paths.heads.exists():
        with closing(sqlite3.connect(node.paths.heads)) as rows:
            notes += rows.execute("select origin, note from head").fetchall()
    known = identities(node)
    return [
        Signed(
            verify_checkpoint(note, origin, known[Origin.parse(origin).author].newest.log_keys),
            f"{node.code} {origin}",
        )
        for origin, note in notes
    ]


def identities(node: Node) -> dict[str, Identity]:
    """The identity logs in a home."""
    with rows_of(node.home) as rows:
        found = rows.execute("select scid, log from identity_log").fetchall()
    return {scid: parse_identity(log, now=datetime.now(UTC)) for scid, log in found}


async def assert_one_history(signed: list[Signed], nodes: tuple[Node, ...]) -> None:
    """All checkpoints of a feed are of one tree: that of the longest list of its leaves found in any home."""
    longest: dict[str, list[bytes]] = defaultdict(list)
    for node in nodes:
        for origin, leaves in all_leaves(node).items():
            longest[origin] = max(longest[origin], leaves, key=len)
    for item in signed:
        leaves = longest[item.checkpoint.origin]
        assert item.checkpoint.tree_size <= len(leaves), item
        assert item.checkpoint.root_hash == root_of(
            leaf_hash(data) for data in leaves[: item.checkpoint.tree_size]
        ), item


def all_leaves(node: Node) -> dict[str, list[bytes]]:
    """The leaves in a home, by origin, in order."""
    found: dict[str, list[bytes]] = defaultdict(list)
    with rows_of(node.home) as rows:
        query = "select feed.origin, leaf.data from leaf join feed on feed.id = leaf.feed_id order by feed.id, leaf.idx"
        for origin, data in rows.execute(query):
            found[origin].append(data)
    return found


def digests_of(node: Node, issuer: str) -> set[str]:
    """Digests of the records of one author that a home holds as records."""
    with rows_of(node.home) as rows:
        return {row[0] for row in rows.execute("select digest from record where issuer = ?", (issuer,))}


def own_heads(node: Node) -> dict[str, bytes]:
    """The head store as it is on the disk."""
    with closing(sqlite3.connect(node.paths.heads)) as rows:
        return dict(rows.execute("select origin, note from head").fetchall())
