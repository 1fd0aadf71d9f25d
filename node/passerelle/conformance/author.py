"""A writer of feeds who can write wrongly: the kit's made-up agency, with an identity, two feeds and all keys.

Its identity has two entries, so that it has a record key that was retired, and three
sealing keys, of which one has not begun: what a reader makes of them is looked at. One
line of the log is not canonical, which the law allows.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from passerelle.protocol.checkpoints import Checkpoint, sign_checkpoint
from passerelle.protocol.identity import create_log, parse_identity, update_log
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import PublicRecordLeaf, SealedLeaf, encode_leaf
from passerelle.protocol.merkle import Frontier, leaf_hash, root_of
from passerelle.protocol.objects import commitment, encode_public
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import MAX_RECORD_BYTES, Json, JsonObject, format_time
from passerelle.protocol.proofs import sign
from passerelle.protocol.records import FeedPosition, Record
from passerelle.protocol.recordsigning import draft, sign_record
from passerelle.protocol.seals import SealingKey, seal
from passerelle.protocol.tiles import Tile, encode_entry_bundle, encode_objects, encode_tile

WEAK: Final = "z6Mkh59EgPEuBMugWwYWVMbZFQmHm8V1tcgLejJJTx6d8KB2"
"""A point of order 8 as a multikey; the second entry of the log announces it, so that it can be listed."""
URN: Final = "urn:passerelle:schema:"


@dataclass(frozen=True, slots=True)
class Author:
    """Who signs records.

    Args:
        did: As it stands now.
        scid: Its identity.
        record: Signs records now.
        log: Signs checkpoints.
        began: When its identity began.
        since: When the record key in force began.
        retired: A record key that was in force from ``began`` to ``since``, None where there is none.
    """

    did: str
    scid: str
    record: SigningKey
    log: SigningKey
    began: datetime
    since: datetime
    retired: SigningKey | None = None

    def method(self, key: SigningKey | None = None) -> str:
        """The id of a key of its."""
        return f"{self.did}#{(key or self.record).multikey}"

    def value(
        self,
        kind: str,
        body: Mapping[str, Json],
        issued: datetime,
        *,
        to: Sequence[str] = (),
        seen: int = 0,
        schema: str = "",
    ) -> JsonObject:
        """A record without its proof."""
        return draft(
            id=f"urn:uuid:{uuid.uuid4()}",
            type=kind,
            schema=schema or f"{URN}{kind}:1.0",
            nonce=secrets.token_bytes(16),
            issuer=self.did,
            audience=list(to) if to else "public",
            issued=issued,
            body=body,
            seen={scid: FeedPosition(1, seen) for scid in to} or None,
        )

    def signed(self, value: JsonObject, key: SigningKey | None = None, *, created: str = "") -> JsonObject:
        """The value with a proof over whatever it says, right or wrong."""
        when = created or str(value["issued"])
        return sign(value, key or self.record, verification_method=self.method(key), created=when)

    def record_of(self, value: JsonObject) -> Record:
        """A record that is right."""
        return sign_record(value, self.record, self.method())


@dataclass
class Feed:
    """A feed in memory, with whatever stands in it.

    Args:
        author: Signs its checkpoints.
        origin: Which feed.
        note: The checkpoint shown; None for the true one.
        rewrites: How often an object was put in later; the validator of its object files goes with it.
    """

    author: Author
    origin: Origin
    leaves: list[bytes] = field(default_factory=list)
    objects: list[bytes | None] = field(default_factory=list)
    note: bytes | None = None
    rewrites: int = 0

    def add(self, record: Record, recipient: bytes | None = None) -> int:
        """Append a record, sealed where a recipient is given; its index."""
        salt = secrets.token_bytes(32)
        committed = commitment(salt, record.data)
        if recipient is None:
            leaf = encode_leaf(PublicRecordLeaf(committed, record.id, record.type, record.version))
            return self.append(leaf, encode_public(salt, record.data))
        sealed = seal(salt, record.data, recipient_public=recipient, origin=self.origin)
        return self.append(encode_leaf(SealedLeaf(committed)), sealed)

    def append(self, leaf: bytes, item: bytes | None = None) -> int:
        """Append any leaf with any object; its index."""
        self.leaves.append(leaf)
        self.objects.append(item)
        return len(self.leaves) - 1

    def mend(self, index: int, item: bytes) -> None:
        """Put in an object that was not there."""
        self.objects[index] = item
        self.rewrites += 1

    def checkpoint(self, size: int | None = None, *, key: SigningKey | None = None) -> bytes:
        """A signed checkpoint of the first leaves."""
        size = len(self.leaves) if size is None else size
        return self.claim(size, self.root(size), key=key)

    def root(self, size: int) -> bytes:
        """Root of the first leaves."""
        return Frontier().extend(map(leaf_hash, self.leaves[:size])).root()

    def claim(self, size: int, root: bytes, *, key: SigningKey | None = None) -> bytes:
        """A signed checkpoint that says anything."""
        return sign_checkpoint(Checkpoint(self.origin.encode(), size, root), key or self.author.log).encode()

    def read(self, tail: str) -> bytes | None:
        """The file at a path below the feed's folder, None where there is none.

        Raises:
            ProtocolError: ``tile.path``.
        """
        if tail == "checkpoint":
            return self.note or self.checkpoint()
        tile = Tile.parse_path(tail)
        if tile.kind == "hashes":
            hashes = self._hashes(tile.level)
            return encode_tile(hashes[tile.first : tile.end]) if tile.end <= len(hashes) else None
        if tile.end > len(self.leaves):
            return None
        if tile.kind == "entries":
            return encode_entry_bundle(self.leaves[tile.first : tile.end])
        return encode_objects(self.objects[tile.first : tile.end])

    def _hashes(self, level: int) -> list[bytes]:
        hashes = [leaf_hash(leaf) for leaf in self.leaves]
        for _ in range(level):
            whole = len(hashes) - len(hashes) % 256
            hashes = [root_of(hashes[at : at + 256]) for at in range(0, whole, 256)]
        return hashes


class Agency:
    """The kit's agency.

    Args:
        us: SCID of the node examined.
        now: The kit's clock.
    """

    def __init__(self, us: str, now: datetime) -> None:
        self.us = us
        self.now = now.replace(microsecond=0)
        self.name = secrets.token_hex(4)
        self.code = f"XX-{self.name.upper()}"
        self.address = f"https://conformance-{self.name}.example"
        self._updates = [_new_key() for _ in range(8)]
        self.retired, self.record, self.request, self.log_key, self.witness = (_new_key() for _ in range(5))
        self.first_request = self.request
        self.next_request, self.beside = _new_key(), _new_key()
        self.sealing = [SealingKey.generate(secrets.token_bytes) for _ in range(4)]
        self.began, self.since = self.now - timedelta(days=2), self.now - timedelta(days=1)
        first = create_log(
            domain=f"conformance-{self.name}.example",
            update_key=self._updates[0],
            next_update_multikeys=[self._updates[1].multikey],
            record_key=self.retired.public,
            request_key=self.request.public,
            log_keys=[self.log_key.public],
            witness_keys=[self.witness.public],
            sealing=self._sealing_hashes(),
            now=self.began,
        )
        first = b"{ " + first.removeprefix(b"{")
        self.log = self.first_log = first
        self.log = self.rotated(1, self.since, record=self.record)
        identity = parse_identity(self.log, now=now)
        self.scid, self.did = identity.scid, identity.did
        self.author = Author(
            self.did, self.scid, self.record, self.log_key, self.began, self.since, self.retired
        )
        self.public = Feed(self.author, Origin(self.scid, None, 1))
        self.bilateral = Feed(self.author, Origin(self.scid, us, 1))
        self.other = _stranger(self.now)
        self._introduce()

    def _sealing_begins(self) -> list[datetime]:
        """The first two have begun, the third has not; the fourth stands in no identity document."""
        days = (timedelta(days=-2), timedelta(days=-1), timedelta(days=30), timedelta(hours=-1))
        return [self.now + day for day in days]

    def _sealing_hashes(self) -> list[tuple[datetime, str]]:
        begins = self._sealing_begins()[:3]
        return [(when, key.key_id) for when, key in zip(begins, self.sealing, strict=False)]

    def rotated(
        self,
        number: int,
        when: datetime,
        *,
        record: SigningKey | None = None,
        request: SigningKey | None = None,
        log: bytes | None = None,
        spare: SigningKey | None = None,
    ) -> bytes:
        """A log with one more entry.

        Args:
            number: Which update key signs it.
            when: Its time.
            record: The record key, the one in force where None.
            request: The request key, likewise.
            log: What is continued, the log in force where None.
            spare: What the next entry is committed to, the next update key where None.
        """
        return update_log(
            self.log if log is None else log,
            update_key=self._updates[number],
            next_update_multikeys=[
                *((spare or self._updates[number + 1]).multikey, self.beside.multikey),
                *([WEAK] if number == 1 else []),
            ],
            record_keys=[(record or self.record).public],
            request_keys=[(request or self.request).public],
            log_keys=[self.log_key.public],
            witness_keys=[self.witness.public],
            sealing=self._sealing_hashes(),
            now=when,
        )

    @property
    def announced(self) -> tuple[SigningKey, ...]:
        """The two update keys that the second entry announces, and one that it does not."""
        return self._updates[2], self.beside, self._updates[3]

    @property
    def coming(self) -> tuple[SigningKey, ...]:
        """The update keys from the one on that the third entry announces, four of them."""
        return tuple(self._updates[3:7])

    @property
    def spent(self) -> SigningKey:
        """The update key that has signed the second entry."""
        return self._updates[1]

    def _introduce(self) -> None:
        issued = self.now - timedelta(hours=1)
        body: dict[str, Json] = {
            "lang": "fr",
            "code": self.code,
            "names": {"fr": "Examen de conformité (fictif)", "en": "Conformance examination (fictitious)"},
            "kind": "national-agency",
            "jurisdiction": {"country": "XX"},
            "synthetic": True,
        }
        self.public.add(self.author.record_of(self.author.value("agency", body, issued)))
        self.descriptor = self.author.record_of(
            self.author.value("node", self.node_body(self.now + timedelta(days=60)), issued)
        )
        self.public.add(self.descriptor)

    def node_body(self, until: datetime) -> dict[str, Json]:
        """The body of a descriptor."""
        begins = self._sealing_begins()
        return {
            "code": self.code,
            "names": {"fr": "Examen de conformité (fictif)"},
            "addresses": [self.address],
            "protocols": ["passerelle-v1"],
            "limits": {"maxRecordBytes": MAX_RECORD_BYTES},
            "identityVersion": parse_identity(self.log, now=None).entries[-1].version_id,
            "validUntil": format_time(until),
            "sealing": [
                {"from": format_time(when), "key": base64.urlsafe_b64encode(key.public).rstrip(b"=").decode()}
                for when, key in zip(begins, self.sealing, strict=True)
            ],
            "lang": "fr",
            "synthetic": True,
        }

    def request_key_id(self, key: SigningKey | None = None) -> str:
        """The id of a request key."""
        return f"{self.did}#{(key or self.request).multikey}"


def _new_key() -> SigningKey:
    return SigningKey.generate(secrets.token_bytes)


def _stranger(now: datetime) -> Author:
    """Somebody else altogether, with an identity that proves itself."""
    update, record, log = (SigningKey.generate(secrets.token_bytes) for _ in range(3))
    began = now - timedelta(days=2)
    made = create_log(
        domain="somebody-else.example",
        update_key=update,
        next_update_multikeys=[SigningKey.generate(secrets.token_bytes).multikey],
        record_key=record.public,
        request_key=SigningKey.generate(secrets.token_bytes).public,
        log_keys=[log.public],
        witness_keys=[SigningKey.generate(secrets.token_bytes).public],
        sealing=[(began, sha256(b"none").hexdigest())],
        now=began,
    )
    identity = parse_identity(made, now=None)
    return Author(identity.did, identity.scid, record, log, began, began)
