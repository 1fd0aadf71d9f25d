"""Who is who: identities and partners, parsed once and kept in memory.

The rows are the truth; this is their parsed form, changed only together with them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256

import structlog

from passerelle.errors import InputError, ProtocolError
from passerelle.protocol.identity import Identity, KeyDocument, common_entries, parse_identity, up_to
from passerelle.protocol.profile import parse_time
from passerelle.protocol.records import Record
from passerelle.protocol.schemas import Schemas
from passerelle.storage import identityforks
from passerelle.storage import peers as peer_rows
from passerelle.storage.database import Database
from passerelle.storage.peers import Peer
from passerelle.sync.outofturn import OutOfTurn

_log = structlog.get_logger()


class Directory:
    """Identities by SCID and partners by SCID or code.

    Args:
        own_scid: This agency.
        clock: Gives the present, aware, UTC.

    Attributes:
        out_of_turn: When partners' logs were asked for out of turn, by whichever road (F-63).
    """

    def __init__(self, own_scid: str, clock: Callable[[], datetime]) -> None:
        self.own_scid = own_scid
        self.clock = clock
        self.out_of_turn = OutOfTurn()
        self._identities: dict[str, Identity] = {}
        self._peers: dict[str, Peer] = {}
        self._forked: set[str] = set()

    async def load(self, database: Database) -> None:
        """Read everything from the rows.

        Raises:
            ProtocolError: ``identity.*``: our own log does not parse. A partner's is left out.
        """
        async with database.reading() as connection:
            logs = await peer_rows.identities(connection)
            taken = await peer_rows.identities_taken(connection)
            partners = await peer_rows.every(connection)
            forks = await identityforks.every(connection)
        now = self.clock()
        self._identities = {}
        for scid, log in logs.items():
            try:
                # What was in force when it came stays so, whatever the clock says now (I-41).
                self._identities[scid] = parse_identity(log, now=max(now, taken[scid]))
            except ProtocolError as error:
                if scid == self.own_scid:
                    raise
                # Without its keys nothing of this agency is taken; its log is asked for at the next visit.
                _log.warning("identity-left-out", peer=scid, code=error.code)
        self._peers = {partner.scid: partner for partner in partners}
        self._forked = set()
        for fork in forks:
            if fork.picked is None:
                self.keep_fork(fork.scid, common_entries(*fork.logs))

    def keep_identity(self, identity: Identity) -> None:
        """Take an identity log into use, newer or picked by a person; the caller has written its row."""
        self._identities[identity.scid] = identity
        self._forked.discard(identity.scid)

    def keep_fork(self, scid: str, common: int) -> None:
        """Trust an identity up to the last common entry alone; the caller has written the evidence (I-23)."""
        self._forked.add(scid)
        if scid in self._identities:
            self._identities[scid] = up_to(self._identities[scid], common)

    def forked(self, scid: str) -> bool:
        """Whether the identity of an agency is forked and nobody has picked a branch yet."""
        return scid in self._forked

    def keep_peer(self, partner: Peer) -> None:
        """Take a partner into use, new or changed; the caller has written its row."""
        self._peers[partner.scid] = partner

    def identity(self, scid: str) -> Identity | None:
        """The identity of an agency, as far as its log is held."""
        return self._identities.get(scid)

    @property
    def own(self) -> Identity:
        """Our own identity."""
        return self._identities[self.own_scid]

    @property
    def peers(self) -> tuple[Peer, ...]:
        """All partners, in the order in which they were added."""
        return tuple(self._peers.values())

    def peer(self, scid: str) -> Peer | None:
        """The partner with this SCID."""
        return self._peers.get(scid)

    def find(self, name: str) -> Peer:
        """The partner that a person means by a code or a SCID.

        Raises:
            InputError: ``peer.unknown``.
        """
        for partner in self._peers.values():
            if name in {partner.scid, partner.code}:
                return partner
        raise InputError("peer.unknown", name=name)

    def request_key(self, key_id: str) -> bytes | None:
        """The public key of a request, where it is one of a partner's newest document."""
        for partner in self._peers:
            document = self._identities[partner].newest if partner in self._identities else None
            if document is not None and key_id in document.request_keys:
                return document.request_keys[key_id]
        return None

    def sealing_key(self, scid: str) -> bytes:
        """The X-Wing public key, 1,216 bytes, to which a dossier for this partner is sealed now.

        It stands in the partner's descriptor and its hash in the identity document: a
        stolen record key alone cannot slip another key in.

        Raises:
            InputError: ``peer.no-sealing-key`` where none has begun, or hashes disagree.
        """
        partner = self._peers.get(scid)
        identity = self._identities.get(scid)
        if partner is None or identity is None:
            raise InputError("peer.unknown", name=scid)
        keys = begun_keys(Record.parse(partner.descriptor).body, identity.newest, self.clock())
        if not keys:
            raise InputError("peer.no-sealing-key", name=partner.code or scid)
        return keys[-1]


def begun_keys(descriptor: Mapping[str, object], document: KeyDocument, now: datetime) -> list[bytes]:
    """Sealing keys of a descriptor that have begun and that the identity document confirms, oldest first.

    When one begins is what the identity document says: a record key, which signs descriptors, could be
    stolen, and would turn senders back to a key of before. The first one counts as begun whatever the
    clock says: its owner can open what is sealed to it.
    """
    confirmed = {hashed: begins for begins, hashed in document.sealing}
    found: list[tuple[datetime, bytes]] = []
    entries = descriptor.get("sealing")
    for entry in entries if isinstance(entries, list | tuple) else []:
        read = _sealing_entry(entry)
        begins = None if read is None else confirmed.get(sha256(read[1]).hexdigest())
        if read is not None and begins is not None:
            found.append((begins, read[1]))
    found.sort()
    return [key for begins, key in found if begins <= max(now, found[0][0])]


def _sealing_entry(entry: object) -> tuple[datetime, bytes] | None:
    """When a sealing key begins, and the key; None where an entry cannot be read."""
    begins, key = (entry.get("from"), entry.get("key")) if isinstance(entry, Mapping) else (None, None)
    if not isinstance(begins, str) or not isinstance(key, str):
        return None
    try:
        return parse_time(begins), base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
    except (ProtocolError, ValueError):
        return None


def parse_descriptor(data: bytes, identity: Identity, schemas: Schemas) -> Record:
    """A node record, as served at ``/.well-known/passerelle``, of this identity.

    Raises:
        ProtocolError: ``descriptor.wrong`` where it is another type or another agency's, or of a
            version that we cannot read; ``schema.violation``.
    """
    record = Record.parse(data)
    if record.type != "node" or record.issuer_scid != identity.scid or record.audience != "public":
        raise ProtocolError("descriptor.wrong")
    if schemas.check_incoming(record.value) not in {"known", "newer-minor"}:
        raise ProtocolError("descriptor.wrong")
    return record
