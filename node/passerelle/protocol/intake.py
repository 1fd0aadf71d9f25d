"""What becomes of one leaf and its object: the checks on the record alone (protocol, section 7).

Pure and in one fixed order, so that every node gives the same leaf the same code, and so
that it can run in worker processes. What this module does not do: it looks at no other
record and at no local setting (that is the fold's), it knows no index (a commitment that
occurs twice is the follower's to find), and it does not say whether a missing object was
erased.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from passerelle.errors import ProtocolError
from passerelle.protocol import objects
from passerelle.protocol.leaves import PublicRecordLeaf, SealedLeaf, parse_leaf
from passerelle.protocol.records import Record, check_proof
from passerelle.protocol.seals import open_sealed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from passerelle.protocol.identity import Identity
    from passerelle.protocol.origins import Origin
    from passerelle.protocol.schemas import Schemas
    from passerelle.protocol.seals import SealingKey

Status: TypeAlias = Literal["accepted", "empty", "pending", "held", "quarantined", "unopened", "passed-over"]
"""
``accepted``     all checks passed
``empty``        the leaf has an object, and it is missing or erased
``pending``      signed with a key that no identity entry held names: wait for the log
``held``         issued more than 24 hours ahead of our clock: wait for that time
``quarantined``  a fault of the author, by its code
``unopened``     sealed to a key that we lack, or that does not open it
``passed-over``  a leaf without an object, or of a kind that this version does not know
"""

_STATUS_OF: Final[dict[str, Status]] = {
    "key.unknown": "pending",
    "record.ahead": "held",
    "object.unopened": "unopened",
}


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found.

    Args:
        status: What becomes of the leaf.
        code: Why it was not accepted, None for ``accepted``, ``empty`` and ``passed-over``.
        params: Values for the code's sentence.
        record: The record, where its bytes could be parsed, whatever came after.
        salt: 32 bytes, where the object opened and matched its leaf, whatever came after.
        readable: Whether this version knows the record's schema; False is no fault.
        has_object: Whether an object stands beside such a leaf; not beside one that is malformed.
        commitment: What the leaf commits to, 32 bytes, where it commits to anything.
    """

    status: Status
    code: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    record: Record | None = None
    salt: bytes | None = None
    readable: bool = False
    has_object: bool = True
    commitment: bytes | None = None

    @property
    def receipt_may_cover(self) -> bool:
        """Whether a receipt may cover the leaf: it has no object, or the object opened and matched.

        A receipt says stored, not valid: what was quarantined after it matched is covered.
        An ``empty`` leaf is covered once an ``erased`` leaf names it, which is not known here.
        """
        return self.salt is not None or not self.has_object


def examine(
    leaf_bytes: bytes,
    object_: bytes | None,
    *,
    origin: Origin,
    me: str,
    identity: Identity,
    sealing_keys: Mapping[str, SealingKey],
    now: datetime,
    schemas: Schemas,
) -> Examined:
    """Checks one leaf and its object, as far as they can be checked by themselves.

    Args:
        leaf_bytes: The entry, under a root that was verified.
        object_: What stands beside it, None for nothing.
        origin: The feed.
        me: Our own SCID.
        identity: The author's identity log, as far as held.
        sealing_keys: Our sealing keys by key id.
        now: Our clock.
        schemas: What this version knows of record types.
    """
    try:
        leaf = parse_leaf(leaf_bytes, origin)
    except ProtocolError as error:
        return Examined("quarantined", error.code, error.params, has_object=False)
    if not isinstance(leaf, PublicRecordLeaf | SealedLeaf):
        return Examined("passed-over", has_object=False)
    if object_ is None:
        return Examined("empty", commitment=leaf.commitment)
    salt: bytes | None = None
    record: Record | None = None
    try:
        salt, data = _open(leaf, object_, origin, sealing_keys)
        record = Record.parse(data)
        _check_leaf(leaf, record)
        _check_feed(record, origin, me)
        check_proof(record, identity, now)
        reading = schemas.check_incoming(record.value)
    except ProtocolError as error:
        status = _STATUS_OF.get(error.code, "quarantined")
        return Examined(status, error.code, error.params, record, salt, commitment=leaf.commitment)
    readable = reading in {"known", "newer-minor"}
    return Examined("accepted", record=record, salt=salt, readable=readable, commitment=leaf.commitment)


def open_public(leaf: PublicRecordLeaf, object_: bytes) -> tuple[bytes, bytes]:
    """Salt and record bytes of a public object that matches its leaf; the record is not looked at.

    Raises:
        ProtocolError: ``object.malformed``, ``object.too-large``, ``object.commitment``.
    """
    salt, data = objects.parse_public(object_)
    if objects.commitment(salt, data) != leaf.commitment:
        raise ProtocolError("object.commitment")
    return salt, data


def _open(
    leaf: PublicRecordLeaf | SealedLeaf, object_: bytes, origin: Origin, keys: Mapping[str, SealingKey]
) -> tuple[bytes, bytes]:
    if isinstance(leaf, PublicRecordLeaf):
        return open_public(leaf, object_)
    return open_sealed(object_, keys, origin=origin, commitment=leaf.commitment)


def _check_leaf(leaf: PublicRecordLeaf | SealedLeaf, record: Record) -> None:
    """A public leaf says what its record says; a sealed leaf says nothing."""
    if isinstance(leaf, SealedLeaf):
        return
    for member in ("id", "type", "version"):
        if getattr(leaf, member) != getattr(record, member):
            raise ProtocolError("leaf.record-mismatch", member=member)


def _check_feed(record: Record, origin: Origin, me: str) -> None:
    """The issuer writes this feed, and the audience is the feed's and, if not public, has us in it."""
    # Before the proof: the identity at hand is the author's, it can prove nothing about another.
    if record.issuer_scid != origin.author:
        raise ProtocolError("record.not-the-owner", issuer=record.issuer_scid)
    if record.is_public != origin.is_public or not (record.is_public or me in record.addressees):
        raise ProtocolError("record.not-addressed")
