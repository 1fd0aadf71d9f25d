"""One batch of publishing: drafts become signed records, records become leaves, leaves become rows.

Nothing here is durable: the caller holds the transaction, and moves the heads after it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.errors import InputError
from passerelle.exchange.held import Held
from passerelle.protocol.checkpoints import Checkpoint, sign_checkpoint
from passerelle.protocol.leaves import PublicRecordLeaf, SealedLeaf, encode_leaf
from passerelle.protocol.objects import commitment
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json
from passerelle.protocol.records import FeedPosition, Record, draft, sign_record
from passerelle.protocol.schemas import Schemas
from passerelle.protocol.seals import seal
from passerelle.storage import feeds, vault
from passerelle.storage import records as record_rows
from passerelle.storage.feeds import Feed, SignedHead
from passerelle.storage.heads import Head, Swap
from passerelle.storage.home import Keys
from passerelle.sync.directory import Directory

Audience = Literal["public"] | tuple[str, ...]
Check = Callable[[Record, Sequence[Held]], Awaitable[None]]
"""Refuses, by InputError, a record that our own rules would block, given those signed just before it."""

SafeSeen = Callable[[str, FeedPosition], Awaitable[FeedPosition]]
"""How much of what we cosigned of a partner's feed we may say that we saw (spec/11-fold.md, S-15)."""

SALT_BYTES = 32
NONCE_BYTES = 16
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be published, before it has an id, a version, a time or a signature.

    Args:
        type: Record type.
        audience: ``public`` or the SCIDs addressed.
        body: The body, by the type's schema.
        revises: Id of our own record of which this is the next version, or None.
        unchecked: True to skip our own rules (never the schema); fictitious homes only.
        key: Idempotency key of this one record: under it the record is published once.
        request: Digest of what was asked under that key; another one is refused.
    """

    type: str
    audience: Audience
    body: Mapping[str, Json]
    revises: str | None = None
    unchecked: bool = False
    key: str | None = None
    request: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """A record and its places, once durable."""

    record: Record
    places: tuple[tuple[str, int], ...]

    def answer(self) -> dict[str, object]:
        """The form given to callers."""
        return {
            "id": self.record.id,
            "version": self.record.version,
            "digest": self.record.digest,
            "places": [{"origin": origin, "index": index} for origin, index in self.places],
        }


@dataclass(slots=True)
class Tail:
    """What a batch adds to one feed, by index."""

    feed: Feed
    leaves: list[bytes] = field(default_factory=list)
    commitments: list[bytes] = field(default_factory=list)
    salts: dict[int, bytes] = field(default_factory=dict)
    objects: dict[int, bytes] = field(default_factory=dict)
    digests: dict[int, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Size of the feed with what is added."""
        return self.feed.size + len(self.leaves)


@dataclass(frozen=True, slots=True)
class _Stand:
    """A record on its way into one feed: what is committed, and what travels beside it."""

    origin: Origin
    salt: bytes
    commitment: bytes
    leaf: bytes
    sealed: bytes | None


@dataclass(frozen=True, slots=True)
class Tools:
    """What composing needs, named by its use."""

    keys: Keys
    directory: Directory
    schemas: Schemas
    check: Check
    random: Callable[[int], bytes]
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    safe_seen: SafeSeen


