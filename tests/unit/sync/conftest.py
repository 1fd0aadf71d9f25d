"""A follower with its rows, beside the site of a scripted author; and a whole node that works."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from passerelle.errors import PasserelleError
from passerelle.node import Node, open_node
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.origins import Origin
from passerelle.protocol.schemas import Schemas
from passerelle.storage import evidence, feeds
from passerelle.storage import peers as peer_rows
from passerelle.storage import records as record_rows
from passerelle.storage import setbacks as setback_rows
from passerelle.storage.crash import CrashPoints
from passerelle.storage.database import Database, sqlite_url
from passerelle.storage.peers import Peer
from passerelle.storage.setbacks import Setback
from passerelle.sync.client import Client, Road
from passerelle.sync.directory import Directory
from passerelle.sync.examiner import Examiner
from passerelle.sync.fetch import FeedReader
from passerelle.sync.pull import Pull, Pulled, PullTools
from tests.unit.federation.world import TOGO, homes_once
from tests.unit.sync.author import START, Agency, Feed, Site

DEADLINE = timedelta(seconds=20)


@dataclass
class Follower:
    """One node that follows one scripted author.

    Args:
        me: Our own agency.
        author: The other.
        site: Where the author serves.
        tools: Rows, keys, look-ups.
        client: Sends the requests.
        now: What the clock says.
    """

    me: Agency
    author: Agency
    site: Site
    tools: PullTools
    client: Client
    now: list[datetime] = field(default_factory=lambda: [START])

    @property
    def database(self) -> Database:
        """The rows."""
        return self.tools.database

    @property
    def road(self) -> Road:
        """The way to the author."""
        return Road(self.author.scid, self.site.address, self.site.address, trusted_address=True)

    @property
    def public(self) -> Origin:
        """The author's public feed."""
        return Origin(self.author.scid, None, 1)

    @property
    def bilateral(self) -> Origin:
        """The author's feed to us."""
        return Origin(self.author.scid, self.me.scid, 1)

    def feed(self, origin: Origin, records: int = 0) -> Feed:
        """Serve a feed with some good records."""
        made = self.site.show(Feed(self.author, origin))
        for _ in range(records):
            self.add(made)
        return made

    def add(self, feed: Feed) -> int:
        """Append one good record."""
        if feed.origin.is_public:
            return feed.add(self.author.record())
        return feed.add(self.author.record(to=[self.me.scid]), recipient=self.me.keys.sealing[0].public)

    async def pull(self, origin: Origin) -> Pulled:
        """Pull once."""
        async with self.database.reading() as connection:
            held = await feeds.get(connection, origin)
        if held is None:
            async with self.database.writing() as connection:
                held = await feeds.add(connection, origin, own=False)
        return await Pull(self.tools, FeedReader(self.client, self.road, origin), self.road, held).run()

    async def refused(self, origin: Origin) -> str:
        """Pull, and give the code with which that failed."""
        with pytest.raises(PasserelleError) as caught:
            await self.pull(origin)
        return caught.value.code

    async def held(self, origin: Origin) -> feeds.Feed:
        """The feed as its rows stand."""
        async with self.database.reading() as connection:
            found = await feeds.get(connection, origin)
        assert found is not None
        return found

    async def setbacks(self, origin: Origin) -> list[Setback]:
        """What did not become a record."""
        held = await self.held(origin)
        async with self.database.reading() as connection:
            return await setback_rows.every(connection, held.id)

    async def records(self) -> set[str]:
        """Digests of the author's records that are held."""
        async with self.database.reading() as connection:
            found = await record_rows.find(connection, issuer=self.author.scid, limit=100_000)
        return {row.digest for row in found}

    async def cosigned(self, origin: Origin) -> int:
        """The size that our receipt covers, 0 for none."""
        held = await self.held(origin)
        async with self.database.reading() as connection:
            receipt = await evidence.get_receipt(connection, held.id, self.me.scid)
        return 0 if receipt is None else receipt[0].size


@pytest.fixture(scope="session")
def home_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home, to be copied."""
    return homes_once(tmp_path_factory)[TOGO]


@pytest.fixture
async def node(home_once: Path, tmp_path: Path) -> AsyncIterator[Node]:
    """A node that works."""
    shutil.copytree(home_once, tmp_path / "home")
    async with open_node(tmp_path / "home") as opened:
        yield opened


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, to be copied: migrating takes longer than most tests here."""
    path = tmp_path_factory.mktemp("rows") / "empty.sqlite"

    async def make() -> None:
        database = Database(sqlite_url(path))
        await database.open()
        await database.close()

    asyncio.run(make())
    return path


@pytest.fixture(scope="session")
def agencies() -> tuple[Agency, Agency]:
    """We, and the author; making keys for sealing takes a while."""
    return Agency("mali"), Agency("togo")


async def make_follower(me: Agency, author: Agency, rows: Path) -> Follower:
    """A follower over a fresh copy of the rows, which knows the author."""
    site = Site(author)
    await site.start()
    now = [START]
    database = Database(sqlite_url(rows))
    directory = Directory(me.scid, lambda: now[0])
    partner = Peer(author.scid, "TG-FICT", site.address, True, 1, None, author.descriptor(site.address).data)
    async with database.writing() as connection:
        for agency in (me, author):
            await peer_rows.put_identity(connection, agency.scid, agency.log, 1)
        await peer_rows.add(connection, partner)
    for agency in (me, author):
        directory.keep_identity(parse_identity(agency.log, now=START))
    directory.keep_peer(partner)
    client = Client(
        me.keys,
        lambda: f"{me.did}#{me.keys.request.multikey}",
        lambda: now[0],
        deadline=DEADLINE,
        allow_private=False,
    )
    tools = PullTools(
        database, directory, Examiner(Schemas.packaged(), workers=0), me.keys, CrashPoints(), lambda: now[0]
    )
    return Follower(me, author, site, tools, client, now)


@pytest.fixture
async def follower(
    agencies: tuple[Agency, Agency], empty_database: Path, tmp_path: Path
) -> AsyncIterator[Follower]:
    """A follower beside an author who serves nothing yet."""
    rows = tmp_path / "rows.sqlite"
    shutil.copy(empty_database, rows)
    made = await make_follower(*agencies, rows)
    yield made
    await made.client.close()
    await made.site.stop()
    await made.database.close()


def hurried(follower: Follower, seconds: float) -> Follower:
    """The same follower with a short deadline."""
    client = Client(
        follower.me.keys,
        lambda: f"{follower.me.did}#{follower.me.keys.request.multikey}",
        lambda: follower.now[0],
        deadline=timedelta(seconds=seconds),
        allow_private=False,
    )
    return replace(follower, client=client)
