"""Rows of partners and of identity logs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.storage.tables import identity_log, peer


@dataclass(frozen=True, slots=True)
class Peer:
    """A partner that a person of this agency added.

    Args:
        scid: Its identity.
        code: The short code bound to that identity here, or None.
        address: Where to connect.
        override: Whether our operator gave that address; then it may be private.
        added: POSIX seconds.
        last_heard: When it last answered anything that verified, POSIX seconds, or None.
        descriptor: Canonical bytes of its newest node record.
    """

    scid: str
    code: str | None
    address: str
    override: bool
    added: int
    last_heard: int | None
    descriptor: bytes


async def add(connection: AsyncConnection, new: Peer) -> None:
    """Add a partner."""
    await connection.execute(
        insert(peer).values(
            scid=new.scid,
            code=new.code,
            address=new.address,
            override=int(new.override),
            added=new.added,
            last_heard=new.last_heard,
            descriptor=new.descriptor,
        )
    )


async def every(connection: AsyncConnection) -> list[Peer]:
    """All partners, in the order in which they were added."""
    rows = await connection.execute(select(peer).order_by(peer.c.added, peer.c.scid))
    return [
        Peer(row.scid, row.code, row.address, bool(row.override), row.added, row.last_heard, row.descriptor)
        for row in rows
    ]


async def change(connection: AsyncConnection, scid: str, **values: object) -> None:
    """Change columns of one partner."""
    await connection.execute(update(peer).where(peer.c.scid == scid).values(**values))


async def put_identity(connection: AsyncConnection, scid: str, log: bytes, now: int) -> None:
    """Keep the newest identity log of an agency."""
    held = await connection.execute(select(identity_log.c.scid).where(identity_log.c.scid == scid))
    if held.first() is None:
        await connection.execute(insert(identity_log).values(scid=scid, log=log, fetched=now))
    else:
        await connection.execute(
            update(identity_log).where(identity_log.c.scid == scid).values(log=log, fetched=now)
        )


async def identities(connection: AsyncConnection) -> dict[str, bytes]:
    """Every identity log held, by SCID."""
    return {row.scid: row.log for row in await connection.execute(select(identity_log))}


async def identities_taken(connection: AsyncConnection) -> dict[str, datetime]:
    """When each identity log was taken, by the clock of that moment."""
    rows = await connection.execute(select(identity_log.c.scid, identity_log.c.fetched))
    return {row.scid: datetime.fromtimestamp(row.fetched, UTC) for row in rows}
