"""For each durable write: how it is brought about, how to see whether it is there, and what must hold in the end."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from passerelle.errors import PasserelleError
from tests.faults import harness, inject
from tests.faults.harness import Died, Node, check_pair, digests_of, group, own_heads
from tests.rows import rows_of

Pair = tuple[Node, Node]


class Drive:
    """One write of a node that gets hurt, beside a partner that does not.

    Args:
        hurt: The node under whose write the disk fails.
        partner: The other one.
        new_database: The setting `database` of a home that is made.
    """

    base = "pair"
    """From which pair of homes it begins."""
    partner_serves = True
    """Whether the partner must answer while it happens."""
    follower = False
    """Whether it is the second of the pair that gets hurt."""
    visits = True
    """Whether it falls into a visit: the node's own at its start, or the one that is asked for."""
    closed: str | None = None
    """Why the node signs nothing in the end, where the fence is what is tested."""

    def __init__(self, hurt: Node, partner: Node, new_database: Callable[[], str] = harness.in_file) -> None:
        self.hurt, self.partner, self.new_database = hurt, partner, new_database

    @property
    def database(self) -> Path:
        """The database that is written."""
        return self.hurt.paths.database

    def no_room(self) -> tuple[str, list[Path]]:
        """Which calls fail on a full disk, and on which files."""
        return inject.FULL, inject.files_of(self.database)

    def no_flush(self) -> tuple[str, list[Path]]:
        """Which flush is the one that fails."""
        which = inject.flush_of_commit(self.database)
        return f"{inject.FLUSH_FAILS}:when={which}", inject.files_of(self.database)

    def save(self, folder: Path) -> Callable[[], None]:
        """Keep what is on the disk before the write; returns what brings it back."""
        return inject.save(self.database, folder)

    def begin(self, crash: str) -> None:
        """Start the process in which it happens."""
        self.hurt.begin(crash=crash)

    async def prepare(self) -> None:
        """What happens in peace before."""

    async def act(self) -> str:
        """Bring the write about; the code that is told, empty where all is well or nobody is there to tell it."""
        try:
            if not await self.hurt.ready():
                return ""
            return await self.ask()
        except Died:
            return ""
        except PasserelleError as error:
            return error.code

    async def ask(self) -> str:
        """Ask for it."""
        visit = await self.hurt.sync(self.partner)
        return "" if visit["error"] is None else str(visit["error"]["code"])

    async def found(self) -> bool:
        """Whether the write is there, as a start finds or leaves it."""
        raise NotImplementedError

    async def starts(self) -> None:
        """A start looks at the home."""
        assert await self.hurt.read_only() == (self.closed if await self.found() else None)

    async def finish(self, folder: Path) -> None:
        """Ask for it again and hold the end against the rules; the hurt node may be running.

        One of the two must answer the other; what does not run works from here, which costs no start.
        """
        if not (self.hurt.is_running or self.partner.is_running):
            await self.hurt.start()
        await self.ask()
        assert await self.found()
        await self.catch_up()
        await check_pair(self.hurt, self.partner, folder)

    async def catch_up(self) -> None:
        """Let both hold what the other has; whoever does not run visits from here."""
        if not self.partner.is_running:
            await self.partner.sync(self.hurt)
        elif not self.hurt.is_running:
            await self.hurt.sync(self.partner)
        else:
            await harness.catch_up(self.hurt, self.partner)

    def one(self, query: str, *values: object) -> object:
        """The first value that the hurt home's rows give to a question, or None."""
        with rows_of(self.hurt.home) as rows:
            row = rows.execute(query, values).fetchone()
        return None if row is None else row[0]


class Publish(Drive):
    """Three records in two feeds, under a key."""

    partner_serves = False
    visits = False

    async def prepare(self) -> None:
        """Note what is there."""
        self.before = digests_of(self.hurt, self.hurt.scid)

    async def ask(self) -> str:
        """The same group under the same key each time."""
        await self.hurt.publish(group(self.hurt, self.partner, "new"), "key")
        return ""

    async def found(self) -> bool:
        """All of it, and then the heads stand where the rows stand."""
        new = digests_of(self.hurt, self.hurt.scid) - self.before
        assert len(new) in {0, 3}, "wholly or not at all"
        return bool(new)

    async def starts(self) -> None:
        """The start has moved the heads as far as the rows are."""
        await super().starts()
        rows = {feed["origin"]: feed["size"] for feed in (await self.hurt.call("status"))["feeds"]}
        heads = {origin: int(note.split(b"\n")[1]) for origin, note in own_heads(self.hurt).items()}
        assert heads == rows

    async def finish(self, folder: Path) -> None:
        """A retry gets one answer however often; each record once, here and at the partner."""
        if not self.hurt.is_running:
            await self.hurt.start()
        first = await self.hurt.publish(group(self.hurt, self.partner, "new"), "key")
        assert first == await self.hurt.publish(group(self.hurt, self.partner, "new"), "key")
        await super().finish(folder)
        assert digests_of(self.hurt, self.hurt.scid) == self.before | {item["digest"] for item in first}
        assert digests_of(self.partner, self.hurt.scid) == digests_of(self.hurt, self.hurt.scid)


