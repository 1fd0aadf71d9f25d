"""Signing what is to be published, with this node's keys, clock and directory: processor time alone.

Nothing here waits, so all of it may be done in a thread. How a record is signed
:mod:`passerelle.sync.pen` knows; what has to be looked up, and where a record will stand,
:mod:`passerelle.sync.batch`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from passerelle.exchange.held import Held
from passerelle.exchange.rules.book import Rulebook
from passerelle.protocol.identity import KeyDocument
from passerelle.protocol.leaves import SealedLeaf, encode_leaf
from passerelle.protocol.objects import commitment
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import FeedPosition, Record
from passerelle.protocol.schemas import Schemas
from passerelle.protocol.seals import seal
from passerelle.storage.home import Keys
from passerelle.sync.directory import Directory
from passerelle.sync.pen import (
    Audience,
    Draft,
    Pen,
    Signed,
    Stand,
    not_in_profile,
    origin_of,
    public_stand,
    stands_alone,
)

__all__ = [
    "Audience",
    "Check",
    "Draft",
    "Early",
    "SafeSeen",
    "Signed",
    "Stand",
    "Tools",
    "earliest",
    "not_in_profile",
    "origins_of",
    "sign_alone",
    "stand_alone",
    "stands_of",
]

Check = Callable[[Record, Sequence[Held]], Awaitable[None]]
"""Refuses, by InputError, a record that our own rules would block, given those signed just before it."""

SafeSeen = Callable[[str, FeedPosition], Awaitable[FeedPosition]]
"""How much of what we cosigned of a partner's feed we may say that we saw (spec/11-fold.md, S-15)."""

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Tools:
    """What publishing needs, named by its use.

    Args:
        unjudged: Record types that no rule about other records concerns.
        rules: The rules of the field.
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
    rules: Rulebook

    @property
    def pen(self) -> Pen:
        """What signs now."""
        return Pen(
            self.keys.record, self.directory.own.did, self.schemas, self.random, self.new_id, self.rules
        )


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
    return all(stands_alone(item, tools.unjudged) for item in drafts)


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
    return Early(tools.pen.sign_public(drafts, issued), issued, under)


def stands_of(tools: Tools, record: Record) -> tuple[Stand, ...]:
    """Salt, leaf and object of a record for each of its feeds.

    Raises:
        InputError: It cannot be sealed to one of its addressees.
    """
    return tuple(_stand(tools, record, origin) for origin in origins_of(record))


def _stand(tools: Tools, record: Record, origin: Origin) -> Stand:
    salt = tools.pen.salt()
    if origin.partner is None:
        return public_stand(record.heading, record.data, salt)
    committed = commitment(salt, record.data)
    key = tools.directory.sealing_key(origin.partner)
    sealed = seal(salt, record.data, recipient_public=key, origin=origin)
    return Stand(origin, salt, committed, encode_leaf(SealedLeaf(committed)), sealed)


def origins_of(record: Record) -> tuple[Origin, ...]:
    """The feeds that a record of ours stands in."""
    return tuple(origin_of(record.issuer_scid, partner) for partner in record.addressees or (None,))