class Batch:
    """Groups of drafts on their way into one transaction.

    Args:
        connection: The open transaction.
        tools: Keys, look-ups, checks.
        last_issued: The largest ``issued`` written so far.
    """

    def __init__(self, connection: AsyncConnection, tools: Tools, last_issued: datetime | None) -> None:
        self.connection = connection
        self._tools = tools
        self._tails: dict[Origin, Tail] = {}
        self._records: list[Record] = []
        self._newest: dict[str, Record] = {}
        self._ahead: list[Held] = []
        self._seen: dict[str, FeedPosition] = {}
        self.last_issued = last_issued

    async def compose(self, drafts: Sequence[Draft]) -> list[Published]:
        """Sign, check and place one group, wholly or not at all.

        Raises:
            InputError: A rule refuses one of the records, or it cannot be addressed.
            ProtocolError: ``schema.*``, the record breaks its schema.
        """
        signed: list[Record] = []
        ahead = list(self._ahead)
        grown: dict[Origin, int] = {}
        for number, item in enumerate(drafts, start=1):
            try:
                record = await self._sign(item, signed)
            except ValueError as exc:  # the body is no JSON of the profile
                raise InputError("publish.not-in-profile", number=number, detail=str(exc)[:200]) from exc
            if not item.unchecked:
                await self._tools.check(record, ahead)
            for origin in self._origins(record):
                tail = await self._tail(origin)
                ahead.append(Held(record, origin, tail.size + grown.get(origin, 0)))
                grown[origin] = grown.get(origin, 0) + 1
            signed.append(record)
        prepared = [self._prepare(record) for record in signed]  # may still refuse; nothing is changed yet
        self._records += signed
        self._ahead = ahead
        self._newest.update({record.id: record for record in signed})
        return [
            Published(record, tuple(self._place(record, stand) for stand in stands))
            for record, stands in zip(signed, prepared, strict=True)
        ]

    async def _sign(self, item: Draft, before: Sequence[Record]) -> Record:
        previous = None if item.revises is None else await self._previous(item.revises, before)
        if previous is not None:
            _refuse_narrower(previous, item)
        own = self._tools.directory.own
        document = own.newest
        # Later than the entry that lists the key: resolvers differ on an entry's own second.
        least = max(self._tools.clock().replace(microsecond=0), own.entries[-1].version_time + SECOND)
        self.last_issued = issued = least if self.last_issued is None else max(least, self.last_issued)
        header = draft(
            id=self._tools.new_id() if previous is None else previous.id,
            type=item.type,
            schema=self._tools.schemas.newest(item.type),
            version=1 if previous is None else previous.version + 1,
            previous=None if previous is None else previous.digest,
            nonce=self._tools.random(NONCE_BYTES),
            issuer=document.did,
            audience=item.audience,
            issued=issued,
            seen=None
            if item.audience == "public"
            else {scid: await self._position(scid) for scid in item.audience},
            body=item.body,
        )
        method = f"{document.did}#{self._tools.keys.record.multikey}"
        record = sign_record(header, self._tools.keys.record, method)
        self._tools.schemas.check_outgoing(record.value)
        return record

    async def _previous(self, record_id: str, before: Sequence[Record]) -> Record:
        for record in reversed(before):
            if record.id == record_id:
                return record
        if record_id in self._newest:
            return self._newest[record_id]
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

    def _origins(self, record: Record) -> list[Origin]:
        own = self._tools.directory.own_scid
        if record.audience == "public":
            return [Origin(own, None, 1)]
        return [Origin(own, scid, 1) for scid in record.audience]

    async def _tail(self, origin: Origin) -> Tail:
        if origin not in self._tails:
            held = await feeds.get(self.connection, origin)
            if held is None:
                raise InputError("peer.unknown", name=origin.partner)
            self._tails[origin] = Tail(held)
        return self._tails[origin]

    def _prepare(self, record: Record) -> list[_Stand]:
        """Salt, leaf and object of a record for each of its feeds."""
        stands = []
        for origin in self._origins(record):
            salt = self._tools.random(SALT_BYTES)
            committed = commitment(salt, record.data)
            if origin.partner is None:
                leaf = PublicRecordLeaf(committed, record.id, record.type, record.version)
                stands.append(_Stand(origin, salt, committed, encode_leaf(leaf), None))
                continue
            key = self._tools.directory.sealing_key(origin.partner)
            sealed = seal(salt, record.data, recipient_public=key, origin=origin)
            stands.append(_Stand(origin, salt, committed, encode_leaf(SealedLeaf(committed)), sealed))
        return stands

    def _place(self, record: Record, stand: _Stand) -> tuple[str, int]:
        tail = self._tails[stand.origin]
        index = tail.size
        tail.leaves.append(stand.leaf)
        tail.commitments.append(stand.commitment)
        tail.salts[index] = stand.salt
        tail.digests[index] = record.digest
        if stand.sealed is not None:
            tail.objects[index] = stand.sealed
        return stand.origin.encode(), index

    async def write(self, heads: Mapping[str, Head], now: int) -> list[Swap]:
        """Write all rows and sign a checkpoint for each feed that grew; returns the heads to move."""
        connection = self.connection
        headings = [(record.heading, True) for record in self._records]
        numbers = await record_rows.add(connection, headings)
        await vault.put_records(connection, {numbers[item.digest]: item.data for item in self._records})
        if self.last_issued is not None:
            await record_rows.put_fact(connection, "last-issued", self.last_issued.isoformat())
        swaps = []
        for origin, tail in self._tails.items():
            if not tail.leaves:
                continue
            grown = await feeds.append(connection, tail.feed, tail.leaves, tail.commitments)
            await vault.put_salts(connection, grown.id, tail.salts)
            await vault.put_objects(connection, grown.id, tail.objects)
            places = {index: numbers[digest] for index, digest in tail.digests.items()}
            await record_rows.add_places(connection, grown.id, places)
            swaps.append(
                await sign_head(connection, grown, self._tools.keys, heads.get(origin.encode()), now)
            )
        return swaps


async def sign_head(connection: AsyncConnection, held: Feed, keys: Keys, old: Head | None, now: int) -> Swap:
    """Sign the checkpoint of a feed as its rows stand, keep it, and say how the head is to move."""
    name = held.origin.encode()
    note = sign_checkpoint(Checkpoint(name, held.size, held.frontier.root()), keys.log).encode()
    head = Head(held.size, held.frontier.root(), note)
    await feeds.put_checkpoint(connection, held.id, SignedHead(head.size, head.root, head.note), now)
    return Swap(name, old, head)


async def largest_cosigned(connection: AsyncConnection, author: str, own: str) -> FeedPosition:
    """How far we have cosigned a partner's feed to us: the ``seen`` of what we sign now."""
    held = await feeds.get(connection, Origin(author, own, 1))
    receipt = None if held is None else await feeds.get_receipt(connection, held.id, own)
    return FeedPosition(1, 0 if receipt is None else receipt[0].size)


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
