"""One pull of one feed: ask, prove, examine, keep, cosign.

The order is the law of spec/09-following.md. Two durable writes, each with a crash
point before and after it:

    3  follow-rows     one transaction a stretch: leaves, records, salts, setbacks; with
                       the last one, the checkpoint
    4  follow-receipt  our cosignature of what is now held

A crash between them costs nothing: the next pull finds the receipt missing and makes it.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

import structlog

from passerelle.errors import InconsistentLog, ProtocolError, StorageError, TransportError
from passerelle.protocol.checkpoints import Checkpoint, verify_checkpoint
from passerelle.protocol.identity import Identity
from passerelle.protocol.merkle import range_nodes
from passerelle.protocol.notes import MAX_NOTE_BYTES
from passerelle.protocol.seals import SealingKey
from passerelle.protocol.tiles import TILE_WIDTH
from passerelle.storage import evidence, feeds
from passerelle.storage.crash import CrashPoints
from passerelle.storage.database import Database
from passerelle.storage.feeds import Feed, Hashed, SignedHead
from passerelle.storage.home import Keys
from passerelle.sync import again, keeping, receipts
from passerelle.sync.ahead import ahead
from passerelle.sync.allowance import Allowances
from passerelle.sync.behind import Behind
from passerelle.sync.client import Road
from passerelle.sync.directory import Directory
from passerelle.sync.examiner import Examiner
from passerelle.sync.fetch import FeedReader, Held, Stretch
from passerelle.sync.findings import Finding, Terms
from passerelle.sync.turns import Turns

MAX_GROWTH = 2**20
"""Leaves that one pull may add, whole bundles; of a larger growth the next pull takes the next part."""
LOOK_CLOSER = frozenset({"road.root-missed", "road.damaged", "road.status", "road.too-long"})
"""Failures that another history behind the same name would cause too: a range of its files starts anywhere."""
GROUP = 2_048
"""Leaves that one transaction keeps, about."""
AHEAD = 4
"""Stretches that wait to be examined, or to be kept, beside those that are being examined: fewer, and the
workers have nothing to do before a group is kept that the disk takes long over."""
GROUP_BYTES = 8 * 2**20
"""Bytes of objects that one transaction keeps, about: never less than one bundle."""
AHEAD_BYTES = 16 * 2**20
"""Bytes of objects that are examined, or wait for it, about: memory is bounded by the largest bundle."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull did.

    Args:
        origin: Which feed.
        state: How the feed stands now.
        code: Why, where it does not stand well.
        size: Leaves held now.
        new: Leaves added.
        freed: Objects that had met a setback before and became records now.
        setbacks: Objects among them that did not become records, by code.
        cosigned: The size that we have cosigned.
    """

    origin: str
    state: str
    code: str | None
    size: int
    new: int
    setbacks: Mapping[str, int]
    cosigned: int
    freed: int = 0


@dataclass(frozen=True, slots=True)
class ExaminedStretch:
    """A stretch with what was found of each of its leaves."""

    stretch: Stretch
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class PullTools:
    """What pulling needs, named by its use; `closed` says why this node must sign nothing, or None.

    `keeping` has partners take turns at the rows, of which there is one writer (F-3).
    """

    database: Database
    directory: Directory
    examiner: Examiner
    keys: Keys
    crash: CrashPoints
    clock: Callable[[], datetime]
    closed: Callable[[], StorageError | None] = lambda: None
    allowances: Allowances = field(default_factory=Allowances)
    keeping: Turns = field(default_factory=lambda: Turns(1))


class Pull:
    """One pull of one feed of one partner.

    Args:
        tools: Rows, keys, look-ups.
        reader: Reads the feed's files.
        road: How to reach the author.
        held: The feed as its rows stand.
    """

    def __init__(self, tools: PullTools, reader: FeedReader, road: Road, held: Feed) -> None:
        self._tools = tools
        self._reader = reader
        self._road = road
        self._feed = held
        self._now = int(tools.clock().timestamp())
        self._setbacks: dict[str, int] = {}
        self._freed = 0
        self._stretch_bytes = 0  # of the stretch that came last

    async def run(self) -> Pulled:
        """Pull once.

        Raises:
            TransportError: The road failed; what was kept before holds.
            InconsistentLog: The author signed two histories; the evidence is kept already.
            ProtocolError: The checkpoint is not the author's.
        """
        before = self._feed.size
        under = self._under()
        database = self._tools.database
        self._freed = await again.examine_again(database, self._feed, self._examine, under, self._now)
        headers = {"If-None-Match": self._feed.etag} if self._feed.etag else {}
        answer = await self._reader.get("checkpoint", MAX_NOTE_BYTES, headers, also=(304, 404))
        if answer.status == 404:
            return await self._stand("waiting", "feed.waiting", before)
        if answer.status == 200:
            if not await self._take(answer.body):
                return await self._stand("syncing", None, before)
            async with self._tools.database.writing() as connection:
                await feeds.note_etag(connection, self._feed, answer.etag)
        self._freed += await again.ask_again(
            database, self._reader, self._feed, self._examine, under, self._now, below=before
        )
        return await self._stand("current", None, before)

    async def _take(self, note: bytes) -> bool:
        """Take a checkpoint and what it proves; False where a next pull has more to bring."""
        origin = self._feed.origin.encode()
        target = verify_checkpoint(note, origin, self._identity().newest.log_keys)
        if target.tree_size <= self._feed.size:
            await self._compare_with_ours(target, note)
            return True
        await self._keep(target, note)
        return self._feed.size == target.tree_size

    async def _compare_with_ours(self, target: Checkpoint, note: bytes) -> None:
        """A smaller checkpoint is old news, and one of equal size no news, if it is of the same tree."""
        async with self._tools.database.reading() as connection:
            ours = await feeds.frontier_at(connection, self._feed.id, target.tree_size)
        if ours.root() != target.root_hash:
            await self._prove_fork_from_rows(target, note)
        async with self._tools.database.writing() as connection:
            await feeds.put_checkpoint(
                connection, self._feed.id, SignedHead(target.tree_size, target.root_hash, note), self._now
            )

    async def _keep(self, target: Checkpoint, note: bytes) -> None:
        # Kept with the first leaves that it proves: should the rest never come, it still is evidence.
        head = SignedHead(target.tree_size, target.root_hash, note)
        cut = min(target.tree_size, (self._feed.size + MAX_GROWTH) // TILE_WIDTH * TILE_WIDTH)
        group: list[ExaminedStretch] = []
        async with aclosing(Behind()) as behind:
            try:
                self._tools.allowances.require(self._road.scid, "leaves", "setbacks")
                self._tools.examiner.expect(cut - self._feed.size)
                async with aclosing(self._examined(target, cut)) as examined:
                    async for item in examined:
                        group.append(item)
                        if _is_due(group, cut):
                            await behind.begin(self._commit(group, head))
                            group = []
            except TransportError as error:
                await behind.end()
                await self._commit(group, head)  # what arrived whole is not asked for again
                await self._note_broken(error, target, note)
                raise
            await behind.end()
            await self._commit(group, head)

    async def _note_broken(self, error: TransportError, target: Checkpoint, note: bytes) -> None:
        """The road failed on the way to a checkpoint: look closer where a fork would look the same."""
        if error.code in LOOK_CLOSER:
            with contextlib.suppress(TransportError):
                await self._diagnose(target, note)
        async with self._tools.database.writing() as connection:
            await feeds.note_state(connection, self._feed, "syncing", error.code, checked=self._now)

    async def _examined(self, target: Checkpoint, cut: int) -> AsyncGenerator[ExaminedStretch, None]:
        """The new stretches with what was found of each, while others are fetched and examined."""

        async def examine(stretch: Stretch) -> ExaminedStretch:
            self._stretch_bytes = stretch.object_bytes
            return ExaminedStretch(stretch, await self._examine(stretch.leaves, stretch.objects))

        async with (
            aclosing(self._reader.stretches(await self._held(), target, cut)) as stretches,
            aclosing(ahead(stretches, examine, self._window)) as examined,
        ):
            async for item in examined:
                yield item

    def _window(self) -> int:
        """How many stretches are examined, or wait for it, where all are as large as the last one was."""
        return min(self._tools.examiner.at_once + AHEAD, AHEAD_BYTES // max(1, self._stretch_bytes))

    async def _held(self) -> Held:
        first = self._feed.size - self._feed.size % TILE_WIDTH
        async with self._tools.database.reading() as connection:
            partial = await feeds.leaves(connection, self._feed.id, first, self._feed.size)
        return Held(
            self._feed.origin,
            self._feed.frontier,
            sum(2 + len(data) for data in partial),
            self._feed.objects_end,
            self._feed.objects_etag,
        )

    async def _commit(self, group: Sequence[ExaminedStretch], head: SignedHead) -> None:
        if not group:
            return
        stretches = [item.stretch for item in group]
        leaves = [leaf for stretch in stretches for leaf in stretch.leaves]
        objects = [object_ for stretch in stretches for object_ in stretch.objects]
        findings = [finding for item in group for finding in item.findings]
        hashed = _hashed(stretches)
        last = stretches[-1]
        self._tools.crash.reach("before-follow-rows")
        async with self._tools.keeping.of(self._road.scid), self._tools.database.writing() as connection:
            found = await keeping.keep(
                connection, self._feed, leaves, objects, findings, self._under(), self._now, hashed
            )
            self._feed = found.feed
            await feeds.note_objects(connection, self._feed, last.objects_end, last.objects_etag)
            await feeds.put_checkpoint(connection, self._feed.id, head, self._now)
        self._tools.crash.reach("after-follow-rows")
        self._tools.allowances.spend(self._road.scid, "leaves", len(leaves))
        self._tools.allowances.spend(self._road.scid, "setbacks", sum(found.setbacks.values()))
        for code, count in found.setbacks.items():
            self._setbacks[code] = self._setbacks.get(code, 0) + count

    async def _examine(self, leaves: Sequence[bytes], objects: Sequence[bytes | None]) -> list[Finding]:
        identity = self._identity()
        terms = Terms(
            origin=self._feed.origin,
            me=self._tools.directory.own_scid,
            log=identity.log,
            entries=len(identity.entries),
            sealing_keys={} if self._feed.origin.is_public else _by_id(self._tools.keys.sealing),
            now=self._tools.clock(),
        )
        return await self._tools.examiner.examine(terms, leaves, objects)

    def _under(self) -> dict[str, str]:
        """By status, a digest of what else than its bytes decides on an object: it waits for that to change."""
        identity = self._identity()
        log = sha256(identity.log + b"%d" % identity.held)  # an entry ahead comes into force without a change
        keys = sha256("".join(sorted(key.key_id for key in self._tools.keys.sealing)).encode())
        return {"pending": log.hexdigest(), "unopened": keys.hexdigest(), "quarantined": again.this_code()}

    def _identity(self) -> Identity:
        identity = self._tools.directory.identity(self._feed.origin.author)
        if identity is None:
            raise ProtocolError("identity.unknown", scid=self._feed.origin.author)
        return identity

    async def _diagnose(self, target: Checkpoint, note: bytes) -> None:
        """The new leaves do not lead from our root to the signed one: a bad road, or a fork?

        It is a fork only if the author's own tiles prove, under the signed root, that its tree
        does not begin with that of the last checkpoint which it signed before.
        """
        async with self._tools.database.reading() as connection:
            first = await feeds.get_checkpoint(connection, self._feed.id, at_most=target.tree_size)
        if first is None or first.size == 0:
            return
        if first.size == target.tree_size:
            if first.root != target.root_hash:
                await self._fork(first, note, ())
            return
        proven = await self._reader.prefix_root(first.size, target)
        if proven is not None and proven[0] != first.root:
            await self._fork(first, note, proven[1])

    async def _prove_fork_from_rows(self, target: Checkpoint, note: bytes) -> None:
        """A tree no larger than ours, with another root: a fork, if our rows bear out a signed one above it.

        Raises:
            InconsistentLog: They do, or the author's own tiles prove it.
            TransportError: ``road.root-missed``: nothing is proven.
        """
        hashes: list[bytes] = []
        async with self._tools.database.reading() as connection:
            first = await feeds.next_checkpoint(connection, self._feed.id, target.tree_size)
            if first is not None and first.size <= self._feed.size:
                nodes = (*range_nodes(0, target.tree_size), *range_nodes(target.tree_size, first.size))
                hashes = [await feeds.node_hash(connection, self._feed.id, node) for node in nodes]
        if first is None or first.size > self._feed.size:
            await self._diagnose(target, note)
            raise TransportError("road.root-missed", origin=self._feed.origin.encode(), size=target.tree_size)
        await self._fork(first, note, () if first.size == target.tree_size else tuple(hashes))

    async def _fork(self, first: SignedHead, note: bytes, proof: tuple[bytes, ...]) -> None:
        """Stop the feed for good and keep the evidence.

        Args:
            first: The checkpoint held before.
            note: The one that contradicts it, as received.
            proof: Hashes that fill the larger of the two trees from the left, cut at the size of
                the smaller one: they give the larger root, and another smaller one than was signed.
                Empty where the sizes are equal.
        """
        code = "fork.inconsistent" if proof else "fork.two-roots"
        self._tools.crash.reach("before-follow-fork")
        async with self._tools.database.writing() as connection:
            await evidence.put_fork(connection, self._feed.id, (first.note, note, b"".join(proof)), self._now)
            await feeds.note_state(connection, self._feed, "forked", code, checked=self._now)
        self._tools.crash.reach("after-follow-fork")
        raise InconsistentLog(
            code,
            first_note=first.note,
            second_note=note,
            proof=proof,
            origin=self._feed.origin.encode(),
            size=first.size,
        )

    async def _stand(self, state: str, code: str | None, before: int) -> Pulled:
        cosigned = 0
        if state == "current":
            cosigned = await receipts.cosign_held(self._tools, self._feed)
        async with self._tools.database.writing() as connection:
            await feeds.note_state(connection, self._feed, state, code, checked=self._now)
        new = self._feed.size - before
        _log.info(
            "pulled", origin=self._feed.origin.encode(), state=state, tree_size=self._feed.size, new=new
        )
        return Pulled(
            self._feed.origin.encode(),
            state,
            code,
            self._feed.size,
            new,
            dict(self._setbacks),
            cosigned,
            self._freed,
        )


def _is_due(group: Sequence[ExaminedStretch], cut: int) -> bool:
    """Whether to keep a group now: it is large, or towards the end no smaller than what is still to come.

    So little is left to keep when the last stretch has been examined, and nothing else is to be done.
    """
    last = group[-1].stretch
    end = last.first + len(last.leaves)
    leaves = end - group[0].stretch.first
    is_large = leaves >= GROUP or sum(item.stretch.object_bytes for item in group) >= GROUP_BYTES
    return is_large or leaves >= max(TILE_WIDTH, cut - end)


def _hashed(stretches: Sequence[Stretch]) -> Hashed:
    """What was hashed to prove some stretches, so that it is not hashed again to be kept."""
    return Hashed(
        [hash_ for stretch in stretches for hash_ in stretch.hashes],
        {stretch.first // TILE_WIDTH: stretch.root for stretch in stretches if stretch.root is not None},
    )


def _by_id(keys: Sequence[SealingKey]) -> dict[str, SealingKey]:
    return {key.key_id: key for key in keys}
