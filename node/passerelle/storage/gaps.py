"""Where a receipt must stop: objects that are not held as their author meant them, and leaves that close such gaps."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.storage.tables import leaf, setback

MAX_GAPS: Final = 16_384
"""Looked at in one pull; a receipt stops before the next one. More between two checkpoints are their author's loss."""
MAX_BARE: Final = 32_768
"""Leaves without a commitment that are looked at in one pull: one that comes later closes nothing yet."""
MAX_BARE_BYTES: Final = 256
"""An `erased` leaf is shorter."""


async def lowest(connection: AsyncConnection, feed_id: int) -> list[int]:
    """Indexes of the lowest gaps, ascending, one more than are looked at where there are so many."""
    query = (
        select(setback.c.idx)
        .where(setback.c.feed_id == feed_id, setback.c.gap == 1)
        .order_by(setback.c.idx)
        .limit(MAX_GAPS + 1)
    )
    return list((await connection.execute(query)).scalars())


async def bare_leaves(connection: AsyncConnection, feed_id: int, after: int) -> list[tuple[int, bytes]]:
    """Leaves above an index that commit to no record, each with its index; an `erased` one is among them."""
    query = (
        select(leaf.c.idx, leaf.c.data)
        .where(leaf.c.feed_id == feed_id, leaf.c.commitment.is_(None), leaf.c.idx > after)
        .where(func.length(leaf.c.data) <= MAX_BARE_BYTES)
        .order_by(leaf.c.idx)
        .limit(MAX_BARE)
    )
    return [(row.idx, row.data) for row in await connection.execute(query)]
