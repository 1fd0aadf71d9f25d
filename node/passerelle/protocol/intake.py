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
from passerelle.protocol.records import Record, check_time, claim_of
from passerelle.protocol.seals import open_sealed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from passerelle.protocol.identity import Identity
    from passerelle.protocol.origins import Origin
    from passerelle.protocol.records import Claim
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

MAX_BYTES_TOGETHER: Final = 2**19
"""Bytes of objects that are examined together, about: parsed trees are many times as large."""

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


class Examination:
    """The checks on leaves of one feed, each with its object.

    Args:
        origin: The feed.
        me: Our own SCID.
        identity: The author's identity log, as far as held.
        sealing_keys: Our sealing keys by key id.
        now: Our clock.
        schemas: What this version knows of record types.
    """

    def __init__(
        self,
        *,
        origin: Origin,
        me: str,
        identity: Identity,
        sealing_keys: Mapping[str, SealingKey],
        now: datetime,
        schemas: Schemas,
    ) -> None:
        self._origin = origin
        self._me = me
        self._identity = identity
        self._sealing_keys = sealing_keys
        self._now = now
        self._schemas = schemas

    def examine(self, leaves: Sequence[bytes], objects: Sequence[bytes | None]) -> list[Examined]:
        """Checks leaves with their objects, as far as they can be checked by themselves.

        Each step is done for many of them before the next one is: it has code and tables of its
        own, which then stay in the processor's cache. No leaf has a say in what becomes of another.

        Args:
            leaves: Entries under a root that was verified.
            objects: What stands beside each, None for nothing.
        """
        found: list[Examined] = []
        together: list[_Case] = []
        room = MAX_BYTES_TOGETHER
        for leaf, item in zip(leaves, objects, strict=True):
            size = len(item or b"")
            if size > room:
                found += self._decide(together)
                together, room = [], MAX_BYTES_TOGETHER
            together.append(_Case(leaf, item))
            room -= size
        return found + self._decide(together)

    def _decide(self, cases: Sequence[_Case]) -> list[Examined]:
        going = cases
        for step in (
            self._read_leaf,
            self._open,
            self._read_record,
            self._check_header,
            self._read_proof,
            self._check_signature,
            self._check_schema,
        ):
            for case in going:
                try:
                    step(case)
                except ProtocolError as error:
                    case.fail(error)
            going = [case for case in going if case.found is None]
        return [case.found or case.accept() for case in cases]

    def _read_leaf(self, case: _Case) -> None:
        leaf = parse_leaf(case.entry, self._origin)
        if not isinstance(leaf, PublicRecordLeaf | SealedLeaf):
            case.found = Examined("passed-over", has_object=False)
            return
        case.leaf, case.commitment = leaf, leaf.commitment
        if case.object is None:
            case.found = Examined("empty", commitment=leaf.commitment)

    def _open(self, case: _Case) -> None:
        case.salt, case.data = _open(case.leaf, case.object or b"", self._origin, self._sealing_keys)

    def _read_record(self, case: _Case) -> None:
        case.parsed = case.record = Record.parse(case.data)

    def _check_header(self, case: _Case) -> None:
        _check_leaf(case.leaf, case.record)
        _check_feed(case.record, self._origin, self._me)

    def _read_proof(self, case: _Case) -> None:
        case.claim = claim_of(case.record, self._identity)

    def _check_signature(self, case: _Case) -> None:
        case.claim.check()
        check_time(case.record, self._now)

    def _check_schema(self, case: _Case) -> None:
        case.readable = self._schemas.check_incoming(case.record.value) in {"known", "newer-minor"}


class _Case:
    """One leaf on its way through the steps, with what each of them leaves to those behind it."""

    __slots__ = (
        *("entry", "object", "leaf", "commitment", "salt", "data"),
        *("record", "parsed", "claim", "readable", "found"),
    )

    leaf: PublicRecordLeaf | SealedLeaf
    data: bytes
    record: Record
    claim: Claim

    def __init__(self, entry: bytes, item: bytes | None) -> None:
        self.entry = entry
        self.object = item
        self.commitment: bytes | None = None
        self.salt: bytes | None = None
        self.parsed: Record | None = None
        """The record, as soon as there is one."""
        self.readable = False
        self.found: Examined | None = None

    def fail(self, error: ProtocolError) -> None:
        """A step refuses it."""
        if self.commitment is None:
            self.found = Examined("quarantined", error.code, error.params, has_object=False)
        else:
            status = _STATUS_OF.get(error.code, "quarantined")
            self.found = Examined(
                status, error.code, error.params, self.parsed, self.salt, commitment=self.commitment
            )

    def accept(self) -> Examined:
        """No step refuses it."""
        return Examined(
            "accepted",
            record=self.record,
            salt=self.salt,
            readable=self.readable,
            commitment=self.commitment,
        )


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
    """Checks one leaf and its object; the arguments are those of :class:`Examination`."""
    examination = Examination(
        origin=origin, me=me, identity=identity, sealing_keys=sealing_keys, now=now, schemas=schemas
    )
    return examination.examine([leaf_bytes], [object_])[0]


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
