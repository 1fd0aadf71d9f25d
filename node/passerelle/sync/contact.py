"""Who a partner is: its identity log and its descriptor, at first contact and ever after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from passerelle.errors import ProtocolError, TransportError
from passerelle.protocol.identity import Identity, parse_identity
from passerelle.protocol.records import Record, check_proof
from passerelle.protocol.schemas import Schemas
from passerelle.storage import peers as peer_rows
from passerelle.storage.crash import NOWHERE, CrashPoints
from passerelle.storage.database import Database
from passerelle.sync import identities
from passerelle.sync.addresses import owner_of, public_address, site_of
from passerelle.sync.client import Client, Road, problem_of
from passerelle.sync.directory import Directory, parse_descriptor

MAX_IDENTITY_BYTES = 2**20
MAX_DESCRIPTOR_BYTES = 2**18
IDENTITY_PATH = "/.well-known/did.jsonl"
DESCRIPTOR_PATH = "/.well-known/passerelle"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Introduction:
    """What an address says of itself at first contact, verified as far as it can be.

    Args:
        identity: Its identity log, self-certifying.
        descriptor: Its newest node record, with a good proof under that identity.
        address: Where it was asked.
    """

    identity: Identity
    descriptor: Record
    address: str

    @property
    def public_address(self) -> str:
        """Where it says that it is."""
        return public_address(self.descriptor)


async def introduce(client: Client, address: str, now: datetime, schemas: Schemas) -> Introduction:
    """Ask an address that a person typed for its two well-known documents.

    Raises:
        TransportError: Nobody answers there, or not as a node does.
        ProtocolError: What it says of itself does not verify.
    """
    road = Road("", address.rstrip("/"), address.rstrip("/"), trusted_address=True)
    identity = parse_identity(await _ask(client, road, IDENTITY_PATH, MAX_IDENTITY_BYTES), now=now)
    told = await _ask(client, road, DESCRIPTOR_PATH, MAX_DESCRIPTOR_BYTES)
    descriptor = parse_descriptor(told, identity, schemas)
    check_proof(descriptor, identity, now)
    return Introduction(identity, descriptor, road.address)


async def _ask(client: Client, road: Road, path: str, max_bytes: int) -> bytes:
    answer = await client.get(road, path, max_bytes=max_bytes)
    if answer.status != 200:
        raise TransportError(
            "road.not-a-node", address=road.address, status=answer.status, code=problem_of(answer)
        )
    return answer.body


async def refresh_identity(
    client: Client,
    database: Database,
    directory: Directory,
    road: Road,
    now: datetime,
    crash: CrashPoints = NOWHERE,
) -> bool:
    """Ask a partner for its identity log; True where it is newer and was taken into use.

    Raises:
        ProtocolError: As :func:`passerelle.sync.identities.take`; a forked identity is not asked.
        TransportError: The road failed.
    """
    identities.refuse_forked(directory, road.scid)
    log = await _ask(client, road, IDENTITY_PATH, MAX_IDENTITY_BYTES)
    return await identities.take(database, directory, log, road.scid, now, crash)


def owner_of_site(directory: Directory, own_address: str, address: str, *, besides: str) -> str | None:
    """The SCID to which the site of an address belongs: ours, another partner's, or None."""
    if site_of(address) == site_of(own_address):
        return directory.own_scid
    return owner_of(address, (partner for partner in directory.peers if partner.scid != besides))


async def keep_descriptor(
    database: Database, directory: Directory, descriptor: Record, own_address: str, crash: CrashPoints
) -> None:
    """Take a partner's newer descriptor, come by its public feed, into use.

    One that claims our address or another partner's is left aside: what we would sign for
    that address, and send to this partner, it could replay there.
    """
    partner = directory.peer(descriptor.issuer_scid)
    if partner is None or Record.parse(partner.descriptor).issued >= descriptor.issued:
        return
    try:
        claimed = public_address(descriptor)
    except ProtocolError as error:
        _log.warning("descriptor-left-aside", peer=partner.scid, code=error.code)
        return
    owner = owner_of_site(directory, own_address, claimed, besides=partner.scid)
    if owner is not None:
        _log.warning("descriptor-left-aside", peer=partner.scid, code="peer.address-taken", owner=owner)
        return
    address = partner.address if partner.override else claimed
    crash.reach("before-follow-descriptor")
    async with database.writing() as connection:
        await peer_rows.change(connection, partner.scid, descriptor=descriptor.data, address=address)
    crash.reach("after-follow-descriptor")
    directory.keep_peer(replace(partner, descriptor=descriptor.data, address=address))
