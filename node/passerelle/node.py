"""A node: its parts put together, opened, started and closed in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from passerelle import config as settings
from passerelle import descriptor
from passerelle.config import Config
from passerelle.custody import unlock
from passerelle.desk.context import Context
from passerelle.desk.desk import Desk
from passerelle.desk.dictation import Hello
from passerelle.desk.ledger import UNJUDGED
from passerelle.desk.scribing import Scribing
from passerelle.errors import ConfigError, PasserelleError
from passerelle.exchange.held import Held
from passerelle.exchange.rules.book import Rulebook
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import FeedPosition, Record
from passerelle.protocol.schemas import Schemas
from passerelle.storage import peers as peer_rows
from passerelle.storage import private, vault
from passerelle.storage import records as record_rows
from passerelle.storage.crash import CrashPoints
from passerelle.storage.database import Database
from passerelle.storage.disk import opening, settle
from passerelle.storage.heads import Head, HeadStore
from passerelle.storage.home import HomeLock, Keys, Paths
from passerelle.storage.rulepacks import load_rules
from passerelle.storage.secret import Given
from passerelle.sync import contact, fence, upgrading
from passerelle.sync.allowance import Allowances
from passerelle.sync.client import Client
from passerelle.sync.confirming import Confirming
from passerelle.sync.directory import Directory
from passerelle.sync.examiner import Examiner
from passerelle.sync.fence import Contradiction
from passerelle.sync.follower import Follower, road_to
from passerelle.sync.packed import PackedBundles
from passerelle.sync.publisher import Publisher
from passerelle.sync.pull import PullTools
from passerelle.sync.signing import Draft, Tools

_log = structlog.get_logger()
_OWN_TYPES = ("agency", "node")


def utc_now() -> datetime:
    """The present, aware, UTC; the one place where this program reads the clock of the machine."""
    return datetime.now(UTC)


def clock_from_environment(*, fictitious: bool) -> Callable[[], datetime]:
    """The clock of a home; one made for demonstrations may be told to be wrong.

    ``PASSERELLE_CLOCK_FILE`` names a file with the seconds by which it is ahead, read at
    every look, so that a test can let the clock step while the node runs.
    """
    name = os.environ.get("PASSERELLE_CLOCK_FILE", "") if fictitious else ""
    if not name:
        return utc_now
    path = Path(name)
    return lambda: utc_now() + timedelta(seconds=float(path.read_text("ascii")))


class Node:
    """The parts of one open home.

    Args:
        paths: Where its files lie.
        config: Its settings.
        keys: Its online secrets.
        database: Its rows, open.
        heads: Its head store.
        directory: Identities and partners, loaded.
        rules: The rules of the field, with packs of its own.
    """

    def __init__(
        self,
        paths: Paths,
        config: Config,
        keys: Keys,
        database: Database,
        heads: HeadStore,
        directory: Directory,
        rules: Rulebook,
    ) -> None:
        self.rules = rules
        self.paths = paths
        self.config = config
        self.keys = keys
        self.database = database
        self.heads = heads
        self.directory = directory
        self.schemas = Schemas.packaged()
        self.examiner = Examiner(self.schemas)
        self.clock = directory.clock
        self.crash = CrashPoints.from_environment(fictitious=config.agency.fictitious)
        self.packed = PackedBundles(paths.packed, database)
        allowances = Allowances()
        self.client = self._new_client(allowances)
        tools = self._new_tools()
        self.publisher = Publisher(database, heads, tools, crash=self.crash, published=self._published)
        self.scribing = Scribing(self.publisher, tools, self._hello)
        self.follower = self._new_follower(allowances)
        self.desk = Desk(self._new_context(tools))
        self.descriptor = b""
        self._tasks: list[asyncio.Task[None]] = []

    # --- putting together: each part is given those above it ---------------------------------------------

    def _new_client(self, allowances: Allowances) -> Client:
        return Client(
            self.keys,
            lambda: f"{self.directory.own.did}#{self.keys.request.multikey}",
            self.clock,
            deadline=timedelta(seconds=self.config.sync.request_seconds),
            allow_private=self.config.sync.allow_private_addresses,
            allowances=allowances,
        )

    def _new_tools(self) -> Tools:
        return Tools(
            keys=self.keys,
            directory=self.directory,
            schemas=self.schemas,
            check=self._check,
            unjudged=UNJUDGED,
            random=secrets.token_bytes,
            clock=self.clock,
            new_id=lambda: f"urn:uuid:{uuid.uuid4()}",
            safe_seen=self._safe_seen,
            rules=self.rules,
        )

    def _hello(self) -> Hello:
        agency = self.config.agency
        return Hello(
            self.keys.record.seed,
            self.directory.own_scid,
            agency.code,
            agency.fictitious,
            agency.languages[0],
            UNJUDGED,
            self.rules.own,
        )

    def _new_follower(self, allowances: Allowances) -> Follower:
        tools = PullTools(
            self.database,
            self.directory,
            self.examiner,
            self.keys,
            self.crash,
            self.clock,
            closed=lambda: self.publisher.closed,
            allowances=allowances,
        )
        return Follower(
            tools,
            self.client,
            self.config.sync,
            heads=lambda: self.publisher.current,
            arrived=self._arrived,
            fenced=self._fenced,
            report=self._report,
        )

    def _new_context(self, tools: Tools) -> Context:
        confirming = Confirming(
            self.database,
            self.heads,
            self.publisher,
            self.client,
            self.directory,
            fenced=self._fenced,
            opened=self._opened,
        )
        return Context(
            self.config,
            self.database,
            self.directory,
            self.schemas,
            self.publisher,
            self.follower,
            self.client,
            confirming,
            self.clock,
            self.scribing,
            self.rules,
            tools,
        )

    # --- living --------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Pass the fence and begin to take what is to be published."""
        current, closed = await fence.check(self.database, self.heads)
        self.publisher.current = current
        closed = closed or next(iter(await fence.remembered(self.database)), None)
        self.publisher.closed = closed
        if closed is not None:
            _log.warning("read-only", code=closed.code, **closed.params)
        self._tasks.append(asyncio.create_task(self.publisher.run(), name="publisher"))
        self._tasks.append(asyncio.create_task(self.packed.run(), name="packed"))
        self._tasks.append(asyncio.create_task(self._examine_unreadable(), name="unreadable"))
        self.descriptor = await self._newest_own("node") or b""
        if closed is None:
            await self._open_feeds()

    async def _examine_unreadable(self) -> None:
        """After an upgrade: what could not be read may count now."""
        try:
            now = int(self.clock().timestamp())
            upgraded = await upgrading.examine_unreadable(self.database, self.schemas, now)
        except PasserelleError as error:  # the next start takes it up again
            _log.warning("unreadable-not-examined", code=error.code, **error.params)
            return
        if upgraded.read:
            self.desk.ledger.changed()

    async def _open_feeds(self) -> None:
        """Make our feed to each partner where it is missing: a crash may have fallen between the two."""
        for partner in self.directory.peers:
            await self.publisher.open_feed(Origin(self.directory.own_scid, partner.scid, 1))

    async def _opened(self) -> None:
        """A person has ended the read-only state: what a start does when it may sign."""
        await self._open_feeds()
        await self.say_who_we_are()

    async def stop(self) -> None:
        """End every task and hang up; what was acknowledged is durable already."""
        await self.follower.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.client.close()
        await self.examiner.close()
        await self.scribing.close()

    async def say_who_we_are(self) -> None:
        """Publish the `agency` and `node` records where they are missing or due."""
        if self.publisher.closed is not None:
            return
        own = self.directory.own
        if await self._newest_own("agency") is None:
            await self.publisher.publish([Draft("agency", "public", descriptor.agency_body(self.config))])
        data = await self._newest_own("node")
        newest = None if data is None else Record.parse(data)
        if newest is None or descriptor.is_due(newest, self.config, own, self.clock()):
            by_id = {key.key_id: key for key in self.keys.sealing}
            sealing = [(begins, by_id[hashed]) for begins, hashed in own.newest.sealing if hashed in by_id]
            body = descriptor.node_body(self.config, own, sealing, self.clock())
            await self.publisher.publish(
                [Draft("node", "public", body, None if newest is None else newest.id)]
            )
        self.descriptor = await self._newest_own("node") or b""

    async def _newest_own(self, record_type: str) -> bytes | None:
        async with self.database.reading() as connection:
            rows = await record_rows.find(
                connection, type=record_type, issuer=self.directory.own_scid, newest_only=True, limit=1
            )
            return await vault.get_record(connection, rows[0].digest) if rows else None

    async def refresh_identity(self, scid: str) -> None:
        """Pull the identity log of a partner whose request was signed with a key that we do not know."""
        partner = self.directory.peer(scid)
        if partner is not None:
            with contextlib.suppress(PasserelleError):
                await contact.refresh_identity(
                    self.client, self.database, self.directory, road_to(partner), self.clock(), self.crash
                )

    async def _check(self, record: Record, ahead: Sequence[Held]) -> None:
        await self.desk.check(record, ahead)

    async def _safe_seen(self, partner: str, cosigned: FeedPosition) -> FeedPosition:
        return await self.desk.ledger.safe_seen(partner, cosigned)

    def _published(self, grown: Mapping[str, Head]) -> None:
        self.desk.ledger.changed()
        sizes = {origin: head.size for origin, head in grown.items()}
        self.packed.grown(sizes)
        self.follower.tell(sizes)

    async def _arrived(self, scid: str) -> None:
        self.desk.ledger.changed()
        await self._take_descriptor(scid)

    async def _take_descriptor(self, scid: str) -> None:
        """Use the newest descriptor that the rows hold, whatever kept us from it when it came."""
        async with self.database.reading() as connection:
            rows = await record_rows.find(connection, type="node", issuer=scid, newest_only=True, limit=1)
            data = await vault.get_record(connection, rows[0].digest) if rows and rows[0].readable else None
        if data is not None:
            await contact.keep_descriptor(
                self.database,
                self.directory,
                Record.parse(data),
                self.config.server.public_address,
                self.crash,
            )

    async def _fenced(self, found: Contradiction) -> None:
        if self.publisher.closed is None:
            _log.error("read-only", code=found.error.code, **found.error.params)
            self.publisher.closed = found.error
        # Of each feed: the next start is to know them all.
        await fence.remember(self.database, self.heads, found, self.crash)

    async def _report(self, scid: str) -> None:
        try:
            await self._take_descriptor(scid)
            await self.desk.report_rejections(scid)
        except PasserelleError as error:  # the visit has done its work; the next one reports
            _log.warning("report-failed", peer=scid, code=error.code)


