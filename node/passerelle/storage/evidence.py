"""Rows of what has been signed about a feed: receipts, which cosign its checkpoints, and proof of a fork."""

from __future__ import annotations

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.storage.feeds import SignedHead
from passerelle.storage.tables import fork, receipt


async def put_receipt(
    connection: AsyncConnection, feed_id: int, witness: str, size: int, note: bytes, time: int
) -> None:
    """Keep a cosigned checkpoint; one of that size already kept stays as it is."""
    held = await connection.execute(
        select(receipt.c.size).where(
            receipt.c.feed_id == feed_id, receipt.c.witness == witness, receipt.c.size == size
        )
    )
    if held.first() is None:
        await connection.execute(
            insert(receipt).values(feed_id=feed_id, witness=witness, size=size, note=note, time=time)
        )


async def get_receipt(
    connection: AsyncConnection, feed_id: int, witness: str
) -> tuple[SignedHead, int] | None:
    """The largest checkpoint of a feed that this witness cosigned, and when."""
    row = (
        await connection.execute(
            select(receipt)
            .where(receipt.c.feed_id == feed_id, receipt.c.witness == witness)
            .order_by(receipt.c.size.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else (SignedHead(row.size, b"", row.note), row.time)


async def last_cosigning(connection: AsyncConnection, witness: str) -> int:
    """When this witness last cosigned anything here; 0 for never. Its times never go back."""
    row = await connection.execute(select(func.max(receipt.c.time)).where(receipt.c.witness == witness))
    return row.scalar_one() or 0


async def put_fork(
    connection: AsyncConnection, feed_id: int, evidence: tuple[bytes, bytes, bytes], now: int
) -> None:
    """Keep the first proof of a fork: both notes as received, and the hashes between their sizes."""
    held = await connection.execute(select(fork.c.found).where(fork.c.feed_id == feed_id))
    if held.first() is None:
        first, second, proof = evidence
        await connection.execute(
            insert(fork).values(feed_id=feed_id, first_note=first, second_note=second, proof=proof, found=now)
        )


async def get_fork(connection: AsyncConnection, feed_id: int) -> tuple[bytes, bytes, bytes] | None:
    """The proof of a fork, where there is one."""
    row = (await connection.execute(select(fork).where(fork.c.feed_id == feed_id))).one_or_none()
    return None if row is None else (row.first_note, row.second_note, row.proof)