class PublishHead(Publish):
    """The same, hurt while the heads move."""

    @property
    def database(self) -> Path:
        """The head store."""
        return self.hurt.paths.heads


class AddPeer(Drive):
    """A first partner."""

    base = "strangers"
    visits = False

    async def ask(self) -> str:
        """Add it; that it is known already is as good."""
        try:
            await self.hurt.call(
                "peer_add", url=self.partner.address, address=self.partner.address, code=self.partner.code
            )
        except PasserelleError as error:
            if error.code != "peer.known":
                raise
        return ""

    async def found(self) -> bool:
        """The partner with all of its feeds, or nothing of it."""
        feeds = self.one("select count(*) from feed where origin like ?", f"%{self.partner.scid}%")
        known = self.one("select count(*) from peer")
        assert (known, feeds) in {(0, 0), (1, 3)}, "half a partner"
        return known == 1

    async def starts(self) -> None:
        """Our feed to it has a head."""
        await super().starts()
        if await self.found():
            assert f"passerelle/{self.hurt.scid}/to/{self.partner.scid}/1" in own_heads(self.hurt)

    async def finish(self, folder: Path) -> None:
        """Both can tell each other something."""
        if not self.hurt.is_running:
            await self.hurt.start()
        await self.ask()
        await self.partner.call(
            "peer_add", url=self.hurt.address, address=self.hurt.address, code=self.hurt.code
        )
        await self.hurt.publish(group(self.hurt, self.partner, "first"), "key")
        await super().finish(folder)


class AddPeerHead(AddPeer):
    """The same, hurt while the head of our feed to it is made."""

    @property
    def database(self) -> Path:
        """The head store."""
        return self.hurt.paths.heads


class Follow(Drive):
    """A follower takes what is new."""

    follower = True

    async def prepare(self) -> None:
        """Something new."""
        await self.partner.publish(group(self.partner, self.hurt, "new"), "key")

    async def found(self) -> bool:
        """Every record of the public feed."""
        origin = f"passerelle/{self.partner.scid}/public/1"
        size = self.one("select size from feed where origin = ?", origin)
        theirs = int(own_heads(self.partner)[origin].split(b"\n")[1])
        assert size in {theirs, theirs - 2}, "the stretch or nothing of it"
        return size == theirs

    async def finish(self, folder: Path) -> None:
        """Records once, and receipts of all."""
        await super().finish(folder)
        assert digests_of(self.hurt, self.partner.scid) == digests_of(self.partner, self.partner.scid)
        for origin, note in own_heads(self.partner).items():
            given = self.one(
                "select max(receipt.size) from receipt join feed on feed.id = feed_id where origin = ? and witness = ?",
                origin,
                self.hurt.scid,
            )
            assert given == int(note.split(b"\n")[1]), "the receipt covers all that is held"


class FollowReceipt(Follow):
    """A follower confirms what it holds."""

    async def found(self) -> bool:
        """Our cosignature of the newest checkpoint of the public feed."""
        origin = f"passerelle/{self.partner.scid}/public/1"
        given = self.one(
            "select max(receipt.size) from receipt join feed on feed.id = feed_id where origin = ? and witness = ?",
            origin,
            self.hurt.scid,
        )
        return given == int(own_heads(self.partner)[origin].split(b"\n")[1])


class FollowFork(Drive):
    """A follower meets an author that has signed two histories."""

    base = "forked"
    follower = True

    async def found(self) -> bool:
        """Both notes and the state, or neither."""
        notes = self.one("select count(*) from fork")
        forked = self.one("select count(*) from feed where state = 'forked'")
        assert bool(notes) == bool(forked)
        return bool(notes)

    async def finish(self, folder: Path) -> None:
        """The evidence is kept and the feed stands still; our own feeds go on."""
        assert await self.ask() in {"fork.two-roots", "fork.inconsistent"}
        assert await self.found()
        await self.hurt.publish(group(self.hurt, self.partner, "on"), "key")
        await harness.audit_copy(self.hurt, folder)


class FollowIdentity(Follow):
    """A follower takes a longer identity log of its partner into use."""

    base = "rotated"

    async def prepare(self) -> None:
        """All is there already."""

    async def found(self) -> bool:
        """The log that the partner has."""
        log = self.one("select log from identity_log where scid = ?", self.partner.scid)
        with rows_of(self.partner.home) as rows:
            query = "select log from identity_log where scid = ?"
            return bool(rows.execute(query, (self.partner.scid,)).fetchone() == (log,))


