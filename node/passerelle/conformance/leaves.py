"""What stands in the public feed: each leaf, object and record by itself, and then as a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from passerelle.conformance import naming
from passerelle.conformance.report import Notes
from passerelle.errors import ProtocolError
from passerelle.protocol.identity import Identity
from passerelle.protocol.intake import open_public
from passerelle.protocol.leaves import PublicRecordLeaf, parse_leaf
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json, parse, parse_time
from passerelle.protocol.records import Record, check_proof
from passerelle.protocol.schemas import Schemas

_LEAF_RULES: Final = ("L-19", "L-20", "L-21", "J-17")
RECORD_RULES: Final = (
    *("J-1", "J-2", "J-3", "J-4", "J-5", "J-6", "J-7", "J-8", "J-9", "J-11", "J-18"),
    *("R-1", "R-2", "R-3", "R-8", "R-9", "R-10", "R-11", "R-12", "R-13", "R-14", "R-15"),
)
VALIDITY: Final = timedelta(days=90)
OF_OFFERS: Final = frozenset({"withdraw", "suspend", "resume"})
"""What its issuer can decide on an offer, which is always public (S-5), by the table of chapter 17."""
_NEVER_PUBLIC: Final = frozenset({"agreement", "dossier", "nomination", "placement"})


@dataclass
class Leaves:
    """Judges the leaves of the public feed in their order.

    Args:
        notes: Takes what is found.
        origin: The feed.
        identity: Its author's.
        now: The kit's clock.
        folder: Path of the feed, for what is told.
    """

    notes: Notes
    origin: Origin
    identity: Identity
    now: datetime
    folder: str
    records: dict[int, Record] = field(default_factory=dict)
    _openers: list[str] = field(default_factory=list)
    _commitments: set[bytes] = field(default_factory=set)
    _salts: set[bytes] = field(default_factory=set)

    def take(self, first: int, entries: Sequence[bytes], objects: Sequence[bytes | None] | None) -> None:
        """Judge some leaves.

        Args:
            first: Index of the first.
            entries: The leaves.
            objects: Beside them, None where they cannot be had.
        """
        for offset, entry in enumerate(entries):
            item = objects[offset] if objects is not None else None
            self._leaf(first + offset, entry, item)

    def _leaf(self, index: int, entry: bytes, item: bytes | None) -> None:
        sent = f"{self.folder}, leaf {index}"
        try:
            leaf = parse_leaf(entry, self.origin)
        except ProtocolError as error:
            self.notes.broken(naming.rule_of_leaf(error, entry), sent=sent, got=f"{error} {entry[:80]!r}")
            return
        self.notes.held(*_LEAF_RULES)
        if index < 2:
            self._openers.append(leaf.type if isinstance(leaf, PublicRecordLeaf) else type(leaf).__name__)
        if not isinstance(leaf, PublicRecordLeaf):
            return
        is_new = leaf.commitment not in self._commitments
        self.notes.judge(is_new, "L-24", sent=sent, got="a commitment that stands in the feed already")
        self._commitments.add(leaf.commitment)
        if item is not None and is_new:
            self._object(index, leaf, item, sent)

    def _object(self, index: int, leaf: PublicRecordLeaf, item: bytes, sent: str) -> None:
        try:
            salt, data = open_public(leaf, item)
        except ProtocolError as error:
            self.notes.broken(naming.BY_CODE[error.code], sent=sent, got=error)
            return
        self.notes.held("O-2", "O-3")
        self.notes.judge(salt not in self._salts, "O-1", sent=sent, got="a salt that was used before")
        self._salts.add(salt)
        record = judge_record(self.notes, data, self.identity, self.now, sent)
        if record is None:
            return
        self.records[index] = record
        says = (record.id, record.type, record.version) == (leaf.id, leaf.type, leaf.version)
        self.notes.judge(
            says, "L-23", sent=sent, got=f"{leaf.type} {leaf.version}, {record.type} {record.version}"
        )
        self.notes.judge(
            record.type not in _NEVER_PUBLIC, "S-5", sent=sent, got=f"a public record of type {record.type}"
        )
        names = record.type == "event" and "placements" in record.body
        self.notes.judge(not names, "S-71", sent=sent, got="a public event that names placements")
        if is_on_offer(record):
            self.notes.held("S-46")
        private = _about(record) & _NEVER_PUBLIC
        got = f"a public {record.type} about {sorted(private)}"
        self.notes.judge(not private, "S-70", sent=sent, got=got)
        _judge_schema(self.notes, record, sent)

    def finish(self, descriptor: Record | None) -> None:
        """What is seen only in the row of records."""
        ordered = [self.records[index] for index in sorted(self.records)]
        opens = self._openers == ["agency", "node"]
        self.notes.judge(opens, "I-38", sent=f"{self.folder}, leaves 0 and 1", got=self._openers)
        self._times(ordered)
        self._nonces(ordered)
        self._versions(ordered)
        self._newest_node(ordered, descriptor)

    def _times(self, ordered: Sequence[Record]) -> None:
        starts = {entry.version_time for entry in self.identity.entries}
        for before, record in zip([None, *ordered], ordered, strict=False):
            sent = f"{self.folder}, record {record.id}"
            if before is not None:
                self.notes.judge(
                    before.issued <= record.issued, "R-19", sent=sent, got="issued before the record before"
                )
            self.notes.judge(
                record.issued not in starts, "R-36", sent=sent, got="issued in the second of an entry"
            )

    def _nonces(self, ordered: Sequence[Record]) -> None:
        nonces = [record.nonce for record in ordered]
        if nonces:
            self.notes.judge(
                len(nonces) == len(set(nonces)), "R-5", sent=self.folder, got="a nonce used twice"
            )

    def _versions(self, ordered: Sequence[Record]) -> None:
        by_digest = {record.digest: record for record in ordered}
        known: dict[tuple[str, int], Record] = {}
        for record in ordered:
            sent = f"{self.folder}, record {record.id} version {record.version}"
            self.notes.judge(
                (record.id, record.version) not in known,
                "S-20",
                sent=sent,
                got="two records of one id and version",
            )
            known.setdefault((record.id, record.version), record)
            if record.previous is None:
                continue
            before, named = known.get((record.id, record.version - 1)), by_digest.get(record.previous)
            if named is not None:
                alike = (named.id, named.type) == (record.id, record.type)
                self.notes.judge(
                    alike, "R-22", sent=sent, got=f"the version before is {named.type} {named.id}"
                )
            elif before is not None:
                self.notes.broken("R-6", sent=sent, got="previous is not the digest of the version before")
            if named is not None and named is before:
                self.notes.held("R-6")

    def _validity(self, record: Record) -> None:
        """I-34 of every descriptor that was ever published."""
        ends = _ends(record)
        if ends is not None:
            kept = ends <= record.issued + VALIDITY
            sent = f"{self.folder}, record {record.id} version {record.version}"
            self.notes.judge(kept, "I-34", sent=sent, got=f"valid until {ends}")

    def _newest_node(self, ordered: Sequence[Record], descriptor: Record | None) -> None:
        nodes = [record for record in ordered if record.type == "node"]
        for record in nodes:
            self._validity(record)
        if descriptor is None or not nodes:
            return
        is_there = any(record.data == descriptor.data for record in nodes)
        self.notes.judge(
            is_there, "J-13", sent="GET /.well-known/passerelle", got="bytes that stand in no feed"
        )


def _ends(record: Record) -> datetime | None:
    until = record.body.get("validUntil")
    try:
        return parse_time(until) if isinstance(until, str) else None
    except ProtocolError:
        return None


def _about(record: Record) -> set[str]:
    """Types of the records that an event or a decision is about."""
    if record.type == "decision":
        return {str(record.body.get("aboutType"))}
    about = record.body.get("about") if record.type == "event" else None
    return (
        {str(item.get("type")) for item in about if isinstance(item, dict)}
        if isinstance(about, list)
        else set()
    )


def is_on_offer(record: Record) -> bool:
    """Whether it decides on an offer, so that all have to be told (S-46)."""
    body = record.body
    is_of_table = body.get("aboutType") == "offer" and body.get("outcome") in OF_OFFERS
    return record.type == "decision" and is_of_table


def judge_record(notes: Notes, data: bytes, identity: Identity, now: datetime, sent: str) -> Record | None:
    """One record by itself; None where it cannot be read or is not its author's."""
    try:
        record = Record.parse(data)
        if record.issuer_scid != identity.scid:
            notes.broken("O-12", sent=sent, got=record.issuer)
            return None
        check_proof(record, identity, now)
    except ProtocolError as error:
        notes.broken(naming.rule_of_record(error, _lenient(data)), sent=sent, got=error)
        return None
    notes.held(*RECORD_RULES)
    return record


def _lenient(data: bytes) -> dict[str, Json] | None:
    try:
        value = parse(data)
    except ProtocolError:
        return None
    return value if isinstance(value, dict) else None


def _judge_schema(notes: Notes, record: Record, sent: str) -> None:
    schemas = Schemas.packaged()
    try:
        schemas.check_outgoing(record.value)
    except ProtocolError as error:
        if error.code == "schema.violation":
            notes.broken(naming.rule_of_record(error, record.value), sent=sent, got=error)
        else:
            _judge_known(notes, schemas, record, sent)
        return
    notes.held("R-29", "R-30")


def _judge_known(notes: Notes, schemas: Schemas, record: Record, sent: str) -> None:
    """R-29 of a schema that the kit does not know: a newer minor version only adds members to what it does know."""
    try:
        schemas.check_incoming(record.value)
    except ProtocolError as error:
        notes.broken("R-29", sent=sent, got=error)