@asynccontextmanager
async def open_node(
    home: Path, given: Given | None = None, *, keys: Keys | None = None
) -> AsyncIterator[Node]:
    """Own a home for the length of the block, with its publisher running and nobody answered.

    Args:
        home: The folder.
        given: What this process was given to open the keys; the file of the secret always counts.
        keys: The keys, where whoever asks has just made them.

    Raises:
        ConfigError: ``config.*``, ``pack.*``, ``keys.*``, ``home.in-use``, ``home.open-to-others``, ``home.another-owner``,
            ``home.database-of-another``.
        StorageError: The database cannot be opened, or another node owns it.
    """
    paths = Paths(home)
    private.refuse_open_home(home)
    config = settings.load(home)
    rules = load_rules(home / config.rules.packs)
    lock = HomeLock(paths.lock)
    lock.take()
    try:
        keys = keys or unlock(paths, config, given or Given())
        if config.database == settings.SQLITE and not paths.database.exists():
            raise ConfigError("home.no-database", path=str(paths.database))
        async with contextlib.AsyncExitStack() as opened:  # what was opened is closed, however far it went
            database, heads = Database(config.place(paths)), HeadStore(paths.heads)
            opened.push_async_callback(database.close)
            opened.push_async_callback(heads.close)
            in_home = [paths.database] if config.database == settings.SQLITE else []
            with opening(paths.heads):
                for path in (*in_home, paths.heads):
                    await asyncio.to_thread(settle, path)
                await database.open()
            clock = clock_from_environment(fictitious=config.agency.fictitious)
            directory = await _directory(database, paths, keys, clock)
            node = Node(paths, config, keys, database, heads, directory, rules)
            opened.push_async_callback(node.stop)
            await node.start()
            yield node
    finally:
        lock.release()


async def _directory(
    database: Database, paths: Paths, keys: Keys, clock: Callable[[], datetime]
) -> Directory:
    """Our own identity is the log that `init` wrote first; its SCID names us."""
    async with database.reading() as connection:
        own = await record_rows.get_fact(connection, "own-scid")
        logs = await peer_rows.identities(connection)
    if own is None or own not in logs:
        raise ConfigError("home.unfinished", path=str(paths.home))
    directory = Directory(own, clock)
    await directory.load(database)
    if keys.record.public not in directory.own.newest.record_keys.values():
        raise ConfigError("home.database-of-another", path=str(paths.home))
    return directory