class FollowDescriptor(FollowIdentity):
    """A follower takes a newer descriptor of its partner into use."""

    async def found(self) -> bool:
        """Of two node records, the newer."""
        with rows_of(self.partner.home) as rows:
            query = (
                "select data from vault_record join record on vault_record.record = number where type = 'node' and issuer = ?"
                " order by version desc limit 1"
            )
            newest = rows.execute(query, (self.partner.scid,)).fetchone()
        return bool(newest == (self.one("select descriptor from peer"),))


class KeepReceipt(Drive):
    """An author fetches the receipt of what its partner holds."""

    base = "held"

    async def found(self) -> bool:
        """The receipt of the head of the public feed."""
        origin = f"passerelle/{self.hurt.scid}/public/1"
        kept = self.one(
            "select max(receipt.size) from receipt join feed on feed.id = feed_id where origin = ? and witness = ?",
            origin,
            self.partner.scid,
        )
        return kept == int(own_heads(self.hurt)[origin].split(b"\n")[1])


class LearnHead(Drive):
    """A home that was restored whole hears from a partner how far it had been."""

    base = "ahead"
    closed = "fence.rows-behind"

    @property
    def database(self) -> Path:
        """The head store."""
        return self.hurt.paths.heads

    async def prepare(self) -> None:
        """Note what it thinks."""
        self.before = own_heads(self.hurt)
        self.held = harness.all_leaves(self.hurt)

    async def found(self) -> bool:
        """One of the heads moved."""
        return own_heads(self.hurt) != self.before

    async def finish(self, _folder: Path) -> None:
        """It knows again, signs nothing, and its feeds end where they ended."""
        with suppress(PasserelleError):
            await self.ask()
        closed = await self.hurt.read_only()
        assert closed in {self.closed, "fence.partner-ahead", "fence.rows-differ"}
        self.hurt.kill()
        assert await self.found()
        assert await self.hurt.read_only() == self.closed
        now = harness.all_leaves(self.hurt)
        for origin in self.before:
            assert now[origin] == self.held[origin], "nothing was signed"


class LearnFork(LearnHead):
    """A home that forked itself hears it from a partner."""

    base = "forked"
    closed = "fence.rows-differ"

    @property
    def database(self) -> Path:
        """The rows."""
        return self.hurt.paths.database

    async def found(self) -> bool:
        """The fact is kept."""
        return self.one("select count(*) from node_fact where name = 'fence-rows-differ'") == 1


class InitHome(Drive):
    """A home is made."""

    partner_serves = False

    def no_room(self) -> tuple[str, list[Path]]:
        """The name does not fit into the folder."""
        return inject.NO_NAME, []

    def no_flush(self) -> tuple[str, list[Path]]:
        """The folder in which the home gets its name."""
        return inject.FLUSH_FAILS, [self.hurt.home.parent]

    def save(self, _folder: Path) -> Callable[[], None]:
        """A name that did not last."""
        return lambda: shutil.rmtree(self.hurt.home)

    def begin(self, crash: str) -> None:
        """``passerelle init``."""
        self.hurt = Node(self.hurt.home.with_name("new"), "BF-FICT")
        name = ("--code", "BF-FICT", "--country", "BF", "--name", "fr=Agence fictive", "--fictitious")
        where = ("--address", "https://bf.example", "--port", "0", "--database", self.new_database())
        self.hurt.begin(crash=crash, command=("init", *name, *where))

    async def act(self) -> str:
        """It ends by itself; what it said."""
        return await self.hurt.said()

    async def found(self) -> bool:
        """A home that can be opened."""
        if not self.hurt.home.exists():
            return False
        return str((await self.hurt.call("status"))["code"]) == "BF-FICT"

    async def starts(self) -> None:
        """There is nothing to start where there is no home."""
        if await self.found():
            assert await self.hurt.read_only() is None

    async def finish(self, folder: Path) -> None:
        """Asked again, there is one home, and it publishes."""
        if not self.hurt.home.exists():
            self.begin("")
            assert await self.act() == ""
            assert await self.hurt.ended() == 0
        await self.hurt.publish([harness.offer("offre", "BF")], "key")
        await harness.copy_feeds(self.hurt, folder)


DRIVES: dict[str, type[Drive]] = {
    "init-home": InitHome,
    "peer-rows": AddPeer,
    "peer-head": AddPeerHead,
    "publish-rows": Publish,
    "publish-head": PublishHead,
    "learn-head": LearnHead,
    "learn-fork": LearnFork,
    "follow-rows": Follow,
    "follow-receipt": FollowReceipt,
    "follow-fork": FollowFork,
    "follow-identity": FollowIdentity,
    "follow-descriptor": FollowDescriptor,
    "keep-receipt": KeepReceipt,
}
