"""One batch of publishing: signed records become leaves, leaves become rows.

Nothing here is durable: the caller holds the transaction, and moves the heads after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.errors import InputError
from passerelle.exchange.held import Held
from passerelle.protocol.checkpoints import Checkpoint, sign_checkpoint
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import FeedPosition, Record
from passerelle.storage import evidence, feeds, setbacks, vault
from passerelle.storage import records as record_rows
from passerelle.storage.bulk import write_now
from passerelle.storage.feeds import Feed, SignedHead
from passerelle.storage.heads import Head, Swap
from passerelle.storage.home import Keys
from passerelle.sync.pen import decided_on
from passerelle.sync.signing import (
    Draft,
    Early,
    Signed,
    Stand,
    Tools,
    earliest,
    not_in_profile,
    origins_of,
    sign_alone,
    stand_alone,
    stands_of,
)


@dataclass(slots=True)
class Tail:
    """What a batch adds to one feed, in the order of its indexes."""

    feed: Feed
    name: str
    stands: list[Stand] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    end: int = field(init=False)

    def __post_init__(self) -> None:
        """Where it begins."""
        self.end = self.feed.size

    def add(self, item: Signed, stand: Stand) -> int:
        """Put a record at the end; returns its index."""
        self.stands.append(stand)
        self.digests.append(item.heading.digest)
        self.end += 1
        return self.end - 1


class Batch:
    """Groups of drafts on their way into one transaction.

    Args:
        connection: The open transaction.
        tools: Keys, look-ups, checks.
        last_issued: The largest ``issued`` written so far.
        known: Own feeds as they stand in the rows, by name, where that is known.
    """

    def __init__(
        self,
        connection: AsyncConnection,
        tools: Tools,
        last_issued: datetime | None,
        known: Mapping[str, Feed] | None = None,
    ) -> None:
        self.connection = connection
        self._tools = tools
        self._known = known or {}
        self._tails: dict[Origin, Tail] = {}
        self._signed: list[Signed] = []
        self._newest: dict[str, Signed] = {}
        self._seen: dict[str, FeedPosition] = {}
        self.last_issued = last_issued
        self.grown: dict[str, Feed] = {}
        """The feeds that it adds to, as they stand after it."""

    async def compose(self, drafts: Sequence[Draft]) -> list[dict[str, object]]:
        """Sign, check and place one group, wholly or not at all.

        Args:
            drafts: The group.

        Returns:
            For each what its caller is answered once it is durable: id, version, digest and places.

        Raises:
            InputError: A rule refuses one of the records, or it cannot be addressed.
            ProtocolError: ``schema.*``, the record breaks its schema.
        """
        if not stand_alone(self._tools, drafts):
            return await self._place_all(await self._sign_in_turn(drafts))
        return await self.place(await asyncio.to_thread(sign_alone, self._tools, drafts, self.last_issued))

    def still_holds(self, early: Early) -> bool:
        """Whether nothing was issued later meanwhile, and our keys are those that it names."""
        in_order = self.last_issued is None or early.issued >= self.last_issued
        return in_order and early.under is self._tools.directory.own.newest

    async def place(self, early: Early) -> list[dict[str, object]]:
        """Place a group that was signed before its turn came, and still holds; answers as `compose` does."""
        self.last_issued = early.issued
        return await self._place_all(early.signed)

    async def _place_all(self, signed: Sequence[Signed]) -> list[dict[str, object]]:
        for origin in _origins(signed):
            await self._tail(origin)  # may still refuse; nothing is changed yet
        self._signed += signed
        self._newest.update({item.heading.id: item for item in signed})
        return self._placed(signed)

    async def _sign_in_turn(self, drafts: Sequence[Draft]) -> list[Signed]:
        """Sign a group in which one record may build on another, or on what goes before it in this batch."""
        records: list[Record] = []
        sizes = {origin: tail.feed.size for origin, tail in self._tails.items()}
        ahead = [held for item in self._signed for held in await self._held(item.record, sizes)]
        for number, item in enumerate(drafts, start=1):
            try:
                record = await self._sign(_of_group(item, drafts, records), records)
            except ValueError as exc:
                raise not_in_profile(number, exc) from exc
            if not item.unchecked:
                await self._tools.check(record, ahead)
            ahead += await self._held(record, sizes)
            records.append(record)
        return [Signed(record.heading, record.data, stands_of(self._tools, record)) for record in records]

    async def _held(self, record: Record, sizes: dict[Origin, int]) -> list[Held]:
        """A record behind those that go before it, in each of its feeds; `sizes` is where they end."""
        held = []
        for origin in origins_of(record):
            size = sizes[origin] if origin in sizes else (await self._tail(origin)).feed.size
            held.append(Held(record, origin, size))
            sizes[origin] = size + 1
        return held

    async def _sign(self, item: Draft, before: Sequence[Record]) -> Record:
        previous = None if item.revises is None else await self._previous(item.revises, before)
        if previous is not None:
            _refuse_narrower(previous, item)
        self.last_issued = issued = earliest(self._tools, self.last_issued)
        seen = (
            None
            if item.audience == "public"
            else {scid: await self._position(scid) for scid in item.audience}
        )
        return self._tools.pen.sign(item, issued, previous, seen)

    async def _previous(self, record_id: str, before: Sequence[Record]) -> Record:
        for record in reversed(before):
            if record.id == record_id:
                return record
        if record_id in self._newest:
            return self._newest[record_id].record
        rows = await record_rows.by_name(self.connection, record_id)
        own = [row for row in rows if row.issuer == self._tools.directory.own_scid]
        if not own:
            raise InputError("publish.not-ours", id=record_id)
        data = await vault.get_record(self.connection, own[0].digest)
        if data is None:
            raise InputError("publish.erased", id=record_id)
        return Record.parse(data)

    async def _position(self, scid: str) -> FeedPosition:
        if scid not in self._seen:
            cosigned = await largest_cosigned(self.connection, scid, self._tools.directory.own_scid)
            self._seen[scid] = await self._tools.safe_seen(scid, cosigned)
        return self._seen[scid]

    async def _tail(self, origin: Origin) -> Tail:
        tail = self._tails.get(origin)
        if tail is None:
            name = origin.encode()
            held = self._known.get(name) or await feeds.get(self.connection, origin)
            if held is None:
                raise InputError("peer.unknown", name=origin.partner)
            tail = self._tails[origin] = Tail(held, name)
        return tail

    def _placed(self, signed: Sequence[Signed]) -> list[dict[str, object]]:
        """Put records at the ends of their feeds; what their callers are answered."""
        answers: list[dict[str, object]] = []
        origin, tail = None, None
        for item in signed:
            told, places = item.heading, []
            for stand in item.stands:
                if tail is None or stand.origin is not origin:
                    origin, tail = stand.origin, self._tails[stand.origin]
                places.append({"origin": tail.name, "index": tail.add(item, stand)})
            answers.append({"id": told.id, "version": told.version, "digest": told.digest, "places": places})
        return answers

    async def write(self, heads: Mapping[str, Head], now: int) -> list[Swap]:
        """Write all rows and sign a checkpoint for each feed that grew; returns the heads to move."""
        connection = self.connection
        numbers = await record_rows.add_new(connection, [item.heading for item in self._signed])
        await vault.put_new(connection, [(numbers[item.heading.digest], item.data) for item in self._signed])
        if self._signed and self.last_issued is not None:
            await record_rows.put_fact(connection, "last-issued", self.last_issued.isoformat())
        swaps = []
        for tail in self._tails.values():
            if tail.stands:
                self.grown[tail.name] = grown = await self._append(tail, numbers)
                swaps.append(await sign_head(connection, grown, self._tools.keys, heads.get(tail.name), now))
        await write_now(connection)
        return swaps

    async def _append(self, tail: Tail, numbers: Mapping[str, int]) -> Feed:
        """Write what a feed grows by; `numbers` are those of the records, by digest."""
        connection, stands, first = self.connection, tail.stands, tail.feed.size
        grown = await feeds.append(
            connection, tail.feed, [stand.leaf for stand in stands], [stand.commitment for stand in stands]
        )
        await vault.put_salts(connection, grown.id, dict(enumerate((stand.salt for stand in stands), first)))
        sealed = {
            index: stand.sealed for index, stand in enumerate(stands, first) if stand.sealed is not None
        }
        await vault.put_objects(connection, grown.id, sealed)
        places = {index: numbers[digest] for index, digest in enumerate(tail.digests, first)}
        await record_rows.add_places(connection, grown.id, places)
        return grown


def under_heads(kept: Mapping[str, tuple[Head, Feed]], heads: Mapping[str, Head]) -> dict[str, Feed]:
    """Of own feeds that were kept with the head that was moved for them, those of which it is the current one still."""
    return {name: held for name, (head, held) in kept.items() if heads.get(name) is head}


def _origins(signed: Sequence[Signed]) -> set[Origin]:
    """The feeds that records go into; a row of one feed is looked at once, for telling two apart takes a hash of each."""
    found: list[Origin] = []
    last = None
    for item in signed:
        for stand in item.stands:
            if stand.origin is not last:
                last = stand.origin
                found.append(last)
    return set(found)


async def sign_head(connection: AsyncConnection, held: Feed, keys: Keys, old: Head | None, now: int) -> Swap:
    """Sign the checkpoint of a feed as its rows stand, keep it, and say how the head is to move."""
    name = held.origin.encode()
    note = sign_checkpoint(Checkpoint(name, held.size, held.frontier.root()), keys.log).encode()
    head = Head(held.size, held.frontier.root(), note)
    await feeds.put_checkpoint(connection, held.id, SignedHead(head.size, head.root, head.note), now)
    return Swap(name, old, head)


async def largest_cosigned(connection: AsyncConnection, author: str, own: str) -> FeedPosition:
    """How far we have cosigned a partner's feed to us and could judge all of it: the ``seen`` of what we sign now.

    A record whose key is not known yet has a claim all the same, which counts once the partner shows the key:
    had we acknowledged it, it could say that it saw what we wrote meanwhile, and block that (S-12, S-15).
    """
    held = await feeds.get(connection, Origin(author, own, 1))
    receipt = None if held is None else await evidence.get_receipt(connection, held.id, own)
    if held is None or receipt is None:
        return FeedPosition(1, 0)
    unjudged = await setbacks.first_unjudged(connection, held.id)
    return FeedPosition(1, receipt[0].size if unjudged is None else min(unjudged, receipt[0].size))


def _of_group(item: Draft, drafts: Sequence[Draft], records: Sequence[Record]) -> Draft:
    """A draft, with what it says of one before it in its group."""
    if item.about is None:
        return item
    subject = next(
        (record for before, record in zip(drafts, records, strict=False) if before is item.about), None
    )
    if subject is None:
        raise RuntimeError("a decision on what its group does not publish")
    return decided_on(item, subject)


def _refuse_narrower(previous: Record, item: Draft) -> None:
    if previous.type != item.type:
        raise InputError("publish.type-changed", id=previous.id, was=previous.type, now=item.type)
    if previous.audience == item.audience:
        return
    if (
        previous.audience == "public"
        or item.audience == "public"
        or not set(previous.audience) <= set(item.audience)
    ):
        raise InputError("publish.audience-narrowed", id=previous.id)
