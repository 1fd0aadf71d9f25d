"""From a draft to a signed record and what lies beside it in each feed: processor time alone.

Nothing here waits, so all of it may be done in a thread. What has to be looked up, and
where a record will stand, :mod:`passerelle.sync.batch` knows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from passerelle.errors import InputError
from passerelle.exchange.held import Held
from passerelle.protocol.identity import KeyDocument
from passerelle.protocol.leaves import PublicRecordLeaf, SealedLeaf, encode_leaf
from passerelle.protocol.objects import commitment
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json
from passerelle.protocol.records import FeedPosition, Record, draft, sign_record
from passerelle.protocol.schemas import Schemas
from passerelle.protocol.seals import seal
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
class Tools:
    """What publishing needs, named by its use.

    Args:
        unjudged: Record types that no rule about other records concerns.
    """

    keys: Keys
    directory: Directory
    schemas: Schemas
    check: Check
    unjudged: frozenset[str]
    random: Callable[[int], bytes]
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    safe_seen: SafeSeen


@dataclass(frozen=True, slots=True)
class Stand:
    """A record on its way into one feed: what is committed, and what travels beside it."""

    origin: Origin
    salt: bytes
    commitment: bytes
    leaf: bytes
    sealed: bytes | None


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed record, and what goes into each of its feeds."""

    record: Record
    stands: tuple[Stand, ...]


@dataclass(frozen=True, slots=True)
class Early:
    """A group that was signed before its turn came.

    Args:
        signed: Its records.
        issued: What all of them say of their time.
        under: The identity document that they name.
    """

    signed: Sequence[Signed]
    issued: datetime
    under: KeyDocument


def stand_alone(tools: Tools, drafts: Sequence[Draft]) -> bool:
    """Whether nothing has to be looked up to sign these, nor any rule asked about other records."""
    return all(
        item.audience == "public" and item.revises is None and (item.unchecked or item.type in tools.unjudged)
        for item in drafts
    )


def earliest(tools: Tools, last_issued: datetime | None) -> datetime:
    """What the next record says of its time: never before the one before it."""
    # Later than the entry that lists the key: resolvers differ on an entry's own second.
    entry = tools.directory.own.entries[-1]
    least = max(tools.clock().replace(microsecond=0), entry.version_time + SECOND)
    return least if last_issued is None else max(least, last_issued)


def sign_alone(tools: Tools, drafts: Sequence[Draft], last_issued: datetime | None) -> Early:
    """Sign a group that stands alone, wherever it will stand.

    Args:
        tools: Keys, schemas, clock.
        drafts: As `stand_alone` lets them be.
        last_issued: The largest ``issued`` known so far.

    Raises:
        InputError: ``publish.not-in-profile``, ``record.too-large``.
        ProtocolError: ``schema.*``, a record breaks its schema.
    """
    under, issued = tools.directory.own.newest, earliest(tools, last_issued)
    signed = []
    for number, item in enumerate(drafts, start=1):
        try:
            record = sign(tools, item, issued)
        except ValueError as exc:
            raise not_in_profile(number, exc) from exc
        signed.append(Signed(record, stands_of(tools, record)))
    return Early(signed, issued, under)


def not_in_profile(number: int, fault: ValueError) -> InputError:
    """Of which record of a group the body is no JSON of the profile."""
    return InputError("publish.not-in-profile", number=number, detail=str(fault)[:200])


def sign(
    tools: Tools,
    item: Draft,
    issued: datetime,
    previous: Record | None = None,
    seen: Mapping[str, FeedPosition] | None = None,
) -> Record:
    """Sign one record and hold it to its schema.

    Args:
        tools: Keys, schemas.
        item: What it says.
        issued: From `earliest`.
        previous: The version before it.
        seen: One position for each addressee; None if public.

    Raises:
        ValueError: The body is no JSON of the profile.
        InputError: ``record.too-large``.
        ProtocolError: ``schema.*``.
    """
    did = tools.directory.own.did
    header = draft(
        id=tools.new_id() if previous is None else previous.id,
        type=item.type,
        schema=tools.schemas.newest(item.type),
        version=1 if previous is None else previous.version + 1,
        previous=None if previous is None else previous.digest,
        nonce=tools.random(NONCE_BYTES),
        issuer=did,
        audience=item.audience,
        issued=issued,
        seen=seen,
        body=item.body,
    )
    record = sign_record(header, tools.keys.record, f"{did}#{tools.keys.record.multikey}")
    tools.schemas.check_outgoing(record.value)
    return record


def stands_of(tools: Tools, record: Record) -> tuple[Stand, ...]:
    """Salt, leaf and object of a record for each of its feeds.

    Raises:
        InputError: It cannot be sealed to one of its addressees.
    """
    stands = []
    for origin in origins_of(record):
        salt = tools.random(SALT_BYTES)
        committed = commitment(salt, record.data)
        if origin.partner is None:
            leaf = PublicRecordLeaf(committed, record.id, record.type, record.version)
            stands.append(Stand(origin, salt, committed, encode_leaf(leaf), None))
            continue
        key = tools.directory.sealing_key(origin.partner)
        sealed = seal(salt, record.data, recipient_public=key, origin=origin)
        stands.append(Stand(origin, salt, committed, encode_leaf(SealedLeaf(committed)), sealed))
    return tuple(stands)


def origins_of(record: Record) -> tuple[Origin, ...]:
    """The feeds that a record of ours stands in."""
    return tuple(_origin(record.issuer_scid, partner) for partner in record.addressees or (None,))


@cache
def _origin(author: str, partner: str | None) -> Origin:
    return Origin(author, partner, 1)
